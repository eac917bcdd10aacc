"""The aggregations of one group-by over one input schema: the entrance to the algebra."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from chronon.aggregate.layout import Layout
from chronon.aggregate.parts import Part, unpack
from chronon.aggregate.rule import WindowRule
from chronon.aggregate.serving import Serving
from chronon.base.time import DAY_MS
from chronon.base.types import DataType, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.partials import Partials
    from chronon.api import structs


class Aggregator:
    """What a group-by's aggregations compute.

    Parameters
    ----------
    aggregations:
        As in the definition.
    schema:
        The columns after the source's selects.
    definition:
        The group-by's name, for messages.

    Raises
    ------
    ConfigError
        With all problems: missing inputs, types that an operation does not take, wrong arguments, equal column names.
    """

    def __init__(
        self, aggregations: Sequence[structs.Aggregation], schema: Schema, *, definition: str | None = None
    ) -> None:
        self.definition = definition
        self.schema = schema
        self.parts = unpack(aggregations, schema, definition=definition)
        self.layout = Layout(self.parts, schema)

    def only(self, parts: Sequence[Part]) -> Aggregator:
        """The same over some of its parts."""
        fewer = copy(self)
        fewer.parts = tuple(parts)
        fewer.layout = Layout(fewer.parts, self.schema)
        vars(fewer).pop("partials", None)
        return fewer

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that are read: for each aggregation its buckets, then its input; each once."""
        return self.layout.inputs

    @property
    def outputs(self) -> dict[str, DataType]:
        """The feature columns and their types, in order: aggregations, then buckets, then windows."""
        return {part.name: part.base.output for part in self.parts}

    @property
    def widest_window(self) -> int | None:
        """The longest window in ms; ``None`` if a column is over the whole history."""
        windows = [part.window for part in self.parts]
        return None if None in windows else max((w for w in windows if w is not None), default=0)

    @property
    def windowed(self) -> bool:
        """Whether some column has a window."""
        return any(part.window is not None for part in self.parts)

    @property
    def timed(self) -> bool:
        """Whether rows need a time: some column has a window, or picks by time."""
        return self.windowed or any(part.base.operation.timed for part in self.parts)

    def run(
        self,
        events: Iterable[pa.RecordBatch],
        queries: Iterable[pa.RecordBatch],
        *,
        rule: WindowRule = WindowRule.SAWTOOTH,
        threads: int = 1,
        at_once: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Answer queries from rows, both sorted, both cut anywhere.

        Parameters
        ----------
        events:
            Batches with ``__key`` (a dense id, int64), ``ts`` (ms, never null), optionally ``__seq`` (int64), and the
            inputs; sorted by (key, ts, seq).
        queries:
            Batches with ``__key`` and ``ts``, sorted by both.
        rule:
            Which rows a query sees.
        threads:
            How many threads share the work, by ranges of keys.
        at_once:
            About how many rows are worked on at once; memory against time. If the widest window of a key sees more of
            them, they are held as one state for each hop by which the windows move.

        Returns
        -------
        Batches with one column for each of ``outputs``, whose rows are parallel to the queries.
        """
        from chronon.aggregate.chunks import Pass

        sizes = () if at_once is None else (at_once, max(1, at_once // 4))
        return Pass(self.parts, self.schema, rule, threads, *sizes).run(events, queries)

    def uploads(
        self,
        events: Iterable[pa.RecordBatch],
        batch_end: int,
        *,
        stale_after: int = 2 * DAY_MS,
        at_once: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The batch records of all keys: batches of ``key`` and ``value`` (bytes).

        ``events`` and ``at_once`` as for ``run``; rows at or after ``batch_end`` (ms) are left to the stream. Windows
        stay exact for ``stale_after`` ms after the batch end.
        """
        from chronon.aggregate.uploads import Uploads

        sizes = () if at_once is None else (at_once,)
        return Uploads(self.layout, batch_end, stale_after, *sizes).run(events)

    def changes(
        self,
        snapshot: Iterable[pa.RecordBatch],
        changes: Iterable[pa.RecordBatch],
        queries: Iterable[pa.RecordBatch],
        batch_end: int,
    ) -> Iterator[pa.RecordBatch]:
        """Answer queries of one day from the snapshot of the midnight ``batch_end`` and the changes made since.

        All three are batches that ascend by ``__key`` and may be cut anywhere. See
        ``chronon.aggregate.changes.answer_changes`` for their columns.
        """
        from chronon.aggregate.changes import answer_changes

        return answer_changes(self.serving(), snapshot, changes, queries, batch_end)

    @cached_property
    def partials(self) -> Partials:
        """What makes and merges partial aggregates by day."""
        from chronon.aggregate.partials import Partials

        return Partials(self.layout)

    def serving(self, *, stale_after: int = 2 * DAY_MS) -> Serving:
        """What answers fetches from batch records and stream rows; ``stale_after`` as for the uploads."""
        return Serving(self.parts, self.schema, stale_after=stale_after)
