"""The structs on the wire of Thrift, for code that hands them to a protocol as it did with generated classes.

Thrift itself is not needed; a protocol is any object with its ``write...`` and ``read...`` methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast, get_args, get_origin

from chronon.api import structs
from chronon.api.wire import Field, fields_of

STOP, BOOL, DOUBLE, I32, STRING, STRUCT, MAP, LIST = 0, 2, 4, 8, 11, 12, 13, 15

_SCALARS = {
    bool: (BOOL, "Bool", None),
    float: (DOUBLE, "Double", None),
    int: (I32, "I32", None),
    str: (STRING, "String", "UTF8"),
}

Spec = tuple[tuple[int, int, str, Any, Any] | None, ...]


@cache
def spec(cls: type[structs.Struct]) -> Spec:
    """The description that generated code has as ``thrift_spec``: at each id its type, name, inner types and default.

    >>> spec(structs.Window)
    (None, (1, 8, 'length', None, None), (2, 8, 'timeUnit', None, None))
    """
    declared = fields_of(cls)
    slots: list[tuple[int, int, str, Any, Any] | None] = [None] * (declared[-1].id + 1)
    for field in declared:
        default: Any = [] if (cls, field.name) == (structs.Query, "setups") else None
        slots[field.id] = (field.id, code(field.type), field.name, _inner(field.type), default)
    return tuple(slots)


def code(kind: Any) -> int:
    """The number of a type on the wire."""
    origin = get_origin(kind)
    if origin is list:
        return LIST
    if origin is dict:
        return MAP
    return _SCALARS[kind][0] if kind in _SCALARS else STRUCT


def write(struct: structs.Struct, protocol: Any) -> None:
    """Write a struct to a protocol."""
    protocol.writeStructBegin(type(struct).__name__)
    for field in fields_of(written_as(type(struct))):
        value = getattr(struct, field.name)
        if value is not None:
            protocol.writeFieldBegin(field.name, code(field.type), field.id)
            _write(value, field.type, protocol)
            protocol.writeFieldEnd()
    protocol.writeFieldStop()
    protocol.writeStructEnd()


def read(struct: structs.Struct, protocol: Any) -> None:
    """Fill a struct from a protocol; what it does not know, or has with another type, is passed over."""
    known: dict[int, Field] = {field.id: field for field in fields_of(written_as(type(struct)))}
    protocol.readStructBegin()
    while True:
        _, kind, number = protocol.readFieldBegin()
        if kind == STOP:
            break
        field = known.get(number)
        if field is not None and kind == code(field.type):
            setattr(struct, field.name, _read(field.type, protocol))
        else:
            protocol.skip(kind)
        protocol.readFieldEnd()
    protocol.readStructEnd()


def written_as(cls: type[structs.Struct]) -> type[structs.Struct]:
    """The struct that a class is, or that it extends."""
    return next(base for base in cls.__mro__ if base.__module__ == structs.__name__)


def _inner(kind: Any) -> Any:
    origin = get_origin(kind)
    if origin is list:
        (item,) = get_args(kind)
        return (code(item), _inner(item), False)
    if origin is dict:
        value = get_args(kind)[1]
        return (STRING, "UTF8", code(value), _inner(value), False)
    return _SCALARS[kind][2] if kind in _SCALARS else [kind, None]


def _write(value: Any, kind: Any, protocol: Any) -> None:
    origin = get_origin(kind)
    if origin is list:
        (item,) = get_args(kind)
        several = cast(Sequence[Any], value)
        protocol.writeListBegin(code(item), len(several))
        for one in several:
            _write(one, item, protocol)
        protocol.writeListEnd()
    elif origin is dict:
        inner = get_args(kind)[1]
        pairs = cast(Mapping[str, Any], value)
        protocol.writeMapBegin(STRING, code(inner), len(pairs))
        for name, one in pairs.items():
            protocol.writeString(name)
            _write(one, inner, protocol)
        protocol.writeMapEnd()
    elif kind in _SCALARS:
        getattr(protocol, f"write{_SCALARS[kind][1]}")(value)
    else:
        write(value, protocol)


def _read(kind: Any, protocol: Any) -> Any:
    origin = get_origin(kind)
    if origin is list:
        _, size = protocol.readListBegin()
        several = [_read(get_args(kind)[0], protocol) for _ in range(size)]
        protocol.readListEnd()
        return several
    if origin is dict:
        _, _, size = protocol.readMapBegin()
        pairs = {protocol.readString(): _read(get_args(kind)[1], protocol) for _ in range(size)}
        protocol.readMapEnd()
        return pairs
    if kind in _SCALARS:
        return getattr(protocol, f"read{_SCALARS[kind][1]}")()
    made = kind()
    read(made, protocol)
    return made
