"""Real functions as Java has them: NaN outside their domain, infinite beyond the range, never an exception."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from chronon.sql.runtime.numbers import exact


def _total(function: Callable[[float], float]) -> Callable[[float], float]:
    """NaN where there is no value."""

    def evaluate(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan

    return evaluate


acos, asin, cos, sin, tan = map(_total, (math.acos, math.asin, math.cos, math.sin, math.tan))
atan, atan2, tanh, hypot = math.atan, math.atan2, math.tanh, math.hypot


def cosh(value: float) -> float:
    """The hyperbolic cosine."""
    try:
        return math.cosh(value)
    except OverflowError:
        return math.inf


def sinh(value: float) -> float:
    """The hyperbolic sine."""
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def acosh(value: float) -> float:
    """The inverse of ``cosh``."""
    return math.acosh(value) if value >= 1 else math.nan


def asinh(value: float) -> float:
    """The inverse of ``sinh``."""
    return math.asinh(value)


def atanh(value: float) -> float:
    """The inverse of ``tanh``."""
    if abs(value) == 1:
        return math.copysign(math.inf, value)
    return 0.5 * (math.log1p(value) - math.log1p(-value)) if abs(value) < 1 else math.nan


def _inverse(value: float) -> float:
    return 1 / value if value else math.copysign(math.inf, value)


_CUBES = 1e300
"""Far from where a cube has no double."""


def cbrt(value: float) -> float:
    """The cube root; one step of Newton's makes good what the C library leaves.

    >>> cbrt(27.0), cbrt(-1000.0)
    (3.0, -10.0)
    """
    root = math.cbrt(value)
    return root - (root * root * root - value) / (3 * root * root) if 0 < abs(value) < _CUBES else root


def cot(value: float) -> float:
    """The cotangent."""
    return _inverse(tan(value))


def csc(value: float) -> float:
    """The cosecant."""
    return _inverse(sin(value))


def sec(value: float) -> float:
    """The secant."""
    return _inverse(cos(value))


def expm1(value: float) -> float:
    """The exponential less one; infinite beyond the range."""
    try:
        return math.expm1(value)
    except OverflowError:
        return math.inf


def rint(value: float) -> float:
    """The nearest whole number, the even one of two."""
    return math.copysign(float(round(value)), value) if math.isfinite(value) else value


def factorial(value: int) -> int | None:
    """The factorial of 0 to 20; null for others, which no long holds."""
    return math.factorial(value) if 0 <= value <= 20 else None


def round_float_even(value: float, digits: int) -> float:
    """As ``round_float``, but a half goes to the even digit.

    >>> round_float_even(2.5, 0), round_float_even(0.125, 2)
    (2.0, 0.12)
    """
    if not math.isfinite(value) or abs(value) >= 10.0 ** (17 - digits):
        return value
    shown = Decimal(repr(value)).quantize(Decimal((0, (1,), -digits)), ROUND_HALF_EVEN, exact)
    return float(shown) + 0.0


def round_integer_even(value: int, digits: int) -> int:
    """As ``round_integer``, but a half goes to the even digit.

    >>> round_integer_even(25, -1)
    20
    """
    return round(value, digits)


def width_bucket(value: float, low: float, high: float, buckets: int) -> int | None:
    """Which of so many equal parts of a range holds the value; 0 before it, one more than there are after it."""
    if buckets <= 0 or buckets == 2**63 - 1 or low == high or value != value:  # noqa: PLR0124 - NaN
        return None
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    if low > high:
        return width_bucket(-value, -low, -high, buckets)
    if value < low:
        return 0
    return buckets + 1 if value >= high else int(buckets * (value - low) / (high - low)) + 1


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST = 2**64 - 1


def conv(text: str, base: int, to: int) -> str | None:
    """The digits at the beginning of a text in another base: unsigned 64 bits, or signed for a negative one.

    >>> conv("ff", 16, 10), conv("-10", 16, -10), conv("-1", 10, 16)
    ('255', '-16', 'FFFFFFFFFFFFFFFF')
    """
    if not 2 <= base <= 36 or not 2 <= abs(to) <= 36:
        return None
    text = text.strip(" ")
    if not text:
        return None
    negative, value = text[0] == "-", 0
    for char in text[negative:]:
        digit = _DIGITS.find(char.upper()) if char.isascii() else -1
        if not 0 <= digit < base:
            break
        value = min(value * base + digit, _MOST)
    large = value >= 2**63
    if to < 0:
        return ("-" if negative or large else "") + _in_base(2**64 - value if large else value, -to)
    if negative:
        # a magnitude that needs the sign bit is too large, and so all ones
        value = _MOST if large else -value & _MOST
    return _in_base(value, to)


def _in_base(value: int, base: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, base)
        digits = _DIGITS[digit] + digits
    return digits or "0"
