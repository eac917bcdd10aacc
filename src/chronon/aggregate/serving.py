"""The answer for one key at one instant: its batch record, its stream rows and tiles, merged and finalised.

What a fetch at ``t`` sees: the rows with ts < B that the upload read, and the stream rows with B <= ts < t, where B is
the batch end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property, partial
from typing import Any

from chronon.aggregate.batches import BatchRecords
from chronon.aggregate.cell import Cell
from chronon.aggregate.course import EARLIEST, Course, Entries, Entry
from chronon.aggregate.kernel import heads, serve
from chronon.aggregate.layout import Layout
from chronon.aggregate.parts import Part
from chronon.aggregate.reach import hop_reach
from chronon.aggregate.reading import Reading, Stored
from chronon.aggregate.record import BATCH, ROW, TILE, head, header
from chronon.aggregate.rows import StreamRows
from chronon.aggregate.tiles import Tiles
from chronon.base.time import DAY_MS, HOPS, window_start
from chronon.base.types import Schema

LATEST = 2**63 - 1
"""After every instant."""


class Unknown(Enum):
    """What a fetch gives for a column that the stored bytes cannot answer; it is not null."""

    COLUMN = "the stored bytes were written before the definition had this column"


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
        self._heads = {
            BATCH: head(BATCH, self.layout.hash),
            ROW: head(ROW, self.layout.row_hash),
            TILE: head(TILE, self.layout.tile_hash),
        }
        self._rows = StreamRows(self.layout)
        self._reading = Reading(self.layout)
        self._reader = serve.Reader(
            [self.layout.kernel_part(part, stale_after) for part in self.parts],
            self.layout.hop_widths,
            self.layout.number_kinds,
            self.layout.base_widths,
        )

    def learn(self, description: bytes) -> None:
        """Read records of another layout too, given its ``Layout.description``.

        Columns that it has not are ``Unknown.COLUMN`` in the answers for which its records are needed.
        """
        self._reading.learn(Layout.read(description))

    def encode_row(self, ts: int, values: Sequence[Any], *, seq: int = 0, reversal: bool = False) -> bytes:
        """A stream row as it is stored: event time in ms, and the inputs in the order of ``inputs``."""
        return self._rows.write(ts, values, seq, reversal=reversal)

    def read_row(self, row: bytes) -> Mapping[str, Any]:
        """The inputs of a stored row by name; ``None`` for those that it was written without.

        Raises
        ------
        DataError
            For a row of a layout that was not learned.
        """
        return self._rows.values(self._reading.row(row))

    @cached_property
    def tiles(self) -> Tiles:
        """What makes tiles of stream rows, as wide as the windows allow."""
        return Tiles(self.layout)

    def fetch(
        self,
        batch: bytes | None,
        rows: Sequence[bytes],
        batch_end: int,
        at: int,
        *,
        tiles: Sequence[bytes] = (),
        changes: bool = False,
        generation: int | None = None,
    ) -> list[Any] | None:
        """The final values of all parts, or ``None`` if the key has no record, row or tile.

        Parameters
        ----------
        batch:
            The key's batch record of the published generation.
        rows:
            Its stream rows; those outside ``[batch_end, at)`` are passed over.
        batch_end, at:
            In ms; ``at`` is not before ``batch_end``.
        tiles:
            Stand for stream rows that are not among ``rows``. Of a tile that ``at`` lies in, all rows count.
        changes:
            The rows are changes of entities: what was made in ``[batch_end, at)``, to rows of any time before ``at``.
        generation:
            The hash of the layout with which the generation was uploaded, if it is not this one; a key without a batch
            record then has nothing in *its* columns.

        Raises
        ------
        DataError
            If bytes were written by another version, for a definition that was not learned, or for another batch.
        """
        if batch is None and not rows and not tiles:
            return None
        since = EARLIEST if changes else batch_end
        unknown: frozenset[int] = frozenset()
        if not self._sound(batch, rows, tiles, batch_end) or generation not in (None, self.layout.hash):
            found = Stored(batch, rows, tiles, generation)
            unknown = self._reading.unknown(found, since, at)
            batch, rows, tiles, _ = self._reading.translated(found, batch_end, self.stale_after)
        results = self._reader.answer(batch, rows, batch_end, since, at, tiles)
        if self._rest:
            entries = Entries(sorted(self._entries(rows, since, at), key=lambda entry: entry[:2]))
            tiled = [(start, self.tiles.states(tile)) for tile in tiles if since <= (start := header(tile)[1]) < at]
            for i, course in self._courses(batch, batch_end, entries, tiled):
                results[i] = course.result(at, len(entries))
        for i in unknown:
            results[i] = Unknown.COLUMN
        return results

    def fetch_course(
        self, batch: bytes | None, rows: Sequence[bytes], batch_end: int, ats: Sequence[int], ends: Sequence[int]
    ) -> list[list[Any]]:
        """What ``fetch`` gives of changes at each of some ascending instants, in one pass over them.

        Parameters
        ----------
        batch, batch_end:
            As for ``fetch``.
        rows:
            Changes that were made since ``batch_end``, in the layout of now.
        ats:
            The instants in ms.
        ends:
            How many of the rows count at each: they were made before, and their own times are before it as well.
        """
        results = self._reader.course(batch, rows, batch_end, EARLIEST, ats, ends)
        if self._rest:
            entries = Entries(self._entries(rows, EARLIEST, LATEST))
            for i, course in self._courses(batch, batch_end, entries, ()):
                for found, at, end in zip(results, ats, ends, strict=True):
                    found[i] = course.result(at, end)
        return results

    def _sound(self, batch: bytes | None, rows: Sequence[bytes], tiles: Sequence[bytes], batch_end: int) -> bool:
        known = self._heads
        return (
            (batch is None or heads.batch_sound(batch, known[BATCH], batch_end, self.stale_after))
            and heads.rows_sound(rows, known[ROW])
            and (not tiles or heads.tiles_sound(tiles, known[TILE], self.layout.smallest_hop))
        )

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

    @staticmethod
    def inexact(tiles: Sequence[bytes], at: int) -> bool:
        """Whether ``at`` lies inside one of the tiles, of which a fetch counts rows that came later."""
        return any(start < at < start + width for _, start, width in map(header, tiles))

    # ---- parts whose state has no fixed size

    def _entries(self, rows: Sequence[bytes], since: int, at: int) -> Iterator[Entry]:
        """The rows in ``[since, at)``, read."""
        for row in rows:
            reversal, ts, seq = header(row)
            if since <= ts < at:
                yield ts, seq, reversal, self._rows.values(row)

    def _courses(
        self, batch: bytes | None, batch_end: int, entries: Entries, tiled: Sequence[tuple[int, Sequence[Any]]]
    ) -> Iterator[tuple[int, Course]]:
        """For each part of which the reader does nothing: what it remembers in the course of the rows."""
        kept = _Kept(self.layout, batch, batch_end, self.stale_after) if batch is not None else None
        for i, part, cell in self._rest:
            before = partial(self._before, i, part, kept, tiled)
            yield i, Course(part, cell, before, entries)

    def _before(
        self, number: int, part: Part, kept: _Kept | None, tiled: Sequence[tuple[int, Sequence[Any]]], first: int
    ) -> list[Any]:
        """The states of the time before the rows, for a window that begins at ``first``; oldest first."""
        states = kept.states(number, part, first) if kept is not None else []
        base = self.layout.base_numbers[part.base.identity]
        return [*states, *(some[base] for start, some in tiled if start >= first)]


class _Kept:
    """The states in the tail of one batch record."""

    def __init__(self, layout: Layout, batch: bytes, batch_end: int, stale_after: int) -> None:
        self._layout, self._batch_end, self._stale_after = layout, batch_end, stale_after
        records = BatchRecords(layout)
        self._collapsed, self._hops = records.in_tail(batch)
        self._starts = records.starts(batch)

    def states(self, number: int, part: Part, first: int) -> list[Any]:
        """What the record holds of a part for a window that begins at ``first``, oldest first."""
        if part.window is None:
            return [self._collapsed[number]]
        size = HOPS.index(part.hop)
        hops = self._hops[size][self._layout.hop_columns[size][part.base.identity]]
        _, last = hop_reach(part.window, part.hop, self._batch_end, self._stale_after)
        inside = [s for start, s in zip(self._starts[size], hops, strict=True) if first <= start < last]
        return [*inside, self._collapsed[number]]
