"""Operations as a definition names them: plain ones as numbers, those with arguments as functions that give both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chronon.api.enums import Operation as Code

OperationType = int
WithArguments = tuple[int, dict[str, str]]


def collector(op: int) -> Callable[[int], WithArguments]:
    """An operation that takes ``k``.

    >>> collector(Code.LAST_K)(10)
    (13, {'k': '10'})
    """

    def with_k(k: int) -> WithArguments:
        return int(op), {"k": str(k)}

    return with_k


def generic_collector(op: int, required: Sequence[str], **defaults: Any) -> Callable[..., WithArguments]:
    """An operation that takes several arguments; the defaults stand first in the result."""

    def with_arguments(*args: Any, **kwargs: Any) -> WithArguments:
        given = dict(zip([*required, *defaults], args, strict=False))
        named = {**defaults, **given, **kwargs}
        return int(op), {name: str(value) for name, value in named.items()}

    return with_arguments


class Operation:
    """What an aggregation computes: ``Operation.SUM``, ``Operation.LAST_K(10)``, ..."""

    MIN = int(Code.MIN)
    MAX = int(Code.MAX)
    FIRST = int(Code.FIRST)
    LAST = int(Code.LAST)
    APPROX_UNIQUE_COUNT = int(Code.APPROX_UNIQUE_COUNT)
    APPROX_UNIQUE_COUNT_LGK = collector(Code.APPROX_UNIQUE_COUNT)
    UNIQUE_COUNT = int(Code.UNIQUE_COUNT)
    BOUNDED_UNIQUE_COUNT_K = collector(Code.BOUNDED_UNIQUE_COUNT)
    COUNT = int(Code.COUNT)
    SUM = int(Code.SUM)
    AVERAGE = int(Code.AVERAGE)
    VARIANCE = int(Code.VARIANCE)
    SKEW = int(Code.SKEW)
    KURTOSIS = int(Code.KURTOSIS)
    HISTOGRAM = int(Code.HISTOGRAM)
    HISTOGRAM_K = collector(Code.HISTOGRAM)
    APPROX_HISTOGRAM_K = collector(Code.APPROX_HISTOGRAM_K)
    APPROX_FREQUENT_K = APPROX_HISTOGRAM_K
    """The most frequent values under a telling name: the same operation, whose counts have a stated bound."""
    FIRST_K = collector(Code.FIRST_K)
    LAST_K = collector(Code.LAST_K)
    TOP_K = collector(Code.TOP_K)
    BOTTOM_K = collector(Code.BOTTOM_K)
    APPROX_PERCENTILE = generic_collector(Code.APPROX_PERCENTILE, ["percentiles"], k=128)


def op_to_str(operation: int) -> str:
    """The lower-case name of an operation.

    >>> op_to_str(Operation.SUM)
    'sum'
    """
    return Code(operation).name.lower()
