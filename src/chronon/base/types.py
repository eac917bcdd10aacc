"""Logical types: what a column holds, whatever engine or store it sits in.

>>> str(parse_type("map<string, list<double>>"))
'map<string,list<double>>'
>>> parse_type("struct<a: int, b: string>").field("b")
string
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chronon.base.errors import ConfigError


@dataclass(frozen=True)
class DataType:
    """A type without parts. The instances are the constants of this module; compare with ``==``."""

    name: str

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class ListType(DataType):
    """A list whose elements may be null."""

    element: DataType

    def __init__(self, element: DataType) -> None:
        object.__setattr__(self, "name", f"list<{element}>")
        object.__setattr__(self, "element", element)


@dataclass(frozen=True, repr=False)
class MapType(DataType):
    """A map; its keys are never null, its values may be."""

    key: DataType
    value: DataType

    def __init__(self, key: DataType, value: DataType) -> None:
        object.__setattr__(self, "name", f"map<{key},{value}>")
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "value", value)


@dataclass(frozen=True, repr=False)
class StructType(DataType):
    """Named fields in order. Values cross our boundaries as positional tuples or name-keyed dicts."""

    fields: tuple[tuple[str, DataType], ...]

    def __init__(self, fields: Mapping[str, DataType] | tuple[tuple[str, DataType], ...]) -> None:
        pairs = tuple(fields.items()) if isinstance(fields, Mapping) else tuple(fields)
        inside = ",".join(f"{name}:{kind}" for name, kind in pairs)
        object.__setattr__(self, "name", f"struct<{inside}>")
        object.__setattr__(self, "fields", pairs)

    def field(self, name: str) -> DataType:
        """The type of one field; ``KeyError`` where there is none."""
        return dict(self.fields)[name]


class ChangedType(DataType):
    """Of a column whose files hold types that are not one. Nothing takes it; its name says which files hold which."""


BOOLEAN = DataType("boolean")
BYTE = DataType("byte")
SHORT = DataType("short")
INT = DataType("int")
LONG = DataType("long")
FLOAT = DataType("float")
DOUBLE = DataType("double")
STRING = DataType("string")
BINARY = DataType("binary")
DATE = DataType("date")
TIMESTAMP = DataType("timestamp")
DECIMAL = DataType("decimal")
"""Lives inside expressions only; precision and scale belong to the engine's own type."""
NULL = DataType("null")
"""The type of a bare ``NULL``; it casts to anything."""

INTEGERS = frozenset({BYTE, SHORT, INT, LONG})
FLOATS = frozenset({FLOAT, DOUBLE})
NUMBERS = INTEGERS | FLOATS
SCALARS = frozenset({INT, LONG, SHORT, DOUBLE, FLOAT, STRING, BINARY, BOOLEAN})
"""Element types for which a list input is flattened (aggregations, section 1.1 of the original's rules)."""

Schema = Mapping[str, DataType]
"""Column names to types, in column order."""

_BY_NAME = {
    t.name: t for t in (BOOLEAN, BYTE, SHORT, INT, LONG, FLOAT, DOUBLE, STRING, BINARY, DATE, TIMESTAMP, DECIMAL, NULL)
}
_ALIASES = {
    "bool": BOOLEAN,
    "tinyint": BYTE,
    "smallint": SHORT,
    "integer": INT,
    "bigint": LONG,
    "real": FLOAT,
    "text": STRING,
    "varchar": STRING,
}


def parse_type(text: str) -> DataType:
    """Read a type from its text: ``long``, ``list<int>`` (or ``array``), ``map<string,V>``, ``struct<a:int,...>``."""
    tokens = _tokens(text)
    found = _parse(tokens, text)
    if next(tokens, None) is not None:
        raise _unreadable(text)
    return found


def _tokens(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if char in "<>,:":
            if word.strip():
                yield word.strip()
            yield char
            word = ""
        else:
            word += char
    if word.strip():
        yield word.strip()


def _parse(tokens: Iterator[str], text: str) -> DataType:
    word = next(tokens, "").lower()
    if word in ("list", "array"):
        _expect(tokens, "<", text)
        element = _parse(tokens, text)
        _expect(tokens, ">", text)
        return ListType(element)
    if word == "map":
        _expect(tokens, "<", text)
        key = _parse(tokens, text)
        _expect(tokens, ",", text)
        value = _parse(tokens, text)
        _expect(tokens, ">", text)
        return MapType(key, value)
    if word == "struct":
        return _parse_struct(tokens, text)
    found = _BY_NAME.get(word) or _ALIASES.get(word)
    if found is None:
        raise _unreadable(text)
    return found


def _parse_struct(tokens: Iterator[str], text: str) -> StructType:
    _expect(tokens, "<", text)
    fields: list[tuple[str, DataType]] = []
    while True:
        name = next(tokens, "")
        _expect(tokens, ":", text)
        fields.append((name, _parse(tokens, text)))
        after = next(tokens, "")
        if after == ">":
            return StructType(tuple(fields))
        if after != ",":
            raise _unreadable(text)


def _expect(tokens: Iterator[str], wanted: str, text: str) -> None:
    if next(tokens, None) != wanted:
        raise _unreadable(text)


def _unreadable(text: str) -> ConfigError:
    return ConfigError(
        f"{text!r} is not a type",
        expected=f"one of {', '.join(sorted(_BY_NAME))}, or list<T>, map<K,V>, struct<name:T,...>",
    )
