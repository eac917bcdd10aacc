"""What a part remembers of the rows of one key while time goes on: each row is read once and added once.

While a window begins at the same instant, what it sees only grows; when its beginning moves, the part starts anew from
the states of the time before the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chronon.aggregate.cell import Cell
from chronon.aggregate.parts import Part
from chronon.base.time import window_start

EARLIEST = -(2**63)
"""Before every instant."""

Entry = tuple[int, int, bool, Mapping[str, Any]]
"""A row, read: its time in ms, its sequence, whether it is a reversal, and its inputs by name."""

_NOT_YET = object()


class Entries:
    """Rows of one key in the order in which they come to count, with the states that were made of them."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = list(entries)
        self._lifted: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Entry:
        return self._entries[number]

    def lifted(self, cell: Cell) -> list[Any]:
        """Room for the state of each row; windows over the same base share it."""
        return self._lifted.setdefault(cell.base.identity, [_NOT_YET] * len(self))


class Course:
    """One part.

    Parameters
    ----------
    part, cell:
        What is answered, and how its states are made.
    before:
        The states of the time before the rows, for a window that begins at an instant.
    entries:
        The rows.
    """

    def __init__(self, part: Part, cell: Cell, before: Callable[[int], Sequence[Any]], entries: Entries) -> None:
        self._part, self._cell, self._before, self._entries = part, cell, before, entries
        self._lifted = entries.lifted(cell)
        self._first: int | None = None
        self._state: Any | None = None
        self._done = 0

    def result(self, at: int, end: int) -> Any | None:
        """The value at an instant at which the first ``end`` rows count; neither is less than at the last call."""
        first = window_start(at, self._part.window) if self._part.window is not None else EARLIEST
        if first != self._first:
            self._first, self._state, self._done = first, self._cell.merge(self._before(first)), 0
        self._add(first, end)
        return self._cell.result(self._state)

    def _add(self, first: int, end: int) -> None:
        cell, fresh = self._cell, []
        for i in range(self._done, end):
            ts, _, reversal, values = self._entries[i]
            if ts < first:
                continue
            if not reversal:
                fresh.append(self._lift(i))
            elif cell.base.operation.reversible:
                self._state, fresh = cell.remove(cell.merge([self._state, *fresh]), values), []
        self._state = cell.merge([self._state, *fresh])
        self._done = end

    def _lift(self, number: int) -> Any | None:
        if self._lifted[number] is _NOT_YET:
            ts, sequence, _, values = self._entries[number]
            self._lifted[number] = self._cell.lift(values, ts, sequence)
        return self._lifted[number]
