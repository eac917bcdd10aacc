"""The order in which the algebra takes rows: by key, time, and where those are equal by all other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.kernel import order
from chronon.aggregate.series import longs
from chronon.base.arrow import compute

if TYPE_CHECKING:
    import pyarrow as pa


def in_order(rows: pa.Table, keys: int) -> pa.Table | None:
    """Rows with the columns ``__key`` (from 0 to ``keys - 1``) and ``ts`` (ms), in total order; fewer than 2**31.

    They cost a few passes, whose number does not depend on theirs, where they come nearly in order of time, as they do
    from files that are sorted. ``None`` where an order of lists, maps or structs would have to break ties, which is
    left to the engine.
    """
    import pyarrow as pa

    places, key, time, ties = order.by_key(longs(rows.column("__key")), longs(rows.column("ts")), keys)
    if ties:
        if any(pa.types.is_nested(field.type) for field in rows.schema):
            return None
        again = np.flatnonzero((key[1:] == key[:-1]) & (time[1:] == time[:-1]))
        tied = np.union1d(again, again + 1)
        some = places[tied]
        places[tied] = some[_by_all_columns(rows.take(pa.array(some)))]
    indices = pa.array(places)
    known = {"__key": pa.array(key), "ts": pa.array(time)}
    columns = [
        known[name] if name in known else column.combine_chunks().take(indices)
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return pa.table(columns, schema=rows.schema)


def _by_all_columns(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The positions of rows by key, time, then the other columns; nulls last."""
    names = ["__key", "ts", *(name for name in rows.column_names if name not in ("__key", "ts"))]
    keys = [(name, "ascending") for name in names]
    return compute().sort_indices(rows, sort_keys=keys).to_numpy().astype(np.int64)
