"""Functions that take a function. A list, map or start that is null is handed over as it is, and gives null."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any

Values = list[Any] | None
Pairs = dict[Any, Any] | None


def transform_numbered(values: Values, function: Callable[[Any, int], Any]) -> Values:
    """The function of each element and its place, from zero."""
    return None if values is None else [function(value, place) for place, value in enumerate(values)]


def filter_numbered(values: Values, function: Callable[[Any, int], Any]) -> Values:
    """The elements for which a function of them and their place is true."""
    return None if values is None else [value for place, value in enumerate(values) if function(value, place)]


def fold(
    values: Values, start: Any, merge: Callable[[Any, Any], Any], finish: Callable[[Any], Any] | None = None
) -> Any:
    """The elements put together one after another, beginning with ``start``."""
    if values is None:
        return None
    for value in values:
        start = merge(start, value)
    return start if finish is None else finish(start)


def sort_by(values: Values, compare: Callable[[Any, Any], int | None]) -> Values:
    """Sorted by a function that is below, at or above zero; null if it is null for two elements."""
    if values is None:
        return None
    unknown = False

    def known(left: Any, right: Any) -> int:
        nonlocal unknown
        found = compare(left, right)
        unknown = unknown or found is None
        return found or 0

    made = sorted(values, key=cmp_to_key(known))
    return None if unknown else made


def _order(value: Any) -> tuple[bool, Any]:
    # NaN is above everything
    return (True, 0.0) if value != value else (False, value)  # noqa: PLR0124


def sort_naturally(values: list[Any]) -> list[Any]:
    """Sorted; nulls come last, NaN before them."""
    known = sorted((value for value in values if value is not None), key=_order)
    return known + [None] * (len(values) - len(known))


def zip_with(left: Values, right: Values, function: Callable[[Any, Any], Any]) -> Values:
    """The function of the elements at each place; the shorter list is filled with nulls."""
    if left is None or right is None:
        return None
    return [function(one, other) for one, other in zip_longest(left, right)]


def map_filter(pairs: Pairs, function: Callable[[Any, Any], Any]) -> Pairs:
    """The pairs for which the function is true."""
    return None if pairs is None else {key: value for key, value in pairs.items() if function(key, value)}


def transform_values(pairs: Pairs, function: Callable[[Any, Any], Any]) -> Pairs:
    """Each value replaced by the function of its pair."""
    return None if pairs is None else {key: function(key, value) for key, value in pairs.items()}


def transform_keys(pairs: Pairs, function: Callable[[Any, Any], Any]) -> Pairs:
    """Each key replaced by the function of its pair; the last of equal keys stays; null for a null key."""
    if pairs is None:
        return None
    made = {function(key, value): value for key, value in pairs.items()}
    return None if None in made else made


def map_zip_with(left: Pairs, right: Pairs, function: Callable[[Any, Any, Any], Any]) -> Pairs:
    """The function of each key of either map and its two values, null where there is none."""
    if left is None or right is None:
        return None
    return {key: function(key, left.get(key), right.get(key)) for key in {**left, **right}}
