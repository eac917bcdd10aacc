"""Windows, as objects and as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from re import fullmatch

from chronon.api import structs
from chronon.api.enums import TimeUnit
from chronon.api.provenance import here
from chronon.base.errors import ConfigError

WindowLike = structs.Window | str | timedelta
"""A window, its text (``"7d"``, ``"12h"``), or its length in time."""


def Window(length: int, timeUnit: int) -> structs.Window:
    """A window of ``length`` hours or days.

    >>> Window(length=7, timeUnit=TimeUnit.DAYS)
    Window(length=7, timeUnit=1)
    """
    return structs.Window(length, int(timeUnit))


def window(like: WindowLike) -> structs.Window:
    """A window from its text or its length in time, or as it is.

    >>> window("12h"), window(timedelta(days=7))
    (Window(length=12, timeUnit=0), Window(length=7, timeUnit=1))
    """
    if isinstance(like, structs.Window):
        return like
    if isinstance(like, timedelta):
        hours = like / timedelta(hours=1)
        like = f"{like.days}d" if hours % 24 == 0 else f"{hours:g}h"
    found = fullmatch(r"([0-9]+)\s*([hd])", str(like).strip().lower())
    if found is None:
        raise ConfigError(
            f"{like!r} is not a window",
            place=here("windows"),
            expected="a number of hours or days",
            mend=_meant(str(like)),
        )
    return structs.Window(int(found[1]), int(TimeUnit.HOURS if found[2] == "h" else TimeUnit.DAYS))


def _meant(text: str) -> str:
    """What is probably meant by a text that is no window.

    >>> _meant("7 days"), _meant("2 weeks"), _meant("90 minutes")
    ('did you mean "7d"?', 'did you mean "14d"?', '"12h" or "7d"')
    """
    found = fullmatch(r"\s*([0-9]+)\s*-?\s*(hour|hr|day|week)s?\s*", text.lower())
    if found is None:
        return f'"{text}h" or "{text}d"' if text.isdecimal() else '"12h" or "7d"'
    unit = "h" if found[2] in ("hour", "hr") else "d"
    return f'did you mean "{int(found[1]) * (7 if found[2] == "week" else 1)}{unit}"?'


def listed(likes: Sequence[WindowLike | None] | WindowLike | None) -> list[structs.Window] | None:
    """A list of windows from one or several; nothing, or an empty list, means the whole history.

    >>> listed(["7d", "1h"])
    [Window(length=7, timeUnit=1), Window(length=1, timeUnit=0)]
    """
    if not likes:
        return None
    several = list(likes) if isinstance(likes, Sequence) and not isinstance(likes, str) else [likes]
    if several == [None]:
        return None
    if None in several:
        raise ConfigError(
            "None stands among windows",
            place=here("windows"),
            expected="windows only",
            mend="a second Aggregation without windows, for the whole history",
        )
    return [window(like) for like in several if like is not None]
