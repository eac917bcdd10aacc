"""Stored bytes of one key that are not all of the current layout: checked, and translated where theirs is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chronon.aggregate.layout import Layout
from chronon.aggregate.parts import Part
from chronon.aggregate.record import BATCH, ROW, TILE, header, layout_hash, unknown_layout
from chronon.aggregate.translation import Translation
from chronon.base.errors import DataError
from chronon.base.time import window_start


class Stored(NamedTuple):
    """What a store holds of one key: its batch record, its rows and tiles, and the layout of the generation."""

    batch: bytes | None
    rows: Sequence[bytes]
    tiles: Sequence[bytes]
    generation: int | None = None


class Reading:
    """Knows the layouts that were learned beside the current one.

    Parameters
    ----------
    layout:
        The current one.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        same = Translation(layout, layout)
        self._known = {
            BATCH: {layout.hash: same},
            ROW: {layout.row_hash: same},
            TILE: {layout.tile_hash: same},
        }

    def learn(self, old: Layout) -> None:
        """Read records of ``old`` too."""
        translation = Translation(old, self._layout)
        for what, key in ((BATCH, old.hash), (ROW, old.row_hash), (TILE, old.tile_hash)):
            self._known[what].setdefault(key, translation)

    def _of(self, stored: bytes, what: int) -> Translation:
        return self._by_hash(layout_hash(stored, what), what)

    def _by_hash(self, key: int, what: int) -> Translation:
        known = self._known[what].get(key)
        if known is None:
            raise unknown_layout()
        return known

    def unknown(self, stored: Stored, since: int, at: int) -> frozenset[int]:
        """The places of the parts that these bytes cannot answer at an instant.

        Rows and tiles count that are in ``[since, at)`` and in the part's window.

        Raises
        ------
        DataError
            For a layout that was not learned.
        """
        parts = self._layout.parts
        missing: set[int] = set()
        if stored.generation is not None:
            missing |= self._by_hash(stored.generation, BATCH).missing_in_batches
        if stored.batch is not None:
            missing |= self._of(stored.batch, BATCH).missing_in_batches
        for row in stored.rows:
            lacking = self._of(row, ROW).missing_in_rows
            _, ts, _ = header(row)
            missing |= {i for i in lacking if since <= ts < at and _in_window(parts[i], ts, at)}
        for tile in stored.tiles:
            lacking = self._of(tile, TILE).missing_in_tiles
            _, start, width = header(tile)
            lacking |= {i for i, p in enumerate(parts) if p.window is not None and (width <= 0 or p.hop % width)}
            missing |= {i for i in lacking if since <= start < at and _in_window(parts[i], start + width, at)}
        return frozenset(missing)

    def translated(self, stored: Stored, batch_end: int, stale_after: int) -> Stored:
        """The same bytes in the current layout.

        Raises
        ------
        DataError
            Where a batch record is of another batch than the caller believes.
        """
        return Stored(
            self._batch(stored.batch, batch_end, stale_after) if stored.batch is not None else None,
            [self.row(row) for row in stored.rows],
            [self._tile(tile) for tile in stored.tiles],
        )

    def _batch(self, batch: bytes, batch_end: int, stale_after: int) -> bytes:
        _, end, exact = header(batch)
        if (end, exact) != (batch_end, stale_after):
            raise DataError(
                f"a batch record ends at {end} and is exact for {exact} ms",
                expected=f"one that ends at {batch_end} and is exact for {stale_after} ms",
                mend="read the serving info and the record of one generation",
            )
        current = layout_hash(batch, BATCH) == self._layout.hash
        return batch if current else self._of(batch, BATCH).batch(batch)

    def row(self, row: bytes) -> bytes:
        """A row in the current layout."""
        return row if layout_hash(row, ROW) == self._layout.row_hash else self._of(row, ROW).row(row)

    def _tile(self, tile: bytes) -> bytes:
        return tile if layout_hash(tile, TILE) == self._layout.tile_hash else self._of(tile, TILE).tile(tile)


def _in_window(part: Part, ts: int, at: int) -> bool:
    return part.window is None or ts >= window_start(at, part.window)
