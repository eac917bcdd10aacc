"""Which partitions are wanted, which are missing, and which must be read for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from chronon.base.errors import ConfigError
from chronon.base.time import DAY_MS, Partitions, runs, window_start


def missing(
    wanted: Sequence[str], existing: Collection[str], available: Collection[str] | None, *, skip_first_hole: bool = True
) -> list[str]:
    """The partitions to fill, ascending.

    Parameters
    ----------
    wanted:
        All partitions of the requested range.
    existing:
        The partitions that are there already.
    available:
        The partitions of the inputs; ``None`` where everything is available.
    skip_first_hole:
        Leave out what lies before the first existing partition: retention may have removed it.

    >>> days = [f"2024-01-0{n}" for n in range(4, 9)]
    >>> missing(days, {"2024-01-06"}, {"2024-01-05", "2024-01-06", "2024-01-08"})
    ['2024-01-08']
    """
    cutoff = min(existing) if existing and skip_first_hole else ""
    return [ds for ds in wanted if ds >= cutoff and ds not in existing and (available is None or ds in available)]


def wanted(start: str, end: str, spec: Partitions) -> list[str]:
    """All partitions from ``start`` to ``end``; ``ConfigError`` if the range is inverted."""
    if spec.start(start) > spec.start(end):
        raise ConfigError(
            f"Invalid partition range [{start}...{end}]: it starts after its end", mend="check start and end dates"
        )
    return spec.between(start, end)


def steps(days: Sequence[str], size: int, spec: Partitions) -> Iterator[list[str]]:
    """Runs of consecutive partitions, cut into pieces of at most ``size`` days.

    >>> [len(s) for s in steps(Partitions().between("2024-01-01", "2024-01-07"), 3, Partitions())]
    [3, 3, 1]
    """
    many = size * DAY_MS // spec.span
    for first, last in runs(list(days), spec):
        run = spec.between(first, last)
        for at in range(0, len(run), many):
            yield run[at : at + many]


def first_partition(earliest: int, widest: int | None, spec: Partitions) -> str | None:
    """The first partition whose events the query at ``earliest`` (ms) can see; ``None`` where all of them can be.

    One day more than the widest window (ms), because a row may be stored on the day before it happened.
    """
    if widest is None:
        return None
    return spec.of(window_start(earliest, widest) - DAY_MS)


def bounded(partitions: Sequence[str], first: str | None, last: str | None) -> list[str]:
    """The partitions from ``first`` to ``last``, both included; ``None`` for no bound."""
    return [ds for ds in partitions if (first is None or ds >= first) and (last is None or ds <= last)]
