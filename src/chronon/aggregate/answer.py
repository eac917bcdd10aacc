"""The answers to queries over the rows of one chunk: every part, every shape, in one pass each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate import shapes
from chronon.aggregate.carried import answer_from
from chronon.aggregate.earlier import Earlier, Hops
from chronon.aggregate.kernel import ranges
from chronon.aggregate.rule import WindowRule
from chronon.aggregate.series import Rows, Series
from chronon.aggregate.shapes import Shape
from chronon.base.arrow import compute, to_arrow
from chronon.base.types import FLOATS, LONG

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.parts import Base, Part

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


BYTES_AT_ONCE = 1 << 28
"""About how many bytes of results are held at once; those of one query are never split."""


@dataclass
class Chunk:
    """Rows of some keys, sorted by (key, time, sequence), and the columns of their inputs."""

    rows: Rows
    columns: Mapping[str, pa.Array]
    _series: dict[tuple[str, bool, bool], Series] = field(default_factory=dict, init=False)
    _groups: dict[str, shapes.Groups] = field(default_factory=dict, init=False)

    def series(self, base: Base) -> Series:
        """The elements of a base that is not grouped."""
        skip_nan = base.operation.skips_nan
        key = (base.input, base.flattened, skip_nan)
        if key not in self._series:
            column = self.columns[base.input]
            self._series[key] = Series.of(column, self.rows, flatten=base.flattened, skip_nan=skip_nan)
        return self._series[key]

    def groups(self, base: Base) -> shapes.Groups:
        """The elements of a grouped base, split by label."""
        key = f"{base.input} {base.bucket} {base.shape} {base.operation.timed} {base.operation.skips_nan}"
        if key not in self._groups:
            self._groups[key] = self._split(base)
        return self._groups[key]

    def _split(self, base: Base) -> shapes.Groups:
        column = self.columns[base.input]
        if base.bucket is not None:
            return shapes.bucketed(self.series(base), self.columns[base.bucket])
        if base.shape is Shape.MAPPED:
            return shapes.mapped(column, self.rows, skip_nan=base.operation.skips_nan)
        return shapes.by_position(column, self.rows)


@dataclass
class Queries:
    """Keys and instants to answer for, sorted by both; instants in ms."""

    keys: Longs
    times: Longs

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, some: slice) -> Queries:
        return Queries(self.keys[some], self.times[some])


class Windows:
    """The ranges of rows that the queries of a chunk see, one pair of arrays for each window length."""

    def __init__(self, chunk: Chunk, queries: Queries, rule: WindowRule) -> None:
        self._rows, self._queries, self.rule = chunk.rows, queries, rule
        self._first, self._last = np.empty((2, len(queries)), dtype=np.int64)
        ranges.key_bounds(chunk.rows.keys, queries.keys, self._first, self._last)
        self._ends = self._last
        if rule is not WindowRule.ALL:
            self._ends = np.empty(len(queries), dtype=np.int64)
            ranges.row_ends(chunk.rows.keys, chunk.rows.times, queries.keys, queries.times, self._ends)
        self._starts: dict[int, Longs] = {}

    def of(self, part: Part) -> tuple[Longs, Longs]:
        """The row ranges ``[lo, hi)`` of one part."""
        if part.window is None or self.rule is WindowRule.ALL:
            return self._first, self._ends
        if part.window not in self._starts:
            starts = np.empty(len(self._queries), dtype=np.int64)
            hop = part.hop if self.rule is WindowRule.SAWTOOTH else 1
            keys, times = self._rows.keys, self._rows.times
            ranges.row_starts(keys, times, self._queries.keys, self._queries.times, part.window, hop, starts)
            self._starts[part.window] = starts
        return self._starts[part.window], self._ends


def column_of(part: Part, rule: WindowRule) -> tuple[str, int | None]:
    """What seeds a part needs: its base, and by which hops (ms) they are; ``None`` for one of the whole history."""
    return part.base.identity, None if part.window is None or rule is WindowRule.ALL else part.hop


def answers(
    parts: Sequence[Part],
    chunk: Chunk,
    queries: Queries,
    rule: WindowRule,
    carried: Mapping[tuple[str, int | None], Hops],
) -> Iterator[list[pa.Array]]:
    """As ``answer``, for as many queries at once as give some ``BYTES_AT_ONCE``."""
    for low, high in pairwise(_cuts(parts, chunk, queries, rule, carried)):
        yield answer(parts, chunk, queries[low:high], rule, carried)


def _cuts(
    parts: Sequence[Part],
    chunk: Chunk,
    queries: Queries,
    rule: WindowRule,
    carried: Mapping[tuple[str, int | None], Hops],
) -> list[int]:
    """Where to cut queries, most of which give the longest lists and maps that the chunk has values for."""
    widest = [(part, *_widest(part.base, chunk)) for part in parts]
    if len(queries) * sum(size for _, _, size in widest) <= BYTES_AT_ONCE:
        return [0, len(queries)]
    windows = Windows(chunk, queries, rule)
    sizes = np.zeros(len(queries))
    for part, elements, size in widest:
        lo, hi = windows.of(part)
        full = np.clip((hi - lo) / elements, 0.0, 1.0)
        if column_of(part, rule) in carried:  # what the rows before the chunk add is not known here
            full[queries.keys == chunk.rows.keys[0]] = 1.0
        sizes += size * full
    piece = (np.cumsum(sizes) // BYTES_AT_ONCE).astype(np.int64)
    return [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(queries)]


def _widest(base: Base, chunk: Chunk) -> tuple[float, float]:
    """In how many rows a result reaches its full size, at the earliest, and how many bytes it has then, at most."""
    if not base.grouped:
        series, groups = chunk.series(base), 1
    else:
        grouped = chunk.groups(base)
        series, groups = grouped.series, len(grouped.labels.unique())
    if not len(series):
        return 1.0, 0.0
    entries = groups * base.operation.entries(series)
    each = series.values.nbytes / len(series) + 8 if base.operation.output != LONG else 8.0
    return entries * len(chunk.rows) / len(series), entries * each


def answer(
    parts: Sequence[Part],
    chunk: Chunk,
    queries: Queries,
    rule: WindowRule,
    carried: Mapping[tuple[str, int | None], Hops],
) -> list[pa.Array]:
    """One column for each part, parallel to ``queries``.

    ``carried`` holds the seeds of the first key's rows that left the chunk, by ``column_of``.
    """
    windows = Windows(chunk, queries, rule)
    return [_answer_one(part, chunk, queries, windows, carried.get(column_of(part, rule))) for part in parts]


def _answer_one(part: Part, chunk: Chunk, queries: Queries, windows: Windows, carried: Hops | None) -> pa.Array:
    lo, hi = windows.of(part)
    earlier = _earlier(part, chunk, queries, windows.rule, carried) if carried is not None else None
    if part.base.grouped:
        return _answer_groups(part.base, chunk, queries, lo, hi, earlier)
    series = chunk.series(part.base)
    lo, hi = series.span(lo), series.span(hi)
    operation = part.base.operation
    if earlier is not None:
        return finished(part.base, operation.finish(operation.slide_from(earlier, series, lo, hi)))
    return finished(part.base, operation.answers(series, lo, hi))


def _earlier(part: Part, chunk: Chunk, queries: Queries, rule: WindowRule, carried: Hops) -> Earlier | None:
    """The seeds that the queries about the chunk's first key see."""
    times = queries.times[queries.keys == chunk.rows.keys[0]]
    _, hop = column_of(part, rule)
    if part.window is None or hop is None:
        return carried.seen_from(np.zeros(len(times), dtype=np.int64))
    return carried.seen_from((times - part.window) // hop * hop)


def _answer_groups(
    base: Base, chunk: Chunk, queries: Queries, lo: Longs, hi: Longs, earlier: Earlier | None
) -> pa.Array:
    """Grouped results; those of the leading queries begin with seeds."""
    if earlier is not None:
        import pyarrow as pa

        led = earlier.count
        first = _typed(answer_from(base, chunk, lo[:led], hi[:led], earlier), base)
        return pa.concat_arrays([first, _answer_groups(base, chunk, queries[led:], lo[led:], hi[led:], None)])
    groups = chunk.groups(base)
    shapes.check_lists(base.input, groups, lo, hi)
    found = shapes.sightings(groups, queries.keys, lo, hi)
    items = base.operation.answers(groups.series, found.lo, found.hi)
    filled = shapes.seen(groups.present, lo, hi) if groups.present is not None else None
    if base.shape is Shape.ELEMENT_WISE and filled is not None:
        return _typed(shapes.gather_list(found, items, filled, len(queries)), base)
    return _typed(shapes.gather_map(groups.labels, found, items, filled, len(queries)), base)


def finished(base: Base, column: pa.Array) -> pa.Array:
    """The results of a column that is not grouped, in their type; a bare number that is undefined is null."""
    return _typed(undefined_to_null(column), base)


def undefined_to_null(column: pa.Array) -> pa.Array:
    """A bare number that is NaN or infinite is no result."""
    import pyarrow as pa

    pc = compute()

    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))


def _typed(column: pa.Array, base: Base) -> pa.Array:
    wanted = to_arrow(base.output)
    return column if column.type == wanted else column.cast(wanted, safe=base.output not in FLOATS)
