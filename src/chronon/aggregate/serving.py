"""The answer for one key at one instant: its batch record, its stream rows and tiles, merged and finalised.

What a fetch at ``t`` sees: the rows with ts < B that the upload read, and the stream rows with B <= ts < t, where B is
the batch end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any

from chronon.aggregate.batches import BatchRecords
from chronon.aggregate.cell import Cell
from chronon.aggregate.kernel import serve
from chronon.aggregate.layout import Layout
from chronon.aggregate.parts import Part
from chronon.aggregate.reach import hop_reach
from chronon.aggregate.reading import Reading, Stored
from chronon.aggregate.record import BATCH, ROW, TILE, head, header
from chronon.aggregate.rows import StreamRows
from chronon.aggregate.tiles import Tiles
from chronon.base.time import DAY_MS, HOPS, window_start
from chronon.base.types import Schema

EARLIEST = -(2**63)
"""Before every instant."""


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
        """The inputs of a stored row by name."""
        return self._rows.values(row)

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
        unknown: frozenset[int] = frozenset()
        if not self._sound(batch, rows, tiles, batch_end) or generation not in (None, self.layout.hash):
            found = Stored(batch, rows, tiles, generation)
            unknown = self._reading.unknown(found)
            batch, rows, tiles, _ = self._reading.translated(found, batch_end, self.stale_after)
        since = EARLIEST if changes else batch_end
        results = self._reader.answer(batch, rows, batch_end, since, at, tiles)
        if self._rest:
            kept = _Kept(self.layout, batch, batch_end, self.stale_after) if batch is not None else None
            self._fetch_rest(results, kept, rows, tiles, since, at)
        for i in unknown:
            results[i] = Unknown.COLUMN
        return results

    def _sound(self, batch: bytes | None, rows: Sequence[bytes], tiles: Sequence[bytes], batch_end: int) -> bool:
        heads = self._heads
        return (
            (batch is None or serve.batch_sound(batch, heads[BATCH], batch_end, self.stale_after))
            and serve.rows_sound(rows, heads[ROW])
            and (not tiles or serve.tiles_sound(tiles, heads[TILE], self.layout.smallest_hop))
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

    def _fetch_rest(
        self,
        results: list[Any],
        kept: _Kept | None,
        rows: Sequence[bytes],
        tiles: Sequence[bytes],
        since: int,
        at: int,
    ) -> None:
        heads = [(header(row), row) for row in rows]
        inside = sorted(
            ((ts, seq, reversal, self._rows.values(row)) for (reversal, ts, seq), row in heads if since <= ts < at),
            key=lambda entry: entry[:2],
        )
        tiled = [(start, self.tiles.states(tile)) for tile in tiles if since <= (start := header(tile)[1]) < at]
        for i, part, cell in self._rest:
            first = window_start(at, part.window) if part.window is not None else EARLIEST
            base = self.layout.base_numbers[part.base.identity]
            states = kept.states(i, part, first) if kept is not None else []
            state = cell.merge([*states, *(some[base] for start, some in tiled if start >= first)])
            fresh: list[Any] = []
            for ts, seq, reversal, values in inside:
                if ts < first:
                    continue
                if reversal:
                    state, fresh = cell.remove(cell.merge([state, *fresh]), values), []
                else:
                    fresh.append(cell.lift(values, ts, seq))
            results[i] = cell.result(cell.merge([state, *fresh]))


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
