"""A look at a table without a job: how much it holds, some of its rows, how many conditions leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.engine.duckdb.connection import identifier
from chronon.engine.duckdb.scan import DS, TS, Source, scan_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.engine.protocol import Estimate, Glance
from chronon.plan.scans import EVENTS, Scan

if TYPE_CHECKING:
    from chronon.engine.tables.files import File

FOOTERS = 8
"""How many files are asked for their number of rows; the others are taken to be like them."""


def glance(
    reader: Reader,
    scan: Scan,
    days: tuple[str | None, str | None],
    limit: int,
    keys: Sequence[Mapping[str, Any]],
    named: Sequence[str],
) -> Glance:
    """Some rows of a scan, and how many are left out by which condition; see ``Engine.glance``."""
    source, chosen = reader.source_of(scan.table), reader.days(scan, days)
    wheres = {f"w{number}": text for number, text in enumerate(scan.wheres)}
    missing = [name for name in named if name in scan.selects]
    tests = replace(
        scan,
        selects={**wheres, **{f"k{n}": scan.selects[name] for n, name in enumerate(missing)}},
        types={**dict.fromkeys(wheres, t.BOOLEAN), **{f"k{n}": scan.types[name] for n, name in enumerate(missing)}},
        wheres=(),
    )
    inner = reader.macros.ready_for(scan_sql(source, tests, reader.spec, days=chosen, types=tests.types))
    reasons = {f"coalesce(NOT {name}, true)": f"not {text}" for name, text in wheres.items()}
    if scan.time is not None and scan.kind == EVENTS:
        reasons[f"{TS} IS NULL"] = "without a time"
    if missing:
        reasons[" AND ".join(f"k{n} IS NULL" for n in range(len(missing)))] = f"without a key ({', '.join(missing)})"
    first = " ".join(f"WHEN {test} THEN {number}" for number, test in enumerate(reasons))
    group = f"CASE {first} ELSE -1 END" if reasons else "-1"
    counted = dict(reader.connection.sql(f"SELECT {group}, count(*) FROM ({inner}) GROUP BY 1").fetchall())
    left_out = {why: counted[n] for n, why in enumerate(reasons.values()) if counted.get(n)}
    sql = reader.macros.ready_for(scan_sql(source, scan, reader.spec, days=chosen, types=scan.types))
    rows = reader.connection.sql(f"SELECT * FROM ({sql}) {_only(reader, keys)} ORDER BY {DS}, {TS} LIMIT {limit}")
    return Glance(rows.to_arrow_table(), sum(counted.values()), left_out)


def _only(reader: Reader, keys: Sequence[Mapping[str, Any]]) -> str:
    """The condition that keeps the rows of some keys."""
    import pyarrow as pa

    if not keys:
        return ""
    names = list(keys[0])
    reader.connection.register("__only", pa.Table.from_pylist([dict(key) for key in keys]))
    listed = ", ".join(identifier(name) for name in names)
    return (
        f"WHERE ({listed}) IN (SELECT ({listed}) FROM __only)"
        if len(names) == 1
        else (f"WHERE row({listed}) IN (SELECT row({listed}) FROM __only)")
    )


def estimate(source: Source, scan: Scan, days: Sequence[str] | None) -> Estimate:
    """How much some partitions of a table hold, by the sizes of its files and a few of their footers."""
    wanted = None if days is None else set(days)
    named = scan.partition in source.files.partition_columns
    files = [
        file
        for file in source.files.files
        if wanted is None or not named or file.partition.get(scan.partition or "") in wanted
    ]
    size = sum(file.size for file in files)
    return Estimate(sorted(wanted or ()), len(files), size, _rows(source, files, size))


def _rows(source: Source, files: Sequence[File], size: int) -> int | None:
    import pyarrow.parquet as pq

    if source.files.format != "parquet":
        return None if files else 0
    step = max(1, len(files) // FOOTERS)
    sample = files[::step]
    counted = sum(pq.read_metadata(file.path).num_rows for file in sample)
    seen = sum(file.size for file in sample)
    return round(counted * size / seen) if seen else 0
