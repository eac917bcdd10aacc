"""Answers put back beside the rows that asked, piece by piece, in memory or through a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chronon.aggregate.gather import take
from chronon.aggregate.rule import WindowRule
from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow, whole
from chronon.engine.duckdb.scratch import Groups, Scratch

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

ROW = "__row"
"""The column that says which row asked."""

PIECE_BYTES = 48 << 20
"""About how large a piece of finished rows is."""

MOST_PIECES = 1 << 14
"""More rows make larger pieces."""


def answer(
    aggregator: Aggregator,
    events: Iterable[pa.RecordBatch],
    queries: Iterable[pa.RecordBatch],
    rule: WindowRule | None,
    threads: int,
    at_once: int,
) -> Iterator[tuple[Longs, pa.RecordBatch]]:
    """The answers to all queries in their order, with the rows that asked.

    ``queries`` have a column ``__row`` beside those that the algebra takes.
    """
    asking: deque[Longs] = deque()

    def asked() -> Iterator[pa.RecordBatch]:
        for batch in queries:
            asking.append(batch.column(ROW).to_numpy())
            yield batch

    for found in aggregator.run(events, asked(), rule=rule or WindowRule.SAWTOOTH, threads=threads, at_once=at_once):
        yield _first(asking, found.num_rows), found


def _first(waiting: deque[Longs], count: int) -> Longs:
    taken: list[Longs] = []
    while count:
        rows = waiting.popleft()
        taken.append(rows[:count])
        if len(rows) > count:
            waiting.appendleft(rows[count:])
        count -= len(taken[-1])
    return np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Pieces:
    """Numbered rows, cut into pieces that are small enough to be handled at once.

    Parameters
    ----------
    count:
        How many rows there are.
    rows:
        How many a piece has; the last one may have fewer.
    """

    count: int
    rows: int

    @classmethod
    def of(cls, count: int, schema: t.Schema) -> Pieces:
        """Cut rows by the size that rows of this schema have."""
        rows = PIECE_BYTES // sum(_bytes(kind) for kind in (*schema.values(), t.LONG))
        return cls(count, max(4096, rows, count // MOST_PIECES + 1))

    def __len__(self) -> int:
        return (self.count + self.rows - 1) // self.rows

    def range(self, piece: int) -> tuple[int, int]:
        """The first row of a piece, and the end."""
        return piece * self.rows, min(self.count, (piece + 1) * self.rows)

    def split(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The pieces that hold the rows from ``first`` to before ``end``, each with the rows of those that it holds.

        >>> list(Pieces(10, 4).split(3, 9))
        [(0, 3, 4), (1, 4, 8), (2, 8, 9)]
        """
        while first < end:
            piece = first // self.rows
            stop = min(end, (piece + 1) * self.rows)
            yield piece, first, stop
            first = stop


def _bytes(kind: t.DataType) -> int:
    """About how large a value is."""
    if isinstance(kind, t.ListType | t.MapType | t.StructType):
        return 128
    return 32 if kind in (t.STRING, t.BINARY) else 9


@dataclass
class Budget:
    """The bytes of answers that may still wait in memory."""

    left: int


class Answers:
    """Columns parallel to numbered rows; null where a row asked nothing.

    Parameters
    ----------
    outputs:
        The columns.
    pieces:
        How the rows are cut.
    budget:
        Of memory, shared with others. Once it is used up, these answers go to a file.
    scratch:
        Where that is.
    """

    def __init__(self, outputs: t.Schema, pieces: Pieces, budget: Budget, scratch: Scratch) -> None:
        self._schema = schema_to_arrow(outputs)
        self._pieces, self._budget, self._scratch = pieces, budget, scratch
        self._rows: list[Longs] = []
        self._batches: list[pa.RecordBatch] = []
        self._file: Groups | None = None
        self._last: tuple[int, pa.Table, pa.Array] | None = None

    def add(self, rows: Longs, batch: pa.RecordBatch) -> None:
        """Add the answers to some rows; no row is answered twice."""
        size = batch.nbytes
        if self._file is None and size <= self._budget.left:
            self._budget.left -= size
            self._rows.append(rows)
            self._batches.append(batch)
            return
        if self._file is None:
            self._spill()
        self._write(rows, batch)

    def _spill(self) -> None:
        import pyarrow as pa

        self._file = Groups(self._scratch, self._schema.append(pa.field(ROW, pa.int64())), len(self._pieces))
        for rows, batch in zip(self._rows, self._batches, strict=True):
            self._write(rows, batch)
            self._budget.left += batch.nbytes
        self._rows, self._batches = [], []

    def _write(self, rows: Longs, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        assert self._file is not None  # noqa: S101 - the caller made it
        groups = rows // self._pieces.rows
        columns = [*batch.columns, pa.array(rows)]
        self._file.add(pa.RecordBatch.from_arrays(columns, schema=self._file.schema), groups)

    def finish(self) -> None:
        """All answers are there."""
        if self._file is not None:
            self._file.finish()
            return
        import pyarrow as pa

        where = np.full(self._pieces.count, -1, dtype=np.int64)
        if self._rows:
            rows = np.concatenate(self._rows)
            where[rows] = np.arange(len(rows))
        found = pa.Table.from_batches(self._batches, self._schema)
        self._rows, self._batches = [], []
        # at once, while they are in the caches: piece by piece took twice as long
        self._whole = self._placed(found, where), pa.array(where >= 0)

    def _placed(self, found: pa.Table, where: Longs) -> pa.Table:
        import pyarrow as pa

        return pa.table([take(whole(column), where) for column in found.columns], schema=self._schema)

    def piece(self, number: int) -> tuple[pa.Table, pa.Array]:
        """The columns of one piece, and which of its rows have asked."""
        if self._file is None:
            first, end = self._pieces.range(number)
            table, asked = self._whole
            return table.slice(first, end - first), asked.slice(first, end - first)
        if self._last is None or self._last[0] != number:
            self._last = number, *self._read(self._file, number)
        return self._last[1:]

    def _read(self, file: Groups, number: int) -> tuple[pa.Table, pa.Array]:
        import pyarrow as pa

        first, end = self._pieces.range(number)
        table = pa.Table.from_batches(file.read([number]), file.schema)
        where = np.full(end - first, -1, dtype=np.int64)
        where[table.column(ROW).combine_chunks().to_numpy() - first] = np.arange(table.num_rows)
        return self._placed(table.drop_columns([ROW]), where), pa.array(where >= 0)

    def first(self, piece: int) -> int:
        """The number of the first row of a piece."""
        return piece * self._pieces.rows

    def close(self) -> None:
        """Give back the file."""
        if self._file is not None:
            self._file.close()
