"""How an operation meets a column: directly, on the items of lists, per map key, per bucket, per position.

Every shape but the direct one splits the elements of a key into *groups* with a label. A group is a series of its own;
the operation runs over all groups in one slide, and the results are gathered into a map or a list for each query.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.kernel import ranges
from chronon.aggregate.ordering import utf16_order
from chronon.aggregate.series import Rows, Series, usable
from chronon.base.arrow import compute
from chronon.base.errors import DataError, Place

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


class Shape(Enum):
    """What the elements of a part are, and what its result is."""

    DIRECT = "a value a row"
    FLATTENED = "the items of a list, each a value"
    MAPPED = "the values of a map, aggregated for each of its keys"
    ELEMENT_WISE = "the items of a list, aggregated for each position"


@dataclass
class Groups:
    """The elements of a column, sorted by (key, label), in their order of time within.

    Parameters
    ----------
    series:
        The elements in that order.
    bounds:
        Where each group begins, and one past the last.
    keys:
        The entity key of each group.
    labels:
        The label of each group: a string, or the position in a list.
    present:
        For each row whether its mere presence makes a result that is not null (a map or list, even an empty one).
    lengths:
        For element-wise: the length of each row's list, -1 where there is none.
    holed:
        For element-wise: which rows' lists hold a null.
    """

    series: Series
    bounds: Longs
    keys: Longs
    labels: pa.Array
    present: np.ndarray | None
    lengths: Longs | None = None
    holed: np.ndarray | None = None


@dataclass
class Sightings:
    """Which elements each query sees in each group: one entry for each pair where there are any."""

    group: Longs
    query: Longs
    lo: Longs
    hi: Longs


def mapped(column: pa.Array, rows: Rows, *, skip_nan: bool = False) -> Groups:
    """The groups of a map column: one for each of its keys. Values that are null (or NaN) are left out."""
    pc = compute()

    lists = column.cast(_as_list(column.type))
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    row_of = np.repeat(np.arange(len(column), dtype=np.int64), lengths.to_numpy(zero_copy_only=False))
    entries = lists.flatten()
    labels, values = entries.field(0), entries.field(1)
    valid = usable(values, skip_nan=skip_nan)
    if valid is not None:
        row_of = row_of[valid.to_numpy(zero_copy_only=False)]
        values, labels = values.filter(valid), labels.filter(valid)
    return _grouped(
        Series(values, row_of, None, rows),
        labels,
        present=column.is_valid().to_numpy(zero_copy_only=False),
    )


def _as_list(kind: pa.MapType) -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))


def bucketed(series: Series, buckets: pa.Array) -> Groups:
    """The groups of a column by a second one; elements whose bucket is null are left out."""
    import pyarrow as pa

    labels = buckets.take(pa.array(series.row_of))
    order = series.by_payload
    values, row_of = series.values, series.row_of
    if labels.null_count or not np.array_equal(order, np.arange(len(order))):
        kept = order[labels.is_valid().to_numpy(zero_copy_only=False)[order]]
        values, row_of, labels = values.take(pa.array(kept)), row_of[kept], labels.take(pa.array(kept))
    return _grouped(Series(values, row_of, None, series.rows), labels, present=None)


def by_position(column: pa.Array, rows: Rows) -> Groups:
    """The groups of a list column by position in the list."""
    import pyarrow as pa

    pc = compute()

    lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.maximum(lengths, 0)
    row_of = np.repeat(np.arange(len(column), dtype=np.int64), counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    values, holed = column.flatten(), None
    if values.null_count:
        valid = values.is_valid().to_numpy(zero_copy_only=False)
        holed = np.zeros(len(column), dtype=bool)
        holed[row_of[~valid]] = True
        values, row_of, place = values.drop_null(), row_of[valid], place[valid]
    groups = _grouped(Series(values, row_of, None, rows), pa.array(place), present=lengths >= 0)
    groups.lengths, groups.holed = lengths, holed
    return groups


def _grouped(series: Series, labels: pa.Array, present: np.ndarray | None) -> Groups:
    import pyarrow as pa

    encoded = labels.dictionary_encode()
    names = encoded.dictionary
    rank = np.empty(len(names), dtype=np.int64)
    in_order = utf16_order(names)
    rank[in_order] = np.arange(len(names))
    label = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    key = series.rows.keys[series.row_of]
    order = np.empty(len(key), dtype=np.int64)
    first = np.frombuffer(ranges.group_order(key, label, len(names), order), dtype=np.int64)
    grouped = Series(series.values.take(pa.array(order)), series.row_of[order], None, series.rows)
    grouped.by_payload = np.arange(len(order), dtype=np.int64)  # the order that the elements came in
    return Groups(
        series=grouped,
        bounds=np.append(first, len(order)).astype(np.int64),
        keys=key[order[first]],
        labels=names.take(pa.array(in_order)).take(pa.array(label[order[first]])),
        present=present,
    )


def sightings(groups: Groups, query_keys: Longs, row_lo: Longs, row_hi: Longs) -> Sightings:
    """What each query sees in each group, from the rows that it sees."""
    found = ranges.group_ranges(
        groups.series.row_of,
        groups.bounds,
        np.searchsorted(query_keys, groups.keys, side="left").astype(np.int64),
        np.searchsorted(query_keys, groups.keys, side="right").astype(np.int64),
        row_lo,
        row_hi,
    )
    table = np.frombuffer(found, dtype=np.int64).reshape(-1, 4)
    return Sightings(*(np.ascontiguousarray(table[:, i]) for i in range(4)))


def seen(present: np.ndarray, row_lo: Longs, row_hi: Longs) -> np.ndarray:
    """For each query whether a row of its range is present."""
    counts = np.concatenate(([0], np.cumsum(present)))
    return counts[np.maximum(row_hi, row_lo)] > counts[row_lo]


def gather_map(
    labels: pa.Array, seen_by: Sightings, items: pa.Array, filled: np.ndarray | None, queries: int
) -> pa.Array:
    """One map for each query from the results of its groups; null where nothing was seen."""
    import pyarrow as pa

    order, offsets = _by_query(seen_by, queries)
    nothing = offsets[1:] == offsets[:-1] if filled is None else ~filled
    keys = labels.take(pa.array(seen_by.group[order]))
    kind = pa.map_(keys.type, items.type)
    return pa.MapArray.from_arrays(_masked(offsets, nothing), keys, items.take(pa.array(order)), type=kind)


def gather_list(seen_by: Sightings, items: pa.Array, filled: np.ndarray, queries: int) -> pa.Array:
    """One list for each query with the results of its positions; groups are sorted by position already."""
    import pyarrow as pa

    order, offsets = _by_query(seen_by, queries)
    return pa.ListArray.from_arrays(_masked(offsets, ~filled), items.take(pa.array(order)))


def _by_query(seen_by: Sightings, queries: int) -> tuple[Longs, Longs]:
    order = np.argsort(seen_by.query, kind="stable")
    offsets = np.zeros(queries + 1, dtype=np.int64)
    np.cumsum(np.bincount(seen_by.query, minlength=queries), out=offsets[1:])
    return order, offsets


def _masked(offsets: Longs, nothing: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(offsets.astype(np.int32), mask=np.append(nothing, [False]))


def check_lists(column: str, groups: Groups, row_lo: Longs, row_hi: Longs) -> None:
    """Refuse a range of rows that cannot be aggregated element by element.

    Raises
    ------
    DataError
        For lists of two lengths, and for a list that holds a null.
    """
    lengths = groups.lengths
    if lengths is None:
        return
    if groups.holed is not None and seen(groups.holed, row_lo, row_hi).any():
        raise null_inside(column)
    rows = np.flatnonzero(lengths >= 0)
    if len(rows) < 2:  # two lists can differ
        return
    changes = np.zeros(len(lengths) + 1, dtype=np.int64)
    same_key = groups.series.rows.keys[rows[1:]] == groups.series.rows.keys[rows[:-1]]
    changes[rows[1:][(lengths[rows[1:]] != lengths[rows[:-1]]) & same_key] + 1] = 1
    before = np.cumsum(changes)
    after_first = np.searchsorted(rows, row_lo)
    start = np.where(after_first < len(rows), rows[np.minimum(after_first, len(rows) - 1)] + 1, row_hi)
    bad = np.flatnonzero(before[row_hi] > before[np.minimum(start, row_hi)])
    if not len(bad):
        return
    inside = lengths[row_lo[bad[0]] : row_hi[bad[0]]]
    inside = np.unique(inside[inside >= 0])
    raise unequal_lengths(column, int(inside[0]), int(inside[-1]))


def null_inside(column: str) -> DataError:
    """What to raise for a list with a null that is to be aggregated element by element."""
    return DataError(
        "a list to be aggregated element by element holds a null",
        place=Place(field=column),
        mend="fill nulls in the select, for example TRANSFORM(x, v -> COALESCE(v, 0))",
    )


def unequal_lengths(column: str, one: int, other: int) -> DataError:
    """What to raise for lists of two lengths that are to be aggregated element by element."""
    return DataError(
        f"lists of {one} and of {other} items are to be aggregated element by element",
        place=Place(field=column),
        expected="lists of one length for each key",
    )
