"""Entities at an instant within a partition: the snapshot of the one before, and the changes made since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier, literal
from chronon.engine.duckdb.scan import DS, TS, scan_sql
from chronon.engine.duckdb.sorted import KEY, KEYS, NEVER, Reader, quoted
from chronon.plan.changes import OWN_TIME, REVERSAL
from chronon.plan.names import SEQUENCE

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.duckdb.answers import Longs
    from chronon.plan.join import PartPlan

BEFORE_SNAPSHOTS = (None, NEVER)
"""All rows that have a time."""


def changed(reader: Reader, part: PartPlan, asked: str) -> Iterator[tuple[Longs, pa.RecordBatch]]:
    """The rows that ask, partition by partition, with the answers to them.

    Parameters
    ----------
    reader:
        Reads tables.
    part:
        A group-by of entities, and where its changes are.
    asked:
        The table of questions: the keys, ``__ds`` (the snapshot's partition), ``__query`` (ms) and ``__row``.
    """
    plan = part.plan
    assert plan.aggregator is not None  # noqa: S101 - a plan of changes has aggregations
    days = reader.connection.sql(f"SELECT DISTINCT {DS} FROM {asked} ORDER BY 1").fetchall()
    match = " AND ".join(f"a.{identifier(key)} = k.{identifier(key)}" for key in plan.keys)
    for (ds,) in days:
        of_day = f"SELECT * FROM {asked} WHERE {DS} = {literal(ds)}"
        reader.number_keys(of_day, list(plan.keys))
        queries = reader.connection.sql(
            f'SELECT k.{KEY} AS __key, a."__query" AS ts, a."__row" AS row FROM ({of_day}) AS a JOIN {KEYS} AS k '
            f"ON {match} ORDER BY 1, 2, 3"
        ).to_arrow_table()
        begun = reader.spec.end(ds)
        changes = _changes(reader, part, reader.spec.of(begun), begun)
        between = BEFORE_SNAPSHOTS if plan.has_time else (None, None)
        union = reader.union(plan, [*plan.keys, *plan.aggregator.inputs], (ds, ds), between)
        snapshot = reader.events(plan, union, list(plan.keys))
        asking = queries.select(["__key", "ts"]).to_batches(max_chunksize=BATCH_ROWS)
        rows, at = queries.column("row").to_numpy(), 0
        for found in plan.aggregator.changes(snapshot, changes.to_batches(), asking, begun):
            yield rows[at : at + found.num_rows], found
            at += found.num_rows


def _changes(reader: Reader, part: PartPlan, ds: str, begun: int) -> pa.Table:
    """The changes of one partition, which began then (ms), to the rows of the keys that are asked for."""
    plan = part.plan
    inputs = plan.aggregator.inputs if plan.aggregator is not None else ()
    types: dict[str, t.DataType] = {SEQUENCE: t.LONG, OWN_TIME: t.LONG, REVERSAL: t.BOOLEAN}
    types |= {**plan.selected, **plan.keys}
    scans = [
        scan_sql(
            reader.source_of(scan.table),
            scan,
            reader.spec,
            days=reader.days(scan, (ds, ds)),
            types=types,
            between=(begun, begun + reader.spec.span),
        )
        for scan in part.changes
    ]
    union = reader.macros.ready_for(" UNION ALL ".join(scans))
    columns = [f"k.{KEY} AS __key", f"c.{OWN_TIME} AS ts", f"c.{TS} AS mutation_ts"]
    columns.append(f"coalesce(c.{REVERSAL}, false) AS is_before")
    if plan.sequenced:
        columns.append(f"coalesce(c.{SEQUENCE}, 0) AS __seq")
    columns += [f"c.{identifier(name)} AS {identifier(name)}" for name in inputs if name != "ts"]
    match = " AND ".join(f"c.{quoted(key)} = k.{quoted(key)}" for key in plan.keys)
    sql = f"SELECT {', '.join(columns)} FROM ({union}) AS c JOIN {KEYS} AS k ON {match} WHERE c.{OWN_TIME} IS NOT NULL"
    return reader.connection.sql(f"{sql} ORDER BY 1").to_arrow_reader(BATCH_ROWS).read_all()
