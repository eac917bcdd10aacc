"""The original's classes that run a definition in a notebook: each ``run`` is the verb of ``chronon.session``.

They need no JVM. With a Spark session rows come back as a Spark frame, with ``None`` as the backfill that hands them
over to Arrow, pandas, Polars and DuckDB. A definition of the caller's is never changed: what runs is a copy with the
user's name before its own, so that a notebook writes no table of production.
"""

from chronon.executables.notebooks import (
    IMPORTED_FEATURES,
    DatabricksGroupBy,
    DatabricksJoin,
    DatabricksPlatform,
    DatabricksStagingQuery,
    JupyterGroupBy,
    JupyterJoin,
    JupyterLogCapture,
    JupyterPlatform,
    JupyterStagingQuery,
)
from chronon.executables.running import (
    PARTITION_COLUMN_FORMAT,
    GroupByExecutable,
    JoinExecutable,
    PlatformInterface,
    PySparkExecutable,
    StagingQueryExecutable,
)

__all__ = [
    "IMPORTED_FEATURES",
    "PARTITION_COLUMN_FORMAT",
    "DatabricksGroupBy",
    "DatabricksJoin",
    "DatabricksPlatform",
    "DatabricksStagingQuery",
    "GroupByExecutable",
    "JoinExecutable",
    "JupyterGroupBy",
    "JupyterJoin",
    "JupyterLogCapture",
    "JupyterPlatform",
    "JupyterStagingQuery",
    "PlatformInterface",
    "PySparkExecutable",
    "StagingQueryExecutable",
]
