"""Entities at an instant within a day: the snapshot of the midnight before, and the changes made since.

By the very code that answers a fetch: the snapshot becomes a batch record, a change becomes a stream row. The changes
of a key are read once for all its queries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from chronon.aggregate.series import longs
from chronon.aggregate.serving import Serving
from chronon.aggregate.uploads import Uploads, whole_keys
from chronon.base.arrow import to_arrow
from chronon.base.errors import RequestError

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

ROWS_AT_ONCE = 1 << 16
"""About how many changes are turned into stream rows at once; a key is never split."""


@dataclass(frozen=True)
class Changes:
    """The changes of one key in the order in which they come to count.

    Parameters
    ----------
    times:
        The instant in ms after which each counts: when it was made, or the row's own time if that is later.
    rows:
        Each as a stream row.
    """

    times: Sequence[int]
    rows: Sequence[bytes]


NO_CHANGES = Changes((), ())

Value = TypeVar("Value")


def answer_changes(
    serving: Serving,
    snapshot: Iterable[pa.RecordBatch],
    changes: Iterable[pa.RecordBatch],
    queries: Iterable[pa.RecordBatch],
    batch_end: int,
) -> Iterator[pa.RecordBatch]:
    """One row of features for each query, in their order.

    All three inputs ascend by key and may be cut anywhere. Of each, one piece of some ten thousand rows and the rows of
    one key are held at a time.

    Parameters
    ----------
    serving:
        Of the group-by.
    snapshot:
        The rows of the snapshot as of ``batch_end``, sorted as for ``Aggregator.uploads``.
    changes:
        ``__key``, ``ts`` (the row's own time), ``mutation_ts``, ``is_before``, optionally ``__seq``, and the inputs, in
        any order within a key; changes made before ``batch_end`` are passed over. Times in ms, none of them null.
    queries:
        ``__key`` and ``ts``, in any order within a key.
    batch_end:
        The midnight at which the snapshot was taken, in ms.

    Raises
    ------
    RequestError
        For a query before ``batch_end``, or so long after it that the batch record is not exact any more.
    """
    import pyarrow as pa

    records = _Ascending(_records(serving, snapshot, batch_end))
    made = _Ascending(_changes(serving, changes, batch_end))
    kinds = [(part.name, to_arrow(part.base.output)) for part in serving.parts]
    for batch in queries:
        keys, times = longs(batch["__key"]), longs(batch["ts"])
        _check(times, batch_end, serving.stale_after)
        answers: list[Sequence[Any]] = [()] * len(keys)
        order = np.lexsort((times, keys))
        bounds = [*np.flatnonzero(np.diff(keys[order], prepend=keys[order][:1] - 1)).tolist(), len(keys)]
        for low, high in pairwise(bounds):
            some = order[low:high]
            key, ats = int(keys[some[0]]), times[some].tolist()
            of_key = made.of(key, NO_CHANGES)
            ends = [bisect_left(of_key.times, at) for at in ats]
            found = serving.fetch_course(records.of(key, None), of_key.rows[: ends[-1]], batch_end, ats, ends)
            for place, answer in zip(some.tolist(), found, strict=True):
                answers[place] = answer
        columns = zip(*answers, strict=True) if answers else ([] for _ in kinds)
        yield pa.RecordBatch.from_arrays(
            [pa.array(list(column), kind) for column, (_, kind) in zip(columns, kinds, strict=True)],
            names=[name for name, _ in kinds],
        )


def _check(times: Longs, batch_end: int, stale_after: int) -> None:
    wrong = times[(times < batch_end) | (times > batch_end + stale_after)]
    if len(wrong):
        raise RequestError(
            f"a query at {wrong[0]} cannot be answered from the snapshot at {batch_end}",
            expected=f"one from {batch_end} to {batch_end + stale_after}",
        )


class _Ascending(Generic[Value]):
    """Values by ascending key, looked up by keys that ascend as well."""

    def __init__(self, pairs: Iterable[tuple[int, Value]]) -> None:
        self._pairs = iter(pairs)
        self._current = next(self._pairs, None)

    def of(self, key: int, absent: Value) -> Value:
        """The value of ``key``, or ``absent``."""
        while self._current is not None and self._current[0] < key:
            self._current = next(self._pairs, None)
        return self._current[1] if self._current is not None and self._current[0] == key else absent


def _records(
    serving: Serving, snapshot: Iterable[pa.RecordBatch], batch_end: int
) -> Iterator[tuple[int, bytes | None]]:
    for batch in Uploads(serving.layout, batch_end, serving.stale_after).run(snapshot):
        yield from zip(batch["key"].to_pylist(), batch["value"].to_pylist(), strict=True)


def _changes(serving: Serving, changes: Iterable[pa.RecordBatch], batch_end: int) -> Iterator[tuple[int, Changes]]:
    for table in whole_keys(changes, ROWS_AT_ONCE):
        since = table.filter(_at_least(table["mutation_ts"], batch_end))
        counts = np.maximum(longs(since["mutation_ts"]), longs(since["ts"]))
        ties = [longs(since[name]) for name in ("__seq", "ts") if name in since.column_names]
        order = np.lexsort((*ties, counts, longs(since["__key"])))
        sorted_table = since.take(order)
        keys = longs(sorted_table["__key"])
        made = counts[order].tolist()
        rows = _stream_rows(serving, sorted_table)
        bounds = [*np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1)).tolist(), len(keys)]
        for low, high in pairwise(bounds):
            yield int(keys[low]), Changes(made[low:high], rows[low:high])


def _at_least(column: pa.ChunkedArray, least: int) -> pa.Array:
    import pyarrow as pa

    return pa.array(column.to_numpy() >= least)


def _stream_rows(serving: Serving, table: pa.Table) -> list[bytes]:
    times, before = (table[name].to_pylist() for name in ("ts", "is_before"))
    sequences = table["__seq"].to_pylist() if "__seq" in table.column_names else [0] * len(times)
    columns = [table[name].to_pylist(maps_as_pydicts="strict") for name in serving.inputs]
    cells: Iterable[Sequence[Any]] = zip(*columns, strict=True)
    return [
        serving.encode_row(ts, values, seq=seq, reversal=bool(reversal))
        for ts, seq, reversal, values in zip(times, sequences, before, cells, strict=True)
    ]
