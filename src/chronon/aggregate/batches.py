"""Batch records as bytes: the states of one key that an upload leaves for fetches.

After the header: one bit for each part that has a collapsed state, the states of those that have a fixed size; then
for each hop size (a day, an hour, five minutes) the number of hops, their starts in ms, and for each column one bit for
each hop that has a state and those states. The tail holds the states that have no fixed size, in the same order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chronon.aggregate.kernel import serve
from chronon.aggregate.layout import Layout
from chronon.aggregate.record import BATCH, Cursor, bits, merged_columns, record, tail

Hops = tuple[Sequence[int], Sequence[Sequence[Any]]]
"""The starts of the hops of one size in ms, and for each column their states, ``None`` where there is none."""


@dataclass(frozen=True)
class Batch:
    """What a batch record holds: for each part its collapsed state or ``None``, and the hops of each size."""

    collapsed: Sequence[Any]
    hops: Sequence[Hops]


class BatchRecords:
    """Writes and reads the batch records of a layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def write(self, batch: Batch, batch_end: int, stale_after: int) -> bytes:
        """The record of one key; both times in ms."""
        layout = self.layout
        pieces = [bits([state is not None for state in batch.collapsed])]
        pieces += [s for s, words in zip(batch.collapsed, layout.widths, strict=True) if words and s is not None]
        rest: list[Any] = [[s for s, words in zip(batch.collapsed, layout.widths, strict=True) if not words], []]
        for (starts, columns), widths in zip(batch.hops, layout.hop_widths, strict=True):
            pieces.append(struct.pack(f"<q{len(starts)}q", len(starts), *starts))
            for states, words in zip(columns, widths, strict=True):
                pieces.append(bits([state is not None for state in states]))
                if words:
                    pieces += [state for state in states if state is not None]
            rest[1].append([states for states, words in zip(columns, widths, strict=True) if not words])
        in_tail = rest if 0 in layout.widths else None
        return record(BATCH, layout.hash, (batch_end, stale_after), b"".join(pieces), in_tail)

    def read(self, stored: bytes) -> Batch:
        """All that a record holds; its header must have been checked."""
        layout, cursor = self.layout, Cursor(stored)
        seen = cursor.flags(len(layout.parts))
        fixed = [cursor.states([there], words)[0] for there, words in zip(seen, layout.widths, strict=True) if words]
        collapsed_rest, hops_rest = self._tail(stored)
        collapsed = merged_columns(layout.widths, iter(fixed), iter(collapsed_rest))
        hops = [
            self._read_hops(cursor, widths, rest) for widths, rest in zip(layout.hop_widths, hops_rest, strict=True)
        ]
        return Batch(collapsed, hops)

    @staticmethod
    def _read_hops(cursor: Cursor, widths: Sequence[int], rest: Sequence[Any]) -> Hops:
        starts = [cursor.word() for _ in range(cursor.word())]
        fixed: list[list[Any]] = []
        for words in widths:
            seen = cursor.flags(len(starts))
            if words:
                fixed.append(cursor.states(seen, words))
        return starts, merged_columns(widths, iter(fixed), iter(rest))

    def starts(self, stored: bytes) -> list[list[int]]:
        """The starts of the hops of each size, in ms, without reading the rest."""
        layout = self.layout
        return serve.hop_starts(stored, len(layout.parts), layout.widths, layout.hop_widths)

    def in_tail(self, stored: bytes) -> tuple[dict[int, Any], list[dict[int, list[Any]]]]:
        """The states in the tail: collapsed ones by part, those of hops by hop size and column."""
        layout = self.layout
        collapsed, hops = self._tail(stored)
        return (
            _by_place(layout.widths, collapsed),
            [_by_place(widths, states) for widths, states in zip(layout.hop_widths, hops, strict=True)],
        )

    def _tail(self, stored: bytes) -> tuple[list[Any], list[list[Any]]]:
        found = tail(stored) if 0 in self.layout.widths else [[], [[] for _ in self.layout.hop_widths]]
        try:
            collapsed, hops = found
            return list(collapsed), [list(some) for _, some in zip(self.layout.hop_widths, hops, strict=True)]
        except (TypeError, ValueError):  # not as many as the layout has
            raise serve.cut_off() from None


def _by_place(widths: Sequence[int], states: Sequence[Any]) -> dict[int, Any]:
    places: Iterator[int] = (i for i, words in enumerate(widths) if not words)
    try:
        return dict(zip(places, states, strict=True))
    except ValueError:
        raise serve.cut_off() from None
