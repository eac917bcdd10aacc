"""JSON texts read and written by a type, as Spark does it: what does not fit a field leaves that field null."""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Callable
from typing import Any, cast

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.runtime.documents import first_value, json_string
from chronon.sql.runtime.moments import seconds_to_timestamp, text_to_date, text_to_timestamp
from chronon.sql.runtime.numbers import double_to_text, float_to_text, int_to_float32, to_float32
from chronon.sql.tree import Refusal


class Misfit(Exception):  # noqa: N818 - it never leaves this module
    """A value that does not fit its type."""


Read = Callable[[Any], Any]
Write = Callable[[Any], str]
_LIMITS = {t.SHORT: 2**15, t.INT: 2**31, t.LONG: 2**63}
_WORDS = {
    "NaN": math.nan, "+INF": math.inf, "INF": math.inf, "+Infinity": math.inf, "Infinity": math.inf,
    "-INF": -math.inf, "-Infinity": -math.inf,
}  # fmt: skip
_READ = frozenset({t.BOOLEAN, t.SHORT, t.INT, t.LONG, t.FLOAT, t.DOUBLE, t.STRING, t.DATE, t.TIMESTAMP})


def readable(kind: DataType) -> None:
    """Refuse a type that is not read from JSON here."""
    for part in _parts(kind):
        readable(part)
    if isinstance(kind, MapType) and kind.key != t.STRING:
        raise Refusal(f"a {kind} in JSON", expected="a map with keys of STRING")
    if not _parts(kind) and kind not in _READ:
        raise Refusal(f"a {kind} in JSON", expected=f"one of {', '.join(sorted(map(str, _READ)))}")


def _parts(kind: DataType) -> list[DataType]:
    if isinstance(kind, ListType):
        return [kind.element]
    if isinstance(kind, MapType):
        return [kind.value]
    return [part for _, part in kind.fields] if isinstance(kind, StructType) else []


def reader(kind: DataType) -> Callable[[str], Any]:
    """A function that reads texts as a type. A struct of nulls comes of a text that is no object."""
    read = _reader(kind)
    wrong = dict.fromkeys(name for name, _ in kind.fields) if isinstance(kind, StructType) else None
    wraps = isinstance(kind, ListType) and isinstance(kind.element, StructType)

    def evaluate(text: str) -> Any:
        if not text.strip(" \t\r\n"):
            return None
        document = first_value(text)
        if document is None or document[0] is None:
            return wrong
        value = [document[0]] if wraps and isinstance(document[0], dict) else document[0]
        try:
            return read(value)
        except Misfit:
            return wrong

    return evaluate


def _reader(kind: DataType) -> Read:
    if isinstance(kind, StructType):
        return _struct_reader(kind)
    if isinstance(kind, ListType):
        element = _nullable(_reader(kind.element))
        return lambda value: [element(each) for each in _instance(value, list)]
    if isinstance(kind, MapType):
        inner = _nullable(_reader(kind.value))
        return lambda value: {name: inner(each) for name, each in _instance(value, dict).items()}
    return {t.FLOAT: _float, t.DOUBLE: _double, t.STRING: _string, t.BOOLEAN: _boolean, t.DATE: _date,
            t.TIMESTAMP: _timestamp}.get(kind) or _integer(_LIMITS[kind])  # fmt: skip


def _struct_reader(kind: StructType) -> Read:
    fields = [(name, _nullable(_reader(part))) for name, part in kind.fields]

    def read(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(name for name, _ in fields)
        given = _last(_instance(value, dict))
        for name, of_field in fields:
            if name in given:
                try:
                    found[name] = of_field(given[name])
                except Misfit:
                    continue
        return found

    return read


def _last(value: dict[str, Any]) -> dict[str, Any]:
    """Of names that occur twice the last counts."""
    pairs = getattr(value, "pairs", None)
    return value if pairs is None else dict(pairs)


def _nullable(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _instance(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise Misfit
    return _last(cast("dict[str, Any]", value)) if kind is dict else value


def _boolean(value: Any) -> bool:
    return _instance(value, bool)


def _integer(limit: int) -> Read:
    def read(value: Any) -> int:
        if type(value) is not int or not -limit <= value < limit:
            raise Misfit
        return value

    return read


def _double(value: Any) -> float:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    return float(_instance(value, float))


def _float(value: Any) -> float:
    return int_to_float32(value) if type(value) is int else to_float32(_double(value))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else plain_json(value)


def _date(value: Any) -> dt.date:
    found = text_to_date(_instance(value, str))
    if found is None:
        raise Misfit
    return found


def _timestamp(value: Any) -> dt.datetime:
    found = seconds_to_timestamp(value) if type(value) is int else text_to_timestamp(_instance(value, str))
    if found is None:
        raise Misfit
    return found


def plain_json(value: Any) -> str:
    """A value that was read, written back without blanks."""
    if isinstance(value, dict):
        pairs = getattr(cast("Any", value), "pairs", None) or cast("dict[str, Any]", value).items()
        return "{" + ",".join(f"{json_string(name)}:{plain_json(each)}" for name, each in pairs) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(plain_json, cast('list[Any]', value)))}]"
    if isinstance(value, str):
        return json_string(value)
    if isinstance(value, float):
        return _double_written(value)
    return "null" if value is None else str(value).lower()


# ---- writing

_KEYS = frozenset({t.STRING, t.BYTE, t.SHORT, t.INT, t.LONG, t.BOOLEAN})
_WRITTEN = _KEYS | {t.FLOAT, t.DOUBLE, t.DATE, t.TIMESTAMP, t.BINARY, t.NULL}


def writable(kind: DataType) -> None:
    """Refuse a type that is not written as JSON here."""
    for part in _parts(kind):
        writable(part)
    if isinstance(kind, MapType) and kind.key not in _KEYS:
        raise Refusal(f"a {kind} in JSON", expected=f"a map with keys of {', '.join(sorted(map(str, _KEYS)))}")
    if not _parts(kind) and not isinstance(kind, StructType) and kind not in _WRITTEN:
        raise Refusal(f"a {kind} in JSON", mend="CAST(... AS DOUBLE)")


def _double_written(value: float) -> str:
    return double_to_text(value) if math.isfinite(value) else f'"{double_to_text(value)}"'


def writer(kind: DataType) -> Write:
    """A function that writes values of a type; fields that are null are left out."""
    if isinstance(kind, StructType):
        fields = [(name, json_string(name), writer(part)) for name, part in kind.fields]
        return lambda value: (
            "{" + ",".join(f"{shown}:{write(value[n])}" for n, shown, write in fields if value[n] is not None) + "}"
        )
    if isinstance(kind, ListType):
        element = _or_null(writer(kind.element))
        return lambda value: f"[{','.join(map(element, value))}]"
    if isinstance(kind, MapType):
        inner, key = _or_null(writer(kind.value)), str if kind.key != t.BOOLEAN else writer(t.BOOLEAN)
        return lambda value: (
            "{" + ",".join(f"{json_string(key(name))}:{inner(each)}" for name, each in value.items()) + "}"
        )
    plain: dict[DataType, Write] = {
        t.STRING: json_string,
        t.BOOLEAN: lambda value: "true" if value else "false",
        t.DOUBLE: _double_written,
        t.FLOAT: lambda value: float_to_text(value) if math.isfinite(value) else f'"{float_to_text(value)}"',
        t.DATE: lambda value: f'"{value.isoformat()}"',
        t.TIMESTAMP: lambda value: f'"{value.isoformat(timespec="milliseconds")}Z"',
        t.BINARY: lambda value: f'"{base64.b64encode(value).decode()}"',
    }
    return plain.get(kind, str)


def _or_null(write: Write) -> Write:
    return lambda value: "null" if value is None else write(value)
