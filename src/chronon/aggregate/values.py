"""Values that are exactly of their type: as they go into bytes, and as they come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from chronon.aggregate.kernel import onekey
from chronon.base.types import DATE, DOUBLE, FLOAT, TIMESTAMP, DataType, ListType, MapType, StructType


def declared(kind: DataType) -> Callable[[Any], Any] | None:
    """What makes of a value, not null, one that is exactly of its type; ``None`` where nothing is to be done.

    Floats of 32 bits are rounded, whole numbers given for reals become reals, structs become dicts. Null keys of maps
    are a ``ValueError``.

    >>> as_float = declared(FLOAT)
    >>> as_float(0.1)
    0.10000000149011612
    """
    if kind == FLOAT:
        return onekey.narrowed
    if kind == DOUBLE:
        return float
    if isinstance(kind, ListType):
        item = _nullable(kind.element)
        return None if item is None else lambda value: [item(entry) for entry in value]
    if isinstance(kind, MapType):
        item = _nullable(kind.value) or _same
        return lambda value: {_present(key): item(entry) for key, entry in value.items()}
    if isinstance(kind, StructType):
        fields = [(name, _nullable(part)) for name, part in kind.fields]
        return lambda value: {
            name: part(entry) if part is not None else entry
            for (name, part), entry in zip(
                fields, [value[name] for name, _ in fields] if isinstance(value, Mapping) else value, strict=True
            )
        }
    return None


def _same(value: Any) -> Any:
    return value


def _present(key: Any) -> Any:
    if key is None:
        raise ValueError("a key of a map is null")
    return key


def _nullable(kind: DataType) -> Callable[[Any], Any] | None:
    declare = declared(kind)
    return None if declare is None else lambda value: None if value is None else declare(value)


def restored(kind: DataType) -> Callable[[Any], Any] | None:
    """What makes of a value, as it was stored in a tail, one of its type; ``None`` where nothing is to be done.

    Days and instants are stored as text.

    >>> restored(ListType(DATE))(["2024-01-10", None])
    [datetime.date(2024, 1, 10), None]
    """
    if kind in (DATE, TIMESTAMP):
        as_type = date if kind == DATE else datetime
        return lambda value: as_type.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(kind, ListType):
        item = restored(kind.element)
        return item and (lambda value: value if value is None else [item(entry) for entry in value])
    if isinstance(kind, MapType):
        key, item = restored(kind.key) or _same, restored(kind.value) or _same
        if key is item:
            return None
        return lambda value: value if value is None else {key(name): item(entry) for name, entry in value.items()}
    if isinstance(kind, StructType):
        parts = {name: change for name, part in kind.fields if (change := restored(part)) is not None}
        if not parts:
            return None
        return lambda value: value if value is None else {n: parts.get(n, _same)(entry) for n, entry in value.items()}
    return None
