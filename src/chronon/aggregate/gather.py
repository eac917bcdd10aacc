"""Values taken from a column by place, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.kernel import ranges

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


def take(column: pa.Array, places: Longs) -> pa.Array:
    """The values at some places; null where a place is below 0.

    >>> import pyarrow as pa
    >>> take(pa.array([[1, 2], [3], None]), np.array([1, -1, 2, 0])).to_pylist()
    [[3], None, None, [1, 2]]
    """
    import pyarrow as pa

    if not len(column):
        return pa.nulls(len(places), column.type)
    if pa.types.is_list(column.type) and _words(column.type.value_type) and not column.values.null_count:
        return _take_lists(column, places)
    return column.take(pa.array(places, mask=places < 0))


def _words(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_int64(kind) or pa.types.is_float64(kind)


def _take_lists(column: pa.ListArray, places: Longs) -> pa.Array:
    """Lists of numbers, by their words. Only what is taken is looked at: columns are taken from piece by piece."""
    import pyarrow as pa

    present = places >= 0
    if column.null_count:
        present &= column.is_valid().take(pa.array(np.maximum(places, 0))).to_numpy(zero_copy_only=False)
    bounds = column.offsets.to_numpy()
    lo = bounds[places].astype(np.int64)
    counts = np.where(present, bounds[1:][places] - lo, 0)
    offsets = np.zeros(len(places) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    words = np.empty(int(offsets[-1]), dtype=np.int64)
    ranges.ends_of_ranges(column.values.to_numpy().view(np.int64), lo, lo + counts, counts, newest=False, out=words)
    values = pa.Array.from_buffers(column.type.value_type, len(words), [None, pa.py_buffer(words)])
    masked = pa.array(offsets.astype(np.int32), mask=np.append(~present, [False]))
    return pa.ListArray.from_arrays(masked, values, type=column.type)
