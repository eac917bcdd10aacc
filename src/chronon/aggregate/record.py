"""How a key's states and a stream row are written as bytes, and which columns those bytes hold.

All numbers are little-endian words of eight bytes. A record begins with a header of four words::

    version (1 byte), what it is (1), reversal (1), 0 (1), layout hash (4)
    offset of the tail
    batch end (a batch record) or ts (a row), ms
    stale-after, ms (a batch record) or sequence (a row)

A **batch record** goes on with one bit for each part that has a collapsed state, the states of those that have a fixed
size, and then for each hop size (a day, an hour, five minutes) the number of hops, their starts, and for each column
one bit for each hop that has a state and those states. A **row** goes on with one bit for each input that is not null
and the numbers among them. What has no fixed size is in the **tail**, packed as MessagePack.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import msgspec

from chronon.aggregate.kernel import onekey, serve
from chronon.aggregate.parts import Base, Part
from chronon.aggregate.shapes import Shape
from chronon.aggregate.words import WordOperation
from chronon.base.errors import DataError, Place
from chronon.base.time import HOPS
from chronon.base.types import (
    BOOLEAN,
    BYTE,
    DOUBLE,
    FLOAT,
    INTEGERS,
    DataType,
    ListType,
    MapType,
    Schema,
    StructType,
)

VERSION = 1
BATCH, ROW = 1, 2
_HEADER = struct.Struct("<BBBBIqqq")
_encode = msgspec.msgpack.Encoder().encode


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
    def hop_bases(self) -> tuple[tuple[Base, ...], ...]:
        """For each hop size the bases that have a window with that hop."""
        return tuple(
            tuple({part.base.identity: part.base for part in self.parts if self._hop(part) == hop}.values())
            for hop in HOPS
        )

    @staticmethod
    def _hop(part: Part) -> int | None:
        return part.hop if part.window is not None else None

    @cached_property
    def hash(self) -> int:
        """32 bits that tell layouts apart."""
        text = _encode(
            [
                [[part.base.identity, part.window] for part in self.parts],
                [[name, str(self.schema[name])] for name in self.inputs],
            ]
        )
        return int.from_bytes(blake2b(text, digest_size=4).digest(), "little")

    @cached_property
    def number_kinds(self) -> tuple[int, ...]:
        """For each input how a row carries it: 0 in the tail, 1 as a whole number, 2 as a double."""
        whole = INTEGERS | {BOOLEAN, BYTE}
        kinds = (self.schema[name] for name in self.inputs)
        return tuple(1 if kind in whole else 2 if kind in (FLOAT, DOUBLE) else 0 for kind in kinds)

    @cached_property
    def _declared(self) -> tuple[Callable[[Any], Any] | None, ...]:
        return tuple(declared(self.schema[name]) for name in self.inputs)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """For each part the words of its collapsed state; 0 where it is in the tail."""
        return tuple(width(part.base) for part in self.parts)

    @cached_property
    def hop_widths(self) -> tuple[tuple[int, ...], ...]:
        """For each hop size the words of a state of each of its columns; 0 where it is in the tail."""
        return tuple(tuple(width(base) for base in bases) for bases in self.hop_bases)

    # ---- writing

    def batch(
        self,
        collapsed: Sequence[Any],
        hops: Sequence[tuple[Sequence[int], Sequence[Sequence[Any]]]],
        batch_end: int,
        stale_after: int,
    ) -> bytes:
        """The batch record of one key.

        Parameters
        ----------
        collapsed:
            For each part its state, or ``None``.
        hops:
            For each hop size the starts in ms, and for each column the states of those hops, or ``None``.
        batch_end, stale_after:
            In ms.
        """
        pieces = [_bits([state is not None for state in collapsed])]
        pieces += [state for state, words in zip(collapsed, self.widths, strict=True) if words and state is not None]
        tail: list[Any] = [[s for s, words in zip(collapsed, self.widths, strict=True) if not words], []]
        for (starts, columns), widths in zip(hops, self.hop_widths, strict=True):
            pieces.append(struct.pack(f"<q{len(starts)}q", len(starts), *starts))
            for states, words in zip(columns, widths, strict=True):
                pieces.append(_bits([state is not None for state in states]))
                if words:
                    pieces += [state for state in states if state is not None]
            tail[1].append([states for states, words in zip(columns, widths, strict=True) if not words])
        body = b"".join(pieces)
        header = _HEADER.pack(VERSION, BATCH, 0, 0, self.hash, _HEADER.size + len(body), batch_end, stale_after)
        return header + body + (_encode(tail) if self.has_tail else b"")

    def row(self, ts: int, values: Sequence[Any], seq: int, reversal: bool) -> bytes:
        """A stream row; ``values`` in the order of ``inputs``, ``ts`` in ms."""
        pieces = [_bits([value is not None for value in values])]
        tail: list[Any] = []
        for name, value, kind, declare in zip(self.inputs, values, self.number_kinds, self._declared, strict=True):
            try:
                exact = value if declare is None or value is None else declare(value)
                if not kind:
                    tail.append(exact)
                elif value is not None:
                    pieces.append(struct.pack("<q" if kind == 1 else "<d", exact))
            except (struct.error, TypeError, ValueError, KeyError, OverflowError):
                raise DataError(
                    f"{value!r} is no {self.schema[name]}",
                    place=Place(field=name),
                    mend="cast the column in the select",
                ) from None
        body = b"".join(pieces)
        header = _HEADER.pack(VERSION, ROW, reversal, 0, self.hash, _HEADER.size + len(body), ts, seq)
        return header + body + (_encode(tail) if tail else b"")

    @cached_property
    def has_tail(self) -> bool:
        """Whether some state has no fixed size."""
        return 0 in self.widths

    def head(self, what: int) -> bytes:
        """The first eight bytes of a record that is no reversal."""
        return struct.pack("<BBBBI", VERSION, what, 0, 0, self.hash)

    # ---- reading

    def check(self, record: bytes, what: int) -> None:
        """Refuse bytes that were not written with this layout.

        Raises
        ------
        DataError
            For a version, a kind of record or a layout that this code does not know.
        """
        if len(record) < _HEADER.size or record[0] != VERSION or record[1] != what:
            version, kind = (record[0], record[1]) if len(record) > 1 else (None, None)
            raise DataError(
                f"a stored record has version {version} and kind {kind}",
                expected=f"version {VERSION} and kind {what}",
                mend="upload again with this version of the package",
            )
        if int.from_bytes(record[4:8], "little") != self.hash:
            raise DataError(
                "a stored record holds other columns than the definition has now",
                mend="upload again: the definition was changed after the last upload",
            )
        if not _HEADER.size <= int.from_bytes(record[8:16], "little") <= len(record):
            raise serve.cut_off()

    def check_batch(self, record: bytes, batch_end: int, stale_after: int) -> None:
        """Refuse a batch record of another layout, or of another batch than the caller believes.

        Raises
        ------
        DataError
            As ``check``; and where the record's batch end or how long it stays exact are others.
        """
        self.check(record, BATCH)
        _, _, _, _, _, _, end, exact = _HEADER.unpack_from(record)
        if (end, exact) != (batch_end, stale_after):
            raise DataError(
                f"a batch record ends at {end} and is exact for {exact} ms",
                expected=f"one that ends at {batch_end} and is exact for {stale_after} ms",
                mend="read the serving info and the record of one generation",
            )

    def hop_starts(self, record: bytes) -> list[list[int]]:
        """The starts of the hops of a batch record, for each hop size, in ms."""
        return serve.hop_starts(record, len(self.parts), self.widths, self.hop_widths)

    def hop_column(self, size: int, base: Base) -> int:
        """Which column of a hop size's table belongs to ``base``."""
        return [other.identity for other in self.hop_bases[size]].index(base.identity)

    def tail_states(self, record: bytes) -> tuple[dict[int, Any], list[dict[int, list[Any]]]]:
        """The states in the tail of a batch record: collapsed ones by part, those of hops by hop size and column."""
        try:
            collapsed, hops = self.tail(record)
            return (
                dict(zip([i for i, words in enumerate(self.widths) if not words], collapsed, strict=True)),
                [
                    dict(zip([i for i, words in enumerate(widths) if not words], states, strict=True))
                    for widths, states in zip(self.hop_widths, hops, strict=True)
                ],
            )
        except (TypeError, ValueError):  # not as many as the layout has
            raise serve.cut_off() from None

    def tail(self, record: bytes) -> Any:
        """What a record holds in its tail."""
        at = int.from_bytes(record[8:16], "little")
        try:
            return msgspec.msgpack.decode(memoryview(record)[at:]) if at < len(record) else []
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise serve.cut_off() from None

    def row_values(self, record: bytes) -> Mapping[str, Any]:
        """The inputs of a row by name."""
        words = (len(self.inputs) + 63) // 64
        at = _HEADER.size + 8 * words
        bits = int.from_bytes(record[_HEADER.size : at], "little")
        rest = iter(self.tail(record))
        values: dict[str, Any] = {}
        for i, (name, kind) in enumerate(zip(self.inputs, self.number_kinds, strict=True)):
            if not kind:
                values[name] = next(rest)
            elif bits >> i & 1:
                values[name] = struct.unpack_from("<q" if kind == 1 else "<d", record, at)[0]
                at += 8
            else:
                values[name] = None
            if values[name] is not None and self.schema[name] == BOOLEAN:
                values[name] = bool(values[name])
        return values


def width(base: Base) -> int:
    """The words of a state of ``base`` if the kernel can do it straight from bytes, else 0.

    It can if the state has a fixed size and the input is one value a row; other states are in the tail.
    """
    plain = base.shape is Shape.DIRECT and base.bucket is None
    return base.operation.width if plain and isinstance(base.operation, WordOperation) else 0


def header(record: bytes) -> tuple[bool, int, int]:
    """Of a row: whether it is a reversal, its ts in ms, its sequence."""
    _, _, reversal, _, _, _, ts, seq = _HEADER.unpack_from(record)
    return bool(reversal), ts, seq


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


def _bits(flags: Sequence[bool]) -> bytes:
    number = sum(1 << i for i, flag in enumerate(flags) if flag)
    return number.to_bytes(8 * ((len(flags) + 63) // 64), "little")
