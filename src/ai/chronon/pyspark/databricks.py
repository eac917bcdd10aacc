"""Definitions that run in notebooks of Databricks."""
# pyright: reportUnusedImport=false

from ai.chronon.api.ttypes import GroupBy, Join, StagingQuery
from ai.chronon.pyspark.constants import (
    DATABRICKS_JVM_LOG_FILE,
    DATABRICKS_OUTPUT_NAMESPACE,
    DATABRICKS_ROOT_DIR_FOR_IMPORTED_FEATURES,
)
from ai.chronon.pyspark.executables import (
    GroupByExecutable,
    JoinExecutable,
    PlatformInterface,
    StagingQueryExecutable,
)
from chronon.executables import DatabricksGroupBy, DatabricksJoin, DatabricksPlatform, DatabricksStagingQuery
