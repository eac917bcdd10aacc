"""Numbers and counts that know how far from them another engine's answer may lie.

The oracle returns them where the contract allows a tolerance that depends on the data (sums, moments, sketches beyond
their exact regime). Everywhere else they behave as the plain value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Near(float):
    """A float together with the interval in which an equally good answer lies.

    >>> half = Near(0.5, 0.25, 0.75)
    >>> half == 0.5, half.low, half.high
    (True, 0.25, 0.75)
    """

    low: float
    high: float

    def __new__(cls, value: float, low: float, high: float) -> Self:
        near = super().__new__(cls, value)
        near.low = low
        near.high = high
        return near

    @classmethod
    def within(cls, value: float, slack: float) -> Near:
        """``value``, give or take ``slack``."""
        return cls(value, value - slack, value + slack)

    def accepts(self, other: float) -> bool:
        """Whether ``other`` is as good an answer; NaN and infinities only meet themselves."""
        if self != self:  # noqa: PLR0124 - only NaN differs from itself
            return other != other  # noqa: PLR0124
        return other == self or self.low <= other <= self.high

    def __repr__(self) -> str:
        plain = float.__repr__(self)
        return plain if self.low == self.high else f"{plain} (or {self.low!r} to {self.high!r})"

    def __reduce__(self) -> tuple[type[Near], tuple[float, float, float]]:
        return Near, (float(self), self.low, self.high)


class NearCounts(dict[str, int]):
    """The k most frequent keys, together with all exact counts and the error that a summary may make.

    A summary keeps a bounded number of counters: what it reports is at least the true count and at most ``error`` above
    it, and it never loses a key whose count exceeds its smallest report by more than ``error``.

    >>> top = NearCounts({"a": 5, "b": 3}, counts={"a": 5, "b": 3, "c": 2}, error=1)
    >>> top.accepts({"a": 5, "c": 3}), top.accepts({"a": 5, "c": 4}), top.accepts({"b": 3, "c": 2})
    (True, False, False)
    """

    def __init__(self, top: Mapping[str, int], *, counts: Mapping[str, int], error: int) -> None:
        super().__init__(top)
        self.counts = dict(counts)
        self.error = error

    def accepts(self, other: Mapping[str, int]) -> bool:
        """Whether ``other`` is a possible report of the same values."""
        if len(other) != len(self):
            return False
        if not all(self.counts.get(key, 0) <= n <= self.counts.get(key, 0) + self.error for key, n in other.items()):
            return False
        least = min(other.values(), default=0)
        return all(count <= least + self.error for key, count in self.counts.items() if key not in other)
