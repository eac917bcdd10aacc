"""Partial aggregates: the rows of one key and one day as one state for each base, in columns.

They are kept between runs, so that a long window does not read its rows again. A window that begins and ends at
midnights merges the states of its days; at an instant within a day, the rows of that day come last, each as a state of
its own. Only windows whose trailing edge moves by whole days can be answered so at every instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from chronon.aggregate.answer import Chunk, Queries, Windows, finished
from chronon.aggregate.cell import Cell
from chronon.aggregate.exports import export
from chronon.aggregate.kernel import fold
from chronon.aggregate.layout import Layout, width
from chronon.aggregate.rule import WindowRule
from chronon.aggregate.series import Rows, longs
from chronon.aggregate.uploads import whole_keys
from chronon.aggregate.words import WordOperation, Words
from chronon.base.arrow import to_arrow, whole
from chronon.base.time import DAY_MS

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.parts import Base, Part

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

ROWS_AT_ONCE = 1 << 20
"""About how many rows or states are worked on at once; a key is never split."""

DAY = "__day"
"""What the midnight of a stored row is called, in ms."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Partials:
    """Makes and merges the partial aggregates of a layout.

    Parameters
    ----------
    layout:
        Whose bases have a column of states each, ``__s0``, ``__s1`` and so on.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @staticmethod
    def at_midnights(part: Part) -> bool:
        """Whether a part can be answered from states of days at a midnight: its window is in days."""
        return part.window is None or part.window % DAY_MS == 0

    @staticmethod
    def at_any_instant(part: Part) -> bool:
        """Whether it can be answered so within a day too: its window moves by whole days."""
        return part.window is None or part.hop == DAY_MS

    @cached_property
    def states(self) -> dict[str, pa.DataType]:
        """The columns of states: of a fixed size where the kernel merges them, else MessagePack."""
        import pyarrow as pa

        sizes = self.layout.base_widths
        return {f"__s{i}": pa.binary(8 * words) if words else pa.binary() for i, words in enumerate(sizes)}

    def daily(self, events: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One row for each key and day: ``__key``, ``ts`` (the midnight in ms), states; ``events`` as for a run."""
        for table in whole_keys(events, ROWS_AT_ONCE):
            yield self._states(table, DAY_MS)

    def single(self, events: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One row for each row: ``__key``, its ``ts`` in ms, states."""
        for table in whole_keys(events, ROWS_AT_ONCE):
            yield self._states(table, None)

    def answer(
        self, parts: Sequence[Part], states: Iterable[pa.RecordBatch], queries: Iterable[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """Answer queries from states: batches with a column for each of ``parts``, parallel to the queries.

        Parameters
        ----------
        parts:
            Of the layout. At an instant within a day, only those that ``at_any_instant`` allows.
        states:
            ``__key``, ``ts`` and the columns of states, sorted by key and time.
        queries:
            ``__key`` and ``ts``, sorted by both.
        """
        import pyarrow as pa

        names = [part.name for part in parts]
        asked = pa.Table.from_batches(queries, pa.schema([("__key", pa.int64()), ("ts", pa.int64())]))
        keys, times = asked["__key"].to_numpy(), asked["ts"].to_numpy()
        at = 0
        for table in whole_keys(states, ROWS_AT_ONCE):
            end = int(np.searchsorted(keys, table["__key"][-1].as_py(), side="right"))
            yield pa.RecordBatch.from_arrays(self._answer(parts, table, Queries(keys[at:end], times[at:end])), names)
            at = end
        if at < len(keys):
            rest = len(keys) - at
            yield pa.RecordBatch.from_arrays([pa.nulls(rest, to_arrow(part.base.output)) for part in parts], names)

    # ---- making

    def _states(self, table: pa.Table, step: int | None) -> pa.RecordBatch:
        import pyarrow as pa

        keys, times = longs(table["__key"]), longs(table["ts"])
        sequences = longs(table["__seq"]) if "__seq" in table.column_names else None
        columns = {name: whole(table[name]).cast(to_arrow(self.layout.schema[name])) for name in self.layout.inputs}
        chunk = Chunk(Rows(keys, times, sequences), columns)
        starts = times // step * step if step is not None else times
        opens = np.ones(len(keys), dtype=bool)
        if step is not None:
            opens[1:] = (keys[1:] != keys[:-1]) | (starts[1:] != starts[:-1])
        lo = np.flatnonzero(opens).astype(np.int64)
        hi = np.append(lo[1:], len(keys)).astype(np.int64)
        found = [_column(base, chunk, lo, hi) for base in self.layout.bases]
        return pa.RecordBatch.from_arrays(
            [pa.array(keys[lo]), pa.array(starts[lo]), *found], ["__key", "ts", *self.states]
        )

    # ---- merging

    def _answer(self, parts: Sequence[Part], table: pa.Table, queries: Queries) -> list[pa.Array]:
        keys, times = longs(table["__key"]), longs(table["ts"])
        windows = Windows(Chunk(Rows(keys, times), {}), queries, WindowRule.SAWTOOTH)
        numbers = self.layout.base_numbers
        columns = {number: whole(table[f"__s{number}"]) for number in {numbers[p.base.identity] for p in parts}}
        decoded: dict[int, list[Any]] = {}
        found: list[pa.Array] = []
        for part in parts:
            number = numbers[part.base.identity]
            lo, hi = windows.of(part)
            if width(part.base):
                found.append(_merged_words(part.base, columns[number], lo, hi))
                continue
            if number not in decoded:
                packed = columns[number].to_pylist()
                decoded[number] = [None if state is None else _decode(state) for state in packed]
            found.append(_merged(part.base, decoded[number], lo, hi))
        return found


def _column(base: Base, chunk: Chunk, lo: Longs, hi: Longs) -> pa.Array:
    """For each range of rows the state of ``base``, null where there is none."""
    import pyarrow as pa

    if not width(base):
        states = export(base, chunk, lo, hi)
        return pa.array([None if state is None else _encode(state) for state in states], pa.binary())
    series = chunk.series(base)
    words = cast(Words, base.operation.slide(series, series.span(lo), series.span(hi)))
    valid = pa.py_buffer(np.packbits(words.present, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.binary(8 * width(base)), len(lo), [valid, pa.py_buffer(words.block.tobytes())])


def _merged_words(base: Base, column: pa.Array, lo: Longs, hi: Longs) -> pa.Array:
    operation = cast(WordOperation, base.operation)
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    position = np.zeros(len(valid) + 1, dtype=np.int64)
    np.cumsum(valid, out=position[1:])
    lo, hi = position[lo], position[hi]
    known = column.drop_null() if column.null_count else column
    block = np.frombuffer(known.buffers()[1], dtype=np.int64, count=len(known) * operation.width)
    out = np.zeros(len(lo) * operation.width, dtype=np.int64)
    fold.fold(operation.kind, block, lo, hi, out, of_states=True)
    return finished(base, operation.finish(Words(out, hi > lo)))


def _merged(base: Base, states: Sequence[Any], lo: Longs, hi: Longs) -> pa.Array:
    import pyarrow as pa

    cell = Cell(base)
    ranges = zip(lo.tolist(), hi.tolist(), strict=True)
    results = [cell.result(cell.merge(states[low:high])) for low, high in ranges]
    return pa.array(results, to_arrow(base.output))
