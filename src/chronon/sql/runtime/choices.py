"""Choosing among values: the greatest and least, where a null does not count and NaN is above all."""

from __future__ import annotations

from typing import Any


def greatest(*values: Any) -> Any:
    """The greatest that is not null; null if all are."""
    found = None
    for value in values:
        if value is not None and (found is None or value > found):
            found = value
    return found


def least(*values: Any) -> Any:
    """The least that is not null; null if all are."""
    found = None
    for value in values:
        if value is not None and (found is None or value < found):
            found = value
    return found


def greatest_float(*values: float | None) -> float | None:
    """As ``greatest``, with NaN above infinity."""
    found = None
    for value in values:
        if value is not None and (found is None or value > found or (value != value and found == found)):  # noqa: PLR0124
            found = value
    return found


def least_float(*values: float | None) -> float | None:
    """As ``least``, with NaN above infinity."""
    found = None
    for value in values:
        if value is not None and (found is None or value < found or (found != found and value == value)):  # noqa: PLR0124
            found = value
    return found


def among(value: Any, *others: Any) -> bool | None:
    """Whether a value is in a list: null if it is not found and the list holds a null. The value is not null."""
    unknown = None in others
    if value != value:  # noqa: PLR0124, SIM108 - NaN equals NaN
        found = any(other is not None and other != other for other in others)  # noqa: PLR0124
    else:
        found = value in others
    return True if found else None if unknown else False
