"""Which columns stored bytes hold, named by what they mean, so that bytes outlive the definition they were written for.

A column of states is known by its identity: input, operation, arguments, bucket, shape and type. A layout is written
down once and found again by its hash, which every record carries; ``translation.py`` maps records of an old layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import msgspec

from chronon.aggregate.parts import Base, Part, base_of
from chronon.aggregate.shapes import Shape
from chronon.aggregate.words import WordOperation
from chronon.base.errors import DataError
from chronon.base.time import HOPS, HOUR_MS, floor
from chronon.base.types import BOOLEAN, BYTE, DOUBLE, FLOAT, INTEGERS, Schema, parse_type

FORMAT = 1
"""Of a description."""

_encode = msgspec.msgpack.Encoder().encode


class _Described(msgspec.Struct, array_like=True):
    format: int
    parts: list[tuple[str, int | None]]
    inputs: list[tuple[str, str]]


@dataclass(frozen=True)
class Layout:
    """Which columns the records of a group-by hold, and in what order.

    Parameters
    ----------
    parts:
        The parts of the group-by; each has a place for its collapsed state.
    schema:
        Types of the inputs.
    """

    parts: tuple[Part, ...]
    schema: Schema

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The columns that a row carries: for each aggregation its bucket, then its input; each once."""
        names = [name for part in self.parts for name in (part.base.bucket, part.base.input) if name is not None]
        return tuple(dict.fromkeys(names))

    @cached_property
    def bases(self) -> tuple[Base, ...]:
        """The parts without their windows, each once: what a tile holds a state of."""
        return tuple({part.base.identity: part.base for part in self.parts}.values())

    @cached_property
    def base_numbers(self) -> dict[str, int]:
        """The place of each base in a tile, by identity."""
        return {base.identity: i for i, base in enumerate(self.bases)}

    @cached_property
    def hop_bases(self) -> tuple[tuple[Base, ...], ...]:
        """For each hop size the bases that have a window with that hop."""
        return tuple(
            tuple(
                {p.base.identity: p.base for p in self.parts if p.window is not None and p.hop == hop}.values(),
            )
            for hop in HOPS
        )

    @cached_property
    def smallest_hop(self) -> int:
        """In ms, what the width of a tile must divide so that no window cuts it; an hour without any window."""
        return min((part.hop for part in self.parts if part.window is not None), default=HOUR_MS)

    # ---- what tells layouts apart

    @cached_property
    def description(self) -> bytes:
        """The columns by identity, to be stored once under ``hash`` and read by ``Layout.read``."""
        return _encode(_Described(FORMAT, [(p.base.identity, p.window) for p in self.parts], self._row_columns))

    @property
    def _row_columns(self) -> list[tuple[str, str]]:
        return [(name, str(self.schema[name])) for name in self.inputs]

    @classmethod
    def read(cls, description: bytes) -> Layout:
        """The layout that was described.

        Raises
        ------
        DataError
            If a description is damaged, or from a version with other operations.
        """
        try:
            found = msgspec.msgpack.decode(description, type=_Described)
        except msgspec.DecodeError as problem:
            raise DataError(f"the description of a layout cannot be read: {problem}") from None
        if found.format != FORMAT:
            raise DataError(f"the description of a layout has format {found.format}", expected=str(FORMAT))
        parts = tuple(Part("", base_of(identity), window) for identity, window in found.parts)
        return cls(parts, {name: parse_type(kind) for name, kind in found.inputs})

    @cached_property
    def hash(self) -> int:
        """32 bits that tell the layouts of batch records apart."""
        return _hash(self.description)

    @cached_property
    def row_hash(self) -> int:
        """The same for rows, which hold inputs: another operation or window over these leaves it as it is."""
        return _hash(_encode(self._row_columns))

    @cached_property
    def tile_hash(self) -> int:
        """The same for tiles, which hold states without windows."""
        return _hash(_encode([base.identity for base in self.bases]))

    # ---- forms

    @cached_property
    def number_kinds(self) -> tuple[int, ...]:
        """For each input how a row carries it: 0 in the tail, 1 as a whole number, 2 as a double."""
        whole = INTEGERS | {BOOLEAN, BYTE}
        kinds = (self.schema[name] for name in self.inputs)
        return tuple(1 if kind in whole else 2 if kind in (FLOAT, DOUBLE) else 0 for kind in kinds)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """For each part the words of its collapsed state; 0 where it is in the tail."""
        return tuple(width(part.base) for part in self.parts)

    @cached_property
    def base_widths(self) -> tuple[int, ...]:
        """The same for each base."""
        return tuple(width(base) for base in self.bases)

    @cached_property
    def hop_widths(self) -> tuple[tuple[int, ...], ...]:
        """For each hop size the words of a state of each of its columns; 0 where it is in the tail."""
        return tuple(tuple(width(base) for base in bases) for bases in self.hop_bases)

    @cached_property
    def hop_columns(self) -> tuple[dict[str, int], ...]:
        """For each hop size the columns of its table, by the identity of the base."""
        return tuple({base.identity: i for i, base in enumerate(bases)} for bases in self.hop_bases)

    def kernel_part(self, part: Part, stale_after: int = 0) -> tuple[int, ...]:
        """A part as the compiled reader of bytes takes it; ``stale_after`` of the batch in ms."""
        base, windowed = part.base, part.window is not None
        operation, words = base.operation, width(base)
        kind, reals = (
            (operation.kind, operation.reals) if isinstance(operation, WordOperation) and words else (0, False)
        )
        source = self.inputs.index(base.input)
        size = HOPS.index(part.hop) if windowed else -1
        return (
            kind,
            words,
            source,
            reals and self.number_kinds[source] == 1,
            size,
            self.hop_columns[size][base.identity] if windowed else 0,
            part.window or 0,
            part.hop,
            -floor(-stale_after, part.hop),
            self.base_numbers[base.identity],
        )


def width(base: Base) -> int:
    """The words of a state of ``base`` if the kernel can do it straight from bytes, else 0.

    It can if the state has a fixed size and the input is one value a row; other states are in the tail.
    """
    plain = base.shape is Shape.DIRECT and base.bucket is None
    return base.operation.width if plain and isinstance(base.operation, WordOperation) else 0


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=4).digest(), "little")
