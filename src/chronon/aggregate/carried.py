"""What is carried of a key that is longer than a chunk, and the use of it for grouped columns.

What the rows that left the chunk amount to are seeds: one for each hop, or one for the whole history; of a grouped base
a seed for each label. Each label's series is answered like a column of its own, with its seeds in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate import shapes
from chronon.aggregate.cell import Cell
from chronon.aggregate.earlier import Earlier, Hops
from chronon.aggregate.exports import by_label
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


def hops_of(base: Base) -> Hops:
    """Room for the seeds of a base."""
    if not base.grouped:
        return Hops(base.operation.joined)
    cell = Cell(base, base.operation.joined)

    def joined(seeds: Sequence[Any]) -> Any:
        refused = [seed for seed in seeds if isinstance(seed, Refused)]
        try:
            return refused[0] if refused else cell.merge(seeds)
        except DataError as problem:
            return Refused(problem)

    return Hops(joined)


def seeds(base: Base, chunk: Chunk, lo: Longs, hi: Longs) -> Sequence[Any]:
    """The seeds of row ranges, which are of one key; ``None`` where there is nothing to remember."""
    if not base.grouped:
        series = chunk.series(base)
        return base.operation.seeds(series, series.span(lo), series.span(hi))
    try:
        return by_label(base, chunk, lo, hi, base.operation.seeds)
    except DataError as problem:
        if len(lo) == 1:
            return [Refused(problem)]
        return [seed for at in range(len(lo)) for seed in seeds(base, chunk, lo[at : at + 1], hi[at : at + 1])]


def answer_from(base: Base, chunk: Chunk, lo: Longs, hi: Longs, earlier: Earlier) -> pa.Array:
    """The results over row ranges of the chunk's first key, all of which have seeds."""
    import pyarrow as pa

    for seed in earlier.seeds[int(earlier.first[0]) :]:
        if isinstance(seed, Refused):
            raise seed.problem
    groups = chunk.groups(base)
    shapes.check_lists(base.input, groups, lo, hi)
    if base.shape is Shape.ELEMENT_WISE:
        _check_length(base, groups, earlier, hi)
    answered = list(_by_label(base, groups, chunk, lo, hi, earlier))
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
    base: Base, groups: shapes.Groups, chunk: Chunk, lo: Longs, hi: Longs, earlier: Earlier
) -> Iterator[tuple[Any, Longs, pa.Array]]:
    """For each label the queries that have a result, and these."""
    import pyarrow as pa

    seeded = _seeds_by_label(base, earlier)
    count = int(np.searchsorted(groups.keys, chunk.rows.keys[0], side="right")) if len(chunk.rows) else 0
    here = {label: i for i, label in enumerate(groups.labels.slice(0, count).to_pylist())}
    for label in sorted({*here, *seeded}):
        place = here.get(label)
        series = _part(groups, 0, 0) if place is None else _part(groups, *groups.bounds[place : place + 2].tolist())
        start, end = (np.searchsorted(series.row_of, rows).astype(np.int64) for rows in (lo, hi))
        own = seeded[label].seen_from(earlier.first) if label in seeded else None
        seen = end > start
        if own is None:
            states = base.operation.slide(series, start, end)
        else:
            states = base.operation.slide_from(own, series, start, end)
            seen[: own.count] = True
        which = np.flatnonzero(seen)
        yield label, which, base.operation.finish(states).take(pa.array(which))


def _seeds_by_label(base: Base, earlier: Earlier) -> dict[Any, Hops]:
    """The seeds of each label, in the place of instants the number of the hop that they are from."""
    found: dict[Any, Hops] = {}
    for number in range(int(earlier.first[0]), len(earlier.seeds)):
        seed = earlier.seeds[number]
        for label, one in enumerate(seed) if base.shape is Shape.ELEMENT_WISE else seed.items():
            if one is not None:
                found.setdefault(label, Hops(base.operation.joined)).add([number], [one])
    return found


def _part(groups: shapes.Groups, low: int, high: int) -> Series:
    import pyarrow as pa

    whole = groups.series
    values = pa.concat_arrays([whole.values.slice(low, high - low)])
    part = Series(values, whole.row_of[low:high], None, whole.rows)
    part.by_payload = np.arange(high - low, dtype=np.int64)
    return part


def _check_length(base: Base, groups: shapes.Groups, earlier: Earlier, hi: Longs) -> None:
    """Refuse ranges whose rows have lists of another length than their seeds, or whose seeds differ."""
    lengths = groups.lengths if groups.lengths is not None else np.zeros(0, dtype=np.int64)
    bounds = np.flatnonzero(np.diff(earlier.first, append=len(earlier.seeds)))
    for last in bounds.tolist():
        known = {len(seed) for seed in earlier.seeds[int(earlier.first[last]) :]}
        rows = lengths[: int(hi[last])]
        known |= set(np.unique(rows[rows >= 0]).tolist())
        if len(known) > 1:
            raise shapes.unequal_lengths(base.input, min(known), max(known))


def _arrow(base: Base) -> pa.DataType:
    from chronon.base.arrow import to_arrow

    return to_arrow(base.operation.output)
