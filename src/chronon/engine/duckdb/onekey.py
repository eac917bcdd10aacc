"""The rows of one key, for a person who wants to see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chronon.base.arrow import schema_to_arrow
from chronon.engine.duckdb.connection import identifier
from chronon.engine.duckdb.scan import TS, scan_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.names import SEQUENCE
from chronon.plan.scans import Scan

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.plan.group_by import GroupByPlan


def rows_of_key(
    reader: Reader, plan: GroupByPlan, scan: Scan, key: Mapping[str, Any], days: tuple[str | None, str | None]
) -> pa.Table:
    """The rows of a scan that have a key, by time, then sequence, then all their columns."""
    import pyarrow as pa

    schema = schema_to_arrow(plan.keys)
    one = pa.table([pa.array([key[name]], schema.field(name).type) for name in plan.keys], schema=schema)
    types = {**scan.types, **{n: k for n, k in {**plan.selected, **plan.keys}.items() if n in scan.types}}
    sql = reader.macros.ready_for(
        scan_sql(reader.source_of(scan.table), scan, reader.spec, days=reader.days(scan, days), types=types)
    )
    match = " AND ".join(f"e.{identifier(name)} = k.{identifier(name)}" for name in plan.keys)
    sequence = [f"e.{SEQUENCE}"] if SEQUENCE in scan.selects else []
    order = ", ".join([f"e.{TS}", *sequence, *(f"e.{identifier(n)}" for n in scan.selects)])
    reader.connection.register("__one", one)
    try:
        found = reader.connection.sql(f"SELECT e.* FROM ({sql}) AS e JOIN __one AS k ON {match} ORDER BY {order}")
        return found.to_arrow_table()
    finally:
        reader.connection.unregister("__one")
