"""Numbers as Java has them: integers that wrap, floats of 32 bits, roundings, and their texts."""

from __future__ import annotations

import ctypes
import decimal
import math
import re
from fractions import Fraction

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
_FLOAT_MAX = 3.4028234663852886e38

WHITE = "".join(map(chr, range(1, 33)))
"""Characters that casts of texts ignore at both ends."""

exact = decimal.Context(prec=1_000, rounding=decimal.ROUND_HALF_UP, traps=[])
_c_float = ctypes.c_float


def wrap_byte(value: int) -> int:
    """The low 8 bits, signed.

    >>> wrap_byte(300)
    44
    """
    return ((value + 128) & 255) - 128


def wrap_short(value: int) -> int:
    """The low 16 bits, signed."""
    return ((value + 32768) & 65535) - 32768


def wrap_int(value: int) -> int:
    """The low 32 bits, signed."""
    return ((value + 2147483648) & 4294967295) - 2147483648


def wrap_long(value: int) -> int:
    """The low 64 bits, signed."""
    return ((value + 9223372036854775808) & 18446744073709551615) - 9223372036854775808


def within(value: int, bits: int) -> int | None:
    """The value if it fits into so many bits; null otherwise."""
    return value if -(1 << (bits - 1)) <= value < 1 << (bits - 1) else None


def to_float32(value: float) -> float:
    """The nearest float of 32 bits."""
    return _c_float(value).value


def int_to_float32(value: int) -> float:
    """The nearest float of 32 bits, rounded once."""
    if -16777216 <= value <= 16777216:  # 2^24: exact
        return float(value)
    return _nearest32(Fraction(value))


def decimal_to_float32(value: decimal.Decimal) -> float:
    """The nearest float of 32 bits, rounded once."""
    return _nearest32(Fraction(value))


def _nearest32(value: Fraction) -> float:
    # Rounding to 64 bits first may land on the middle of two floats; the exact value then decides.
    try:
        wide = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    near = _c_float(wide).value
    if near in (wide, math.inf, -math.inf) or Fraction(wide) == value:
        return near
    other = _step32(near, up=Fraction(near) < value)
    if math.isinf(other):
        return near
    return other if abs(Fraction(other) - value) < abs(Fraction(near) - value) else near


def _step32(value: float, *, up: bool) -> float:
    bits = ctypes.c_int32.from_buffer(_c_float(value)).value
    if value == 0:
        bits = 1 if up else -2147483647
    else:
        bits += 1 if (value > 0) == up else -1
    return ctypes.c_float.from_buffer(ctypes.c_int32(bits)).value


def to_decimal(value: int) -> decimal.Decimal:
    """The integer as a decimal."""
    return decimal.Decimal(value)


def decimal_to_text(value: decimal.Decimal, scale: int) -> str:
    """All digits of the scale."""
    return f"{value:.{scale}f}"


def float_to_int(value: float) -> int:
    """Cut toward zero, stopped at the limits of 32 bits; NaN is 0."""
    if value != value:  # noqa: PLR0124 - NaN
        return 0
    return INT_MAX if value >= INT_MAX else INT_MIN if value <= INT_MIN else int(value)


def float_to_long(value: float) -> int:
    """Cut toward zero, stopped at the limits of 64 bits; NaN is 0."""
    if value != value:  # noqa: PLR0124 - NaN
        return 0
    return LONG_MAX if value >= LONG_MAX else LONG_MIN if value <= LONG_MIN else int(value)


_whole = re.compile(r"([+-]?)(?:([0-9]+)(?:\.[0-9]*)?|\.[0-9]*)").fullmatch


def _text_to_integer(text: str, smallest: int, largest: int) -> int | None:
    found = _whole(text.strip(WHITE))
    if found is None:
        return None
    digits = found[2].lstrip("0") if found[2] else ""
    if len(digits) > 19:  # longer than any
        return None
    value = int(digits or "0")
    if found[1] == "-":
        value = -value
    return value if smallest <= value <= largest else None


def text_to_byte(text: str) -> int | None:
    """A whole number with its fraction cut off; null if it is none or too large."""
    return _text_to_integer(text, -128, 127)


def text_to_short(text: str) -> int | None:
    """As ``text_to_byte``, of 16 bits."""
    return _text_to_integer(text, -32768, 32767)


def text_to_int(text: str) -> int | None:
    """As ``text_to_byte``, of 32 bits."""
    return _text_to_integer(text, INT_MIN, INT_MAX)


def text_to_long(text: str) -> int | None:
    """As ``text_to_byte``, of 64 bits."""
    return _text_to_integer(text, LONG_MIN, LONG_MAX)


_floating = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?").fullmatch
_SPECIAL = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "infinity": math.inf,
    "+infinity": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
}


def text_to_double(text: str) -> float | None:
    """A number in Java's notation; null if it is none."""
    bare = text.strip(WHITE)
    if _floating(bare) is None:
        return _SPECIAL.get(bare.lower())
    return float(bare.rstrip("dDfF"))


def text_to_float(text: str) -> float | None:
    """As ``text_to_double``, of 32 bits, rounded once."""
    bare = text.strip(WHITE)
    if _floating(bare) is None:
        return _SPECIAL.get(bare.lower())
    digits = bare.rstrip("dDfF")
    wide = float(digits)
    if wide == 0 or math.isinf(wide):
        return wide
    near = _c_float(wide).value
    if near == wide or len(digits) < 8:  # no middle of two floats is that short
        return near
    return math.copysign(_nearest32(Fraction(exact.create_decimal(digits))), wide)


def double_to_text(value: float) -> str:
    """Java's text of a double: the shortest digits, scientific below 0.001 and from ten million on.

    >>> double_to_text(1e10), double_to_text(0.00012), double_to_text(100.0)
    ('1.0E10', '1.2E-4', '100.0')
    """
    size = abs(value)
    if 1e-3 <= size < 1e7 or size == 0:
        return repr(value)
    if value != value:  # noqa: PLR0124 - NaN
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return _scientific(repr(value))


def _scientific(digits: str) -> str:
    sign, numbers, exponent = decimal.Decimal(digits).normalize(exact).as_tuple()
    first, *rest = map(str, numbers)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{int(exponent) + len(rest)}"


def float_to_text(value: float) -> str:
    """Java's text of a float of 32 bits."""
    if value == 0 or math.isinf(value) or value != value:  # noqa: PLR0124 - NaN
        return double_to_text(value)
    for precision in range(1, 10):
        digits = f"{value:.{precision - 1}e}"
        if _c_float(float(digits)).value == value:
            break
    else:
        digits = f"{value:.8e}"
    size = abs(value)
    if 1e-3 <= size < 1e7:
        return repr(float(digits))
    return _scientific(digits)


def rem(left: int, right: int) -> int | None:
    """The remainder with the sign of the dividend; null for a divisor of zero."""
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def float_rem(left: float, right: float) -> float | None:
    """As ``rem``, of floats."""
    if right == 0:
        return None
    if math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def div(left: int, right: int) -> int | None:
    """Whole division cut toward zero; null for a divisor of zero."""
    if right == 0:
        return None
    whole = abs(left) // abs(right)
    return wrap_long(-whole if (left < 0) != (right < 0) else whole)


def pmod(left: int, right: int) -> int | None:
    """The remainder, made positive by one more divisor where it is negative."""
    rest = rem(left, right)
    return rem(rest + right, right) if rest is not None and rest < 0 else rest


def pmod_int(left: int, right: int) -> int | None:
    """As ``pmod`` of 32 bits, in which adding the divisor wraps."""
    rest = rem(left, right)
    return rem(wrap_int(rest + right), right) if rest is not None and rest < 0 else rest


def pmod_long(left: int, right: int) -> int | None:
    """As ``pmod`` of 64 bits, in which adding the divisor wraps."""
    rest = rem(left, right)
    return rem(wrap_long(rest + right), right) if rest is not None and rest < 0 else rest


def float_pmod(left: float, right: float) -> float | None:
    """As ``pmod``, of floats."""
    if right == 0:
        return None
    rest = math.nan if math.isinf(left) else math.fmod(left, right)
    if not rest < 0:
        return rest
    return math.nan if math.isinf(rest + right) else math.fmod(rest + right, right)


def round_float(value: float, digits: int) -> float:
    """Half away from zero, on the decimal digits that the number shows.

    >>> round_float(1.005, 2), round_float(-2.5, 0)
    (1.01, -3.0)
    """
    if abs(value) >= 10.0 ** (17 - digits) or value != value:  # noqa: PLR0124 - it has no digits there, or is NaN
        return value
    shown = decimal.Decimal(repr(value))
    return float(shown.quantize(_unit(digits), context=exact)) + 0.0


def _unit(digits: int) -> decimal.Decimal:
    return decimal.Decimal((0, (1,), -digits))


def round_integer(value: int, digits: int) -> int:
    """Half away from zero, to tens (``digits`` -1), hundreds, and so on."""
    unit = 10**-digits
    size = (abs(value) + unit // 2) // unit * unit
    return -size if value < 0 else size


def floor_long(value: float) -> int:
    """The largest whole number not above, stopped at the limits of 64 bits."""
    return float_to_long(math.floor(value)) if abs(value) < 9e15 else float_to_long(value)


def ceil_long(value: float) -> int:
    """The smallest whole number not below, stopped at the limits of 64 bits."""
    return float_to_long(math.ceil(value)) if abs(value) < 9e15 else float_to_long(value)


def sqrt(value: float) -> float:
    """The square root; NaN of a negative number."""
    return math.sqrt(value) if value >= 0 else math.nan


def log(value: float) -> float | None:
    """The natural logarithm; null at and below zero."""
    return None if value <= 0 else math.log(value)


def log_base(base: float, value: float) -> float | None:
    """The logarithm to a base; null where either is at or below zero."""
    if base <= 0 or value <= 0:
        return None
    top, bottom = math.log(value), math.log(base)
    if bottom == 0:
        return math.nan if top == 0 or top != top else math.copysign(math.inf, top)  # noqa: PLR0124 - NaN
    return top / bottom


def log10(value: float) -> float | None:
    """The logarithm to ten; null at and below zero."""
    return None if value <= 0 else math.log10(value)


def log2(value: float) -> float | None:
    """The logarithm to two; null at and below zero."""
    return None if value <= 0 else math.log(value) / 0.6931471805599453


def log1p(value: float) -> float | None:
    """The logarithm of one more; null at and below -1."""
    return None if value <= -1 else math.log1p(value)


def exp(value: float) -> float:
    """The exponential; infinite beyond the range."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def power(base: float, exponent: float) -> float:
    """The power as Java has it: NaN where an exponent is NaN, and for 1 to an infinite power."""
    if exponent != exponent or (abs(base) == 1 and math.isinf(exponent)):  # noqa: PLR0124 - NaN
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        negative = base < 0 and exponent == math.floor(exponent) and exponent % 2 == 1
        return -math.inf if negative else math.inf
    except ValueError:
        if base == 0:
            odd = exponent == math.floor(exponent) and exponent % 2 == 1
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan


def sign(value: float) -> float:
    """-1, 0 or 1; a zero and NaN stay as they are."""
    return 1.0 if value > 0 else -1.0 if value < 0 else value
