"""How stored bytes begin, whatever they hold, and what is refused.

All numbers are little-endian words of eight bytes. A record begins with a header of four words::

    version (1 byte), what it is (1), reversal (1), 0 (1), layout hash (4)
    offset of the tail
    batch end (a batch record), ts (a row) or start (a tile), ms
    stale-after, ms (a batch record), sequence (a row) or width, ms (a tile)

What has a fixed size follows; what has not is in the **tail**, packed as MessagePack. See ``batches.py``, ``rows.py``
and ``tiles.py``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from chronon.aggregate.kernel import serve
from chronon.base.errors import DataError

VERSION = 1
BATCH, ROW, TILE = 1, 2, 3
_HEADER = struct.Struct("<BBBBIqqq")
HEADER_SIZE = _HEADER.size
_encode = msgspec.msgpack.Encoder().encode


def record(
    what: int, layout: int, words: tuple[int, int], body: bytes, tail: list[Any] | None, *, reversal: bool = False
) -> bytes:
    """A record of one kind; ``words`` are the last two of its header, ``tail`` what has no fixed size, if anything."""
    header = _HEADER.pack(VERSION, what, reversal, 0, layout, HEADER_SIZE + len(body), *words)
    return header + body + (_encode(tail) if tail is not None else b"")


def head(what: int, layout: int) -> bytes:
    """The first eight bytes of a record that is no reversal."""
    return struct.pack("<BBBBI", VERSION, what, 0, 0, layout)


def header(stored: bytes) -> tuple[bool, int, int]:
    """Whether a record is a reversal, and the last two words of its header: of a row its ts in ms and its sequence."""
    _, _, reversal, _, _, _, first, second = _HEADER.unpack_from(stored)
    return bool(reversal), first, second


def layout_hash(stored: bytes, what: int) -> int:
    """The hash of the layout that a record was written with.

    Raises
    ------
    DataError
        For a version or kind of record that this code does not know, and for bytes that were cut off.
    """
    if len(stored) < HEADER_SIZE or stored[0] != VERSION or stored[1] != what:
        version, kind = (stored[0], stored[1]) if len(stored) > 1 else (None, None)
        raise DataError(
            f"a stored record has version {version} and kind {kind}",
            expected=f"version {VERSION} and kind {what}",
            mend="upload again with this version of the package",
        )
    if not HEADER_SIZE <= int.from_bytes(stored[8:16], "little") <= len(stored):
        raise serve.cut_off()
    return int.from_bytes(stored[4:8], "little")


def unknown_layout() -> DataError:
    """What to raise for a layout that nobody described."""
    return DataError(
        "a stored record holds other columns than the definition has now",
        mend="upload again: the definition was changed after the last upload",
    )


def tail(stored: bytes) -> Any:
    """What a record holds in its tail."""
    at = int.from_bytes(stored[8:16], "little")
    try:
        return msgspec.msgpack.decode(memoryview(stored)[at:]) if at < len(stored) else []
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise serve.cut_off() from None


def bits(flags: Sequence[bool]) -> bytes:
    """One bit for each flag, in whole words."""
    number = sum(1 << i for i, flag in enumerate(flags) if flag)
    return number.to_bytes(8 * ((len(flags) + 63) // 64), "little")


class Cursor:
    """Reads the part of a record that has a fixed size, from its front.

    Raises ``DataError`` where the bytes end too early.
    """

    def __init__(self, stored: bytes) -> None:
        self._stored = stored
        self._at = HEADER_SIZE

    def take(self, size: int) -> bytes:
        """The next bytes."""
        found = self._stored[self._at : self._at + size]
        if len(found) < size:
            raise serve.cut_off()
        self._at += size
        return found

    def word(self) -> int:
        """The next word, a whole number."""
        return int.from_bytes(self.take(8), "little", signed=True)

    def flags(self, count: int) -> list[bool]:
        """As many bits, in whole words."""
        number = int.from_bytes(self.take(8 * ((count + 63) // 64)), "little")
        return [bool(number >> i & 1) for i in range(count)]

    def states(self, seen: Sequence[bool], words: int) -> list[bytes | None]:
        """A state of so many words for each that was seen."""
        return [self.take(8 * words) if there else None for there in seen]


def merged_columns(widths: Sequence[int], fixed: Iterator[Any], in_tail: Iterator[Any]) -> list[Any]:
    """One entry for each column, from those of a fixed size and those in the tail."""
    try:
        found = [next(fixed) if words else next(in_tail) for words in widths]
    except StopIteration:  # not as many as the layout has
        raise serve.cut_off() from None
    return found
