"""The order in which the algebra takes rows: by key, time, and where those are equal by all other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.kernel import order
from chronon.base.arrow import compute

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


def in_order(rows: pa.Table, keys: int) -> pa.Table | None:
    """Rows with the columns ``__key`` (from 0 to ``keys - 1``) and ``ts`` (ms), in total order.

    Rows that come nearly in order of time, as they do from daily partitions, cost a few passes. Those of keys that have
    several rows at one time are sorted by all columns. ``None`` where that would need an order of lists,
    maps or structs, which is left to the engine.
    """
    import pyarrow as pa

    key, time = rows.column("__key").to_numpy(), rows.column("ts").to_numpy()
    positions, untidy = _by_key(key, time, keys)
    if untidy.any():
        by_time = np.argsort(time, kind="stable")  # near linear for a few ascending runs, such as files
        positions, untidy = _by_key(key[by_time], time[by_time], keys)
        positions = by_time[positions]
    if untidy.any():
        if any(pa.types.is_nested(field.type) for field in rows.schema):
            return None
        places = np.flatnonzero(untidy[key[positions]])
        some = positions[places]
        positions[places] = some[_by_all_columns(rows.take(pa.array(some)))]
    indices = pa.array(positions)
    columns = [column.combine_chunks().take(indices) for column in rows.columns]
    return pa.table(columns, schema=rows.schema)


def _by_key(key: Longs, time: Longs, keys: int) -> tuple[Longs, np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    """The positions of rows by key, and for each key whether its times do not strictly ascend there."""
    positions = np.empty(len(key), dtype=np.int64)
    untidy = np.zeros(keys, dtype=np.uint8)
    order.by_key(key, time, keys, positions, untidy)
    return positions, untidy


def _by_all_columns(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The positions of rows by key, time, then the other columns; nulls last."""
    names = ["__key", "ts", *(name for name in rows.column_names if name not in ("__key", "ts"))]
    keys = [(name, "ascending") for name in names]
    return compute().sort_indices(rows, sort_keys=keys).to_numpy().astype(np.int64)
