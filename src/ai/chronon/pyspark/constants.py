"""What notebooks take for granted."""
# pyright: reportUnusedImport=false

from chronon.executables import IMPORTED_FEATURES as DATABRICKS_ROOT_DIR_FOR_IMPORTED_FEATURES
from chronon.executables import IMPORTED_FEATURES as JUPYTER_ROOT_DIR_FOR_IMPORTED_FEATURES
from chronon.executables import PARTITION_COLUMN_FORMAT

DATABRICKS_OUTPUT_NAMESPACE: str | None = None
DATABRICKS_JVM_LOG_FILE = "/databricks/chronon_logfile.log"
JUPYTER_OUTPUT_NAMESPACE: str | None = None
JUPYTER_JVM_LOG_FILE = "/tmp/chronon_logfile.log"  # noqa: S108 - the name that repos know; nothing is written there
