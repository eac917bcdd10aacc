"""JSON texts: reading one value by its path. Written back, a value looks as DuckDB writes it."""

from __future__ import annotations

import decimal
import json
import math
import re
from collections.abc import Callable
from typing import Any, Self, cast

from chronon.sql.runtime.numbers import double_to_text


class _Twice(dict[str, Any]):
    """An object in which a name occurs twice: the first is found, all are written."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(reversed(pairs))
        self.pairs = pairs


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(pairs)


class _Huge(float):
    """A number beyond the range of doubles; it is written as it stands."""

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


def _fraction(text: str) -> float:
    value = float(text)
    return _Huge(text) if math.isinf(value) else value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_float=_fraction, parse_constant=_no_constant).decode
_half_character = re.compile(r"\\u[dD][89a-fA-F]").search


def read_json(text: str) -> Any:
    """The document in the text, in a tuple; null if it is none."""
    try:
        document = _decode(text)
        if _half_character(text):
            _written(document).encode()
    except (ValueError, RecursionError):
        return None
    return (document,)


def json_at(document: tuple[Any], path: tuple[str | int, ...]) -> str | None:
    """The value at a path as text; null if nothing is there."""
    value: Any = document[0]
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict):
                return None
            value = cast("dict[str, Any]", value).get(step)
        else:
            items = cast("list[Any]", value)
            if not isinstance(value, list) or step >= len(items):
                return None
            value = items[step]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _Huge):
        return f'"{double_to_text(value)}"'
    return double_to_text(value) if isinstance(value, float) else _written(value)


def json_array_length(text: str) -> int | None:
    """How many elements a JSON list has; null if the text is none."""
    document = first_value(text)
    return len(cast("list[Any]", document[0])) if document and isinstance(document[0], list) else None


def json_object_keys(text: str) -> list[str] | None:
    """The names in a JSON object as often as they occur; null if the text is none."""
    document = first_value(text)
    value = document[0] if document else None
    if isinstance(value, _Twice):
        return [name for name, _ in value.pairs]
    return list(cast("dict[str, Any]", value)) if isinstance(value, dict) else None


def first_value(text: str) -> tuple[Any] | None:
    """The JSON value at the beginning of a text, in a tuple; null if there is none. NaN and Infinity are numbers."""
    try:
        value, _ = _lenient(text.lstrip(" \t\r\n"))
        if _half_character(text):
            _written(value).encode()
    except (ValueError, RecursionError, KeyError):
        return None
    return (value,)


_lenient = json.JSONDecoder(object_pairs_hook=_object).raw_decode

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_escaped = re.compile(r'["\\\x00-\x1f]').sub


def json_string(value: str) -> str:
    """The text as JSON, in quotes."""
    return '"' + _escaped(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}", value) + '"'


def _number(value: float) -> str:
    """Fixed from a millionth up to 21 digits, else with an exponent."""
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        shown = format(decimal.Decimal(repr(value)), "f")
        return shown if "." in shown else f"{shown}.0"
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: json_string,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _number,
    _Huge: lambda value: value.text,
    type(None): lambda _value: "null",
    list: lambda value: f"[{','.join(map(_written, value))}]",
    dict: lambda value: _pairs(list(value.items())),
    _Twice: lambda value: _pairs(value.pairs),
}


def _pairs(pairs: list[tuple[str, Any]]) -> str:
    return "{" + ",".join(f"{json_string(name)}:{_written(value)}" for name, value in pairs) + "}"


def _written(value: Any) -> str:
    return _WRITERS[type(value)](value)
