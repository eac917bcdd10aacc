"""Dates and timestamps in UTC, from year 1 to year 9999; what falls outside is null."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from typing import Any

from chronon.sql.runtime.numbers import WHITE

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - naive means UTC here
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_MICRO = dt.timedelta(microseconds=1)
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
_LAST_DAY = dt.date.max.toordinal()


def unix_micros(moment: dt.datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICRO


def unix_millis(moment: dt.datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


def unix_seconds(moment: dt.datetime) -> int:
    """Seconds since 1970, rounded down."""
    since = moment - _EPOCH
    return since.days * 86400 + since.seconds


def whole_seconds(moment: dt.datetime) -> int:
    """Seconds since 1970, cut toward 1970, as ``UNIX_TIMESTAMP`` has it."""
    micros = unix_micros(moment)
    return -(-micros // 1_000_000) if micros < 0 else micros // 1_000_000


def date_days(day: dt.date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH_DAY


def days_to_date(days: int) -> dt.date | None:
    """The date that many days after 1970-01-01."""
    return date_add(dt.date(1970, 1, 1), days)


def micros_to_timestamp(micros: int) -> dt.datetime | None:
    """The moment that many microseconds after 1970."""
    return _EPOCH + dt.timedelta(microseconds=micros) if _FIRST <= micros <= _LAST else None


def seconds_to_timestamp(seconds: int) -> dt.datetime | None:
    """The moment that many seconds after 1970."""
    return micros_to_timestamp(seconds * 1_000_000)


def millis_to_timestamp(millis: int) -> dt.datetime | None:
    """The moment that many milliseconds after 1970."""
    return micros_to_timestamp(millis * 1_000)


def float_seconds_to_timestamp(seconds: float) -> dt.datetime | None:
    """The moment that many seconds after 1970, cut to microseconds."""
    micros = seconds * 1e6
    return micros_to_timestamp(int(micros)) if math.isfinite(micros) else None


def midnight(day: dt.date) -> dt.datetime:
    """The first moment of a day."""
    return dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001


def timestamp_to_text(moment: dt.datetime) -> str:
    """Date and time, with a fraction only where there is one, without zeros at its end."""
    shown = moment.isoformat(" ")
    return shown.rstrip("0") if moment.microsecond else shown


def date_add(day: dt.date, days: int) -> dt.date | None:
    """The date that many days later."""
    number = day.toordinal() + days
    return dt.date.fromordinal(number) if 1 <= number <= _LAST_DAY else None


def date_diff(end: dt.date, start: dt.date) -> int:
    """Days from the start to the end."""
    return end.toordinal() - start.toordinal()


def add_months(day: dt.date, months: int) -> dt.date | None:
    """The same day some months later, or the last day of that month if it has no such day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return None
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def last_day(day: dt.date) -> dt.date:
    """The last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def shift(moment: dt.datetime, micros: int) -> dt.datetime | None:
    """The moment that many microseconds later."""
    return micros_to_timestamp(unix_micros(moment) + micros)


def shift_months(moment: dt.datetime, months: int) -> dt.datetime | None:
    """The same time of day some months later."""
    day = add_months(moment.date(), months)
    return None if day is None else dt.datetime.combine(day, moment.time())


def floor_date(day: dt.date, unit: str) -> dt.date:
    """The first day of the year, quarter, month or week (from Monday) of a day."""
    if unit == "year":
        return dt.date(day.year, 1, 1)
    if unit == "quarter":
        return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    if unit == "month":
        return day.replace(day=1)
    return dt.date.fromordinal(day.toordinal() - day.weekday())


def floor_timestamp(moment: dt.datetime, unit: str) -> dt.datetime:
    """The first moment of a unit."""
    if unit == "day":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "second":
        return moment.replace(microsecond=0)
    if unit == "millisecond":
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return midnight(floor_date(moment.date(), unit))


def make_date(year: int, month: int, day: int) -> dt.date | None:
    """The date; null if there is none."""
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


_date = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T](?:.|\n)*)?)?)?").fullmatch


def text_to_date(text: str) -> dt.date | None:
    """A date like 2024-1-5, also without day or month; what follows a space or a T is not looked at."""
    found = _date(text.strip(WHITE))
    return make_date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None


_moment = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T]"
    r"(?:([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{0,9}))?)?)?"
    r"(?: ?(?:Z|UTC|GMT|UT|(?:UTC|GMT|UT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?))?)?)?)?)?"
).fullmatch


def text_to_timestamp(text: str) -> dt.datetime | None:
    """A moment like 2024-01-05 10:20:30.5+01:00, shortened from any part on; without a zone it is UTC."""
    found = _moment(text.strip(WHITE))
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    offset = int(zone_hours or 0) * 60 + int(zone_minutes or 0)
    if offset > 1080 or int(zone_minutes or 0) > 59:  # zones end at 18 hours
        return None
    moment = make_timestamp(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "")[:6].ljust(6, "0")),
    )
    if moment is None or not offset:
        return moment
    return shift(moment, -offset * 60_000_000 if sign == "+" else offset * 60_000_000)


def make_timestamp(
    year: int, month: int, day: int, hour: int, minute: int, second: int, micros: int
) -> dt.datetime | None:
    """The moment; null if there is none."""
    try:
        return dt.datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001
    except ValueError:
        return None


def parse_timestamp(text: str, pattern: Any, places: tuple[int, ...]) -> dt.datetime | None:
    """Read a text by a compiled pattern; ``places`` are the groups of year, month, day, hour, minute, second,
    fraction and half of the day, 0 for what the pattern lacks."""  # noqa: D205, D209
    found = pattern(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, half = (found[at] if at else None for at in places)
    hours = int(hour or 0)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.upper() == "PM" else 0)
    return make_timestamp(
        int(year or 1970),
        int(month or 1),
        int(day or 1),
        hours,
        int(minute or 0),
        int(second or 0),
        int((fraction or "")[:6].ljust(6, "0")),
    )
