"""What each operation means, said on the plain list of values that one query sees.

This is the half of the oracle that knows operations; ``oracle.py`` decides which values they see. Every formula starts
from all the values each time, in exact arithmetic where there is any: short, slow and obviously right. Nothing here may
be made fast, and nothing outside the test kit may use it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from chronon.base.types import (
    BINARY,
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    DataType,
    ListType,
    MapType,
)
from chronon.testing.arguments import Arguments, K
from chronon.testing.exact import NAN, central_moments, divide, number_text, order_key, to_float32, total
from chronon.testing.near import Near, NearCounts

NUMBERS = frozenset({INT, LONG, SHORT, FLOAT, DOUBLE})
ORDERED = NUMBERS | {STRING}
HASHABLE = NUMBERS | {STRING, BINARY}

EXACT_COUNTERS = 64
"""APPROX_HISTOGRAM_K is exact up to this many distinct values, or up to 8 k if that is more."""


@dataclass(frozen=True)
class Values:
    """The non-null values that one query sees.

    Parameters
    ----------
    added:
        In the total order (ts, sequence, payload).
    removed:
        Values taken back by reversals; always empty for an operation that is not reversible.
    """

    added: Sequence[Any]
    removed: Sequence[Any]
    arguments: Arguments


@dataclass(frozen=True)
class Formula:
    """One operation.

    Parameters
    ----------
    result:
        The final value for a list of values, of which there is at least one.
    output:
        The type of the result for an input type.
    accepts:
        The input types, ``None`` for all.
    reversible:
        Whether a reversal takes a value back; where not, reversals are ignored.
    timed:
        Whether time decides and a whole cell is the value.
    skips_nan:
        Whether NaN counts as null.
    k:
        What argument ``k`` may be; ``None`` where there is no such argument.
    """

    result: Callable[[Values], Any]
    output: Callable[[DataType], DataType]
    accepts: frozenset[DataType] | None = None
    reversible: bool = False
    timed: bool = False
    skips_nan: bool = False
    k: K | None = None

    def usable(self, value: Any) -> bool:
        """Whether the operation sees ``value`` at all."""
        return value is not None and not (self.skips_nan and value != value)  # noqa: PLR0124 - only NaN differs


# ---- the operations


def _count(values: Values) -> int:
    return len(values.added) - len(values.removed)


def _doubles(values: Values) -> list[float]:
    """What is to be added up. An infinity or NaN that is taken back goes with the one that came."""
    added, left = [float(x) for x in values.added], list[float]()
    for x in map(float, values.removed):
        same = [i for i, y in enumerate(added) if not math.isfinite(x) and order_key(x) == order_key(y)]
        if same:
            del added[same[0]]
        else:
            left.append(-x)
    return added + left


def _slack(result: float, numbers: Sequence[float]) -> float:
    return 1e-12 * abs(result) + 1e-24 * total([abs(x) for x in numbers])


def _sum(values: Values) -> int | float:
    if any(isinstance(x, float) for x in (*values.added, *values.removed)):
        numbers = _doubles(values)
        return Near.within(total(numbers), _slack(total(numbers), numbers))
    exact = sum(values.added) - sum(values.removed)
    return (exact + 2**63) % 2**64 - 2**63  # 64 bits, wrapping


def _average(values: Values) -> float:
    numbers = _doubles(values)
    mean = divide(total(numbers), _count(values))
    return Near.within(mean, _slack(mean, numbers))


def _variance(values: Values) -> float:
    numbers = _doubles(values)
    mean, m2 = central_moments(numbers, 2)
    variance = m2 / len(numbers)
    return Near.within(variance, 1e-8 * variance + 1e-15 * mean * mean)


def _skew(values: Values) -> float:
    numbers = _doubles(values)
    _, m2, m3 = central_moments(numbers, 2, 3)
    scale = m2 * math.sqrt(m2)
    if len(numbers) < 3 or not 0 < scale < math.inf:  # fewer have no skewness
        return NAN
    skew = math.sqrt(len(numbers)) * m3 / scale
    return Near.within(skew, 1e-7 * max(1.0, abs(skew)))


def _kurtosis(values: Values) -> float:
    numbers = _doubles(values)
    _, m2, m4 = central_moments(numbers, 2, 4)
    scale = m2 * m2
    if len(numbers) < 4 or not 0 < scale < math.inf:  # fewer have no kurtosis
        return NAN
    kurtosis = len(numbers) * m4 / scale - 3
    return Near.within(kurtosis, 1e-7 * max(1.0, abs(kurtosis)))


def _extreme(pick: Callable[..., Any]) -> Callable[[Values], Any]:
    def result(values: Values) -> Any:
        if any(x != x for x in values.added):  # noqa: PLR0124 - only NaN differs from itself
            return NAN
        return pick(values.added, key=order_key)

    return result


def _first(values: Values) -> Any:
    return values.added[0]


def _last(values: Values) -> Any:
    return values.added[-1]


def _first_k(values: Values) -> list[Any]:
    return list(values.added[: values.arguments.k])


def _last_k(values: Values) -> list[Any]:
    return list(values.added[::-1][: values.arguments.k])


def _top_k(values: Values) -> list[Any]:
    return sorted(values.added, key=order_key, reverse=True)[: values.arguments.k]


def _bottom_k(values: Values) -> list[Any]:
    return sorted(values.added, key=order_key)[: values.arguments.k]


def _unique_count(values: Values) -> int:
    return len({order_key(x) for x in values.added})


def _bounded_unique_count(values: Values) -> int:
    return min(_unique_count(values), values.arguments.k)


def _approx_unique_count(values: Values) -> int:
    """The merged estimator of the reference implementation; the empty text and binary do not count."""
    sketching: Any = import_module("datasketches")  # it comes without types
    cpc_sketch, cpc_union = sketching.cpc_sketch, sketching.cpc_union

    def hashable(value: Any) -> Any:
        if isinstance(value, bytes):  # the library takes no bytes, but text, of which it hashes the bytes
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value.decode("latin-1")  # not the same bytes, but one text for each content
        return value % 2**64 if isinstance(value, int) else value  # it would take a negative number for a float

    sketch = cpc_sketch(values.arguments.k)
    for value in values.added:
        sketch.update(hashable(value))
    union = cpc_union(values.arguments.k)
    union.update(sketch)
    return int(union.get_result().get_estimate())


def exact_quantile(ascending: Sequence[float], p: float) -> float:
    """The value at fraction ``p`` of sorted values: the least at 0, the greatest at 1.

    >>> exact_quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    3.0
    """
    return ascending[min(math.floor(p * len(ascending)), len(ascending) - 1)]


def rank_error(k: int) -> float:
    """How far, as a fraction of all values, a KLL sketch of size ``k`` may miss a rank.

    Twice the error that the reference implementation states at 99 % confidence.

    >>> round(rank_error(128), 3)
    0.041
    """
    return 2 * 2.296 / k**0.9723


def _approx_percentile(values: Values) -> list[float] | None:
    k = values.arguments.k
    ascending = sorted(x for x in map(to_float32, values.added) if not math.isnan(x))
    if not ascending:
        return None

    def quantile(p: float) -> Near:
        error = rank_error(k) if len(ascending) > k and 0 < p < 1 else 0.0
        return Near(
            exact_quantile(ascending, p),
            exact_quantile(ascending, max(0.0, p - error)),
            exact_quantile(ascending, min(1.0, p + error)),
        )

    return [quantile(p) for p in values.arguments.percentiles]


def _most_frequent(counts: Mapping[str, int], k: int) -> dict[str, int]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], order_key(item[0])))
    return dict(ranked[:k])


def _histogram(values: Values) -> dict[str, int]:
    counts = Counter(values.added)
    counts.subtract(Counter(values.removed))
    left = {key: count for key, count in counts.items() if count != 0}
    return _most_frequent(left, values.arguments.k) if values.arguments.k > 0 else left


def _approx_histogram_k(values: Values) -> dict[str, int]:
    k = values.arguments.k
    counts = Counter(number_text(x) if isinstance(x, int | float) else x for x in values.added)
    top = _most_frequent(counts, k)
    counters = max(EXACT_COUNTERS, 8 * k)
    if len(counts) <= counters:
        return top
    return NearCounts(top, counts=counts, error=len(values.added) // counters)


# ---- the table


def _same(kind: DataType) -> DataType:
    return kind


def _always(kind: DataType) -> Callable[[DataType], DataType]:
    return lambda _: kind


def _total_type(kind: DataType) -> DataType:
    return DOUBLE if kind in (FLOAT, DOUBLE) else LONG


FORMULAS: Mapping[str, Formula] = {
    "COUNT": Formula(_count, _always(LONG), reversible=True),
    "SUM": Formula(_sum, _total_type, NUMBERS | {BOOLEAN}, reversible=True),
    "AVERAGE": Formula(_average, _always(DOUBLE), NUMBERS, reversible=True),
    "VARIANCE": Formula(_variance, _always(DOUBLE), NUMBERS),
    "SKEW": Formula(_skew, _always(DOUBLE), NUMBERS),
    "KURTOSIS": Formula(_kurtosis, _always(DOUBLE), NUMBERS),
    "MIN": Formula(_extreme(min), _same, ORDERED),
    "MAX": Formula(_extreme(max), _same, ORDERED),
    "FIRST": Formula(_first, _same, timed=True),
    "LAST": Formula(_last, _same, timed=True),
    "FIRST_K": Formula(_first_k, ListType, timed=True, k=K()),
    "LAST_K": Formula(_last_k, ListType, timed=True, k=K()),
    "TOP_K": Formula(_top_k, ListType, ORDERED, skips_nan=True, k=K()),
    "BOTTOM_K": Formula(_bottom_k, ListType, ORDERED, skips_nan=True, k=K()),
    "UNIQUE_COUNT": Formula(_unique_count, _always(LONG), HASHABLE),
    "BOUNDED_UNIQUE_COUNT": Formula(_bounded_unique_count, _always(LONG), HASHABLE, k=K(default=8)),
    "APPROX_UNIQUE_COUNT": Formula(_approx_unique_count, _always(LONG), HASHABLE, k=K(default=8, least=4, most=26)),
    "APPROX_PERCENTILE": Formula(
        _approx_percentile, _always(ListType(FLOAT)), NUMBERS, k=K(default=128, least=8, most=65535)
    ),
    "HISTOGRAM": Formula(
        _histogram, _always(MapType(STRING, INT)), frozenset({STRING}), reversible=True, k=K(default=0, least=-(2**31))
    ),
    "APPROX_HISTOGRAM_K": Formula(_approx_histogram_k, _always(MapType(STRING, LONG)), ORDERED, k=K(default=8)),
}
"""Every operation by its name."""
