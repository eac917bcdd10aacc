"""Local clock times as instants. All times here are minutes since 1970, UTC, in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a local clock
NEW_YORK = "America/New_York"
Array = np.ndarray


def minute_of_day(hhmm: Array) -> Array:
    """What a clock reads as a number: 517 is 5:17, 2400 is midnight."""
    return (hhmm // 100 * 60 + hhmm % 100) % 1440


def to_local(instants: Array, zones: Array, names: Sequence[str]) -> Array:
    """The local clocks at some instants, as minutes since 1970 of a clock. ``zones`` are places in ``names``."""
    return instants + _offsets(instants, zones, [ZoneInfo(name) for name in names], _at)


def next_time(after: Array, minute: Array, zones: Array, names: Sequence[str]) -> Array:
    """The first instants after ``after`` at which the local clock shows ``minute`` of the day.

    Where a clock is put back it shows each minute twice. Where it is put forward it skips an hour; a time in that hour
    (one flight has one) is of a clock that nobody had put forward yet.
    """
    known = [ZoneInfo(name) for name in names]
    midnight = to_local(after, zones, names) // 1440 * 1440
    found = after.copy()
    for day in (0, 1):
        local = midnight + day * 1440 + minute
        for reading in (_first, _second):
            instant = local - _offsets(local, zones, known, reading)
            found = np.where((found == after) & (instant > after), instant, found)
    return found


def _offsets(minutes: Array, zones: Array, known: Sequence[ZoneInfo], reading: object) -> Array:
    """Minutes by which local clocks are ahead of UTC. Offsets change at whole hours only, so one look-up an hour."""
    found = np.zeros(minutes.shape, np.int64)
    for number, zone in enumerate(known):
        mine = zones == number
        hours, inverse = np.unique(minutes[mine] // 60, return_inverse=True)
        offsets = [reading(EPOCH + timedelta(hours=int(hour)), zone) for hour in hours]
        found[mine] = np.array(offsets, np.int64)[inverse]
    return found


def _first(clock: datetime, zone: ZoneInfo) -> int:
    return _minutes(clock.replace(tzinfo=zone).utcoffset())


def _second(clock: datetime, zone: ZoneInfo) -> int:
    return _minutes(clock.replace(tzinfo=zone, fold=1).utcoffset())


def _at(instant: datetime, zone: ZoneInfo) -> int:
    return _minutes(instant.replace(tzinfo=UTC).astimezone(zone).utcoffset())


def _minutes(offset: timedelta | None) -> int:
    assert offset is not None  # noqa: S101 - every zone knows it
    return int(offset.total_seconds()) // 60
