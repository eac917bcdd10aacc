"""The compiled algebra on its own: rows of one key straight into ``Aggregator``, without tables, engine or store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chronon.aggregate.aggregator import Aggregator
from chronon.base.arrow import to_arrow
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.testing.columns import Row
from chronon.testing.golden.cases import Case, Target
from chronon.testing.golden.paths import Answer

if TYPE_CHECKING:
    import pyarrow as pa


class KernelPath:
    """Backfills by ``run``, serving by ``uploads`` and ``serving``."""

    name = "kernel"
    modes = frozenset({"temporal", "snapshot", "online"})

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        aggregator = Aggregator(case.aggregations, case.schema, definition=case.name)
        rows = serve(aggregator, case, target) if mode == "online" else backfill(aggregator, case, target)
        return Answer(aggregator.outputs, rows)


def backfill(aggregator: Aggregator, case: Case, target: Target) -> list[list[Any]]:
    """The answers at all times of the target, in one pass."""
    import pyarrow as pa

    times = sorted(target.times)
    queries = pa.record_batch({"key": pa.array([0] * len(times), pa.int64()), "ts": pa.array(times, pa.int64())})
    batches = list(aggregator.run([events(case.rows, aggregator)], [queries]))
    columns = {
        name: [
            plain(value, kind) for batch in batches for value in batch.column(name).to_pylist(maps_as_pydicts="strict")
        ]
        for name, kind in aggregator.outputs.items()
    }
    found = dict(zip(times, zip(*columns.values(), strict=True), strict=True))
    return [list(found[at]) for at in target.times]


def serve(aggregator: Aggregator, case: Case, target: Target) -> list[list[Any] | None]:
    """One upload, then a fetch at each time over the stream rows since; ``None`` where that is before the batch end."""
    rows = events(case.rows, aggregator)
    uploads = aggregator.uploads([rows], target.batch_end, stale_after=target.stale_after)
    records = [value for batch in uploads for value in batch.column("value").to_pylist()]
    serving = aggregator.serving(stale_after=target.stale_after)
    stream = [
        serving.encode_row(row["ts"], [row[name] for name in serving.inputs], seq=row["seq"])
        for row in rows.to_pylist(maps_as_pydicts="strict")
    ]
    answers: list[list[Any] | None] = []
    for at in target.times:
        if at < target.batch_end:
            answers.append(None)
            continue
        values = serving.fetch(records[0] if records else None, stream, target.batch_end, at)
        kinds = aggregator.outputs.values()
        answers.append([plain(value, kind) for value, kind in zip(values or [None] * len(kinds), kinds, strict=True)])
    return answers


def events(rows: Sequence[Row], aggregator: Aggregator) -> pa.RecordBatch:
    """Rows as the algebra takes them: one key, sorted by time and sequence."""
    import pyarrow as pa

    ordered = sorted(rows, key=lambda row: (row.ts or 0, row.sequence))
    columns = {
        "key": pa.array([0] * len(ordered), pa.int64()),
        "ts": pa.array([row.ts for row in ordered], pa.int64()),
        "seq": pa.array([row.sequence for row in ordered], pa.int64()),
    }
    for name in aggregator.inputs:
        columns[name] = pa.array([row.values[name] for row in ordered], to_arrow(aggregator.schema[name]))
    return pa.record_batch(columns)


def plain(value: Any, kind: DataType) -> Any:
    """A value as Arrow gives it in the form of the test kit: structs are tuples."""
    if value is None:
        return None
    if isinstance(kind, ListType):
        return [plain(item, kind.element) for item in value]
    if isinstance(kind, MapType):
        return {key: plain(item, kind.value) for key, item in value.items()}
    if isinstance(kind, StructType):
        return tuple(plain(value[name], part) for name, part in kind.fields)
    return value
