"""Definitions that run in notebooks of Jupyter."""
# pyright: reportUnusedImport=false

from ai.chronon.api.ttypes import GroupBy, Join, StagingQuery
from ai.chronon.pyspark.constants import (
    JUPYTER_JVM_LOG_FILE,
    JUPYTER_OUTPUT_NAMESPACE,
    JUPYTER_ROOT_DIR_FOR_IMPORTED_FEATURES,
)
from ai.chronon.pyspark.executables import (
    GroupByExecutable,
    JoinExecutable,
    PlatformInterface,
    StagingQueryExecutable,
)
from chronon.executables import (
    JupyterGroupBy,
    JupyterJoin,
    JupyterLogCapture,
    JupyterPlatform,
    JupyterStagingQuery,
)
