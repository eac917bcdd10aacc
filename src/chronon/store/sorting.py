"""Rows of batch data in key order, in bounded memory: runs that fit are sorted by Arrow, more than one are merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from chronon.base.errors import DataError
from chronon.store.keys import LONGEST, shorten, stored_value

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[bytes, bytes]
"""A key and a value as they are stored."""

RUN_BYTES = 1 << 26
"""Bytes of keys and values that are sorted at once."""
BATCH_ROWS = 1 << 13
"""Rows in one batch of a run on disk; each run has one batch in memory while runs are merged."""


def sorted_rows(batches: Iterable[pa.RecordBatch], scratch: Path) -> Iterator[Row]:
    """The rows of ``key`` and ``value`` in key order, as they are to be stored.

    Parameters
    ----------
    batches:
        In any order, of any size.
    scratch:
        A folder for runs that do not fit into memory; made if it is needed, and left to the caller to remove.

    Raises
    ------
    DataError
        If a key or a value is null.
    """
    runs: list[Path] = []
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        checked = _checked(batch)
        waiting.append(checked)
        size += checked.nbytes
        if size >= RUN_BYTES:
            runs.append(_spill(_sort(waiting), scratch / f"{len(runs)}.arrow"))
            waiting, size = [], 0
    last = _sort(waiting) if waiting else None
    del waiting
    if runs:
        if last is not None:
            runs.append(_spill(last, scratch / f"{len(runs)}.arrow"))
        yield from heapq.merge(*map(_read, runs), key=itemgetter(0))
    elif last is not None:
        yield from _rows(last.to_batches(max_chunksize=BATCH_ROWS))


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    from chronon.base.arrow import compute

    keys, values = batch.column("key").cast(pa.binary()), batch.column("value").cast(pa.binary())
    if keys.null_count or values.null_count:
        raise DataError(
            f"{keys.null_count} keys and {values.null_count} values of a batch are null",
            expected="a key and a value in every row",
        )
    longest = compute().max(compute().binary_length(keys)).as_py() or 0
    if longest > LONGEST:
        pairs = [(shorten(k), stored_value(k, v)) for k, v in zip(keys.to_pylist(), values.to_pylist(), strict=True)]
        keys, values = pa.array([k for k, _ in pairs], pa.binary()), pa.array([v for _, v in pairs], pa.binary())
    return pa.record_batch([keys, values], ["key", "value"])


def _sort(batches: list[pa.RecordBatch]) -> pa.Table:
    import pyarrow as pa

    table = pa.Table.from_batches(batches).cast(pa.schema([("key", pa.large_binary()), ("value", pa.large_binary())]))
    return table.sort_by("key")


def _spill(table: pa.Table, path: Path) -> Path:
    import pyarrow as pa

    path.parent.mkdir(exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=BATCH_ROWS)
    return path


def _read(path: Path) -> Iterator[Row]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        yield from _rows(reader)


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[Row]:
    for batch in batches:
        yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
