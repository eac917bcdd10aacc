"""The forms of structs: positional in answers, by name in expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chronon.base.types import DataType, ListType, MapType, StructType

Change = Callable[[Any], Any]


def positional(kind: DataType) -> Change | None:
    """What makes tuples of the structs in a value; ``None`` where there are no structs."""
    return _change(kind, _to_tuple)


def by_name(kind: DataType) -> Change | None:
    """What makes dicts of the structs in a value; ``None`` where there are no structs."""
    return _change(kind, _to_dict)


def _to_tuple(fields: list[tuple[str, Change]]) -> Change:
    names = [name for name, _ in fields]

    def change(value: Any) -> Any:
        items = [value[name] for name in names] if isinstance(value, Mapping) else value
        return tuple(change(item) for (_, change), item in zip(fields, items, strict=True))

    return change


def _to_dict(fields: list[tuple[str, Change]]) -> Change:
    def change(value: Any) -> Any:
        items = [value[name] for name, _ in fields] if isinstance(value, Mapping) else value
        return {name: change(item) for (name, change), item in zip(fields, items, strict=True)}

    return change


def _change(kind: DataType, of_struct: Callable[[list[tuple[str, Change]]], Change]) -> Change | None:
    found: Change | None = None
    if isinstance(kind, StructType):
        found = of_struct([(name, _change(field, of_struct) or _same) for name, field in kind.fields])
    elif isinstance(kind, ListType):
        element = _change(kind.element, of_struct)
        found = element and (lambda value: [element(item) for item in value])
    elif isinstance(kind, MapType):
        inside = _change(kind.value, of_struct)
        found = inside and (lambda value: {key: inside(item) for key, item in value.items()})
    if found is None:
        return None
    change = found
    return lambda value: None if value is None else change(value)


def _same(value: Any) -> Any:
    return value
