"""Spark's implicit conversions, ANSI mode off: which type two values meet in, and what an argument may be cast to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.tree import Refusal

PRECEDENCE = (t.BYTE, t.SHORT, t.INT, t.LONG, t.FLOAT, t.DOUBLE)
"""Numbers meet in the later of their two types, so a long and a float meet in a float."""
LONGEST_DECIMAL = 38
_DIGITS = {t.BYTE: 3, t.SHORT: 5, t.INT: 10, t.LONG: 20}


@dataclass(frozen=True, repr=False)
class Decimal(DataType):
    """A decimal whose precision and scale are known; lives inside expressions only."""

    precision: int
    scale: int

    def __init__(self, precision: int, scale: int) -> None:
        if precision > LONGEST_DECIMAL:
            raise Refusal(
                f"a decimal of {precision} digits is needed and the engines stop at {LONGEST_DECIMAL}",
                mend="use double: CAST(x AS DOUBLE), or a literal like 0.1D",
            )
        object.__setattr__(self, "name", f"decimal({precision},{scale})")
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "scale", scale)


def is_decimal(kind: DataType) -> bool:
    """Whether the type is a decimal, of known size or not."""
    return isinstance(kind, Decimal) or kind == t.DECIMAL


def is_numeric(kind: DataType) -> bool:
    """Whether arithmetic works on the type."""
    return kind in t.NUMBERS or is_decimal(kind)


def is_atomic(kind: DataType) -> bool:
    """Whether the type has no parts."""
    return not isinstance(kind, ListType | MapType | StructType)


def decimal_of(kind: DataType) -> Decimal:
    """The decimal that holds every value of an integer type, or the decimal itself."""
    if isinstance(kind, Decimal):
        return kind
    if kind == t.DECIMAL:
        raise Refusal("the size of a decimal column is not known here", mend="cast it first: CAST(column AS DOUBLE)")
    return Decimal(_DIGITS[kind], 0)


def tightest(left: DataType, right: DataType) -> DataType | None:
    """The type that both become without a loss of kind; None if there is none.

    >>> tightest(t.INT, t.DOUBLE), tightest(t.LONG, t.FLOAT), tightest(t.INT, t.STRING)
    (double, float, None)
    """
    if left == right:
        return left
    if t.NULL in (left, right):
        return right if left == t.NULL else left
    if left in t.NUMBERS and right in t.NUMBERS:
        return PRECEDENCE[max(PRECEDENCE.index(left), PRECEDENCE.index(right))]
    if {left, right} == {t.DATE, t.TIMESTAMP}:
        return t.TIMESTAMP
    if is_numeric(left) and is_numeric(right):
        return _with_decimal(left, right)
    return _parts(left, right)


def _with_decimal(left: DataType, right: DataType) -> DataType:
    if left in t.FLOATS or right in t.FLOATS:
        return t.DOUBLE
    a, b = decimal_of(left), decimal_of(right)
    scale = max(a.scale, b.scale)
    return Decimal(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def _parts(left: DataType, right: DataType) -> DataType | None:
    if isinstance(left, ListType) and isinstance(right, ListType):
        element = wider(left.element, right.element)
        return ListType(element) if element else None
    if isinstance(left, MapType) and isinstance(right, MapType):
        key, value = wider(left.key, right.key), wider(left.value, right.value)
        return MapType(key, value) if key and value else None
    if isinstance(left, StructType) and isinstance(right, StructType):
        if [name for name, _ in left.fields] != [name for name, _ in right.fields]:
            return None
        kinds = [wider(a, b) for (_, a), (_, b) in zip(left.fields, right.fields, strict=True)]
        fields = [(name, kind) for (name, _), kind in zip(left.fields, kinds, strict=True) if kind]
        return StructType(tuple(fields)) if len(fields) == len(kinds) else None
    return None


def wider(left: DataType, right: DataType) -> DataType | None:
    """The type of a choice between two values (``CASE``, ``COALESCE``, ``IN``): as ``tightest``, or text.

    >>> wider(t.INT, t.STRING), wider(t.BOOLEAN, t.STRING)
    (string, None)
    """
    found = tightest(left, right)
    if found is None and t.STRING in (left, right):
        other = right if left == t.STRING else left
        if is_atomic(other) and other not in (t.BOOLEAN, t.BINARY):
            return t.STRING
    return found


def common(kinds: Sequence[DataType], what: str, *, text: bool = True) -> DataType:
    """The type in which all meet; a refusal names them.

    Parameters
    ----------
    kinds:
        The types that meet.
    what:
        What meets, for the message.
    text:
        Whether a text may meet a number, as text.
    """
    meet = wider if text else tightest

    def step(left: DataType | None, right: DataType) -> DataType | None:
        return meet(left, right) if left is not None else None

    ordered = [kind for kind in kinds if kind == t.STRING] + [kind for kind in kinds if kind != t.STRING]
    found = reduce(step, ordered if text else list(kinds), t.NULL)
    if found is None:
        names = ", ".join(dict.fromkeys(str(kind) for kind in kinds))
        raise Refusal(f"{what} have no common type: {names}", mend="cast them to one type")
    return found


def compared(left: DataType, right: DataType) -> DataType:
    """The type in which two values are compared: a text is cast to the type of the other side."""
    found = tightest(left, right)
    if found is None and t.STRING in (left, right):
        other = right if left == t.STRING else left
        if is_decimal(other):
            found = t.DOUBLE
        elif is_atomic(other) and other != t.BINARY:
            found = other
    if found is None:
        raise Refusal(f"a {left} and a {right} cannot be compared", mend="cast one side to the type of the other")
    return found
