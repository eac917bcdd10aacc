"""Columns of states in their form for one key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate import shapes
from chronon.aggregate.shapes import Shape

if TYPE_CHECKING:
    from chronon.aggregate.answer import Chunk
    from chronon.aggregate.parts import Base
    from chronon.aggregate.series import Series

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


def export(base: Base, chunk: Chunk, lo: Longs, hi: Longs) -> Sequence[Any]:
    """For each row range the state of ``base`` in its form for one key, ``None`` where there is none."""
    operation = base.operation
    if not base.grouped:
        series = chunk.series(base)
        return operation.export(operation.slide(series, series.span(lo), series.span(hi)))
    return by_label(base, chunk, lo, hi, lambda series, lo, hi: operation.export(operation.slide(series, lo, hi)))


def by_label(
    base: Base, chunk: Chunk, lo: Longs, hi: Longs, states_of: Callable[[Series, Longs, Longs], Sequence[Any]]
) -> Sequence[Any]:
    """The same of a grouped base: by label, or element-wise in a list, what ``states_of`` makes of its elements."""
    groups = chunk.groups(base)
    shapes.check_lists(base.input, groups, lo, hi)
    row_keys = chunk.rows.keys
    owners = row_keys[np.minimum(lo, max(len(row_keys) - 1, 0))] if len(row_keys) else lo
    found = shapes.sightings(groups, owners, lo, hi)
    inner = states_of(groups.series, found.lo, found.hi)
    present = shapes.seen(groups.present, lo, hi) if groups.present is not None else np.zeros(len(lo), dtype=bool)
    states: list[Any] = [{} if there else None for there in present.tolist()]
    labels = groups.labels.to_pylist()
    for group, query, state in zip(found.group.tolist(), found.query.tolist(), inner, strict=True):
        if states[query] is None:
            states[query] = {}
        states[query][labels[group]] = state
    if base.shape is Shape.ELEMENT_WISE:
        return [None if state is None else [state[i] for i in sorted(state)] for state in states]
    return states
