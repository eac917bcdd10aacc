"""The order in which the algebra takes rows: by key, time, and where those are equal by all other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.kernel import order
from chronon.base.arrow import compute

if TYPE_CHECKING:
    import pyarrow as pa


def in_order(rows: pa.Table, keys: int) -> pa.Table | None:
    """Rows with the columns ``key`` (from 0 to ``keys - 1``) and ``ts`` (ms), in total order.

    Rows that come in order of time, as they do from daily partitions, cost two passes. Those of keys that do not, or
    that have several rows at one time, are sorted by all columns. ``None`` where that would need an order of lists,
    maps or structs, which is left to the engine.
    """
    import pyarrow as pa

    key = rows.column("key").to_numpy()
    positions = np.empty(rows.num_rows, dtype=np.int64)
    untidy = np.zeros(keys, dtype=np.uint8)
    if order.by_key(key, rows.column("ts").to_numpy(), keys, positions, untidy):
        if any(pa.types.is_nested(field.type) for field in rows.schema):
            return None
        sorted_key = key[positions]
        places = np.flatnonzero(untidy[sorted_key])
        some = positions[places]
        positions[places] = some[_by_all_columns(rows.take(pa.array(some)))]
    indices = pa.array(positions)
    columns = [column.combine_chunks().take(indices) for column in rows.columns]
    return pa.table(columns, schema=rows.schema)


def _by_all_columns(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The positions of rows by key, time, then the other columns; nulls last."""
    names = ["key", "ts", *(name for name in rows.column_names if name not in ("key", "ts"))]
    keys = [(name, "ascending") for name in names]
    return compute().sort_indices(rows, sort_keys=keys).to_numpy().astype(np.int64)
