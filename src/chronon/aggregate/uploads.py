"""Batch records: for each key what a fetch after the batch end needs of the rows before it.

For a window, rows that no fetch will lose before the batch is stale are collapsed into one state; the older ones are
kept by hops, so that a fetch can leave them out one by one (original rules: section 6, with the window's start floored
and included).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate.answer import Chunk
from chronon.aggregate.batches import Batch, BatchRecords, Hops
from chronon.aggregate.cell import Cell
from chronon.aggregate.exports import export
from chronon.aggregate.layout import Layout
from chronon.aggregate.reach import hop_reach
from chronon.aggregate.series import Rows
from chronon.base.arrow import to_arrow
from chronon.base.time import DAY_MS, HOPS

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.parts import Base, Part

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

ROWS_AT_ONCE = 1 << 20
"""About how many rows are turned into states at once; only a key that has more is split."""


@dataclass(frozen=True)
class Uploads:
    """Makes the batch records of a group-by.

    Parameters
    ----------
    layout:
        What a record holds.
    batch_end:
        B in ms; rows at or after it are left to the stream.
    stale_after:
        For how many ms after ``batch_end`` windows stay exact.
    rows_at_once:
        About how many rows are turned into states at once.
    """

    layout: Layout
    batch_end: int
    stale_after: int = 2 * DAY_MS
    rows_at_once: int = field(default_factory=lambda: ROWS_AT_ONCE)

    def run(self, events: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches of ``key`` and ``value``, one row for each key that has anything to remember, ascending."""
        import pyarrow as pa

        write = BatchRecords(self.layout).write
        begun: dict[int, Batch] = {}
        for table, goes_on in key_pieces(events, self.rows_at_once):
            for key, batch in self._batches(self._chunk(table)):
                begun[key] = self._merged(begun[key], batch) if key in begun else batch
            last = table["__key"][-1].as_py()
            done, begun = begun, {}
            if goes_on and last in done:
                begun[last] = done.pop(last)
            if done:
                records = [write(batch, self.batch_end, self.stale_after) for batch in done.values()]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(list(done), pa.int64()), pa.array(records, pa.binary())], ["key", "value"]
                )

    def _chunk(self, table: pa.Table) -> Chunk:
        import pyarrow as pa

        before = table.filter(pa.array(table["ts"].to_numpy() < self.batch_end)).combine_chunks()
        sequences = before["__seq"].to_numpy() if "__seq" in before.column_names else None
        rows = Rows(before["__key"].to_numpy(), before["ts"].to_numpy(), sequences)
        columns = {
            name: pa.concat_arrays(before[name].cast(to_arrow(self.layout.schema[name])).chunks)
            if before.num_rows
            else pa.array([], to_arrow(self.layout.schema[name]))
            for name in self.layout.inputs
        }
        return Chunk(rows, columns)

    def _batches(self, chunk: Chunk) -> Iterator[tuple[int, Batch]]:
        """What is remembered of each key that has anything to remember, in their order."""
        keys, first = np.unique(chunk.rows.keys, return_index=True)
        bounds = np.append(first, len(chunk.rows)).astype(np.int64)
        collapsed = [self._collapsed(part, chunk, bounds) for part in self.layout.parts]
        hops = [self._hops(size, chunk, bounds) for size in range(len(HOPS))]
        for i, key in enumerate(keys.tolist()):
            of_key = [states[i] for states in collapsed]
            hops_of_key = [table.of(i) for table in hops]
            if any(state is not None for state in of_key) or any(starts for starts, _ in hops_of_key):
                yield key, Batch(of_key, hops_of_key)

    def _merged(self, before: Batch, after: Batch) -> Batch:
        """What is remembered of a key whose rows came in two pieces."""
        pairs = zip(self.layout.parts, before.collapsed, after.collapsed, strict=True)
        collapsed = [Cell(part.base).merge(states) for part, *states in pairs]
        sizes = zip(self.layout.hop_bases, before.hops, after.hops, strict=True)
        return Batch(collapsed, [_merged_hops(bases, one, other) for bases, one, other in sizes])

    def _collapsed(self, part: Part, chunk: Chunk, bounds: Longs) -> Sequence[Any]:
        lo, hi = bounds[:-1].copy(), bounds[1:].copy()
        if part.window is not None:
            _, last = hop_reach(part.window, part.hop, self.batch_end, self.stale_after)
            late = chunk.rows.times >= last
            lo = hi - np.add.reduceat(late, lo) if len(lo) else lo  # the late rows of a key are its last ones
        return export(part.base, chunk, lo, hi)

    def _hops(self, size: int, chunk: Chunk, bounds: Longs) -> _HopTable:
        bases = self.layout.hop_bases[size]
        hop = HOPS[size]
        starts = chunk.rows.times // hop * hop
        wanted = {base.identity: self._kept(base, hop, starts) for base in bases}
        any_base = np.logical_or.reduce(list(wanted.values())) if wanted else np.zeros(len(starts), dtype=bool)
        row = np.flatnonzero(any_base)
        opens = np.ones(len(row), dtype=bool)
        opens[1:] = (starts[row[1:]] != starts[row[:-1]]) | (chunk.rows.keys[row[1:]] != chunk.rows.keys[row[:-1]])
        lo = row[opens].astype(np.int64)
        hi = _run_ends(row, opens) if len(row) else lo
        columns: list[Sequence[Any]] = []
        for base in bases:
            mine = wanted[base.identity][lo] if len(lo) else np.zeros(0, dtype=bool)
            columns.append(export(base, chunk, lo, np.where(mine, hi, lo)))
        return _HopTable(starts[lo].tolist(), columns, np.searchsorted(lo, bounds).tolist())

    def _kept(self, base: Base, hop: int, starts: Longs) -> np.ndarray:
        kept = np.zeros(len(starts), dtype=bool)
        for part in self.layout.parts:
            if part.window is not None and part.hop == hop and part.base.identity == base.identity:
                first, last = hop_reach(part.window, hop, self.batch_end, self.stale_after)
                kept |= (starts >= first) & (starts < last)
        return kept


@dataclass(frozen=True)
class _HopTable:
    """The hops of one size over all keys, and where each key's begin."""

    starts: list[int]
    columns: Sequence[Sequence[Any]]
    bounds: list[int]

    def of(self, key: int) -> tuple[list[int], list[Sequence[Any]]]:
        """The starts and states of the ``key``-th key; hops in which no column has a state are left out."""
        lo, hi = self.bounds[key], self.bounds[key + 1]
        some = [i for i in range(lo, hi) if any(column[i] is not None for column in self.columns)]
        return [self.starts[i] for i in some], [[column[i] for i in some] for column in self.columns]


def _merged_hops(bases: Sequence[Base], before: Hops, after: Hops) -> Hops:
    starts = sorted({*before[0], *after[0]})
    columns: list[list[Any]] = []
    for place, base in enumerate(bases):
        states = [dict(zip(hops, of_bases[place], strict=True)) for hops, of_bases in (before, after)]
        columns.append([Cell(base).merge([known.get(start) for known in states]) for start in starts])
    return starts, columns


def _run_ends(row: Longs, opens: np.ndarray) -> Longs:
    """One past the last row of each run."""
    last = np.append(np.flatnonzero(opens)[1:] - 1, len(row) - 1)
    return row[last] + 1


def key_pieces(events: Iterable[pa.RecordBatch], rows_at_once: int) -> Iterator[tuple[pa.Table, bool]]:
    """Tables of at most ``rows_at_once`` rows, and whether the next one goes on with the last key.

    Only a key that has more rows than that is split, and always after as many of them.
    """
    import pyarrow as pa

    waiting: list[pa.Table] = []
    count = 0
    for batch in events:
        if not batch.num_rows:
            continue
        waiting.append(pa.Table.from_batches([batch]))
        count += batch.num_rows
        if count <= rows_at_once:
            continue
        table = pa.concat_tables(waiting).combine_chunks()
        keys = table["__key"].to_numpy()
        at = 0
        while len(keys) - at > rows_at_once:
            end = at + rows_at_once
            goes_on = bool(keys[end] == keys[at])
            if not goes_on:
                end = int(np.searchsorted(keys, keys[end], side="left"))
            yield table.slice(at, end - at), goes_on
            at = end
        waiting, count = [table.slice(at)], len(keys) - at
    if waiting:
        yield pa.concat_tables(waiting), False


def whole_keys(events: Iterable[pa.RecordBatch], rows_at_once: int) -> Iterator[pa.Table]:
    """Tables of about ``rows_at_once`` rows that never end inside a key."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    count = 0
    for batch in events:
        if not batch.num_rows:
            continue
        waiting.append(pa.Table.from_batches([batch]))
        count += batch.num_rows
        if count >= rows_at_once:
            table = pa.concat_tables(waiting)
            keys = table["__key"].to_numpy()
            end = int(np.searchsorted(keys, keys[-1], side="left"))
            if end:
                yield table.slice(0, end)
                waiting = [table.slice(end)]
                count = table.num_rows - end
            else:
                waiting = [table]
    if waiting:
        yield pa.concat_tables(waiting)
