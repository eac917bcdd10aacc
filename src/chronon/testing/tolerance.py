"""What equal means: one comparison for results, whoever computed them.

Integers, text, order and set operations must be equal exactly, floats to the bit pattern's meaning (NaN is NaN, -0.0 is
not 0.0). A ``Near`` of the oracle brings its own interval; golden files bring a relative and an absolute tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chronon.testing.near import Near, NearCounts


@dataclass(frozen=True)
class Difference:
    """One place where two results differ."""

    path: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {_short(self.expected)}, got {_short(self.actual)}"


class Absent:
    """Stands for a map key or a list element that one side does not have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


def differences(
    expected: Any, actual: Any, *, relative: float = 0.0, absolute: float = 0.0, path: str = "$"
) -> list[Difference]:
    """All places where ``actual`` differs from ``expected``; empty if they are equal.

    Lists and tuples compare by position, maps by key. Floats may differ by
    ``max(relative * max(|a|, |b|), absolute)``; with neither given, only the same float is equal.

    >>> [str(d) for d in differences({"a": [1, 2]}, {"a": [1, 3], "b": 4})]
    ['$.a[1]: expected 2, got 3', '$.b: expected nothing, got 4']
    >>> differences([0.1 + 0.2], [0.3], relative=1e-12)
    []
    """
    return list(_walk(expected, actual, relative, absolute, path))


def assert_same(expected: Any, actual: Any, *, relative: float = 0.0, absolute: float = 0.0) -> None:
    """Raise ``AssertionError`` that lists every difference."""
    found = differences(expected, actual, relative=relative, absolute=absolute)
    if found:
        raise AssertionError("\n".join(map(str, found)))


def _walk(expected: Any, actual: Any, relative: float, absolute: float, path: str) -> Iterator[Difference]:
    if (
        isinstance(expected, Sequence)
        and isinstance(actual, Sequence)
        and not _is_text(expected)
        and not _is_text(actual)
    ):
        for i in range(max(len(expected), len(actual))):
            wanted = expected[i] if i < len(expected) else ABSENT
            found = actual[i] if i < len(actual) else ABSENT
            yield from _walk(wanted, found, relative, absolute, f"{path}[{i}]")
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        if isinstance(expected, NearCounts) and expected.accepts(actual):
            return
        for key in [*expected, *(key for key in actual if key not in expected)]:
            yield from _walk(expected.get(key, ABSENT), actual.get(key, ABSENT), relative, absolute, f"{path}.{key}")
    elif not _same(expected, actual, relative, absolute):
        yield Difference(path, expected, actual)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _same(expected: Any, actual: Any, relative: float, absolute: float) -> bool:
    if not isinstance(expected, float):
        return type(expected) is type(actual) and bool(expected == actual)
    if not isinstance(actual, float):
        return False
    if isinstance(expected, Near) and expected.accepts(actual):
        return True
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    if relative or absolute:
        allowed = max(relative * max(abs(expected), abs(actual)), absolute)
        return expected == actual or abs(expected - actual) <= allowed < math.inf
    return expected == actual and math.copysign(1.0, expected) == math.copysign(1.0, actual)


def _short(value: Any) -> str:
    text = repr(value)
    longest = 200
    return text if len(text) <= longest else text[: longest - 3] + "..."
