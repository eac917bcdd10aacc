"""What is known of rows that are no longer there: of a long key, what left the chunk, as one seed for each hop.

A window begins at a hop, so the rows of one hop leave it together, and their state stands for them. That bounds what is
held of a key however many rows its widest window has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

Joined = Callable[[Sequence[Any]], Any]
"""Makes one seed of several, oldest first."""


Ranges = tuple[list[int], "Longs", "Longs"]
"""The starts of hops in ms, and the rows of each from and to."""


@dataclass(frozen=True)
class Earlier:
    """Seeds of elements before those of a series, and which of them each range of the series comes after.

    Parameters
    ----------
    seeds:
        What is known of the earlier elements, oldest first.
    first:
        For each of the leading ranges the first of the seeds that belongs to it, with all that follow; ascending. These
        ranges begin with the first element of the series; the others have no seed.
    """

    seeds: Sequence[Any]
    first: Longs

    @property
    def count(self) -> int:
        """How many ranges have seeds."""
        return len(self.first)

    def runs(self, joined: Joined) -> list[tuple[int, int, Any]]:
        """The ranges from one to before another that have the same seeds, and these as one.

        >>> Earlier(["a", "b", "c"], np.array([0, 0, 2])).runs("".join)
        [(0, 2, 'abc'), (2, 3, 'c')]
        """
        bounds = [0, *(np.flatnonzero(np.diff(self.first)) + 1).tolist(), self.count]
        found: list[tuple[int, int, Any]] = []
        later: list[Any] = []
        end = len(self.seeds)
        for low, high in reversed(list(pairwise(bounds)) if self.count else []):
            here = int(self.first[low])
            some = [*self.seeds[here:end], *later]
            end, later = here, some if len(some) == 1 else [joined(some)]
            found.append((low, high, later[0]))
        return found[::-1]

    def starts(self, sizes: Sequence[int]) -> Longs:
        """Where each leading range begins if the seeds, which hold so many elements, are put in front of the series."""
        offsets = np.zeros(len(sizes) + 1, dtype=np.int64)
        np.cumsum(sizes, out=offsets[1:])
        return offsets[self.first]


@dataclass
class Hops:
    """The seeds of one base: one for each hop that had elements, or a single one for the whole history.

    Parameters
    ----------
    joined:
        Makes one seed of several.
    starts:
        The start of each hop in ms, ascending.
    seeds:
        What is known of its elements.
    """

    joined: Joined
    starts: list[int] = field(default_factory=list[int])
    seeds: list[Any] = field(default_factory=list[Any])

    def forget(self, before: int) -> None:
        """Leave out the hops that begin before an instant (ms)."""
        gone = int(np.searchsorted(self.starts, before)) if self.starts else 0
        del self.starts[:gone], self.seeds[:gone]

    def add(self, starts: Sequence[int], seeds: Sequence[Any]) -> None:
        """Add what is known of later elements, ``None`` where there are none; the first hop may be the last so far."""
        for start, seed in zip(starts, seeds, strict=True):
            if seed is None:
                continue
            if self.starts and self.starts[-1] == start:
                self.seeds[-1] = self.joined([self.seeds[-1], seed])
            else:
                self.starts.append(start)
                self.seeds.append(seed)

    def seen_from(self, starts: Longs) -> Earlier | None:
        """The seeds for ranges whose windows start at some instants (ms), ascending."""
        first = np.searchsorted(np.array(self.starts, dtype=np.int64), starts, side="left")
        first = first[first < len(self.seeds)].astype(np.int64)
        return Earlier(self.seeds, first) if len(first) else None


def hop_ranges(times: Longs, hop: int, first: int, end: int) -> Ranges:
    """The rows from ``first`` to before ``end``, hop by hop: the start of each hop in ms, its rows from and to.

    >>> starts, lo, hi = hop_ranges(np.array([1, 4, 12, 25]), 10, 0, 4)
    >>> starts, lo.tolist(), hi.tolist()
    ([0, 10, 20], [0, 2, 3], [2, 3, 4])
    """
    starts = times[first:end] // hop * hop
    opens = np.ones(len(starts), dtype=bool)
    opens[1:] = starts[1:] != starts[:-1]
    lo = np.flatnonzero(opens).astype(np.int64) + first
    return starts[opens].tolist(), lo, np.append(lo, end)[1:]
