"""The JSON form of definitions, equal byte for byte to the original's.

Fields stand in the order of their ids, those that are ``None`` are left out, booleans are ``1`` and ``0``, enumerations
their numbers, doubles always have a fraction, maps keep their order.

>>> print(to_json(structs.Window(7, 1)))
{
  "length": 7,
  "timeUnit": 1
}
>>> from_json(structs.Window, '{"length": "7", "timeUnit": 1, "unknown": true}')
Window(length=7, timeUnit=1)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from chronon.api import structs
from chronon.api.coerce import day
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError, DataError, Place

T = TypeVar("T", bound=structs.Struct)

_WORDS = {bool: "a boolean", int: "a whole number", float: "a number", str: "a text", list: "a list", dict: "a map"}


@dataclass(frozen=True)
class Field:
    """A field of a struct as it is written: its id, its name, and its type.

    The type is ``bool``, ``int`` (32 bits), ``float``, ``str``, a struct, or ``list[...]`` or ``dict[str, ...]`` of
    these.
    """

    id: int
    name: str
    type: Any


@cache
def fields_of(cls: type[structs.Struct]) -> tuple[Field, ...]:
    """The fields of a struct in the order of their ids.

    >>> [(field.id, field.name) for field in fields_of(structs.JoinPart)]
    [(1, 'groupBy'), (2, 'keyMapping'), (4, 'prefix')]
    """
    hints = get_type_hints(cls)
    return tuple(
        Field(declared.metadata.get("id", number), declared.name, _without_none(hints[declared.name]))
        for number, declared in enumerate(fields(cast(Any, cls)), 1)
    )


def to_json(struct: structs.Struct) -> str:
    """The JSON text of a struct: indented by two, in ASCII, without a line end.

    Raises
    ------
    ConfigError
        If a field holds what its type cannot; the message names the field.
    """
    return json.dumps(to_data(struct), indent=2)


def to_data(struct: structs.Struct) -> dict[str, Any]:
    """The JSON form of a struct as dicts, lists and scalars."""
    return _struct(struct, place_of(struct), "")


def from_json(cls: type[T], text: str | bytes, *, place: Place | None = None) -> T:
    """Read a struct from its JSON text.

    Keys that are not known are passed over; numbers and booleans may be written as text.

    Raises
    ------
    DataError
        If the text is not JSON, or a value has not the type of its field; the message names the field.
    """
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise DataError(f"Error decoding file into a {cls.__name__}: {error}", place=place) from None
    return from_data(cls, loaded, place=place)


def from_data(cls: type[T], loaded: Any, *, place: Place | None = None) -> T:
    """Make a struct of dicts, lists and scalars."""
    return _read_struct(cls, loaded, place or Place(), "")


def _without_none(hint: Any) -> Any:
    several = [part for part in get_args(hint) if part is not NoneType]
    return several[0] if NoneType in get_args(hint) else hint


def _struct(value: structs.Struct, place: Place, path: str) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for field in _written_fields(type(value)):
        held = getattr(value, field.name)
        if held is not None:
            written[field.name] = _value(held, field.type, place, f"{path}.{field.name}" if path else field.name)
    return written


@cache
def _written_fields(cls: type[structs.Struct]) -> tuple[Field, ...]:
    """The fields of the struct that a class is, or that it extends."""
    return fields_of(next(base for base in cls.__mro__ if base.__module__ == structs.__name__))


@cache
def _shape(kind: Any) -> tuple[Any, Any]:
    """What a type is made of: ``list`` or ``dict`` with the type of what it holds, or a struct with itself."""
    if get_origin(kind) is not None:
        return get_origin(kind), get_args(kind)[-1]
    return (structs.Struct, kind) if issubclass(kind, structs.Struct) else (None, None)


def _value(value: Any, kind: Any, place: Place, path: str) -> Any:
    shape, inner = _shape(kind)
    if shape is None:
        return _scalar(value, kind, place, path)
    if shape is list and isinstance(value, list | tuple):
        return [_value(item, inner, place, f"{path}[{number}]") for number, item in enumerate(cast(list[Any], value))]
    if shape is dict and isinstance(value, Mapping):
        pairs = cast(Mapping[Any, Any], value).items()
        return {_scalar(k, str, place, path): _value(v, inner, place, f"{path}[{k!r}]") for k, v in pairs}
    if shape is structs.Struct and isinstance(value, kind):
        return _struct(value, place, path)
    raise _wrong(value, kind, place, path)


def _scalar(value: Any, kind: Any, place: Place, path: str) -> Any:
    if kind is str and isinstance(value, str):
        return value
    if kind is str and isinstance(value, date):
        return day(value)
    if kind is bool and (isinstance(value, bool) or value in (0, 1)):
        return int(value)
    if kind is int and _is_number(value) and value == int(value):
        return int(value)
    if kind is float and _is_number(value):
        return float(value)
    raise _wrong(value, kind, place, path)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(value: Any, kind: Any, place: Place, path: str) -> ConfigError:
    at = Place(definition=place.definition, file=place.file, line=place.line, field=path or None)
    single = get_origin(kind) is list and isinstance(value, str)
    mend = f"[{value!r}]" if single else None
    shown = f"a {type(value).__name__}" if isinstance(value, structs.Struct) else repr(value)
    return ConfigError(f"{shown} cannot be written", place=at, expected=_words(kind), mend=mend)


def _words(kind: Any) -> str:
    origin = get_origin(kind)
    return _WORDS.get(origin or kind) or f"a {kind.__name__}"


def _read_struct(cls: type[T], loaded: Any, place: Place, path: str) -> T:
    if not isinstance(loaded, dict):
        raise _unreadable(loaded, cls, place, path)
    held = cast(dict[str, Any], loaded)
    made: Any = cls()
    for field in fields_of(cls):
        value = held.get(field.name)
        here = f"{path}.{field.name}" if path else field.name
        setattr(made, field.name, None if value is None else _read(value, field.type, place, here))
    return made


def _read(value: Any, kind: Any, place: Place, path: str) -> Any:
    shape, inner = _shape(kind)
    if shape is None:
        return _read_scalar(value, kind, place, path)
    if shape is list and isinstance(value, list):
        return [_read(item, inner, place, f"{path}[{number}]") for number, item in enumerate(cast(list[Any], value))]
    if shape is dict and isinstance(value, dict):
        pairs = cast(dict[str, Any], value).items()
        return {name: _read(item, inner, place, f"{path}[{name!r}]") for name, item in pairs}
    if shape is structs.Struct:
        return _read_struct(kind, value, place, path)
    raise _unreadable(value, kind, place, path)


def _read_scalar(value: Any, kind: Any, place: Place, path: str) -> Any:
    if kind is str:
        if isinstance(value, str):
            return value
    elif isinstance(value, str | int | float):
        try:
            number = float(value) if kind is float else int(value)
            if kind is float or isinstance(value, str) or number == value:
                return kind(number)
        except (ValueError, OverflowError):
            pass
    raise _unreadable(value, kind, place, path)


def _unreadable(value: Any, kind: Any, place: Place, path: str) -> DataError:
    at = Place(definition=place.definition, file=place.file, line=place.line, field=path or None)
    return DataError(f"{value!r} cannot be read", place=at, expected=_words(kind))
