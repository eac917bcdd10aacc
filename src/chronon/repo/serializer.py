"""Compiled definitions as text and back, under the names that repos and their tests know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from chronon.api import structs, wire
from chronon.api.thrift import code
from chronon.base.errors import ConfigError, DataError, Place

T = TypeVar("T", bound=structs.Struct)

_WORDS = {2: "tf", 4: "dbl", 8: "i32", 11: "str", 12: "rec", 13: "map", 15: "lst"}


def thrift_simple_json(obj: structs.Struct) -> str:
    """The text of a compiled definition."""
    return wire.to_json(obj)


def thrift_simple_json_protected(obj: structs.Struct, obj_type: type[structs.Struct]) -> str:
    """The text of a compiled definition, which was read back and found the same."""
    text = wire.to_json(obj)
    if wire.to_json(wire.from_json(obj_type, text)) != text:
        raise ConfigError(f"Serialization can't be reversed for a {obj_type.__name__}", expected="plain values only")
    return text


def thrift_json(obj: structs.Struct) -> bytes:
    """The text in Thrift's own JSON, by field ids.

    >>> thrift_json(structs.Window(7, 1))
    b'{"1":{"i32":7},"2":{"i32":1}}'
    """
    return json.dumps(_by_ids(obj), separators=(",", ":"), ensure_ascii=False).encode()


def json2thrift(json_str: str | bytes, thrift_class: type[T]) -> T:
    """A struct from the text of a compiled definition."""
    return wire.from_json(thrift_class, json_str)


def file2thrift(path: str | Path, thrift_class: type[T]) -> T:
    """A struct from a compiled file."""
    place = Place(file=str(path))
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"Error decoding file into a {thrift_class.__name__}: {error}", place=place) from None
    return wire.from_json(thrift_class, text, place=place)


class ThriftJSONDecoder(json.JSONDecoder):
    """A JSON decoder that gives structs: ``json.loads(text, cls=ThriftJSONDecoder, thrift_class=GroupBy)``."""

    def __init__(self, *args: Any, thrift_class: type[structs.Struct], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.thrift_class = thrift_class

    def decode(self, s: str, _w: Any = None) -> Any:
        """The struct of a text."""
        return wire.from_json(self.thrift_class, s)


def _by_ids(obj: structs.Struct) -> dict[str, Any]:
    held = {field: getattr(obj, field.name) for field in wire.fields_of(type(obj))}
    return {
        str(field.id): {_WORDS[code(field.type)]: _value(value, field.type)}
        for field, value in held.items()
        if value is not None
    }


def _value(value: Any, kind: Any) -> Any:
    number = code(kind)
    if number == 15:  # a list
        (item,) = kind.__args__
        return [_WORDS[code(item)], len(value), *(_value(one, item) for one in value)]
    if number == 13:  # a map
        inner = kind.__args__[1]
        return ["str", _WORDS[code(inner)], len(value), {key: _value(one, inner) for key, one in value.items()}]
    if number == 12:  # a struct
        return _by_ids(value)
    return int(value) if number in (2, 8) else value
