"""Spark's hashes bit for bit: Murmur3 of 32 bits and XXH64, both from seed 42, a null leaving the hash as it is.

Each value changes the hash of those before it. What the last bytes of a text do to Murmur3 is Spark's own way.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Callable
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, StructType
from chronon.sql.coercion import Decimal
from chronon.sql.runtime.moments import date_days, unix_micros
from chronon.sql.tree import Refusal

Step = Callable[[Any, int], int]
"""A value that is not null and the hash so far, unsigned, to the hash."""

SEED = 42
_LOW, _ALL = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_LONGEST_LONG = 18


def parts_of(kind: DataType) -> None:
    """Refuse what has no hash."""
    if isinstance(kind, t.MapType):
        raise Refusal("a map has no hash", mend="hash its sorted entries: SORT_ARRAY(MAP_KEYS(m))")
    if isinstance(kind, Decimal) and kind.precision > _LONGEST_LONG:
        raise Refusal(f"a {kind} has another hash in each engine", mend="CAST(... AS DOUBLE)")
    if kind == t.DECIMAL:
        raise Refusal("the size of a decimal column is not known here", mend="CAST(... AS DOUBLE)")
    for part in _inside(kind):
        parts_of(part)


def _inside(kind: DataType) -> list[DataType]:
    if isinstance(kind, ListType):
        return [kind.element]
    return [part for _, part in kind.fields] if isinstance(kind, StructType) else []


# ---- Murmur3


def _mix(h: int, k: int) -> int:
    k = k * 0xCC9E2D51 & _LOW
    k = (k << 15 | k >> 17) & _LOW
    h ^= k * 0x1B873593 & _LOW
    h = (h << 13 | h >> 19) & _LOW
    return h * 5 + 0xE6546B64 & _LOW


def _finish32(h: int, length: int) -> int:
    h ^= length
    h = (h ^ h >> 16) * 0x85EBCA6B & _LOW
    h = (h ^ h >> 13) * 0xC2B2AE35 & _LOW
    return h ^ h >> 16


def _murmur_int(value: int, h: int) -> int:
    return _finish32(_mix(h, value & _LOW), 4)


def _murmur_long(value: int, h: int) -> int:
    return _finish32(_mix(_mix(h, value & _LOW), value >> 32 & _LOW), 8)


def _murmur_bytes(value: bytes, h: int) -> int:
    whole = len(value) // 4
    for word in struct.unpack_from(f"<{whole}I", value):
        h = _mix(h, word)
    for byte in value[whole * 4 :]:
        h = _mix(h, (byte - 256 if byte > 127 else byte) & _LOW)  # Java's bytes are signed
    return _finish32(h, len(value))


# ---- XXH64

_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _ALL


def _finish64(h: int) -> int:
    h = (h ^ h >> 33) * _P2 & _ALL
    h = (h ^ h >> 29) * _P3 & _ALL
    return h ^ h >> 32


def _round64(h: int, word: int) -> int:
    return _rotate(h + word * _P2 & _ALL, 31) * _P1 & _ALL


def _word64(h: int, word: int) -> int:
    return _rotate(h ^ _round64(0, word), 27) * _P1 + _P4 & _ALL


def _word32(h: int, word: int) -> int:
    return _rotate(h ^ word * _P1 & _ALL, 23) * _P2 + _P3 & _ALL


def _xxh_int(value: int, h: int) -> int:
    return _finish64(_word32(h + _P5 + 4 & _ALL, value & _LOW))


def _xxh_long(value: int, h: int) -> int:
    return _finish64(_word64(h + _P5 + 8 & _ALL, value & _ALL))


def _xxh_bytes(value: bytes, seed: int) -> int:
    length, at = len(value), 0
    if length >= 32:  # four lanes of eight bytes
        lanes = [seed + _P1 + _P2 & _ALL, seed + _P2 & _ALL, seed, seed - _P1 & _ALL]
        while at + 32 <= length:
            words = struct.unpack_from("<4Q", value, at)
            lanes = [_round64(lane, word) for lane, word in zip(lanes, words, strict=True)]
            at += 32
        h = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _ALL
        for lane in lanes:
            h = (h ^ _round64(0, lane)) * _P1 + _P4 & _ALL
    else:
        h = seed + _P5 & _ALL
    h = h + length & _ALL
    while at + 8 <= length:
        h = _word64(h, int.from_bytes(value[at : at + 8], "little"))
        at += 8
    if at + 4 <= length:
        h = _word32(h, int.from_bytes(value[at : at + 4], "little"))
        at += 4
    for byte in value[at:]:
        h = _rotate(h ^ byte * _P5 & _ALL, 11) * _P1 & _ALL
    return _finish64(h)


# ---- values of any type


def _float_bits(value: float) -> int:
    return 0x7FC00000 if math.isnan(value) else struct.unpack("<i", struct.pack("<f", value + 0.0))[0]


def _double_bits(value: float) -> int:
    return 0x7FF8000000000000 if math.isnan(value) else struct.unpack("<q", struct.pack("<d", value + 0.0))[0]


def _step(kind: DataType, small: Step, large: Step, raw: Step) -> Step:
    if isinstance(kind, ListType):
        inner = _step(kind.element, small, large, raw)
        return lambda value, h: _fold(((inner, each) for each in value), h)
    if isinstance(kind, StructType):
        steps = [(name, _step(part, small, large, raw)) for name, part in kind.fields]
        return lambda value, h: _fold(((step, value.get(name)) for name, step in steps), h)
    if isinstance(kind, Decimal):
        scale = kind.scale
        return lambda value, h: large(int(value.scaleb(scale)), h)
    plain: dict[DataType, Step] = {
        t.LONG: large,
        t.TIMESTAMP: lambda value, h: large(unix_micros(value), h),
        t.DATE: lambda value, h: small(date_days(value), h),
        t.FLOAT: lambda value, h: small(_float_bits(value), h),
        t.DOUBLE: lambda value, h: large(_double_bits(value), h),
        t.STRING: lambda value, h: raw(value.encode(), h),
        t.BINARY: raw,
        t.BOOLEAN: lambda value, h: small(int(value), h),
    }
    return plain.get(kind, small)


def _fold(pairs: Any, h: int) -> int:
    for step, value in pairs:
        if value is not None:
            h = step(value, h)
    return h


def murmur3_of(kind: DataType) -> Step:
    """How values of a type change a Murmur3 hash."""
    return _step(kind, _murmur_int, _murmur_long, _murmur_bytes)


def xxh64_of(kind: DataType) -> Step:
    """How values of a type change an XXH64 hash."""
    return _step(kind, _xxh_int, _xxh_long, _xxh_bytes)


def hash(steps: tuple[Step, ...], *values: Any) -> int:  # noqa: A001 - the function's name in SQL
    """Spark's ``HASH`` of some values, which may be null."""
    h = _fold(zip(steps, values, strict=True), SEED)
    return h - 2**32 if h >= 2**31 else h


def xxhash64(steps: tuple[Step, ...], *values: Any) -> int:
    """Spark's ``XXHASH64`` of some values, which may be null."""
    h = _fold(zip(steps, values, strict=True), SEED)
    return h - 2**64 if h >= 2**63 else h


# ---- digests


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def md5(value: str | bytes) -> str:
    """The MD5 digest in hexadecimal."""
    return hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest()


def sha1(value: str | bytes) -> str:
    """The SHA-1 digest in hexadecimal."""
    return hashlib.sha1(_bytes(value), usedforsecurity=False).hexdigest()


def sha256(value: str | bytes) -> str:
    """The SHA-256 digest in hexadecimal."""
    return hashlib.sha256(_bytes(value)).hexdigest()


def sha2(value: str | bytes, bits: int) -> str:
    """The SHA-2 digest of so many bits in hexadecimal."""
    return hashlib.new(f"sha{bits}", _bytes(value)).hexdigest()


def crc32(value: str | bytes) -> int:
    """The cyclic redundancy check of 32 bits, as zlib has it."""
    return zlib.crc32(_bytes(value))
