"""The compiled algebra behind the questions of the oracle: rows in, a dict of columns out, no engine and no store.

>>> from chronon.testing.shorthand import aggregation, at, events
>>> from chronon.base.types import LONG
>>> algebra = Algebra([aggregation("x", "SUM", "1h")], {"x": LONG})
>>> algebra.at(events({"-2h": 1, "-30m": 2, "-1m": 4}), at("+0s"))
{'x_sum_1h': 6}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chronon.aggregate.aggregator import Aggregator
from chronon.aggregate.rule import WindowRule
from chronon.api import structs
from chronon.base.arrow import to_arrow
from chronon.base.types import DataType, ListType, MapType, Schema, StructType
from chronon.testing.columns import Row
from chronon.testing.oracle import STALE_AFTER

if TYPE_CHECKING:
    import pyarrow as pa

Answer = dict[str, Any]
"""Output columns to values, as the oracle gives them."""


class Algebra:
    """Answers as ``chronon.testing.Oracle`` does, but by ``chronon.aggregate``.

    Parameters
    ----------
    aggregations:
        As in a definition.
    schema:
        The input columns and their types.
    definition:
        A name for messages.
    """

    def __init__(
        self, aggregations: Sequence[structs.Aggregation], schema: Schema, *, definition: str | None = None
    ) -> None:
        self.aggregator = Aggregator(aggregations, schema, definition=definition)

    @cached_property
    def outputs(self) -> dict[str, DataType]:
        """The output columns and their types, in order."""
        return self.aggregator.outputs

    # ---- backfills

    def at(self, rows: Iterable[Row], query: int) -> Answer:
        """Point in time: each column over ``[floor(query - W, hop), query)``."""
        return self.run({0: list(rows)}, [(0, query)])[0]

    def entities(self, rows: Iterable[Row], end: int) -> Answer:
        """Daily accuracy over the snapshot of entities in one partition, which ends at ``end``."""
        rule = WindowRule.EXACT if self.aggregator.windowed else WindowRule.ALL
        return self.run({0: list(rows)}, [(0, end)], rule=rule)[0]

    def run(
        self,
        rows: Mapping[int, Sequence[Row]],
        queries: Sequence[tuple[int, int]],
        *,
        rule: WindowRule = WindowRule.SAWTOOTH,
        cuts: Sequence[int] = (),
        query_cuts: Sequence[int] = (),
        threads: int = 1,
    ) -> list[Answer]:
        """The answers to queries of several keys, in their order.

        Parameters
        ----------
        rows:
            The rows of each key.
        queries:
            Keys and instants in ms, sorted.
        rule:
            Which rows a query sees.
        cuts, query_cuts:
            Where the sorted rows and the queries are cut into batches.
        threads:
            How many threads share the work.
        """
        import pyarrow as pa

        events = self.table(rows)
        keys, times = [key for key, _ in queries], [at for _, at in queries]
        asked = pa.record_batch({"__key": pa.array(keys, pa.int64()), "ts": pa.array(times, pa.int64())})
        batches = self.aggregator.run(pieces(events, cuts), pieces(asked, query_cuts), rule=rule, threads=threads)
        return [answer for batch in batches for answer in self.plain(batch)]

    def plain(self, batch: pa.RecordBatch) -> list[Answer]:
        """A batch of results as answers."""
        columns = [
            [plain(value, kind) for value in batch.column(name).to_pylist(maps_as_pydicts="strict")]
            for name, kind in self.outputs.items()
        ]
        return [dict(zip(self.outputs, values, strict=True)) for values in zip(*columns, strict=True)]

    def table(self, rows: Mapping[int, Sequence[Row]]) -> pa.RecordBatch:
        """Rows as the algebra takes them: sorted by key, time and sequence; those without a time are left out.

        Where no column is asked by time, rows may have none at all; they then stand at zero.
        """
        import pyarrow as pa

        timeless = "ts" not in self.aggregator.schema
        ordered = sorted(
            ((key, row) for key, some in rows.items() for row in some if row.ts is not None or timeless),
            key=lambda pair: (pair[0], pair[1].ts or 0, pair[1].sequence),
        )
        columns = {
            "__key": pa.array([key for key, _ in ordered], pa.int64()),
            "ts": pa.array([row.ts or 0 for _, row in ordered], pa.int64()),
            "__seq": pa.array([row.sequence for _, row in ordered], pa.int64()),
        }
        for name in self.aggregator.inputs:
            cells = [row.values.get(name) for _, row in ordered]
            columns[name] = pa.array(cells, to_arrow(self.aggregator.schema[name]))
        return pa.record_batch(columns)

    # ---- serving

    def record(self, rows: Iterable[Row], batch_end: int, *, stale_after: int = STALE_AFTER) -> bytes | None:
        """The batch record of a key, or ``None`` where there is nothing to remember."""
        events = self.table({0: list(rows)})
        batches = list(self.aggregator.uploads([events], batch_end, stale_after=stale_after))
        found = [value for batch in batches for value in batch.column("value").to_pylist()]
        return found[0] if found else None

    def stream(self, rows: Iterable[Row]) -> list[bytes]:
        """Rows as a stream stores them."""
        serving = self.aggregator.serving()
        return [
            serving.encode_row(
                row.ts or 0,
                [row.values.get(name) for name in serving.inputs],
                seq=row.sequence,
                reversal=row.is_before,
            )
            for row in rows
        ]

    def visible(
        self,
        batch: Iterable[Row],
        stream: Iterable[Row],
        batch_end: int,
        query: int,
        *,
        stale_after: int = STALE_AFTER,
        tiled: Iterable[Iterable[Row]] = (),
    ) -> Answer:
        """Serving: an upload of ``batch``, then a fetch at ``query`` over the stream; stale columns are null.

        Each of ``tiled`` is rows that were put into tiles, one for each stretch of time.
        """
        tiles = [tile for rows in tiled for tile in self.tiles(rows)]
        return self._fetch(batch, list(stream), batch_end, query, stale_after, changes=False, tiles=tiles)

    def tiles(self, rows: Iterable[Row]) -> list[bytes]:
        """The tiles of rows, in order of time."""
        make = self.aggregator.serving().tiles
        inside: dict[int, list[Row]] = {}
        for row in rows:
            inside.setdefault(make.start(row.ts or 0), []).append(row)
        return [make.make(self.stream(inside[start])) for start in sorted(inside)]

    def mutations(
        self,
        snapshot: Iterable[Row],
        changes: Iterable[Row],
        batch_end: int,
        query: int,
        *,
        stale_after: int = STALE_AFTER,
    ) -> Answer:
        """Serving of entities: a fetch at ``query`` over the changes made in ``[batch_end, query)``."""
        made = [row for row in changes if batch_end <= _changed(row) < query]
        return self._fetch(snapshot, made, batch_end, query, stale_after, changes=True)

    def _fetch(
        self,
        batch: Iterable[Row],
        stream: Sequence[Row],
        batch_end: int,
        query: int,
        stale_after: int,
        *,
        changes: bool,
        tiles: Sequence[bytes] = (),
    ) -> Answer:
        record = self.record(batch, batch_end, stale_after=stale_after)
        serving = self.aggregator.serving(stale_after=stale_after)
        values = serving.fetch(record, self.stream(stream), batch_end, query, changes=changes, tiles=tiles)
        stale = serving.stale(batch_end, query)
        return {name: None if name in stale else value for name, value in self.answers(values).items()}

    def answers(self, values: Sequence[Any] | None) -> Answer:
        """The values of a fetch by column; all null where a key has none."""
        found = values if values is not None else [None] * len(self.outputs)
        return {name: plain(value, kind) for (name, kind), value in zip(self.outputs.items(), found, strict=True)}

    def point_in_time(
        self, snapshot: Iterable[Row], changes: Sequence[Row], batch_end: int, queries: Sequence[int]
    ) -> list[Answer]:
        """Backfill of entities: the answers at ``queries`` of one day from the snapshot before it and its changes."""
        return self.change_run({0: list(snapshot)}, {0: changes}, batch_end, [(0, at) for at in queries])

    def change_run(
        self,
        snapshot: Mapping[int, Sequence[Row]],
        changes: Mapping[int, Sequence[Row]],
        batch_end: int,
        queries: Sequence[tuple[int, int]],
        *,
        cuts: Sequence[int] = (),
    ) -> list[Answer]:
        """Backfill of entities, several keys; ``queries`` ascend by key, ``cuts`` are where all rows are cut."""
        import pyarrow as pa

        ordered = [(key, row) for key in sorted(changes) for row in changes[key]]
        made = pa.record_batch(
            {
                "__key": pa.array([key for key, _ in ordered], pa.int64()),
                "ts": pa.array([row.ts for _, row in ordered], pa.int64()),
                "mutation_ts": pa.array([_changed(row) for _, row in ordered], pa.int64()),
                "is_before": pa.array([row.is_before for _, row in ordered], pa.bool_()),
                "__seq": pa.array([row.sequence for _, row in ordered], pa.int64()),
            }
            | {
                name: pa.array([row.values.get(name) for _, row in ordered], to_arrow(self.aggregator.schema[name]))
                for name in self.aggregator.inputs
            }
        )
        asked = pa.record_batch(
            {
                "__key": pa.array([key for key, _ in queries], pa.int64()),
                "ts": pa.array([at for _, at in queries], pa.int64()),
            }
        )
        found = self.aggregator.changes(
            pieces(self.table(snapshot), cuts), pieces(made, cuts), pieces(asked, cuts), batch_end
        )
        return [answer for batch in found for answer in self.plain(batch)]


def pieces(batch: pa.RecordBatch, cuts: Sequence[int]) -> list[pa.RecordBatch]:
    """A batch cut at these positions; equal positions give empty batches."""
    bounds = [0, *sorted(min(cut, batch.num_rows) for cut in cuts), batch.num_rows]
    return [batch.slice(low, high - low) for low, high in pairwise(bounds)]


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


def _changed(row: Row) -> int:
    return row.mutation_ts if row.mutation_ts is not None else row.ts or 0
