"""Which rows a batch record keeps apart, and which as one."""

from __future__ import annotations

from chronon.base.time import floor, window_start


def hop_reach(window: int, hop: int, batch_end: int, stale_after: int) -> tuple[int, int]:
    """The instants ``[first, last)`` whose rows a batch record keeps in hops for a window; later rows are collapsed.

    ``first`` is the window's start at the batch end. Until ``batch_end + stale_after`` no window starts after ``last``,
    so that the hops can be left out one by one as the window moves on. All in ms.
    """
    first = window_start(batch_end, window)
    return first, first - floor(-stale_after, hop)
