"""Lists as sets, lists with something put in or taken out, ranges; and lists of pairs as maps."""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest
from typing import Any

_NAN = object()


def _key(value: Any) -> Any:
    """What is the same for equal elements: NaN equals NaN, and -0.0 equals 0.0."""
    return _NAN if value != value else value  # noqa: PLR0124


def array_union(left: list[Any], right: list[Any]) -> list[Any]:
    """Each element of either list once, in the order of first occurrence; -0.0 becomes 0.0."""
    seen: dict[Any, Any] = {}
    for value in (*left, *right):
        seen.setdefault(_key(value), 0.0 if value == 0 and isinstance(value, float) else value)
    return list(seen.values())


def array_intersect(left: list[Any], right: list[Any]) -> list[Any]:
    """Each element of the first list that is in the second, once."""
    others = set(map(_key, right))
    return [value for value in array_union(left, []) if _key(value) in others]


def array_except(left: list[Any], right: list[Any]) -> list[Any]:
    """Each element of the first list that is not in the second, once."""
    others = set(map(_key, right))
    return [value for value in array_union(left, []) if _key(value) not in others]


def arrays_overlap(left: list[Any], right: list[Any]) -> bool | None:
    """Whether the lists share an element; null if they do not, neither is empty and one holds a null."""
    if {_key(value) for value in left if value is not None} & {_key(value) for value in right if value is not None}:
        return True
    return None if left and right and (None in left or None in right) else False


def array_remove(values: list[Any], value: Any) -> list[Any]:
    """The elements that do not equal a value."""
    gone = _key(value)
    return [each for each in values if each is None or _key(each) != gone]


MOST = 1_000_000
"""A list that would be made longer than this is null: one row must not take the memory of all."""


def array_insert(values: list[Any] | None, place: int | None, value: Any) -> list[Any] | None:
    """The list with a value at a place from one, from the end if negative; a gap before it is filled with nulls."""
    if values is None or not place or abs(place) > MOST:
        return None
    if place > 0:
        gap = [None] * (place - 1 - len(values))
        return [*values[: place - 1], *gap, value, *values[place - 1 :]]
    at = len(values) + place + 1
    return [*values[:at], value, *values[at:]] if at >= 0 else [value, *[None] * -at, *values]


def array_repeat(value: Any, times: int) -> list[Any] | None:
    """The value so many times."""
    return [value] * times if times <= MOST else None


def arrays_zip(names: tuple[str, ...], *lists: list[Any]) -> list[dict[str, Any]]:
    """Structs of the elements at each place; shorter lists are filled with nulls."""
    return [dict(zip(names, values, strict=True)) for values in zip_longest(*lists)]


def sequence(first: int, last: int, step: int | None = None) -> list[int] | None:
    """Whole numbers from the first to the last; null if the step leads away from it."""
    if step is None:
        step = 1 if first <= last else -1
    if step == 0 or (last - first) * step < 0:
        return [first] if first == last else None
    return list(range(first, last + (1 if step > 0 else -1), step)) if (last - first) // step < MOST else None


def day_sequence(first: dt.date, last: dt.date) -> list[dt.date] | None:
    """The days from the first to the last."""
    numbers = sequence(first.toordinal(), last.toordinal())
    return None if numbers is None else [dt.date.fromordinal(number) for number in numbers]


def map_from_arrays(keys: list[Any], values: list[Any]) -> dict[Any, Any] | None:
    """A map of keys and values by their places; null if a key is null or the lists are not equally long."""
    return None if None in keys or len(keys) != len(values) else dict(zip(keys, values, strict=True))


def map_from_entries(entries: list[Any], key: str, value: str) -> dict[Any, Any] | None:
    """A map of structs of a key and a value; null if one of them or a key is null."""
    if any(entry is None or entry[key] is None for entry in entries):
        return None
    return {entry[key]: entry[value] for entry in entries}


def map_entries(pairs: dict[Any, Any]) -> list[dict[str, Any]]:
    """The pairs of a map as structs."""
    return [{"key": key, "value": value} for key, value in pairs.items()]


def str_to_map(text: str, between: str, inside: str) -> dict[str, str | None]:
    """A map of a text of pairs; a pair without a value has null."""
    found: dict[str, str | None] = {}
    for pair in text.split(between):
        key, mark, value = pair.partition(inside)
        found[key] = value if mark else None
    return found
