"""Spellings that arguments may have: one string for a list of one, a date for its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar, cast

from chronon.api.provenance import here
from chronon.base.errors import ConfigError

T = TypeVar("T")


def strings(given: Iterable[str] | str | None) -> list[str] | None:
    """A list of strings from one or several.

    >>> strings("user_id"), strings(("a", "b")), strings(None)
    (['user_id'], ['a', 'b'], None)
    """
    if given is None:
        return None
    return [given] if isinstance(given, str) else list(given)


def number(given: float | None, field: str) -> float | None:
    """A number with a fraction.

    Raises
    ------
    ConfigError
        If it is none; the message names the field.
    """
    if given is None:
        return None
    try:
        return float(given)
    except (TypeError, ValueError):
        raise ConfigError(f"{given!r} is not a number", place=here(field), expected="a number, such as 5.0") from None


def mapping(given: Mapping[str, T] | None, field: str, example: str) -> dict[str, T] | None:
    """A dict of what maps names to values.

    Raises
    ------
    ConfigError
        If it does not; the message names the field and shows the ``example``.
    """
    if given is None or isinstance(cast(object, given), Mapping):
        return dict(given) if given is not None else None
    raise ConfigError(f"{given!r} is a {type(given).__name__}", place=here(field), expected=f"a dict, like {example}")


def day(given: str | date | None) -> str | None:
    """The text of a day, ``yyyy-MM-dd``; text is left as it is.

    >>> day(date(2025, 3, 1)), day("20250301")
    ('2025-03-01', '20250301')
    """
    if isinstance(given, datetime):
        return given.date().isoformat()
    return given.isoformat() if isinstance(given, date) else given
