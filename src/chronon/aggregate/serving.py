"""The answer for one key at one instant: its batch record, its stream rows, merged and finalised.

What a fetch at ``t`` sees: the rows with ts < B that the upload read, and the stream rows with B <= ts < t, where B is
the batch end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chronon.aggregate.cell import Cell
from chronon.aggregate.kernel import serve
from chronon.aggregate.parts import Part
from chronon.aggregate.record import BATCH, ROW, Layout, header
from chronon.aggregate.words import WordOperation
from chronon.base.time import DAY_MS, HOPS, floor, window_start
from chronon.base.types import Schema

EARLIEST = -(2**63)
"""Before every instant."""


def hop_reach(window: int, hop: int, batch_end: int, stale_after: int) -> tuple[int, int]:
    """The instants ``[first, last)`` whose rows a batch record keeps in hops for a window; later rows are collapsed.

    ``first`` is the window's start at the batch end. Until ``batch_end + stale_after`` no window starts after ``last``,
    so that the hops can be left out one by one as the window moves on.
    """
    first = window_start(batch_end, window)
    return first, first - floor(-stale_after, hop)


class Serving:
    """Prepared once for a group-by, then answers for any key. Needs neither Arrow nor an engine.

    Parameters
    ----------
    parts:
        The parts of the group-by.
    schema:
        Types of its inputs.
    stale_after:
        For how many ms after a batch end the windows stay exact without a newer batch.
    """

    def __init__(self, parts: Sequence[Part], schema: Schema, *, stale_after: int = 2 * DAY_MS) -> None:
        self.parts = tuple(parts)
        self.stale_after = stale_after
        self.layout = Layout(self.parts, schema)
        self.inputs = self.layout.inputs
        self._rest = [(i, part, Cell(part.base)) for i, part in enumerate(self.parts) if not self.layout.widths[i]]
        self._batch_head, self._row_head = self.layout.head(BATCH), self.layout.head(ROW)
        self._reader = serve.Reader(
            [self._for_kernel(part, words) for part, words in zip(self.parts, self.layout.widths, strict=True)],
            self.layout.hop_widths,
            self.layout.number_kinds,
        )

    def _for_kernel(self, part: Part, words: int) -> tuple[int, ...]:
        operation, base = part.base.operation, part.base
        kind, reals = (
            (operation.kind, operation.reals) if isinstance(operation, WordOperation) and words else (0, False)
        )
        source = self.inputs.index(base.input)
        windowed = part.window is not None
        size = HOPS.index(part.hop) if windowed else -1
        return (
            kind,
            words,
            source,
            reals and self.layout.number_kinds[source] == 1,
            size,
            self.layout.hop_column(size, base) if windowed else 0,
            part.window or 0,
            part.hop,
            -floor(-self.stale_after, part.hop),
        )

    def encode_row(self, ts: int, values: Sequence[Any], *, seq: int = 0, reversal: bool = False) -> bytes:
        """A stream row as it is stored: event time in ms, and the inputs in the order of ``inputs``."""
        return self.layout.row(ts, values, seq, reversal)

    def fetch(
        self, batch: bytes | None, rows: Sequence[bytes], batch_end: int, at: int, *, changes: bool = False
    ) -> list[Any] | None:
        """The final values of all parts, or ``None`` if the key has neither a batch record nor a stream row.

        Parameters
        ----------
        batch:
            The key's batch record of the published generation.
        rows:
            Its stream rows; those outside ``[batch_end, at)`` are passed over.
        batch_end, at:
            In ms; ``at`` is not before ``batch_end``.
        changes:
            The rows are changes of entities: what was made in ``[batch_end, at)``, to rows of any time before ``at``.

        Raises
        ------
        DataError
            If bytes were written by another version, for another definition or for another batch.
        """
        if batch is None and not rows:
            return None
        if batch is not None and not serve.batch_sound(batch, self._batch_head, batch_end, self.stale_after):
            self.layout.check_batch(batch, batch_end, self.stale_after)
        if not serve.rows_sound(rows, self._row_head):
            for row in rows:
                self.layout.check(row, ROW)
        since = EARLIEST if changes else batch_end
        results = self._reader.answer(batch, rows, batch_end, since, at)
        if self._rest:
            stored = _Stored(self.layout, batch, batch_end, self.stale_after) if batch is not None else None
            self._fetch_rest(results, stored, rows, since, at)
        return results

    def stale(self, batch_end: int, at: int) -> frozenset[str]:
        """The columns that cannot be answered at ``at`` any more, because the batch is too old for their window."""
        return frozenset(
            part.name
            for part in self.parts
            if part.window is not None and not self._answerable(part, part.window, batch_end, at)
        )

    def _answerable(self, part: Part, window: int, batch_end: int, at: int) -> bool:
        _, last = hop_reach(window, part.hop, batch_end, self.stale_after)
        return last >= batch_end or window_start(at, window) <= last

    # ---- parts whose state has no fixed size

    def _fetch_rest(
        self, results: list[Any], stored: _Stored | None, rows: Sequence[bytes], since: int, at: int
    ) -> None:
        heads = [(header(row), row) for row in rows]
        inside = sorted(
            (
                (ts, seq, reversal, self.layout.row_values(row))
                for (reversal, ts, seq), row in heads
                if since <= ts < at
            ),
            key=lambda entry: entry[:2],
        )
        for i, part, cell in self._rest:
            first = window_start(at, part.window) if part.window is not None else EARLIEST
            state = cell.merge(stored.states(i, part, first)) if stored is not None else None
            fresh: list[Any] = []
            for ts, seq, reversal, values in inside:
                if ts < first:
                    continue
                if reversal:
                    state, fresh = cell.remove(cell.merge([state, *fresh]), values), []
                else:
                    fresh.append(cell.lift(values, ts, seq))
            results[i] = cell.result(cell.merge([state, *fresh]))


class _Stored:
    """The states in the tail of one batch record."""

    def __init__(self, layout: Layout, batch: bytes, batch_end: int, stale_after: int) -> None:
        self._layout, self._batch_end, self._stale_after = layout, batch_end, stale_after
        self._collapsed, self._hops = layout.tail_states(batch)
        self._starts = layout.hop_starts(batch)

    def states(self, number: int, part: Part, first: int) -> list[Any]:
        """What the record holds of a part for a window that begins at ``first``, oldest first."""
        if part.window is None:
            return [self._collapsed[number]]
        size = HOPS.index(part.hop)
        hops = self._hops[size][self._layout.hop_column(size, part.base)]
        _, last = hop_reach(part.window, part.hop, self._batch_end, self._stale_after)
        inside = [s for start, s in zip(self._starts[size], hops, strict=True) if first <= start < last]
        return [*inside, self._collapsed[number]]
