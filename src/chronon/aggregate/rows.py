"""Stream rows as bytes: one bit for each input that is not null, the numbers among them, the rest in the tail."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from chronon.aggregate.kernel import onekey
from chronon.aggregate.layout import Layout
from chronon.aggregate.record import HEADER_SIZE, ROW, bits, record, tail
from chronon.base.errors import DataError, Place
from chronon.base.types import BOOLEAN, DOUBLE, FLOAT, DataType, ListType, MapType, StructType


class StreamRows:
    """Writes and reads the rows of a layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @cached_property
    def _declared(self) -> tuple[Callable[[Any], Any] | None, ...]:
        return tuple(declared(self.layout.schema[name]) for name in self.layout.inputs)

    def write(self, ts: int, values: Sequence[Any], seq: int, *, reversal: bool) -> bytes:
        """A row; ``values`` in the order of the layout's inputs, ``ts`` in ms.

        Raises
        ------
        DataError
            For a value that is not of its column's type.
        """
        layout = self.layout
        pieces = [bits([value is not None for value in values])]
        rest: list[Any] = []
        for name, value, kind, declare in zip(layout.inputs, values, layout.number_kinds, self._declared, strict=True):
            try:
                exact = value if declare is None or value is None else declare(value)
                if not kind:
                    rest.append(exact)
                elif value is not None:
                    pieces.append(struct.pack("<q" if kind == 1 else "<d", exact))
            except (struct.error, TypeError, ValueError, KeyError, OverflowError):
                raise DataError(
                    f"{value!r} is no {layout.schema[name]}",
                    place=Place(field=name),
                    mend="cast the column in the select",
                ) from None
        return record(ROW, layout.row_hash, (ts, seq), b"".join(pieces), rest or None, reversal=reversal)

    def values(self, row: bytes) -> Mapping[str, Any]:
        """The inputs of a row by name."""
        layout = self.layout
        words = (len(layout.inputs) + 63) // 64
        at = HEADER_SIZE + 8 * words
        seen = int.from_bytes(row[HEADER_SIZE:at], "little")
        rest = iter(tail(row))
        values: dict[str, Any] = {}
        for i, (name, kind) in enumerate(zip(layout.inputs, layout.number_kinds, strict=True)):
            if not kind:
                values[name] = next(rest)
            elif seen >> i & 1:
                values[name] = struct.unpack_from("<q" if kind == 1 else "<d", row, at)[0]
                at += 8
            else:
                values[name] = None
            if values[name] is not None and layout.schema[name] == BOOLEAN:
                values[name] = bool(values[name])
        return values


def declared(kind: DataType) -> Callable[[Any], Any] | None:
    """What makes of a value, not null, one that is exactly of its type; ``None`` where nothing is to be done.

    Floats of 32 bits are rounded, whole numbers given for reals become reals, structs become dicts.

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
        item = _nullable(kind.value)
        return None if item is None else lambda value: {key: item(entry) for key, entry in value.items()}
    if isinstance(kind, StructType):
        fields = [(name, _nullable(part)) for name, part in kind.fields]
        return lambda value: {
            name: part(entry) if part is not None else entry
            for (name, part), entry in zip(
                fields, [value[name] for name, _ in fields] if isinstance(value, Mapping) else value, strict=True
            )
        }
    return None


def _nullable(kind: DataType) -> Callable[[Any], Any] | None:
    declare = declared(kind)
    return None if declare is None else lambda value: None if value is None else declare(value)
