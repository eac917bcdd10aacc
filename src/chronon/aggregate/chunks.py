"""Feeding rows and queries through the answers in chunks, so that memory is bounded whatever the size of a key.

Rows and queries come sorted and may be cut anywhere. A chunk is answered as soon as all its rows are there; of a key
that goes on in the next chunk, the rows still inside the widest window are carried over, and for columns over the whole
history the state of the rows that are not. If those rows are too many, they are carried as one state for each hop by
which the windows move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.answer import Chunk, Queries, answers, column_of
from chronon.aggregate.carried import hops_of, seeds
from chronon.aggregate.earlier import Hops, Ranges, hop_ranges
from chronon.aggregate.rule import WindowRule
from chronon.aggregate.series import Rows, longs
from chronon.base.arrow import to_arrow, whole
from chronon.base.time import window_start

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.parts import Part
    from chronon.base.types import Schema

ROWS_AT_ONCE = 1 << 20
"""How many new rows make a chunk."""

QUERIES_AT_ONCE = 1 << 18
"""How many queries are answered at once."""


@dataclass
class Pass:
    """One pass of sorted rows and queries.

    Parameters
    ----------
    parts:
        What to compute.
    schema:
        Types of the input columns.
    rule:
        Which rows a query sees.
    threads:
        How many threads share a chunk, by ranges of keys.
    rows_at_once, queries_at_once:
        How many new rows make a chunk, and as many are carried as they are; how many queries are answered at once.
    """

    parts: Sequence[Part]
    schema: Schema
    rule: WindowRule
    threads: int = 1
    rows_at_once: int = field(default_factory=lambda: ROWS_AT_ONCE)
    queries_at_once: int = field(default_factory=lambda: QUERIES_AT_ONCE)
    _carried: pa.Table | None = field(default=None, init=False)
    _earlier: dict[tuple[str, int | None], Hops] = field(default_factory=dict, init=False)

    def run(self, events: Iterable[pa.RecordBatch], queries: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer all queries, in their order."""
        pending = _Pending(queries)
        for table, last in self._chunks(events):
            chunk = self._chunk(table)
            rows = chunk.rows
            if last:
                ready = pending.rest()
            else:
                whole_keys = self.rule is WindowRule.ALL
                ready = pending.until(int(rows.keys[-1]), None if whole_keys else int(rows.times[-1]))
            for some in ready:
                yield from self._answer(chunk, some)
            self._carry(table, chunk, last)
            del table, chunk, rows  # the next rows are read without these in memory

    # ---- rows

    def _chunks(self, events: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.Table, bool]]:
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        count = 0
        for batch in events:
            if not batch.num_rows:
                continue
            # a chunk is at least as big as what is carried into it, so that a row is carried twice on average
            enough = max(self.rows_at_once, self._carried.num_rows if self._carried is not None else 0)
            if count >= enough:
                yield self._joined(waiting), False
                waiting, count = [], 0
            waiting.append(self._narrow(batch))
            count += batch.num_rows
        if waiting or self._carried is not None:
            yield self._joined(waiting), True
        else:
            empty = {"__key": pa.array([], pa.int64()), "ts": pa.array([], pa.int64())}
            yield pa.table(empty | {n: pa.array([], to_arrow(self.schema[n])) for n in self._inputs}), True

    @property
    def _inputs(self) -> list[str]:
        wanted = [name for part in self.parts for name in (part.base.bucket, part.base.input) if name is not None]
        return list(dict.fromkeys(wanted))

    def _narrow(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        names = ["__key", "ts", *(["__seq"] if "__seq" in batch.schema.names else [])]
        return batch.select([*names, *(name for name in self._inputs if name not in names)])

    def _joined(self, batches: list[pa.RecordBatch]) -> pa.Table:
        import pyarrow as pa

        tables = [pa.Table.from_batches(batches)] if batches else []
        if self._carried is not None:
            tables.insert(0, self._carried)
        return pa.concat_tables(tables).combine_chunks()

    def _chunk(self, table: pa.Table) -> Chunk:
        sequences = longs(table["__seq"]) if "__seq" in table.column_names else None
        rows = Rows(longs(table["__key"]), longs(table["ts"]), sequences)
        return Chunk(rows, {name: whole(table[name]).cast(to_arrow(self.schema[name])) for name in self._inputs})

    # ---- answers

    def _answer(self, chunk: Chunk, queries: Queries) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        names = [part.name for part in self.parts]
        most = self.queries_at_once
        pieces = [queries[at : at + most] for at in range(0, len(queries), most)]
        if self.threads > 1 and len(pieces) == 1 and len(chunk.rows) * len(self.parts) > self.rows_at_once:
            step = -(-len(queries) // self.threads)
            pieces = [queries[at : at + step] for at in range(0, len(queries), step)]
        work = [_Slice(chunk, piece) for piece in pieces]
        if self.threads > 1 and len(work) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                found = pool.map(lambda piece: list(self._answer_slice(piece)), work)
                for columns in chain.from_iterable(found):
                    yield pa.RecordBatch.from_arrays(columns, names=names)
        else:
            for columns in chain.from_iterable(map(self._answer_slice, work)):
                yield pa.RecordBatch.from_arrays(columns, names=names)

    def _answer_slice(self, piece: _Slice) -> Iterator[list[pa.Array]]:
        chunk, first = piece.cut()
        return answers(self.parts, chunk, piece.queries, self.rule, self._earlier if first else {})

    # ---- what the next chunk needs of this one

    def _carry(self, table: pa.Table, chunk: Chunk, last: bool) -> None:
        if last:
            return
        rows = chunk.rows
        opened = int(np.searchsorted(rows.keys, rows.keys[-1], side="left"))
        if opened:
            self._earlier = {}
        now = int(rows.times[-1])
        latest = self._latest(rows, opened)
        starts = [window_start(now, window) for (_, hop), window in self._widest.items() if hop is not None]
        keep = opened + int(np.searchsorted(rows.times[opened:], min(starts), side="left")) if starts else latest
        too_many = len(rows) - keep > self.rows_at_once and self.rule is not WindowRule.EXACT
        if too_many:
            keep = latest
        if keep > opened:
            self._remember(chunk, opened, keep, hops=too_many)
        self._carried = table.slice(keep)

    def _latest(self, rows: Rows, opened: int) -> int:
        """The first row that has to be carried as it is: later ones of its time may have to be ordered before it."""
        if not any(part.base.operation.timed or part.base.bucket is not None for part in self.parts):
            return len(rows) - 1
        return opened + int(np.searchsorted(rows.times[opened:], rows.times[-1], side="left"))

    def _remember(self, chunk: Chunk, first: int, end: int, *, hops: bool) -> None:
        """Keep the seeds of the open key's rows from ``first`` to before ``end``; by hops only if that is asked for."""
        times = chunk.rows.times
        cut: dict[tuple[int, int], Ranges] = {}
        for part in {column_of(part, self.rule): part for part in self.parts}.values():
            column, base = column_of(part, self.rule), part.base
            hop = column[1]
            if hop is not None and not hops:
                self._earlier.pop(column, None)  # no window sees them any more
                continue
            if column not in self._earlier:
                self._earlier[column] = hops_of(base)
            starts, lo, hi = [0], np.array([first]), np.array([end])
            if hop is not None:
                oldest = window_start(int(times[-1]), self._widest[column])
                self._earlier[column].forget(oldest)
                if (hop, oldest) not in cut:
                    begin = first + int(np.searchsorted(times[first:end], oldest, side="left"))
                    cut[hop, oldest] = hop_ranges(times, hop, begin, end)
                starts, lo, hi = cut[hop, oldest]
            self._earlier[column].add(starts, seeds(base, chunk, lo, hi))

    @cached_property
    def _widest(self) -> dict[tuple[str, int | None], int]:
        """The longest window of each column of seeds, in ms."""
        found: dict[tuple[str, int | None], int] = {}
        for part in self.parts:
            column = column_of(part, self.rule)
            found[column] = max(found.get(column, 0), part.window or 0)
        return found


@dataclass
class _Slice:
    """Queries and the rows of their keys."""

    chunk: Chunk
    queries: Queries

    def cut(self) -> tuple[Chunk, bool]:
        """The chunk narrowed to the queries' keys, and whether it still begins with the chunk's first key."""
        rows = self.chunk.rows
        if not len(self.queries) or not len(rows):
            return self.chunk, True
        low = int(np.searchsorted(rows.keys, self.queries.keys[0], side="left"))
        high = int(np.searchsorted(rows.keys, self.queries.keys[-1], side="right"))
        if low == 0 and high == len(rows):
            return self.chunk, True
        some = slice(low, high)
        sequences = rows.sequences[some] if rows.sequences is not None else None
        columns = {name: column.slice(low, high - low) for name, column in self.chunk.columns.items()}
        return Chunk(Rows(rows.keys[some], rows.times[some], sequences), columns), low == 0


class _Pending:
    """Queries that wait for their rows."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._left = Queries(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def until(self, key: int, time: int | None) -> Iterator[Queries]:
        """The queries up to (key, time), both included; without a time, those of smaller keys."""
        while self._fill():
            keys, times = self._left.keys, self._left.times
            end = int(np.searchsorted(keys, key, side="left"))
            if time is not None:
                of_key = int(np.searchsorted(keys, key, side="right"))
                end += int(np.searchsorted(times[end:of_key], time, side="right"))
            if end:
                yield self._left[:end]
            if end < len(self._left):
                self._left = self._left[end:]
                return
            self._left = self._left[end:]

    def rest(self) -> Iterator[Queries]:
        """All queries that are left."""
        while self._fill():
            yield self._left
            self._left = self._left[len(self._left) :]

    def _fill(self) -> bool:
        while not len(self._left):
            batch = next(self._batches, None)
            if batch is None:
                return False
            self._left = Queries(longs(batch["__key"]), longs(batch["ts"]))
        return True
