"""Rows that are left out because their time is null: how many there are."""

from __future__ import annotations

from dataclasses import replace

from chronon.engine.duckdb.connection import literal
from chronon.engine.duckdb.scan import TS, Source, scan_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.scans import ENTITIES, Scan


def without_time(reader: Reader, scan: Scan, days: tuple[str | None, str | None]) -> int:
    """How many rows of a scan have no time, within the first and last partition of ``days``.

    The footers of Parquet files say how many nulls a column has. Only files that have some are read, and those only if
    the scan has conditions: the rows that count are then fewer.
    """
    if scan.time is None:
        return 0
    source, chosen = reader.source_of(scan.table), reader.days(scan, days)
    holding = _files_with_nulls(reader, source, scan, chosen)
    if holding is not None:
        if not scan.wheres and not scan.subs and source.files.arrived is None and None not in holding.values():
            return sum(nulls or 0 for nulls in holding.values())
        if not holding:
            return 0
        few = tuple(file for file in source.files.files if file.path in holding)
        source = replace(source, files=replace(source.files, files=few))
    sql = scan_sql(source, scan.only([]), reader.spec, days=chosen, types={})
    ((count,),) = reader.connection.sql(
        f"SELECT count(*) FROM ({reader.macros.ready_for(sql)}) WHERE {TS} IS NULL"
    ).fetchall()
    return count


def _files_with_nulls(
    reader: Reader, source: Source, scan: Scan, days: list[str] | None
) -> dict[str, int | None] | None:
    """The files that have rows without a time, and how many; a number may be unknown.

    ``None`` where footers do not say: the time is an expression, or the table no plain Parquet.
    """
    column = (scan.time or "").strip().strip("`")
    if column not in scan.schema or source.files.format != "parquet" or source.files.ids:
        return None
    paths = source.paths(days, scan.partition, latest=scan.kind == ENTITIES)
    if not paths:
        return {}
    listed = ", ".join(literal(path) for path in paths)
    footers = reader.connection.sql(
        "SELECT file_name, sum(coalesce(stats_null_count, num_values)), count(*) = count(stats_null_count) "
        f"FROM parquet_metadata([{listed}]) WHERE path_in_schema = {literal(column)} GROUP BY file_name"
    ).fetchall()
    found = {name: int(nulls) if known else None for name, nulls, known in footers if nulls or not known}
    lacking = set(paths) - {name for name, *_ in footers}  # a file without the column: each of its rows has none
    return {**found, **dict.fromkeys(lacking, None)}
