"""Rows in the order that the algebra takes: by key, time and all other columns, however many there are.

By dense keys, rows that come nearly sorted are sorted here in a third of DuckDB's time. Rows that do not fit into
memory go through a file in ranges of keys. A range that is still too large (one key with most of the rows), or that
holds ties between lists, maps or structs, is left to DuckDB, which spills.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from chronon.engine.duckdb.connection import BATCH_ROWS
from chronon.engine.duckdb.scratch import Groups, Scratch

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

KEY_RANGES = 128
"""Into so many ranges of keys rows are split when they do not fit; neighbours that fit together are read together."""


def in_key_order(
    connection: duckdb.DuckDBPyConnection, sql: str, keys: int, sort_bytes: int, scratch: Scratch
) -> Iterable[pa.RecordBatch]:
    """The rows of a query in total order. When this returns, the connection is free for other work.

    Parameters
    ----------
    connection:
        Has the tables.
    sql:
        Gives ``__key`` (dense, int64), ``ts`` (int64), then the other columns in the order in which they break ties.
    keys:
        How many keys there are.
    sort_bytes:
        So many bytes are sorted at once.
    scratch:
        Where the rest waits.
    """
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    size = 0
    stream = connection.sql(sql).to_arrow_reader(BATCH_ROWS)
    for batch in stream:
        batches.append(batch)
        size += batch.nbytes
        if size > sort_bytes:
            return _through_file(connection, chain(batches, stream), stream.schema, keys, sort_bytes, scratch)
    return _sorted(connection, pa.Table.from_batches(batches, stream.schema), keys)


def _sorted(connection: duckdb.DuckDBPyConnection, rows: pa.Table, keys: int) -> Iterable[pa.RecordBatch]:
    from chronon.aggregate.order import in_order

    found = in_order(rows, keys)
    if found is not None:
        return found.to_batches(max_chunksize=BATCH_ROWS)
    return _by_duckdb(connection, rows, rows.schema)


def _by_duckdb(
    connection: duckdb.DuckDBPyConnection, rows: pa.Table | pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Sorted on a connection of its own, as the rows leave it one batch at a time."""
    order = ", ".join(str(place + 1) for place in range(len(schema)))
    cursor = connection.cursor()
    try:
        cursor.register("__unsorted", rows)
        yield from cursor.sql(f"SELECT * FROM __unsorted ORDER BY {order}").to_arrow_reader(BATCH_ROWS)
    finally:
        cursor.close()


def _through_file(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    keys: int,
    sort_bytes: int,
    scratch: Scratch,
) -> Iterator[pa.RecordBatch]:
    count = min(keys, KEY_RANGES)
    groups = Groups(scratch, schema, count)
    for batch in batches:
        groups.add(batch, batch.column("__key").to_numpy() * count // keys)
    groups.finish()
    return _from_file(connection, groups, keys, sort_bytes)


def _from_file(
    connection: duckdb.DuckDBPyConnection, groups: Groups, keys: int, sort_bytes: int
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    try:
        for some in _together(groups.bytes, sort_bytes):
            if groups.bytes[some].sum() > sort_bytes:
                reader = pa.RecordBatchReader.from_batches(groups.schema, groups.read(some))
                yield from _by_duckdb(connection, reader, groups.schema)
            else:
                yield from _sorted(connection, pa.Table.from_batches(groups.read(some), groups.schema), keys)
    finally:
        groups.close()


def _together(sizes: np.ndarray[tuple[int], np.dtype[np.int64]], most: int) -> Iterator[list[int]]:
    """Runs of neighbours of at most ``most`` bytes; larger ones alone.

    >>> list(_together(np.array([3, 4, 0, 9, 1, 1]), 8))
    [[0, 1, 2], [3], [4, 5]]
    """
    run: list[int] = []
    total = 0
    for group, size in enumerate(sizes.tolist()):
        if run and total + size > most:
            yield run
            run, total = [], 0
        run.append(group)
        total += size
    if run:
        yield run
