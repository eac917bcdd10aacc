"""The orders that decide a result: natural order for extremes, and the total order that breaks ties in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.base.arrow import compute

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


def payload_key(value: Any) -> Any:
    """The sort key of one value in the tie-break order, within values of one type.

    Numbers by value (floats by the total order of IEEE 754), text by its UTF-8 bytes, containers by their packed bytes.
    """
    if isinstance(value, float):
        bits = int(np.float64(value).view(np.int64))
        return bits ^ ((bits >> 63) & 0x7FFF_FFFF_FFFF_FFFF)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, int | bytes):
        return value
    import msgspec

    return msgspec.msgpack.encode(value)


def payload_ranks(values: pa.Array) -> Longs:
    """Integers in the tie-break order of ``values``; the same order as ``payload_key`` gives, for a whole column."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_floating(kind):
        wide = np.ascontiguousarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
        return ordered_bits(wide.view(np.int64))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return values.to_numpy(zero_copy_only=False).astype(np.int64)
    keys = [payload_key(value) for value in values.to_pylist()]
    rank = {key: i for i, key in enumerate(sorted(set(keys)))}
    return np.array([rank[key] for key in keys], dtype=np.int64)
