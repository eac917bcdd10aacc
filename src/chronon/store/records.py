"""Rows of final values as bytes: a MessagePack array of one row's values, in order.

Structs are arrays of their fields, maps are maps, a date is its day and a timestamp its microseconds since 1970.

>>> from chronon.base.types import LONG, STRING
>>> decode_row(bytes.fromhex("92 a2 46 52 1f"), [STRING, LONG])
['FR', 31]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from chronon.base import types as t
from chronon.base.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_DAY_ONE = date(1970, 1, 1)
_INSTANT_ONE = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are naive and UTC

Change = Callable[[Any], Any]
"""What a value becomes on its way in or out; never called with null."""


def encode_rows(columns: Sequence[pa.Array | pa.ChunkedArray]) -> pa.Array:
    """The records of all rows of some columns of equal length: binary, never null."""
    import pyarrow as pa

    if not columns:
        return pa.array([], pa.binary())
    values = [_values(column) for column in columns]
    return pa.array([_encode(row) for row in zip(*values, strict=True)], pa.binary())


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    from chronon.base.arrow import from_arrow, to_arrow

    kind = from_arrow(column.type)
    stored = column.cast(to_arrow(kind))
    change = _change_in(kind)
    values: list[Any] = stored.to_pylist(maps_as_pydicts="strict")
    if change is None:
        return values
    return [None if value is None else change(value) for value in values]


def decode_row(data: bytes, types: Sequence[t.DataType]) -> list[Any]:
    """The values of one record, in the order of ``types``: structs are tuples, dates and timestamps Python's own.

    Raises
    ------
    DataError
        For bytes that are no such record.
    """
    return decoder(tuple(types))(data)


@lru_cache(maxsize=1024)
def decoder(types: tuple[t.DataType, ...]) -> Callable[[bytes], list[Any]]:
    """What decodes records of these types; made once for each group-by."""
    width = len(types)
    changes = [(i, change) for i, change in enumerate(map(_change_out, types)) if change is not None]

    def decode(data: bytes) -> list[Any]:
        try:
            row = _decode(data)
        except msgspec.DecodeError as error:
            raise DataError(f"a stored record cannot be read: {error}", mend="upload again") from error
        if not isinstance(row, list) or len(row) != width:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DataError(
                "a stored record holds other columns than the definition has now",
                expected=f"{width} values",
                mend="upload again: the definition was changed after the last upload",
            )
        for i, change in changes:
            if row[i] is not None:
                row[i] = change(row[i])
        return row

    return decode


def _change_in(kind: t.DataType) -> Change | None:
    if kind == t.DATE:
        return lambda value: (value - _DAY_ONE).days
    if kind == t.TIMESTAMP:
        return lambda value: (value - _INSTANT_ONE) // timedelta(microseconds=1)
    if isinstance(kind, t.StructType):
        fields = [(name, _change_in(field) or _same) for name, field in kind.fields]
        return lambda value: [None if value[name] is None else change(value[name]) for name, change in fields]
    return _inside(kind, _change_in)


def _change_out(kind: t.DataType) -> Change | None:
    if kind == t.DATE:
        return lambda value: _DAY_ONE + timedelta(days=value)
    if kind == t.TIMESTAMP:
        return lambda value: _INSTANT_ONE + timedelta(microseconds=value)
    if isinstance(kind, t.StructType):
        changes = [_change_out(field) or _same for _, field in kind.fields]
        return lambda value: tuple(
            None if item is None else change(item) for item, change in zip(value, changes, strict=True)
        )
    return _inside(kind, _change_out)


def _inside(kind: t.DataType, change_of: Callable[[t.DataType], Change | None]) -> Change | None:
    if isinstance(kind, t.ListType):
        change = change_of(kind.element)
        return change and (lambda value: [None if item is None else change(item) for item in value])
    if isinstance(kind, t.MapType):
        key_change, value_change = change_of(kind.key), change_of(kind.value)
        if key_change is None and value_change is None:
            return None
        new_key, new_value = key_change or _same, value_change or _same
        return lambda value: {new_key(key): None if item is None else new_value(item) for key, item in value.items()}
    return None


def _same(value: Any) -> Any:
    return value
