"""Lists, maps and structs."""

from __future__ import annotations

from typing import Any


def item(values: list[Any], index: int) -> Any:
    """The element at an index from zero; null if there is none."""
    return values[index] if 0 <= index < len(values) else None


def element_at(values: list[Any], index: int) -> Any:
    """The element at a position from one, from the end if negative; null if there is none."""
    if index > 0:
        return values[index - 1] if index <= len(values) else None
    return values[index] if index < 0 and -index <= len(values) else None


def list_contains(values: list[Any], value: Any) -> bool | None:
    """Whether a list holds a value; null if it does not but holds a null."""
    if value in values or (value != value and any(each != each for each in values)):  # noqa: PLR0124 - NaN
        return True
    return None if None in values else False


def list_position(values: list[Any], value: Any) -> int:
    """The first position of a value, from one; 0 if it is not there."""
    for place, each in enumerate(values, 1):
        if each is not None and (each == value or (each != each and value != value)):  # noqa: PLR0124 - NaN
            return place
    return 0


def list_distinct(values: list[Any]) -> list[Any]:
    """Each element once, in the order of first occurrence."""
    return list(dict.fromkeys(values))


def list_sort(values: list[Any], ascending: bool) -> list[Any]:
    """Sorted; nulls are the smallest."""
    known = sorted((each for each in values if each is not None), reverse=not ascending)
    nulls = [None] * (len(values) - len(known))
    return nulls + known if ascending else known + nulls


def list_slice(values: list[Any], start: int, length: int) -> list[Any] | None:
    """Some elements from a position on, from one, from the end if negative."""
    if start == 0 or length < 0:
        return None
    first = start - 1 if start > 0 else len(values) + start
    return [] if first < 0 else values[first : first + length]


def list_join(values: list[Any], separator: str, blank: str | None) -> str:
    """The elements with a separator between them; nulls are skipped, or shown as ``blank``."""
    return separator.join(
        each if each is not None else blank
        for each in values
        if each is not None or blank is not None  # type: ignore[misc]
    )


def list_max(values: list[Any]) -> Any:
    """The greatest element that is not null."""
    return max((each for each in values if each is not None), default=None)


def list_min(values: list[Any]) -> Any:
    """The least element that is not null."""
    return min((each for each in values if each is not None), default=None)


def flatten(values: list[Any]) -> list[Any] | None:
    """The lists in a list, one after another; null if one of them is."""
    if None in values:
        return None
    return [each for inner in values for each in inner]


def any_true(found: list[bool | None]) -> bool | None:
    """Whether one is true; null if none is but one is null."""
    return True if True in found else None if None in found else False


def all_true(found: list[bool | None]) -> bool | None:
    """Whether all are true; null if none is false but one is null."""
    return False if False in found else None if None in found else True
