"""Definitions that run where they are written."""
# pyright: reportUnusedImport=false

from ai.chronon.api.ttypes import GroupBy, Join, JoinPart, JoinSource, Query, Source, StagingQuery
from ai.chronon.pyspark.constants import PARTITION_COLUMN_FORMAT
from ai.chronon.repo.serializer import thrift_simple_json
from ai.chronon.utils import get_max_window_for_gb_in_days, output_table_name
from chronon.api.metadata import set_name
from chronon.executables import (
    GroupByExecutable,
    JoinExecutable,
    PlatformInterface,
    PySparkExecutable,
    StagingQueryExecutable,
)
