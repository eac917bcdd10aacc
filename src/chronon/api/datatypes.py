"""Declared types: of external sources, of contextual fields, of models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from chronon.api import structs
from chronon.api.enums import DataKind
from chronon.api.provenance import here
from chronon.base import types
from chronon.base.errors import ConfigError

FieldLike = tuple[str, structs.TDataType]
FieldsType = Iterable[FieldLike]


def _scalar(kind: DataKind) -> structs.TDataType:
    return structs.TDataType(kind=int(kind))


class DataType:
    """Types to declare fields with: ``DataType.LONG``, ``DataType.LIST(DataType.STRING)``."""

    BOOLEAN: ClassVar[structs.TDataType] = _scalar(DataKind.BOOLEAN)
    SHORT: ClassVar[structs.TDataType] = _scalar(DataKind.SHORT)
    INT: ClassVar[structs.TDataType] = _scalar(DataKind.INT)
    LONG: ClassVar[structs.TDataType] = _scalar(DataKind.LONG)
    FLOAT: ClassVar[structs.TDataType] = _scalar(DataKind.FLOAT)
    DOUBLE: ClassVar[structs.TDataType] = _scalar(DataKind.DOUBLE)
    STRING: ClassVar[structs.TDataType] = _scalar(DataKind.STRING)
    BINARY: ClassVar[structs.TDataType] = _scalar(DataKind.BINARY)

    @staticmethod
    def MAP(key_type: structs.TDataType, value_type: structs.TDataType) -> structs.TDataType:
        """A map; its keys must be strings."""
        if key_type != DataType.STRING:
            raise ConfigError("key_type has to STRING", place=here(), expected="DataType.STRING as the type of keys")
        return structs.TDataType(
            kind=int(DataKind.MAP),
            params=[structs.DataField("key", key_type), structs.DataField("value", value_type)],
        )

    @staticmethod
    def LIST(elem_type: structs.TDataType) -> structs.TDataType:
        """A list."""
        return structs.TDataType(kind=int(DataKind.LIST), params=[structs.DataField("elem", elem_type)])

    @staticmethod
    def STRUCT(name: str, *fields: FieldLike) -> structs.TDataType:
        """Named fields.

        >>> [field.name for field in DataType.STRUCT("point", ("x", DataType.LONG), ("y", DataType.LONG)).params]
        ['x', 'y']
        """
        return structs.TDataType(
            kind=int(DataKind.STRUCT),
            params=[structs.DataField(field, kind) for field, kind in fields],
            name=name,
        )


def struct_of(name: str, fields: Iterable[FieldLike]) -> structs.TDataType:
    """A struct type from pairs of name and type."""
    return DataType.STRUCT(name, *fields)


def logical(declared: structs.TDataType) -> types.DataType:
    """The logical type that a declared one stands for.

    >>> logical(DataType.MAP(DataType.STRING, DataType.LONG))
    map<string,long>
    """
    kind = DataKind(declared.kind or 0)
    inside = {field.name or "": logical(field.dataType or DataType.STRING) for field in declared.params or []}
    if kind == DataKind.MAP:
        return types.MapType(inside["key"], inside["value"])
    if kind == DataKind.LIST:
        return types.ListType(next(iter(inside.values())))
    if kind == DataKind.STRUCT:
        return types.StructType(inside)
    return types.parse_type(kind.name.lower())
