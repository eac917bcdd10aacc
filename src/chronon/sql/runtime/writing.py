"""Texts that are made for reading, as Java writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType
from chronon.sql.runtime.numbers import double_to_text, exact, float_to_text
from chronon.sql.tree import Refusal


def initcap(text: str) -> str:
    """Each word, after a blank, with a capital at its beginning and small letters after it."""
    return " ".join(word[:1].title() + word.lower()[len(word[:1].lower()) :] for word in text.split(" "))


_SOUNDS = "01230127022455012623017202"
"""The class of each letter: 0 for vowels, 7 for letters that are as if they were not there."""


def soundex(text: str) -> str:
    """The letter and three digits of how a word sounds; the text itself where it begins with no letter.

    >>> soundex("Robert")
    'R163'
    """
    first = text[:1].upper()
    if not (first.isascii() and first.isalpha()):
        return text
    made, last = first, _SOUNDS[ord(first) - 65]
    for char in text[1:]:
        letter = char.upper()
        if not (char.isascii() and letter.isalpha()):
            last = "0"
            continue
        sound = _SOUNDS[ord(letter) - 65]
        if sound == "7":
            continue
        if sound not in ("0", last):
            made += sound
        last = sound
    return made[:4].ljust(4, "0")


def quote(text: str) -> str:
    """The text in quotes."""
    return "'" + text.replace("'", "\\'") + "'"


def luhn_check(text: str) -> bool:
    """Whether digits end in the right check digit."""
    if not text or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(char) for char in reversed(text)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


def find_in_set(text: str, listed: str) -> int:
    """The position of a text in a list with commas, from one; 0 if it is not there or holds a comma."""
    parts = listed.split(",")
    return parts.index(text) + 1 if "," not in text and text in parts else 0


def split_part(text: str, delimiter: str, number: int) -> str | None:
    """The part between delimiters, counted from one, from the end if negative; empty if there is none."""
    if number == 0:
        return None
    parts = text.split(delimiter) if delimiter else [text]
    at = number - 1 if number > 0 else len(parts) + number
    return parts[at] if 0 <= at < len(parts) else ""


def overlay(text: str, new: str, start: int, length: int) -> str:
    """The text with some characters from a position replaced; as many as are new if the length is negative."""
    from chronon.sql.runtime.texts import substr

    gone = length if length >= 0 else len(new)
    return substr(text, 1, start - 1) + new + substr(text, start + gone)


def mask(text: str, upper: str | None, lower: str | None, digit: str | None, other: str | None) -> str:
    """Each character replaced by the sign of its class; kept where there is no sign."""

    def masked(char: str) -> str:
        sign = upper if char.isupper() else lower if char.islower() else digit if char.isdecimal() else other
        return char if sign is None else sign

    return "".join(map(masked, text))


def format_number(value: float, digits: int) -> str | None:
    """With commas between thousands and so many digits after the point, half to even on the exact value."""
    if digits < 0:
        return None
    if isinstance(value, int):
        return f"{value:,}" + ("." + "0" * digits if digits else "")
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "\u221e" if value > 0 else "-\u221e"
    shown = Decimal(repr(value))
    short = -int(shown.as_tuple().exponent) <= digits
    return f"{shown:,.{digits}f}" if short else f"{value:,.{digits}f}"


# ---- formats of C and Java

TAKES: dict[str, frozenset[DataType] | None] = {
    "s": None,
    "b": frozenset({t.BOOLEAN}),
    "c": frozenset({t.BYTE, t.SHORT, t.INT}),
    **dict.fromkeys("dxo", frozenset({t.BYTE, t.SHORT, t.INT, t.LONG})),
    **dict.fromkeys("fe", t.FLOATS),
}
"""What each conversion takes; None for everything."""

_FIELD = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


@dataclass(frozen=True)
class Piece:
    """A part of a format: plain text, or a field for the argument at ``place``."""

    text: str = ""
    conversion: str = ""
    place: int = 0
    flags: str = ""
    width: int = 0
    precision: int = -1


def pieces(pattern: str, arguments: int) -> list[Piece]:
    """The parts of a format for so many arguments."""
    found: list[Piece] = []
    at, following = 0, 0
    while at < len(pattern):
        if pattern[at] != "%":
            end = pattern.find("%", at) if "%" in pattern[at:] else len(pattern)
            found.append(Piece(pattern[at:end]))
            at = end
            continue
        field = _FIELD.match(pattern, at)
        if field is None:
            raise Refusal(f"the format {pattern!r} has a % that begins no field", expected="%s, %d, %.2f, %x, %% ...")
        number, flags, width, precision, conversion = field.groups()
        at = field.end()
        if conversion in "%n":
            found.append(Piece("%" if conversion == "%" else "\n"))
            continue
        if conversion not in "sSbBcdxXofeE" or "#" in flags or "(" in flags or (precision and conversion in "cdxXo"):
            raise Refusal(f"the format has {field[0]}", expected="%s, %b, %c, %d, %x, %o, %f, %e, with - + 0 and ,")
        place = int(number) - 1 if number else following
        following += not number
        if not 0 <= place < arguments:
            raise Refusal(f"the format {pattern!r} asks for more arguments than the {arguments} that there are")
        found.append(Piece("", conversion, place, flags, int(width or 0), int(precision) if precision else -1))
    return found


def formatter(pattern: str, kinds: Sequence[DataType]) -> Callable[..., str]:
    """One function of the arguments that fills a format in."""
    parts = [
        (piece.text, None, 0) if not piece.conversion else ("", _writer(piece, kinds[piece.place]), piece.place)
        for piece in pieces(pattern, len(kinds))
    ]
    return lambda *args: "".join(text if write is None else write(args[place]) for text, write, place in parts)


_BITS = {t.BYTE: 8, t.SHORT: 16, t.INT: 32, t.LONG: 64}


def _writer(piece: Piece, kind: DataType) -> Callable[[Any], str]:
    small = piece.conversion.lower()

    def write(value: Any) -> str:
        if value is None or small in "sbc":
            return _filled(_text(value, kind, small)[: piece.precision if piece.precision >= 0 else None], piece)
        if small in "xo":
            digits = format(value & (1 << _BITS[kind]) - 1, small)
            return digits.zfill(piece.width) if "0" in piece.flags else _filled(digits, piece)
        return _number(value, piece, small)

    return (lambda value: write(value).upper()) if piece.conversion != small else write


def _text(value: Any, kind: DataType, conversion: str) -> str:
    if value is None:
        return "false" if conversion == "b" else "null"
    if conversion == "c":
        return chr(value)
    if kind == t.BOOLEAN:
        return "true" if value else "false"
    if kind in t.FLOATS:
        return double_to_text(value) if kind == t.DOUBLE else float_to_text(value)
    return str(value)


def _filled(text: str, piece: Piece) -> str:
    if "-" in piece.flags:
        return text.ljust(piece.width)
    return text.rjust(piece.width)


def _number(value: float, piece: Piece, conversion: str) -> str:
    flags = piece.flags
    negative = math.copysign(1, value) < 0 if isinstance(value, float) else value < 0
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    if isinstance(value, float) and not math.isfinite(value):
        text = "NaN" if math.isnan(value) else f"{sign}Infinity"
        return text.ljust(piece.width) if "-" in flags else text.rjust(piece.width)
    size = _digits(abs(value), piece.precision if piece.precision >= 0 else 6, conversion, "," in flags)
    if "0" in flags:
        size = size.rjust(piece.width - len(sign), "0")
    return (sign + size).ljust(piece.width) if "-" in flags else (sign + size).rjust(piece.width)


def _digits(size: float, precision: int, conversion: str, commas: bool) -> str:
    if isinstance(size, int):
        return f"{size:,}" if commas else str(size)
    shown = Decimal(repr(size))
    if conversion == "f":
        rounded = shown.quantize(Decimal((0, (1,), -precision)), context=exact)
        return f"{rounded:,f}" if commas else f"{rounded:f}"
    if shown == 0:
        return f"{shown:.{precision}f}e+00"
    power = shown.adjusted()
    rounded = shown.quantize(Decimal((0, (1,), power - precision)), context=exact)
    power = rounded.adjusted()
    mantissa = rounded.scaleb(-power, exact).quantize(Decimal((0, (1,), -precision)), context=exact)
    return f"{mantissa:f}e{'-' if power < 0 else '+'}{abs(power):02d}"
