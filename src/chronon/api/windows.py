"""Windows, as objects and as text."""

from __future__ import annotations

from collections.abc import Sequence
from re import fullmatch

from chronon.api import structs
from chronon.api.enums import TimeUnit
from chronon.base.errors import ConfigError

WindowLike = structs.Window | str | None
"""A window, its text (``"7d"``, ``"12h"``), or ``None`` for the whole history."""


def Window(length: int, timeUnit: int) -> structs.Window:
    """A window of ``length`` hours or days.

    >>> Window(length=7, timeUnit=TimeUnit.DAYS)
    Window(length=7, timeUnit=1)
    """
    return structs.Window(length, int(timeUnit))


def window(like: structs.Window | str) -> structs.Window:
    """A window from its text, or as it is.

    >>> window("12h")
    Window(length=12, timeUnit=0)
    """
    if isinstance(like, structs.Window):
        return like
    found = fullmatch(r"([0-9]+)\s*([hd])", like.strip().lower())
    if found is None:
        raise ConfigError(f"{like!r} is not a window", expected="a number of hours or days", mend='"12h" or "7d"')
    return structs.Window(int(found[1]), int(TimeUnit.HOURS if found[2] == "h" else TimeUnit.DAYS))


def windows(likes: Sequence[WindowLike] | structs.Window | str | None) -> list[structs.Window | None] | None:
    """A list of windows from one or several; nothing, or an empty list, means the whole history."""
    if not likes:
        return None
    several = [likes] if isinstance(likes, structs.Window | str) else list(likes)
    if several == [None]:
        return None
    return [window(like) if like is not None else None for like in several]
