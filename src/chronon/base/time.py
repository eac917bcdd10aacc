"""The time model: instants, windows and partitions.

Instants are int64 milliseconds since 1970-01-01 UTC. A window of length ``W`` at query time ``q`` covers
``[floor(q - W, hop), q)``: the leading edge is exact, the trailing edge moves in hops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from chronon.base.errors import ConfigError

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

HOPS = (DAY_MS, HOUR_MS, 5 * MINUTE_MS)
"""Hop sizes in ms, widest first, aligned to the epoch."""


def floor(instant: int, step: int) -> int:
    """The last multiple of ``step`` at or before ``instant``; right for instants before 1970 too.

    >>> floor(7_400_000, HOUR_MS), floor(-1, HOUR_MS)
    (7200000, -3600000)
    """
    return instant // step * step


def tail_hop(window: int) -> int:
    """The hop in ms by which a window of ``window`` ms moves at its trailing edge.

    One day from 12 days on, one hour from 12 hours on, five minutes below.

    >>> tail_hop(12 * DAY_MS) == DAY_MS, tail_hop(287 * HOUR_MS) == HOUR_MS, tail_hop(HOUR_MS) == 5 * MINUTE_MS
    (True, True, True)
    """
    if window >= 12 * DAY_MS:
        return DAY_MS
    if window >= 12 * HOUR_MS:
        return HOUR_MS
    return 5 * MINUTE_MS


def window_start(query: int, window: int) -> int:
    """The first instant, inclusive, that a window of ``window`` ms sees at ``query``.

    >>> window_start(query=450_000, window=HOUR_MS) == -55 * MINUTE_MS
    True
    """
    return floor(query - window, tail_hop(window))


def day_of(instant: int) -> str:
    """The UTC day of an instant as ``yyyy-MM-dd``.

    >>> day_of(1_704_844_800_000)
    '2024-01-10'
    """
    return (date(1970, 1, 1) + timedelta(days=instant // DAY_MS)).isoformat()


def instant_of(moment: datetime) -> int:
    """Milliseconds of a datetime; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@lru_cache(1 << 16)
def _read(ds: str, strptime: str) -> int:
    """The first instant (ms) of a day or hour; a job asks for the same ones again and again."""
    return instant_of(datetime.strptime(ds, strptime))  # noqa: DTZ007 - partitions are UTC days


@dataclass(frozen=True)
class Partitions:
    """How days, or hours, are named in tables: the partition column and the format of its values.

    A format with ``HH`` names hours: partitions and ranges are then of one hour.

    >>> spec = Partitions()
    >>> spec.start("2024-01-10"), spec.shift("2024-02-28", 2)
    (1704844800000, '2024-03-01')
    >>> Partitions(format="yyyyMMdd").of(1704844800000)
    '20240110'
    >>> Partitions(format="yyyy-MM-dd-HH").shift("2024-02-28-23", 2)
    '2024-02-29-01'
    """

    column: str = "ds"
    format: str = "yyyy-MM-dd"

    @property
    def strptime(self) -> str:
        """The format as Python and DuckDB write it."""
        return self.format.replace("yyyy", "%Y").replace("MM", "%m").replace("dd", "%d").replace("HH", "%H")

    @property
    def span(self) -> int:
        """The length of a partition in ms."""
        return HOUR_MS if "HH" in self.format else DAY_MS

    @property
    def unit(self) -> str:
        """What a partition is: ``"day"`` or ``"hour"``."""
        return "hour" if self.span == HOUR_MS else "day"

    def start(self, ds: str) -> int:
        """The first instant of the partition ``ds``, in ms."""
        try:
            return _read(ds, self.strptime)
        except ValueError:
            raise ConfigError(f"{ds!r} is not a partition", expected=f"a date like {self.format}") from None

    def end(self, ds: str) -> int:
        """The first instant after the partition ``ds``, in ms."""
        return self.start(ds) + self.span

    def of(self, instant: int) -> str:
        """The partition that holds ``instant``."""
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=floor(instant, self.span))  # noqa: DTZ001 - UTC
        return moment.strftime(self.strptime)

    def before(self, instant: int) -> str:
        """The last partition that had ended by ``instant``."""
        return self.of(instant - self.span)

    def shift(self, ds: str, partitions: int) -> str:
        """The partition that many later (earlier if negative)."""
        return self.of(self.start(ds) + partitions * self.span)

    def between(self, first: str, last: str) -> list[str]:
        """All partitions from ``first`` to ``last``, both included; empty if ``first`` is later."""
        return [self.of(at) for at in range(self.start(first), self.end(last), self.span)]


def runs(days: list[str], spec: Partitions) -> Iterator[tuple[str, str]]:
    """Maximal runs of consecutive partitions, ascending, as (first, last).

    >>> list(runs(["2024-01-05", "2024-01-04", "2024-01-08"], Partitions()))
    [('2024-01-04', '2024-01-05'), ('2024-01-08', '2024-01-08')]
    """
    first = last = None
    for ds in sorted(days):
        if first is None or last is None:
            first = last = ds
        elif ds == spec.shift(last, 1):
            last = ds
        else:
            yield first, last
            first = last = ds
    if first is not None and last is not None:
        yield first, last
