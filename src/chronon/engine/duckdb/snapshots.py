"""All keys of a group-by: their features at the ends of days, and the records that serving starts from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from chronon.api.enums import Accuracy
from chronon.base import types as t
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.time import DAY_MS
from chronon.engine.duckdb.answers import ROW, Answers, Budget, Pieces, answer
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier, readable_errors
from chronon.engine.duckdb.derive import derive
from chronon.engine.duckdb.partials import for_rows, number_stored_keys
from chronon.engine.duckdb.scan import TS
from chronon.engine.duckdb.sorted import NEVER, Reader, greatest, key_table
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator
    from chronon.engine.duckdb.answers import Longs
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

    def finished(ds: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pa.Table.from_batches([batch], raw)
            if "ds" not in table.column_names:
                table = table.append_column("ds", pa.array([ds] * table.num_rows, pa.string()))
            if "ts" not in table.column_names:
                table = table.append_column("ts", pa.array([reader.spec.end(ds)] * table.num_rows, pa.int64()))
            yield from derive(reader, table, expressions, schema, {**plan.keys, **plan.outputs}).to_batches()

    for ds, batches in days:
        yield ds, finished(ds, batches)


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
    union = ""
    if plan.partials is not None:
        number_stored_keys(reader, plan, int(ends[0]), int(ends[-1]))
    else:
        reach = (first_partition(int(ends[0]), aggregator.widest_window, spec), None)
        union = reader.union(plan, [*plan.keys, *aggregator.inputs], reach, (None, int(ends[-1])))
        reader.number_keys(union, list(plan.keys), ordered=True)
    count = reader.key_count()
    places = np.arange(len(days), dtype=np.int64) * count  # the rows of a day come after those of the day before

    def queries() -> Iterator[pa.RecordBatch]:
        at_once = max(1, BATCH_ROWS // len(ends))
        for first in range(0, count, at_once):
            keys = np.repeat(np.arange(first, min(first + at_once, count), dtype=np.int64), len(ends))
            rows = keys + np.tile(places, len(keys) // len(ends))
            yield pa.record_batch({"__key": keys, "ts": np.tile(ends, len(keys) // len(ends)), ROW: rows})

    pieces = Pieces.of(count * len(days), {**plan.keys, **plan.raw_outputs})
    with closing(Answers(plan.raw_outputs, pieces, Budget(reader.memory.answer_bytes), reader.scratch)) as answers:
        if plan.partials is not None:
            bounds = int(ends[0]), int(ends[-1])
            midnights = spec.span == DAY_MS
            found = for_rows(reader, plan, queries(), bounds, threads, midnights=midnights)
        else:
            events = reader.events(plan, union, list(plan.keys))
            found = answer(aggregator, events, queries(), None, threads, reader.memory.rows_at_once)
        for rows, batch in found:
            answers.add(rows, batch)
        answers.finish()
        for ds, start in zip(days, places.tolist(), strict=True):
            yield ds, _of_day(reader, plan, answers, pieces.split(start, start + count), start)


def _of_day(
    reader: Reader, plan: GroupByPlan, answers: Answers, pieces: Iterable[tuple[int, int, int]], start: int
) -> Iterator[pa.RecordBatch]:
    for piece, first, end in pieces:
        features, _ = answers.piece(piece)
        of_day = features.slice(first - answers.first(piece), end - first)
        yield from _rows(key_table(reader, plan, first - start, end - start), of_day, drop_empty=True)


def _of_entities(
    reader: Reader, plan: GroupByPlan, aggregator: Aggregator, days: Sequence[str], threads: int
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    between = (None, NEVER) if plan.has_time else (None, None)
    for ds in days:
        union = reader.union(plan, [*plan.keys, *aggregator.inputs], (ds, ds), between)
        reader.number_keys(union, list(plan.keys), ordered=True)
        events = reader.events(plan, union, list(plan.keys))
        asked = _ends(reader.key_count(), reader.spec.end(ds))
        at_once = reader.memory.rows_at_once
        yield ds, _beside_keys(reader, plan, answer(aggregator, events, asked, plan.snapshot_rule, threads, at_once))


def _ends(keys: int, end: int) -> Iterator[pa.RecordBatch]:
    """Each key, asked once."""
    import numpy as np
    import pyarrow as pa

    for first in range(0, keys, BATCH_ROWS):
        numbers = np.arange(first, min(first + BATCH_ROWS, keys), dtype=np.int64)
        yield pa.record_batch({"__key": numbers, "ts": np.full(len(numbers), end, dtype=np.int64), ROW: numbers})


def _beside_keys(
    reader: Reader, plan: GroupByPlan, answers: Iterable[tuple[Longs, pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = schema_to_arrow(plan.raw_outputs)
    for numbers, batch in answers:
        keys = key_table(reader, plan, int(numbers[0]), int(numbers[-1]) + 1) if len(numbers) else None
        if keys is not None:
            yield from _rows(keys, pa.Table.from_batches([batch], schema), drop_empty=False)


def _selected(
    reader: Reader, plan: GroupByPlan, days: Sequence[str], *, once: bool = False
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """The rows of entities as they are selected; those without any key are left out.

    With ``once``, one row for each key: the greatest, as a join takes it.
    """
    columns = [*plan.keys, *plan.raw_outputs]
    shown = {**plan.keys, **plan.raw_outputs}
    names = [identifier(name) for name in columns]
    if "ts" in plan.backfilled and not once:
        shown["ts"] = t.LONG
        names.append(f"{TS} AS ts")
    schema = schema_to_arrow(shown)
    listed = ", ".join(names)
    some_key = " OR ".join(f"{identifier(key)} IS NOT NULL" for key in plan.keys)
    for ds in days:
        union = reader.union(plan, columns, (ds, ds), (None, None))
        order = ", ".join(str(i + 1) for i in range(len(names)))
        sql = f"SELECT {listed} FROM ({union}) WHERE {some_key}"
        if once:
            sql += f" QUALIFY {greatest([identifier(key) for key in plan.keys], plan.raw_outputs)}"
        sql += f" ORDER BY {order}"
        yield ds, (batch.cast(schema) for batch in reader.connection.sql(sql).to_arrow_reader(BATCH_ROWS))


def _states(
    reader: Reader, plan: GroupByPlan, aggregator: Aggregator, ds: str, stale_after: int
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    spec = reader.spec
    end = spec.end(ds)
    days = (ds, ds) if plan.kind == ENTITIES else (first_partition(end, aggregator.widest_window, spec), None)
    union = reader.union(plan, [*plan.keys, *aggregator.inputs], days, (None, end))
    reader.number_keys(union, list(plan.keys), ordered=True)
    events = reader.events(plan, union, list(plan.keys))
    at_once = reader.memory.rows_at_once
    for batch in aggregator.uploads(events, end, stale_after=stale_after, at_once=at_once):
        numbers = batch.column("key").to_numpy()
        if not len(numbers):
            continue
        first = int(numbers[0])
        of_batch = key_table(reader, plan, first, int(numbers[-1]) + 1).take(pa.array(numbers - first))
        table = of_batch.append_column("__value", batch.column("value").cast(pa.binary()))
        yield from table.combine_chunks().to_batches()


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
