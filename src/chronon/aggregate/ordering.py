"""The orders that decide a result: natural order for extremes, and the total order that breaks ties in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.base.arrow import compute, from_arrow
from chronon.base.types import FLOATS, STRING, DataType, ListType, MapType, StructType

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

_FIRST_SURROGATE_LEAD = 0xF0
"""UTF-8 writes every character beyond the basic plane with a first byte from here on."""


def ordered_bits(bits: Longs) -> Longs:
    """Integers that order like the doubles whose bits they are: -NaN < -inf < ... < -0.0 < 0.0 < ... < inf < NaN."""
    return bits ^ ((bits >> 63) & np.int64(0x7FFF_FFFF_FFFF_FFFF))


def utf16_key(text: str) -> bytes:
    """A sort key that orders text by UTF-16 code units, as the original compares strings.

    >>> utf16_key(chr(0x1F600)) < utf16_key(chr(0xFF01))
    True
    """
    return text.encode("utf-16-be", "surrogatepass")


def utf16_order(values: pa.Array) -> Longs:
    """The positions of distinct strings (or binaries) in ascending order; strings by UTF-16 code units."""
    import pyarrow as pa

    pc = compute()

    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        data = values.buffers()[2]
        leads = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8)
        if (leads >= _FIRST_SURROGATE_LEAD).any():
            texts = values.to_pylist()
            return np.array(sorted(range(len(texts)), key=lambda i: utf16_key(texts[i])), dtype=np.int64)
    return pc.sort_indices(values).to_numpy(zero_copy_only=False).astype(np.int64)


def payload_order(kind: DataType) -> Callable[[Any], Any]:
    """The sort key of values of one type in the tie-break order.

    Numbers by value (floats by the total order of IEEE 754, every NaN the greatest), text by its UTF-8 bytes, lists,
    maps and structs by their packed bytes: a struct as the list of its fields, a map in the order of its keys, and as
    a list of pairs if they are no text.

    >>> from chronon.base.types import DOUBLE
    >>> sorted([0.0, float("nan"), -0.0, -1.0], key=payload_order(DOUBLE))
    [-1.0, -0.0, 0.0, nan]
    """
    if kind in FLOATS:
        return _float_key
    if kind == STRING:
        return _text_key
    if isinstance(kind, ListType | MapType | StructType):
        import msgspec

        packable, encode = _packable(kind), msgspec.msgpack.Encoder(order="deterministic").encode
        return lambda value: encode(packable(value))
    return _same


def _same(value: Any) -> Any:
    return value


def _text_key(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _float_key(value: float) -> int:
    bits = int(np.float64(math.nan if math.isnan(value) else value).view(np.int64))
    return bits ^ ((bits >> 63) & 0x7FFF_FFFF_FFFF_FFFF)


def _packable(kind: DataType) -> Callable[[Any], Any]:
    if isinstance(kind, ListType):
        item = _packable(kind.element)
        return lambda value: value if value is None else [item(entry) for entry in value]
    if isinstance(kind, MapType):
        item = _packable(kind.value)
        if kind.key == STRING:
            return lambda value: value if value is None else {key: item(entry) for key, entry in value.items()}
        order = payload_order(kind.key)
        return lambda value: value if value is None else [[key, item(value[key])] for key in sorted(value, key=order)]
    if isinstance(kind, StructType):
        fields = [(name, _packable(part)) for name, part in kind.fields]
        return lambda value: value if value is None else [part(value[name]) for name, part in fields]
    return _same


def payload_ranks(values: pa.Array) -> Longs:
    """Integers in the tie-break order of ``values``; the same order as ``payload_order`` gives, for a whole column."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_floating(kind):
        wide = np.ascontiguousarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
        return ordered_bits(np.where(np.isnan(wide), np.nan, wide).view(np.int64))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return values.to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        encoded = values.cast(pa.binary()).dictionary_encode()
        rank = np.empty(len(encoded.dictionary), dtype=np.int64)
        rank[compute().sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(rank))
        return rank[encoded.indices.to_numpy()]
    key = payload_order(from_arrow(kind))
    keys = [key(value) for value in values.to_pylist(maps_as_pydicts="strict")]
    rank_of = {key: i for i, key in enumerate(sorted(set(keys)))}
    return np.array([rank_of[key] for key in keys], dtype=np.int64)
