"""Keys of entities as bytes, and the values of requests as key values. The only place where a key gets its bytes.

Each component is a tag and a body that compares like the value: integers and dates as eight bytes with the sign turned,
numbers with a fraction likewise, text as UTF-8 and binary as it is, with every zero byte escaped and two bytes at the
end. So no key is the beginning of another, composite keys never collide, and bytes sort as the values do.

>>> from chronon.base.types import LONG, STRING
>>> encode(["u1", 7], [STRING, LONG]).hex(" ", 1)
'20 75 31 00 01 10 80 00 00 00 00 00 00 07'
"""

from __future__ import annotations

import math
import re
import struct
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.errors import ConfigError, RequestError

if TYPE_CHECKING:
    import pyarrow as pa

BOOLEAN_TAG, INTEGER_TAG, REAL_TAG, STRING_TAG, BINARY_TAG, DATE_TAG = 0x08, 0x10, 0x18, 0x20, 0x28, 0x30
SHORTENED_TAG = 0xFE
"""The first byte of a key too long to be stored; no key begins with it."""
LONGEST = 400
"""Keys of more bytes are stored as their first ``HEAD`` bytes and a hash."""
HEAD = 300

_SIGN = 1 << 63
_WORD = struct.Struct(">BQ")
_REAL = struct.Struct(">d")
_SINGLE = struct.Struct("<f")
_BASE_10 = re.compile(r"[+-]?[0-9]+")
_RANGES = {t.BYTE: 1 << 7, t.SHORT: 1 << 15, t.INT: 1 << 31, t.LONG: 1 << 63}
_EPOCH = date(1970, 1, 1).toordinal()

Encoder = Callable[[Sequence[Any]], bytes | None]


def encode(values: Sequence[Any], types: Sequence[t.DataType]) -> bytes | None:
    """The bytes of a key; ``None`` if a component is null or not a number.

    Parameters
    ----------
    values:
        One value for each component, already of its type (see ``cast``).
    types:
        The declared types of the components.

    Raises
    ------
    ConfigError
        For a type that no key may have.
    """
    return encoder(tuple(types))(values)


@lru_cache(maxsize=1024)
def encoder(types: tuple[t.DataType, ...]) -> Encoder:
    """What encodes keys of these types; made once for each group-by."""
    components = [_component(kind) for kind in types]
    if len(components) == 1:
        only = components[0]
        return lambda values: None if values[0] is None else only(values[0])

    def encode_all(values: Sequence[Any]) -> bytes | None:
        pieces: list[bytes] = []
        for component, value in zip(components, values, strict=True):
            piece = None if value is None else component(value)
            if piece is None:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    return encode_all


def _component(kind: t.DataType) -> Callable[[Any], bytes | None]:
    if kind in t.INTEGERS:
        return lambda value: _WORD.pack(INTEGER_TAG, value + _SIGN)
    if kind in t.FLOATS:
        return _real
    if kind == t.STRING:
        return lambda value: b"\x20" + value.encode().replace(b"\0", b"\0\xff") + b"\0\x01"
    if kind == t.BINARY:
        return lambda value: b"\x28" + bytes(value).replace(b"\0", b"\0\xff") + b"\0\x01"
    if kind == t.BOOLEAN:
        return lambda value: b"\x08\x01" if value else b"\x08\x00"
    if kind == t.DATE:
        return lambda value: _WORD.pack(DATE_TAG, value.toordinal() - _EPOCH + _SIGN)
    raise _no_key(kind)


def _real(value: float) -> bytes | None:
    if value != value:  # noqa: PLR0124 - only NaN is unequal to itself
        return None
    bits = int.from_bytes(_REAL.pack(value or 0.0), "big")
    return _WORD.pack(REAL_TAG, bits ^ (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN)


def _no_key(kind: t.DataType) -> ConfigError:
    return ConfigError(
        f"a {kind} cannot be a key",
        expected="an integer, a double or float, a string, a binary, a boolean or a date",
        mend="cast it in the select",
    )


def check_types(types: Sequence[t.DataType]) -> None:
    """Refuse types that no key may have: decimals, timestamps, containers.

    Raises
    ------
    ConfigError
        Naming the type.
    """
    for kind in types:
        _component(kind)


# ---- whole columns


def encode_columns(columns: Sequence[pa.Array | pa.ChunkedArray], types: Sequence[t.DataType]) -> pa.Array:
    """The keys of many rows: binary, null where ``encode`` gives ``None``, equal to it everywhere.

    Parameters
    ----------
    columns:
        One column for each component, of equal length; integers may come in any width.
    types:
        The declared types of the components.
    """
    import pyarrow as pa

    from chronon.base.arrow import compute

    pieces = [_column(column, kind) for column, kind in zip(columns, types, strict=True)]
    if len(pieces) == 1:
        return pieces[0]
    joined = compute().binary_join_element_wise(*pieces, pa.scalar(b"", pa.binary()))
    return joined.cast(pa.binary())


def _column(column: pa.Array | pa.ChunkedArray, kind: t.DataType) -> pa.Array:
    import pyarrow as pa

    from chronon.base.arrow import compute, to_arrow

    _component(kind)
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    column = column.cast(to_arrow(kind))
    if kind in (t.STRING, t.BINARY):
        pc = compute()
        tag = b"\x20" if kind == t.STRING else b"\x28"
        escaped = pc.replace_substring(column.cast(pa.binary()), b"\0", b"\0\xff")
        pieces = [pa.scalar(piece, pa.binary()) for piece in (tag, b"\0\x01", b"")]
        return pc.binary_join_element_wise(pieces[0], escaped, pieces[1], pieces[2])
    return _words(column, kind)


def _words(column: pa.Array, kind: t.DataType) -> pa.Array:
    """Components of equal length, through one matrix of bytes."""
    import numpy as np
    import pyarrow as pa

    from chronon.base.arrow import compute

    missing = column.is_null(nan_is_null=True)
    filled = column.cast(pa.int32()) if kind == t.DATE else column
    filled = compute().fill_null(filled, False if kind == t.BOOLEAN else 0)
    values = filled.to_numpy(zero_copy_only=False)
    if kind == t.BOOLEAN:
        matrix = np.empty((len(values), 2), np.uint8)
        matrix[:, 0], matrix[:, 1] = BOOLEAN_TAG, values
    else:
        matrix = np.empty((len(values), 9), np.uint8)
        if kind in t.FLOATS:
            bits = (values.astype(np.float64) + 0.0).view(np.uint64)
            words = np.where(bits >> np.uint64(63), ~bits, bits | np.uint64(_SIGN))
            matrix[:, 0] = REAL_TAG
        else:
            words = values.astype(np.int64).view(np.uint64) ^ np.uint64(_SIGN)
            matrix[:, 0] = DATE_TAG if kind == t.DATE else INTEGER_TAG
        matrix[:, 1:] = words.astype(">u8").view(np.uint8).reshape(-1, 8)
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(matrix.shape[1]), len(values), [None, pa.py_buffer(matrix.tobytes())]
    )
    whole = fixed.cast(pa.binary())
    if not column.null_count and kind not in t.FLOATS:
        return whole
    return compute().if_else(missing, pa.scalar(None, pa.binary()), whole)


# ---- keys too long for a store


def shorten(key: bytes) -> bytes:
    """The form of a key that fits into any store: itself, or its first bytes and a hash of all of it.

    A store that keeps a shortened key keeps the whole one beside the value, and compares it when it reads.
    """
    if len(key) <= LONGEST:
        return key
    return b"\xfe" + key[:HEAD] + blake2b(key, digest_size=16).digest()


def stored_value(key: bytes, value: bytes) -> bytes:
    """What is stored for a key: its value; if the key is too long to be stored, the key and then the value."""
    return value if len(key) <= LONGEST else len(key).to_bytes(4, "little") + key + value


def own_value(key: bytes, stored: bytes | None) -> bytes | None:
    """The value of a key from what is stored under its shortened form; ``None`` if that belongs to another key."""
    if stored is None or len(key) <= LONGEST:
        return stored
    end = 4 + int.from_bytes(stored[:4], "little")
    return stored[end:] if stored[4:end] == key else None


# ---- requests


def cast(value: Any, kind: t.DataType) -> Any:
    """A value of a request as a key of the declared type.

    An integer may come as an integer, a number without a fraction, or text in base 10; a double or float as a number
    or text; a string as text or an integer; a date as ``yyyy-MM-dd``; binary as bytes or base64. A bool is no number.

    >>> from chronon.base.types import LONG, STRING
    >>> cast("7", LONG), cast(7.0, LONG), cast(7, STRING)
    (7, 7, '7')

    Raises
    ------
    RequestError
        For anything else, and for numbers that the type cannot hold.
    """
    if value is None:
        return None
    found = _CASTS[kind](value, kind) if kind in _CASTS else None
    if found is None:
        shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}..."  # one line
        raise RequestError(f"{shown} cannot be a key of type {kind}", expected=_EXPECTED.get(kind, f"a {kind}"))
    return found


def _integer(value: Any, kind: t.DataType) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    elif isinstance(value, str):
        value = int(value) if len(value) <= 40 and _BASE_10.fullmatch(value) else None
    limit = _RANGES[kind]
    return value if isinstance(value, int) and -limit <= value < limit else None


def _number(value: Any, kind: t.DataType) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return None
    try:
        found = float(value)
        if kind == t.FLOAT:
            (found,) = _SINGLE.unpack(_SINGLE.pack(found))
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(found) else found


def _text(value: Any, _kind: t.DataType) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return None
    return value


def _bytes(value: Any, _kind: t.DataType) -> bytes | None:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    try:
        return b64decode(value, validate=True) if isinstance(value, str) else None
    except (Base64Error, ValueError):
        return None


def _date(value: Any, _kind: t.DataType) -> date | None:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("yyyy-MM-dd") else None
    except ValueError:
        return None


def _boolean(value: Any, _kind: t.DataType) -> bool | None:
    return value if isinstance(value, bool) else None


_CASTS: dict[t.DataType, Callable[[Any, t.DataType], Any]] = {
    **dict.fromkeys(t.INTEGERS, _integer),
    **dict.fromkeys(t.FLOATS, _number),
    t.STRING: _text,
    t.BINARY: _bytes,
    t.DATE: _date,
    t.BOOLEAN: _boolean,
}
_EXPECTED = {
    **dict.fromkeys(t.INTEGERS, "an integer in range, a number without a fraction, or text in base 10"),
    **dict.fromkeys(t.FLOATS, "a number or its text, and not NaN"),
    t.STRING: "text or an integer",
    t.BINARY: "bytes, or text in base64",
    t.DATE: "a date, or text like 2024-01-31",
    t.BOOLEAN: "true or false",
}
