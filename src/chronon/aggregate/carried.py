"""Grouped columns over the whole history of a key that is longer than a chunk: what is carried over, and its use.

What the rows that left the chunk amount to is the base's state for one key: one state for each label. Each label's
series is then answered like a column of its own, with its state in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate import shapes
from chronon.aggregate.cell import Cell
from chronon.aggregate.exports import export
from chronon.aggregate.series import Series
from chronon.aggregate.shapes import Shape, Sightings
from chronon.base.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.answer import Chunk
    from chronon.aggregate.parts import Base

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Refused:
    """Rows that cannot be aggregated; an error only for a query that sees them."""

    problem: DataError


def grouped_seed(base: Base, chunk: Chunk, first: int, end: int, before: Any) -> Any:
    """The state of the rows ``[first, end)``, which are of one key, after ``before``."""
    if isinstance(before, Refused):
        return before
    lo, hi = np.array([first], dtype=np.int64), np.array([end], dtype=np.int64)
    try:
        return Cell(base).merge([before, *export(base, chunk, lo, hi)])
    except DataError as problem:
        return Refused(problem)


def answer_from(base: Base, chunk: Chunk, lo: Longs, hi: Longs, seed: Any) -> pa.Array:
    """The results over row ranges of the chunk's first key, all of which begin with its first row, after ``seed``."""
    import pyarrow as pa

    if isinstance(seed, Refused):
        raise seed.problem
    groups = chunk.groups(base)
    _check_length(base, groups, seed, lo, hi)
    answered = list(_by_label(base, groups, chunk, lo, hi, seed))
    query = np.concatenate([seen for _, seen, _ in answered]) if answered else np.zeros(0, dtype=np.int64)
    group = np.repeat(np.arange(len(answered), dtype=np.int64), [len(seen) for _, seen, _ in answered])
    found = Sightings(group, query, query, query)
    items = pa.concat_arrays([items for _, _, items in answered]) if answered else pa.array([], _arrow(base))
    filled = np.ones(len(lo), dtype=bool)
    if base.shape is Shape.ELEMENT_WISE:
        return shapes.gather_list(found, items, filled, len(lo))
    labels = pa.array([label for label, _, _ in answered], pa.string())
    return shapes.gather_map(labels, found, items, filled, len(lo))


def _by_label(
    base: Base, groups: shapes.Groups, chunk: Chunk, lo: Longs, hi: Longs, seed: Any
) -> Iterator[tuple[Any, Longs, pa.Array]]:
    """For each label the queries that have a result, and these."""
    import pyarrow as pa

    states: Mapping[Any, Any] = dict(enumerate(seed)) if base.shape is Shape.ELEMENT_WISE else seed
    count = int(np.searchsorted(groups.keys, chunk.rows.keys[0], side="right")) if len(chunk.rows) else 0
    here = {label: i for i, label in enumerate(groups.labels.slice(0, count).to_pylist())}
    everything = np.arange(len(lo), dtype=np.int64)
    for label in sorted({*here, *states}):
        place = here.get(label)
        series = _part(groups, 0, 0) if place is None else _part(groups, *groups.bounds[place : place + 2].tolist())
        start, end = (np.searchsorted(series.row_of, rows).astype(np.int64) for rows in (lo, hi))
        if label in states:
            column = base.operation.slide_from(states[label], series, start, end, len(lo))
            yield label, everything, base.operation.finish(column)
        else:
            seen = everything[end > start]
            items = base.operation.finish(base.operation.slide(series, start, end))
            yield label, seen, items.take(pa.array(seen))


def _part(groups: shapes.Groups, low: int, high: int) -> Series:
    import pyarrow as pa

    whole = groups.series
    values = pa.concat_arrays([whole.values.slice(low, high - low)])
    part = Series(values, whole.row_of[low:high], None, whole.rows)
    part.by_payload = np.arange(high - low, dtype=np.int64)
    return part


def _check_length(base: Base, groups: shapes.Groups, seed: Any, lo: Longs, hi: Longs) -> None:
    shapes.check_lengths(base.input, groups, lo, hi)
    if base.shape is not Shape.ELEMENT_WISE or groups.lengths is None or not len(lo):
        return
    lengths = groups.lengths[int(lo.min()) : int(hi.max())]
    other = lengths[(lengths >= 0) & (lengths != len(seed))]
    if len(other):
        raise shapes.unequal_lengths(base.input, len(seed), int(other[0]))


def _arrow(base: Base) -> pa.DataType:
    from chronon.base.arrow import to_arrow

    return to_arrow(base.operation.output)
