"""Rows that are left out because their time is null: how many there are."""

from __future__ import annotations

from chronon.engine.duckdb.connection import literal
from chronon.engine.duckdb.scan import TS, Source, scan_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.scans import Scan


def without_time(reader: Reader, scan: Scan, days: tuple[str | None, str | None]) -> int:
    """How many rows of a scan have no time, within the first and last partition of ``days``.

    Nothing is read where the statistics of the Parquet files say that there are none.
    """
    if scan.time is None:
        return 0
    source, chosen = reader.source_of(scan.table), reader.days(scan, days)
    if _known_to_have_none(reader, source, scan, chosen):
        return 0
    sql = scan_sql(source, scan.only([]), reader.spec, days=chosen, types={})
    ((count,),) = reader.connection.sql(
        f"SELECT count(*) FROM ({reader.macros.ready_for(sql)}) WHERE {TS} IS NULL"
    ).fetchall()
    return count


def _known_to_have_none(reader: Reader, source: Source, scan: Scan, days: list[str] | None) -> bool:
    column = (scan.time or "").strip().strip("`")
    if column not in scan.schema or source.files.format != "parquet" or source.files.ids:
        return False
    paths = source.paths(days, scan.partition)
    if not paths:
        return True
    listed = ", ".join(literal(path) for path in paths)
    ((unknown, holding),) = reader.connection.sql(
        "SELECT count(*) FILTER (WHERE coalesce(stats_null_count, 1) > 0), count(DISTINCT file_name) "
        f"FROM parquet_metadata([{listed}]) WHERE path_in_schema = {literal(column)}"
    ).fetchall()
    return unknown == 0 and holding == len(paths)
