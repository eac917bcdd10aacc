"""The enumerations of a definition. Their numbers are the ones of the JSON form."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

T = TypeVar("T", bound=type[IntEnum])


def named(cls: T) -> T:
    """Give an enumeration the two dicts of names and values that the original's classes have."""
    for name, found in {
        "_VALUES_TO_NAMES": {int(member): member.name for member in cls},
        "_NAMES_TO_VALUES": {member.name: int(member) for member in cls},
    }.items():
        setattr(cls, name, found)
    return cls


@named
class Operation(IntEnum):
    """What an aggregation computes."""

    MIN = 0
    MAX = 1
    FIRST = 2
    LAST = 3
    UNIQUE_COUNT = 4
    APPROX_UNIQUE_COUNT = 5
    COUNT = 6
    SUM = 7
    AVERAGE = 8
    VARIANCE = 9
    SKEW = 10
    KURTOSIS = 11
    APPROX_PERCENTILE = 12
    LAST_K = 13
    FIRST_K = 14
    TOP_K = 15
    BOTTOM_K = 16
    HISTOGRAM = 17
    APPROX_HISTOGRAM_K = 18
    BOUNDED_UNIQUE_COUNT = 19


@named
class TimeUnit(IntEnum):
    """The unit of a window's length."""

    HOURS = 0
    DAYS = 1


@named
class Accuracy(IntEnum):
    """Whether a feature is as of the instant of a request, or as of the midnight before."""

    TEMPORAL = 0
    SNAPSHOT = 1


@named
class DataKind(IntEnum):
    """The kinds of a declared type."""

    BOOLEAN = 0
    BYTE = 1
    SHORT = 2
    INT = 3
    LONG = 4
    FLOAT = 5
    DOUBLE = 6
    STRING = 7
    BINARY = 8
    DATE = 9
    TIMESTAMP = 10
    MAP = 11
    LIST = 12
    STRUCT = 13
