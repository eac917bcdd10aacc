"""The left rows of a join as a temporary table, in the order in which the answers leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.base.arrow import schema_to_arrow
from chronon.base.errors import SchemaError
from chronon.engine.duckdb.connection import identifier
from chronon.engine.duckdb.scan import DS, TS, day_name, scan_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.scans import Scan

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema

LEFT = '"__left"'
"""The table: the left columns, then their time and partition; its ``rowid`` is the place of a row."""


@dataclass(frozen=True)
class Left:
    """What is in the table.

    Parameters
    ----------
    timed:
        Whether the rows have a time.
    daily:
        Whether they are sorted by their partition.
    """

    timed: bool
    daily: bool


def read_left(reader: Reader, left: Scan, days: Sequence[str]) -> Left:
    """Take the rows of some partitions, day by day."""
    source = reader.source_of(left.table)
    sql = reader.macros.ready_for(scan_sql(source, left, reader.spec, days=days, types=left.types))
    ordered = left.partition is not None and left.partition in source.files.partition_columns
    if ordered:
        reader.connection.execute(f"CREATE OR REPLACE TEMP TABLE {LEFT} AS {sql}")
    else:
        reader.connection.execute(f"CREATE OR REPLACE TEMP TABLE unsorted AS {sql}")
        reader.connection.execute(f"CREATE OR REPLACE TEMP TABLE {LEFT} AS SELECT * FROM unsorted ORDER BY {DS}, rowid")
        reader.connection.execute("DROP TABLE unsorted")
    return Left(timed=left.time is not None, daily=True)


def take_left(reader: Reader, rows: pa.Table, columns: Schema) -> Left:
    """Take the rows of a table in memory, in its order.

    Parameters
    ----------
    reader:
        On whose connection.
    rows:
        Holds ``columns``; where they have no ``ts`` (ms), also the partition of each row.
    columns:
        The columns of the left side and their types.
    """
    spec = reader.spec
    wanted = [*columns, *([spec.column] if "ts" not in columns else [])]
    lacking = [name for name in wanted if name not in rows.column_names]
    if lacking:
        raise SchemaError(
            f"the given rows have no column {', '.join(lacking)}", expected=f"the columns {', '.join(wanted)}"
        )
    schema = schema_to_arrow(columns)
    given = rows.select(list(columns)).cast(schema)
    days = None if "ts" in columns else rows.column(spec.column)
    if days is not None and spec.column not in columns:
        given = given.append_column("__ds", days)
    time = "ts" if "ts" in columns else "NULL::BIGINT"
    day = day_name("ts", spec) if days is None else DS if spec.column not in columns else identifier(spec.column)
    listed = ", ".join([*(identifier(name) for name in columns), f"{time} AS {TS}", f"{day} AS {DS}"])
    reader.connection.register("__given", given)
    try:
        reader.connection.execute(f"CREATE OR REPLACE TEMP TABLE {LEFT} AS SELECT {listed} FROM __given")
    finally:
        reader.connection.unregister("__given")
    return Left(timed="ts" in columns, daily=False)
