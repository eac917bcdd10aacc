"""Partial aggregates by day on DuckDB: made from one partition of the sources, read back, answered from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chronon.aggregate.partials import DAY, Partials
from chronon.base.arrow import schema_to_arrow
from chronon.base.time import DAY_MS, floor, window_start
from chronon.engine.duckdb.answers import ROW, answer
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier
from chronon.engine.duckdb.sorted import KEY, KEYS, NEVER, Reader, key_table
from chronon.plan.ranges import bounded, first_partition

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator
    from chronon.aggregate.parts import Part
    from chronon.engine.duckdb.answers import Longs
    from chronon.plan.group_by import GroupByPlan


def daily(reader: Reader, plan: GroupByPlan, ds: str) -> Iterator[pa.RecordBatch]:
    """The partial aggregates of the rows of one partition: key columns, ``DAY``, states."""
    aggregator = aggregator_of(plan)
    keys = list(plan.keys)
    union = reader.union(plan, [*keys, *aggregator.inputs], (ds, ds), (None, NEVER))
    reader.number_keys(union, keys, ordered=True)
    known = key_table(reader, plan)
    for batch in aggregator.partials.daily(reader.events(plan, union, keys)):
        table = known.take(batch.column("__key"))
        table = table.append_column(DAY, batch.column("ts"))
        for name in aggregator.partials.states:
            table = table.append_column(name, batch.column(name))
        yield from table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)


def number_stored_keys(reader: Reader, plan: GroupByPlan, earliest: int, until: int) -> None:
    """Give a number to each key that has a state which queries from ``earliest`` to ``until`` (ms) can see."""
    rows = _stored(reader, plan, aggregator_of(plan).widest_window, earliest, until)
    listed = ", ".join(identifier(key) for key in plan.keys)
    reader.number_keys(f"SELECT {listed} FROM {rows}", list(plan.keys), ordered=True)


def for_rows(
    reader: Reader,
    plan: GroupByPlan,
    queries: Iterable[pa.RecordBatch],
    bounds: tuple[int, int],
    threads: int,
    *,
    midnights: bool,
) -> Iterator[tuple[Longs, pa.RecordBatch]]:
    """The features for queries about keys that have their numbers, with the rows that asked.

    Windows that move by whole days merge the days before the first query and the rows since; the others are short and
    read their rows.

    Parameters
    ----------
    reader, plan:
        The group-by, whose partial aggregates are filled.
    queries:
        Who asks, and as of when: ``__key``, ``ts`` and ``__row``, sorted.
    bounds:
        The first and the last instant that is asked for, in ms.
    threads:
        For the algebra.
    midnights:
        Whether all queries are at midnights, at which every window in days has whole ones.
    """
    import pyarrow as pa

    aggregator = aggregator_of(plan)
    asked = list(queries)
    whole_days = Partials.at_midnights if midnights else Partials.at_any_instant
    by_days = [part for part in aggregator.parts if whole_days(part)]
    by_rows = [part for part in aggregator.parts if part not in by_days]
    found: dict[str, pa.ChunkedArray] = {}
    for table in (
        _from_days(reader, plan, by_days, asked, bounds, midnights=midnights) if by_days else None,
        _from_rows(reader, plan, by_rows, asked, bounds, threads) if by_rows else None,
    ):
        if table is not None:
            found |= dict(zip(table.column_names, table.columns, strict=True))
    whole = pa.table({name: found[name] for name in aggregator.outputs})
    at = 0
    for batch in asked:
        answered = whole.slice(at, batch.num_rows).combine_chunks().to_batches()
        yield from ((batch.column(ROW).to_numpy(), one) for one in answered)
        at += batch.num_rows


def aggregator_of(plan: GroupByPlan) -> Aggregator:
    """The aggregator of a group-by that has one."""
    assert plan.aggregator is not None  # noqa: S101 - only such group-bys keep partial aggregates
    return plan.aggregator


def _from_days(
    reader: Reader,
    plan: GroupByPlan,
    parts: Sequence[Part],
    asked: Sequence[pa.RecordBatch],
    bounds: tuple[int, int],
    *,
    midnights: bool,
) -> pa.Table:
    import pyarrow as pa

    aggregator = aggregator_of(plan)
    some = aggregator.only(parts)
    since = bounds[1] if midnights else floor(bounds[0], DAY_MS)
    states = [*_states(reader, plan, _stored(reader, plan, some.widest_window, bounds[0], since))]
    if not midnights:
        columns = [*plan.keys, *aggregator.inputs]
        union = reader.union(plan, columns, (reader.spec.of(since - DAY_MS), None), (since, bounds[1]))
        events = reader.events(plan, union, list(plan.keys))
        states = _sorted([*states, *aggregator.partials.single(events)])
    answers = aggregator.partials.answer(parts, states, [batch.select(["__key", "ts"]) for batch in asked])
    return pa.Table.from_batches(answers, schema_to_arrow(some.outputs))


def _from_rows(
    reader: Reader,
    plan: GroupByPlan,
    parts: Sequence[Part],
    asked: Sequence[pa.RecordBatch],
    bounds: tuple[int, int],
    threads: int,
) -> pa.Table:
    import pyarrow as pa

    aggregator = aggregator_of(plan).only(parts)
    few = replace(plan, aggregator=aggregator)
    days = first_partition(bounds[0], aggregator.widest_window, reader.spec), None
    union = reader.union(few, [*plan.keys, *aggregator.inputs], days, (None, bounds[1]))
    events = reader.events(few, union, list(plan.keys))
    found = answer(aggregator, events, asked, None, threads, reader.memory.rows_at_once)
    return pa.Table.from_batches((batch for _, batch in found), schema_to_arrow(aggregator.outputs))


def _stored(reader: Reader, plan: GroupByPlan, widest: int | None, earliest: int, until: int) -> str:
    """The stored rows that the queries from ``earliest`` on can see of the days before ``until`` (ms), as SQL."""
    assert plan.partials is not None  # noqa: S101 - the caller asked
    source, column = reader.source_of(plan.partials), reader.spec.column
    days = bounded(source.files.partitions(column), first_partition(earliest, widest, reader.spec), None)
    conditions = [f"{identifier(DAY)} < {until}"]
    if widest is not None:
        conditions.append(f"{identifier(DAY)} >= {floor(window_start(earliest, widest), DAY_MS)}")
    return f"(SELECT * FROM {source.relation(days, column)} WHERE {' AND '.join(conditions)})"


def _states(reader: Reader, plan: GroupByPlan, rows: str) -> Iterator[pa.RecordBatch]:
    """Stored rows about the keys that have numbers: ``__key``, ``ts``, states; sorted by key and time."""
    import pyarrow as pa

    states = aggregator_of(plan).partials.states
    match = reader.same_key("p", list(plan.keys))
    listed = ", ".join([f"p.{identifier(DAY)} AS ts", *(f"p.{identifier(name)}" for name in states)])
    found = reader.connection.sql(
        f"SELECT k.{KEY} AS __key, {listed} FROM {rows} AS p JOIN {KEYS} AS k ON {match} ORDER BY 1, 2"
    ).to_arrow_table()
    yield from found.cast(pa.schema([("__key", pa.int64()), ("ts", pa.int64()), *states.items()])).to_batches()


def _sorted(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    import pyarrow as pa

    if not batches:
        return []
    return pa.Table.from_batches(batches).sort_by([("__key", "ascending"), ("ts", "ascending")]).to_batches()
