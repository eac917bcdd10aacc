"""Instants as people write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chronon.base.errors import RequestError
from chronon.base.time import instant_of

SECONDS = (1_000_000_000, 100_000_000_000)
"""Whole numbers from 2001 to 5138 if they are seconds; of ms they would be from the first three years of 1970 on."""
LATEST = 100_000_000_000_000
"""In ms the year 5138; what is later is in micro- or nanoseconds."""


def instant_from(moment: Any) -> int:
    """An instant in ms from ms, a datetime (a naive one in UTC), a date, or a text like ``2024-01-10T12:00``.

    >>> instant_from("2024-01-10"), instant_from("2024-01-10T01:00+01:00"), instant_from(1704844800000)
    (1704844800000, 1704844800000, 1704844800000)

    Raises
    ------
    RequestError
        For anything else, and for a number that is no plausible instant.
    """
    if isinstance(moment, str):
        text = moment.strip()
        if text.lstrip("-").isdigit():
            return instant_from(int(text))
        try:
            return instant_of(datetime.fromisoformat(text))
        except ValueError:
            raise _no_instant(moment) from None
    if isinstance(moment, datetime):
        return instant_of(moment)
    if isinstance(moment, date):
        return instant_of(datetime(moment.year, moment.month, moment.day))  # noqa: DTZ001 - days are in UTC
    if isinstance(moment, int) and not isinstance(moment, bool):
        check_unit(moment, moment, "the instant")
        return moment
    raise _no_instant(moment)


def check_unit(least: int, greatest: int, what: str) -> None:
    """Raise a ``RequestError`` where times in ms are rather in another unit."""
    if SECONDS[0] <= greatest < SECONDS[1]:
        raise RequestError(
            f"{what} is in seconds, it seems: {greatest} ms would be in {1970 + greatest // 31_556_952_000}, "
            f"{greatest} s are in {1970 + greatest // 31_556_952}",
            expected="ms since 1970-01-01 UTC",
            mend="multiply by 1000, or give timestamps",
        )
    if greatest > LATEST:
        raise RequestError(
            f"{what} is in micro- or nanoseconds, it seems: {greatest}",
            expected="ms since 1970-01-01 UTC",
            mend="divide it, or give timestamps",
        )
    if SECONDS[0] <= least < SECONDS[1]:
        raise RequestError(
            f"{what} mixes seconds and ms, it seems: from {least} to {greatest}", expected="ms since 1970-01-01 UTC"
        )


def _no_instant(moment: Any) -> RequestError:
    return RequestError(
        f"{moment!r} is not an instant", expected="ms since 1970, a datetime, or 2024-01-10T12:00:00 (UTC)"
    )
