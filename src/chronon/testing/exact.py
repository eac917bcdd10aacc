"""Orders, exact arithmetic and number texts: the small rules that the formulas are made of."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

NAN = math.nan


def order_key(value: Any) -> Any:
    """The natural order of the values of one type: strings by UTF-16 units, -0.0 below 0.0, NaN greatest.

    Equal keys mean the same value; NaN is the same as NaN.

    >>> sorted([0.0, math.nan, -0.0, -1.0], key=order_key)
    [-1.0, -0.0, 0.0, nan]
    """
    if isinstance(value, str):
        return value.encode("utf-16-be", "surrogatepass")
    if isinstance(value, float):
        return (1, 0.0, 1.0) if math.isnan(value) else (0, value, math.copysign(1.0, value))
    return value


def payload_key(value: Any) -> Any:
    """The order that breaks ties of time and sequence; as ``order_key``, but strings by their UTF-8 bytes.

    Lists, maps and structs go by their packed bytes.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, list | tuple | dict):
        import msgspec

        return msgspec.msgpack.encode(_pairs(value), order="deterministic")
    return order_key(value)


def _pairs(value: Any) -> Any:
    """The same, with lists of pairs for the maps whose keys are no text."""
    if isinstance(value, list | tuple):
        return [_pairs(item) for item in value]
    if not isinstance(value, dict):
        return value
    entries = {key: _pairs(item) for key, item in value.items()}
    if all(isinstance(key, str) for key in entries):
        return entries
    return [[key, entries[key]] for key in sorted(entries, key=payload_key)]


# ---- arithmetic with the results of IEEE 754, where Python would raise


def as_double(exact: Fraction) -> float:
    """The nearest double; beyond the largest one an infinity."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def total(numbers: Sequence[float]) -> float:
    """The sum, rounded once.

    >>> total([1e100, 1.0, -1e100]), total([1e308, 1e308, -1e308]), total([1e308, 1e308])
    (1.0, 1e+308, inf)
    """
    unusual = [x for x in numbers if not math.isfinite(x)]
    if unusual:
        return sum(unusual)
    try:
        return math.fsum(numbers)
    except OverflowError:  # on the way, if not at the end
        whole, scale = multiples(numbers)
        return as_double(Fraction(sum(whole), scale))


def multiples(numbers: Sequence[float]) -> tuple[list[int], int]:
    """Finite numbers as whole multiples of ``1 / scale``, and the scale: a double's denominator is a power of two.

    >>> multiples([0.5, 3, 0.75])
    ([2, 12, 3], 4)
    """
    ratios = [x.as_integer_ratio() for x in numbers]
    scale = max((below for _, below in ratios), default=1)
    return [above * (scale // below) for above, below in ratios], scale


def divide(a: float, b: float) -> float:
    """``a / b``; a division by zero gives NaN or an infinity."""
    if b != 0:
        return a / b
    return NAN if a == 0 or math.isnan(a) else math.copysign(math.inf, a)


def to_float32(value: float) -> float:
    """The nearest 32-bit float, widened again; a whole number is rounded once, not through a double."""
    if isinstance(value, int):
        excess = max(0, value.bit_length() - 24)
        value = float(round(Fraction(value, 2**excess)) * 2**excess)
    return ctypes.c_float(value).value


def central_moments(numbers: Sequence[float], *powers: int) -> tuple[float, ...]:
    """The mean, and for each power the sum of the deviations from it, raised to that power."""
    if not all(math.isfinite(x) for x in numbers):
        return (NAN,) * (1 + len(powers))
    whole, scale = multiples(numbers)
    count, sum_of_all = len(whole), sum(whole)
    deviations = [count * x - sum_of_all for x in whole]  # in units of 1 / (count * scale)
    unit = count * scale
    moments = (as_double(Fraction(sum(x**power for x in deviations), unit**power)) for power in powers)
    return as_double(Fraction(sum_of_all, unit)), *moments


def number_text(value: float) -> str:
    """A number as the original writes it into a key.

    >>> [number_text(x) for x in (7, 1.0, 2.5, 1e7, 1e-4, 123456.75, -0.0, math.nan, 5e-324)]
    ['7', '1.0', '2.5', '1.0E7', '1.0E-4', '123456.75', '-0.0', 'NaN', '4.9E-324']
    """
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    least_plain, least_scientific = 1e-3, 1e7
    if value == 0.0 or least_plain <= abs(value) < least_scientific:
        return f"{Decimal(repr(value)):f}"
    two_digits = f"{value:.1e}"
    shortest = two_digits if float(two_digits) == value else repr(value)
    sign, digits, exponent = Decimal(shortest).normalize().as_tuple()
    mantissa = "".join(map(str, digits))
    power = int(exponent) + len(mantissa) - 1
    return f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{power}"
