"""All keys of a group-by: their features at the ends of days, and the records that serving starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chronon.api.enums import Accuracy
from chronon.base import types as t
from chronon.base.arrow import compute, schema_to_arrow
from chronon.engine.duckdb.answers import answer
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier, readable_errors
from chronon.engine.duckdb.derive import derive
from chronon.engine.duckdb.sorted import KEY, KEYS, NEVER, Reader, greatest, quoted
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator
    from chronon.plan.group_by import GroupByPlan


def snapshots(
    reader: Reader, plan: GroupByPlan, days: Sequence[str], threads: int
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """The features of all keys at the end of each day, in key order: key columns, features before derivations."""
    with readable_errors(f"computing {plan.name}"):
        if plan.aggregator is None:
            yield from _selected(reader, plan, days)
        elif plan.kind == ENTITIES:
            yield from _of_entities(reader, plan, plan.aggregator, days, threads)
        else:
            yield from _of_events(reader, plan, plan.aggregator, days, threads)


def derived(
    reader: Reader, plan: GroupByPlan, days: Iterator[tuple[str, Iterator[pa.RecordBatch]]]
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """Days of snapshots after the group-by's derivations: key columns, then its outputs."""
    import pyarrow as pa

    if plan.derivations is None:
        yield from days
        return
    raw = schema_to_arrow({**plan.keys, **plan.raw_outputs})
    schema: dict[str, t.DataType] = {"ts": t.LONG, "ds": t.STRING, **plan.raw_outputs, **plan.keys}
    expressions = {**{key: f"`{key}`" for key in plan.keys}, **plan.derivations}
    for ds, batches in days:
        table = pa.Table.from_batches(batches, raw)
        if "ds" not in table.column_names:
            table = table.append_column("ds", pa.array([ds] * table.num_rows, pa.string()))
        if "ts" not in table.column_names:
            table = table.append_column("ts", pa.array([reader.spec.end(ds)] * table.num_rows, pa.int64()))
        found = derive(reader, table, expressions, schema, {**plan.keys, **plan.outputs})
        yield ds, iter(found.to_batches(max_chunksize=BATCH_ROWS))


def records(reader: Reader, plan: GroupByPlan, ds: str, stale_after: int, threads: int) -> Iterator[pa.RecordBatch]:
    """What serving needs of all keys as of the end of ``ds``.

    Batches of the key columns, then ``__value`` (bytes) for a temporal group-by, else one column for each feature.
    """
    with readable_errors(f"uploading {plan.name}"):
        if plan.accuracy == Accuracy.TEMPORAL and plan.aggregator is not None:
            yield from _states(reader, plan, plan.aggregator, ds, stale_after)
            return
        days = _selected(reader, plan, [ds], once=True) if plan.aggregator is None else None
        for _, batches in days or snapshots(reader, plan, [ds], threads):
            yield from batches


def _of_events(
    reader: Reader, plan: GroupByPlan, aggregator: Aggregator, days: Sequence[str], threads: int
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    import numpy as np
    import pyarrow as pa

    spec = reader.spec
    ends = np.array([spec.end(ds) for ds in days], dtype=np.int64)
    reach = (first_partition(int(ends[0]), aggregator.widest_window, spec), None)
    union = reader.union(plan, [*plan.keys, *aggregator.inputs], reach, (None, int(ends[-1])))
    reader.number_keys(union, list(plan.keys), ordered=True)
    keys = key_table(reader, plan)
    events = reader.events(plan, union, list(plan.keys))

    def queries() -> Iterator[pa.RecordBatch]:
        at_once = max(1, BATCH_ROWS // len(ends))
        for first in range(0, keys.num_rows, at_once):
            numbers = np.arange(first, min(first + at_once, keys.num_rows), dtype=np.int64)
            yield pa.record_batch({"__key": np.repeat(numbers, len(ends)), "ts": np.tile(ends, len(numbers))})

    found = answer(aggregator, events, queries(), None, threads)
    for number, ds in enumerate(days):
        of_day = found.take(pa.array(np.arange(number, found.num_rows, len(ends)))) if len(ends) > 1 else found
        yield ds, _rows(keys, of_day, drop_empty=True)


def _of_entities(
    reader: Reader, plan: GroupByPlan, aggregator: Aggregator, days: Sequence[str], threads: int
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    import pyarrow as pa

    between = (None, NEVER) if plan.has_time else (None, None)
    for ds in days:
        union = reader.union(plan, [*plan.keys, *aggregator.inputs], (ds, ds), between)
        reader.number_keys(union, list(plan.keys), ordered=True)
        keys = key_table(reader, plan)
        numbers = pa.array(range(keys.num_rows), pa.int64())
        ends = pa.array([reader.spec.end(ds)] * keys.num_rows, pa.int64())
        events = reader.events(plan, union, list(plan.keys))
        queries = [pa.record_batch({"__key": numbers, "ts": ends})]
        found = answer(aggregator, events, queries, plan.snapshot_rule, threads)
        yield ds, _rows(keys, found, drop_empty=False)


def _selected(
    reader: Reader, plan: GroupByPlan, days: Sequence[str], *, once: bool = False
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """The rows of entities as they are selected; those without any key are left out.

    With ``once``, one row for each key: the greatest, as a join takes it.
    """
    columns = [*plan.keys, *plan.raw_outputs]
    schema = schema_to_arrow({**plan.keys, **plan.raw_outputs})
    listed = ", ".join(identifier(name) for name in columns)
    some_key = " OR ".join(f"{identifier(key)} IS NOT NULL" for key in plan.keys)
    for ds in days:
        union = reader.union(plan, columns, (ds, ds), (None, None))
        order = ", ".join(str(i + 1) for i in range(len(columns)))
        sql = f"SELECT {listed} FROM ({union}) WHERE {some_key}"
        if once:
            sql += f" QUALIFY {greatest([identifier(key) for key in plan.keys], plan.raw_outputs)}"
        sql += f" ORDER BY {order}"
        found = reader.connection.sql(sql).to_arrow_table()
        yield ds, iter(found.cast(schema).to_batches(max_chunksize=BATCH_ROWS))


def _states(
    reader: Reader, plan: GroupByPlan, aggregator: Aggregator, ds: str, stale_after: int
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    spec = reader.spec
    end = spec.end(ds)
    days = (ds, ds) if plan.kind == ENTITIES else (first_partition(end, aggregator.widest_window, spec), None)
    union = reader.union(plan, [*plan.keys, *aggregator.inputs], days, (None, end))
    reader.number_keys(union, list(plan.keys), ordered=True)
    keys = key_table(reader, plan)
    events = reader.events(plan, union, list(plan.keys))
    for batch in aggregator.uploads(events, end, stale_after=stale_after):
        of_batch = keys.take(batch.column("key"))
        table = of_batch.append_column("__value", batch.column("value").cast(pa.binary()))
        yield from table.combine_chunks().to_batches()


def key_table(reader: Reader, plan: GroupByPlan) -> pa.Table:
    """The keys that were numbered, in the order of their numbers."""
    listed = ", ".join(quoted(key) for key in plan.keys)
    found = reader.connection.sql(f"SELECT {listed} FROM {KEYS} ORDER BY {KEY}").to_arrow_table()
    return found.cast(schema_to_arrow(plan.keys)).combine_chunks()


def _rows(keys: pa.Table, features: pa.Table, *, drop_empty: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    table = pa.table([*keys.columns, *features.columns], names=[*keys.column_names, *features.column_names])
    if drop_empty and features.num_columns:
        some = None
        for column in features.columns:
            valid = compute().is_valid(column)
            some = valid if some is None else compute().or_(some, valid)
        table = table.filter(some)
    yield from table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
