"""Stream rows as bytes: one bit for each input that is not null, the numbers among them, the rest in the tail."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from chronon.aggregate.layout import Layout
from chronon.aggregate.record import HEADER_SIZE, ROW, bits, record, tail
from chronon.aggregate.values import declared
from chronon.base.errors import DataError, Place
from chronon.base.types import BOOLEAN


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
