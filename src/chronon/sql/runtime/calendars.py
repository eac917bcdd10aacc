"""Calendars and time zones. A moment is in UTC unless a function says that it is the clock of a place."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from chronon.sql.runtime.moments import date_add, make_timestamp, unix_micros

_DAY_MICROS = 86_400_000_000


def months_between(late: dt.datetime, early: dt.datetime, rounds: bool) -> float:
    """Months from one moment to another; whole between equal days and between ends of months.

    >>> months_between(dt.datetime(2024, 3, 31), dt.datetime(2024, 2, 29), True)
    1.0
    """
    months = (late.year - early.year) * 12 + late.month - early.month
    if late.day == early.day or (_is_end(late) and _is_end(early)):
        return float(months)
    seconds = (late.day - early.day) * 86400 + _seconds(late) - _seconds(early)
    found = months + seconds / (31 * 86400.0)
    return math.floor(found * 1e8 + 0.5) / 1e8 if rounds else found


def _is_end(day: dt.date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _seconds(moment: dt.datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_BY_NAME = {
    name[:length]: place for place, name in enumerate(_WEEKDAYS) for length in (2, 3, len(name))
}  # fmt: skip


def next_day(day: dt.date, name: str) -> dt.date | None:
    """The first such weekday after a day; null for a name that is none."""
    wanted = _BY_NAME.get(name.strip(" ").upper())
    return None if wanted is None else date_add(day, (wanted - day.weekday() - 1) % 7 + 1)


def day_name(day: dt.date) -> str:
    """The weekday in three letters."""
    return _WEEKDAYS[day.weekday()][:3].title()


def month_name(day: dt.date) -> str:
    """The month in three letters."""
    return calendar.month_abbr[day.month]


_SHORT = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "EST": "-05:00", "HST": "-10:00",
    "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "MIT": "Pacific/Apia",
    "MST": "-07:00", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""Java's old names of zones, which mean one place each."""
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?").fullmatch


def zone(name: str) -> dt.tzinfo | None:
    """A time zone by its region, its old name of three letters or its distance to UTC; None if it is not known."""
    name = _SHORT.get(name, name)
    if name in ("Z", "UTC", "GMT", "UT"):
        return dt.UTC
    found = _OFFSET(name)
    if found is not None:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > 1080 or int(found[3] or 0) > 59:  # zones end at 18 hours
            return None
        return dt.timezone(dt.timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def from_utc_timestamp(moment: dt.datetime, place: dt.tzinfo) -> dt.datetime | None:
    """What the clock of a place shows at a moment in UTC."""
    try:
        return moment.replace(tzinfo=dt.UTC).astimezone(place).replace(tzinfo=None, fold=0)
    except OverflowError:
        return None


def to_utc_timestamp(moment: dt.datetime, place: dt.tzinfo) -> dt.datetime | None:
    """The moment in UTC at which the clock of a place shows a time; the earlier of two, and after a gap if in one."""
    try:
        return moment.replace(tzinfo=place).astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        return None


def moment_of_parts(year: int, month: int, day: int, hour: int, minute: int, second: float) -> dt.datetime | None:
    """A moment of its parts; 60 seconds are the next minute; null if there is no such moment."""
    if not 0 <= second <= 60:
        return None
    micros = int(Decimal(repr(second)).scaleb(6).quantize(Decimal(1), ROUND_HALF_UP))
    whole, rest = divmod(micros, 1_000_000)
    if whole < 60:
        return make_timestamp(year, month, day, hour, minute, whole, rest)
    made = make_timestamp(year, month, day, hour, minute, 0, 0)
    if rest or made is None:
        return None
    try:
        return made + dt.timedelta(minutes=1)
    except OverflowError:
        return None


_SIZES = {
    "microsecond": 1, "millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000,
    "day": _DAY_MICROS, "week": 7 * _DAY_MICROS,
}  # fmt: skip
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def moments_apart(unit: str, start: dt.datetime, end: dt.datetime) -> int:
    """How many whole units lie between two moments."""
    if unit in _SIZES:
        micros = unix_micros(end) - unix_micros(start)
        return _cut(micros, _SIZES[unit])
    months = (end.year - start.year) * 12 + end.month - start.month
    rest_start, rest_end = (start.day, start.time()), (end.day, end.time())
    if months > 0 and rest_end < rest_start:
        months -= 1
    elif months < 0 and rest_end > rest_start:
        months += 1
    return _cut(months, _MONTHS[unit])


def _cut(number: int, size: int) -> int:
    return -(-number // size) if number < 0 else number // size
