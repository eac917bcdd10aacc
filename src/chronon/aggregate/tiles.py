"""Tiles: the stream rows of one key from one stretch of time, as one state for each base.

A tile stands for its rows: a fetch that merges it gives what it would give from them, as long as no window begins or
ends inside. So a tile's width divides the hop of every window. After the header comes one bit for each base that has a
state, then the states of a fixed size; the others are in the tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chronon.aggregate.cell import Cell
from chronon.aggregate.kernel import serve
from chronon.aggregate.layout import Layout
from chronon.aggregate.parts import Part
from chronon.aggregate.record import (
    ROW,
    TILE,
    Cursor,
    bits,
    header,
    layout_hash,
    merged_columns,
    record,
    tail,
    unknown_layout,
)
from chronon.aggregate.rows import StreamRows
from chronon.base.errors import ConfigError, DataError
from chronon.base.time import floor


class Tiles:
    """Makes, merges and reads the tiles of a layout.

    Parameters
    ----------
    layout:
        What a tile holds a state of: its bases.
    width:
        How long a tile is in ms; by default the smallest hop of the windows, an hour where there are none.

    Raises
    ------
    ConfigError
        For a width that some window would cut.
    """

    def __init__(self, layout: Layout, width: int | None = None) -> None:
        self.layout = layout
        self.width = width if width is not None else layout.smallest_hop
        if self.width <= 0 or layout.smallest_hop % self.width:
            raise ConfigError(
                f"a tile of {self.width} ms",
                expected=f"a divisor of {layout.smallest_hop} ms, by which the windows move",
            )
        self._rows = StreamRows(layout)
        self._cells = [Cell(base) for base in layout.bases]
        self._folder = serve.Reader(
            [layout.kernel_part(Part("", base, None)) for base in layout.bases],
            [[], [], []],
            layout.number_kinds,
            layout.base_widths,
        )

    def start(self, ts: int) -> int:
        """The start of the tile that an instant belongs to, both in ms."""
        return floor(ts, self.width)

    def make(self, rows: Sequence[bytes]) -> bytes:
        """The tile of some rows, at least one, all of one tile's time.

        Raises
        ------
        DataError
            For rows of several tiles, of another layout, and for reversals: a tile cannot take back what another holds.
        """
        heads = [self._checked(row) for row in rows]
        starts = {self.start(ts) for _, ts, _ in heads}
        if len(starts) != 1:
            raise DataError(f"rows of {len(starts)} tiles are to be one", expected=f"rows within {self.width} ms")
        if any(reversal for reversal, _, _ in heads):
            raise DataError("a reversal cannot be put into a tile", mend="keep the changes of entities as rows")
        (start,) = starts
        states: list[Any] = self._folder.answer(None, rows, start, start, start + self.width, (), raw=True)
        if 0 in self.layout.base_widths:
            values = [self._rows.values(row) for row in rows]
            for i, cell in enumerate(self._cells):
                if not self.layout.base_widths[i]:
                    lifted = [cell.lift(v, ts, seq) for v, (_, ts, seq) in zip(values, heads, strict=True)]
                    states[i] = cell.merge(lifted)
        return self._write(start, states)

    def _checked(self, row: bytes) -> tuple[bool, int, int]:
        if layout_hash(row, ROW) != self.layout.row_hash:
            raise unknown_layout()
        return header(row)

    def merge(self, tiles: Sequence[bytes]) -> bytes:
        """One tile for several of the same start, as from several partitions of a topic; none of them is changed."""
        spans = {self._span(tile) for tile in tiles}
        if len(spans) != 1:
            raise DataError("tiles of different stretches of time are to be one")
        ((start, _),) = spans
        columns = zip(*(self.states(tile) for tile in tiles), strict=True)
        merged = [cell.merge(states) for cell, states in zip(self._cells, columns, strict=True)]
        return self._write(start, merged)

    def _span(self, tile: bytes) -> tuple[int, int]:
        if layout_hash(tile, TILE) != self.layout.tile_hash:
            raise unknown_layout()
        _, start, width = header(tile)
        if width != self.width:
            raise DataError(f"a tile is {width} ms wide", expected=f"{self.width} ms")
        return start, width

    def _write(self, start: int, states: Sequence[Any]) -> bytes:
        return write_tile(self.layout, start, self.width, states)

    def states(self, tile: bytes) -> list[Any]:
        """For each base its state, or ``None``; the header must have been checked."""
        return read_tile(self.layout, tile)


def write_tile(layout: Layout, start: int, width: int, states: Sequence[Any]) -> bytes:
    """A tile from the states of its bases; both times in ms."""
    widths = layout.base_widths
    fixed = [state for state, words in zip(states, widths, strict=True) if words and state is not None]
    rest = [state for state, words in zip(states, widths, strict=True) if not words]
    body = b"".join([bits([state is not None for state in states]), *fixed])
    return record(TILE, layout.tile_hash, (start, width), body, rest or None)


def read_tile(layout: Layout, tile: bytes) -> list[Any]:
    """For each base of the layout its state in a tile, or ``None``."""
    cursor = Cursor(tile)
    seen = cursor.flags(len(layout.bases))
    fixed = [cursor.states([s], words)[0] for s, words in zip(seen, layout.base_widths, strict=True) if words]
    return merged_columns(layout.base_widths, iter(fixed), iter(tail(tile)))
