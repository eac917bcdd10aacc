"""The kernel alone: every operation over four windows, against DuckDB sorting the rows that it reads.

Rows and queries are sorted already and in memory; what is measured is the CPU time (user and system, all threads) of
`Aggregator.run`. The sort is `SELECT key, ts, x FROM read_parquet(...) ORDER BY key, ts` to Arrow batches.

    python benchmarks/kernel.py                                       2 M events, 200 k queries, 20 k keys: a minute
    python benchmarks/kernel.py --events 200000 --queries 20000       a tenth of it
    python benchmarks/kernel.py --operation TOP_K --operation SUM     some operations
    python benchmarks/kernel.py --growth                              cost against rows and against window length
    python benchmarks/kernel.py --hot                                 all rows under one key, and peak memory
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from chronon.aggregate import Aggregator
from chronon.base.types import DOUBLE, LONG, STRING, DataType, ListType, MapType
from chronon.testing.shorthand import aggregation

DAYS = 60
DAY = 24 * 3600 * 1000
END = 1_704_844_800_000
WINDOWS = ("1d", "7d", "30d", None)
OPERATIONS = {
    "COUNT": (LONG, {}),
    "SUM (whole)": (LONG, {}),
    "SUM": (DOUBLE, {}),
    "AVERAGE": (DOUBLE, {}),
    "VARIANCE": (DOUBLE, {}),
    "SKEW": (DOUBLE, {}),
    "KURTOSIS": (DOUBLE, {}),
    "MIN": (DOUBLE, {}),
    "MAX (whole)": (LONG, {}),
    "MAX (text)": (STRING, {}),
    "FIRST": (STRING, {}),
    "LAST": (STRING, {}),
    "FIRST_K": (STRING, {"k": 10}),
    "LAST_K": (STRING, {"k": 10}),
    "TOP_K": (DOUBLE, {"k": 10}),
    "BOTTOM_K": (LONG, {"k": 10}),
    "UNIQUE_COUNT": (STRING, {}),
    "BOUNDED_UNIQUE_COUNT": (STRING, {"k": 8}),
    "APPROX_UNIQUE_COUNT": (STRING, {}),
    "HISTOGRAM": (STRING, {"k": 5}),
    "APPROX_HISTOGRAM_K": (STRING, {"k": 5}),
    "APPROX_PERCENTILE": (DOUBLE, {"percentiles": "[0.5, 0.95]"}),
    "SUM (list)": (ListType(DOUBLE), {}),
    "SUM (map)": (MapType(STRING, DOUBLE), {}),
    "SUM (buckets)": (DOUBLE, {"buckets": ["bucket"]}),
    "SUM (element-wise)": (ListType(DOUBLE), {"element_wise": True}),
}


def column(kind: DataType, count: int, random: np.random.Generator) -> pa.Array:
    """A column of some thousand distinct values, a twentieth of them null."""
    null = random.random(count) < 0.05
    if kind == LONG:
        return pa.array(random.integers(0, 5000, count), mask=null)
    if kind == DOUBLE:
        return pa.array(random.normal(100, 30, count), mask=null)
    if kind == STRING:
        names = pa.array([f"product_{i}" for i in range(2000)])
        return names.take(pa.array(random.zipf(1.3, count) % 2000, mask=null))
    offsets = pa.array((np.arange(count + 1) * 3).astype(np.int32))
    numbers = pa.array(random.normal(100, 30, 3 * count))
    if isinstance(kind, ListType):
        return pa.ListArray.from_arrays(offsets, numbers)
    labels = pa.array(["a", "b", "c", "d"]).take(pa.array((np.arange(3 * count) + np.repeat(np.arange(count), 3)) % 4))
    return pa.MapArray.from_arrays(offsets, labels, numbers)


def world(events: int, queries: int, keys: int, kind: DataType, seed: int = 7) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Sorted rows and queries over the last 60 days."""
    random = np.random.default_rng(seed)

    def sorted_times(count: int, days: int) -> dict[str, np.ndarray]:
        key, ts = random.integers(0, keys, count), END - random.integers(0, days * DAY, count)
        order = np.lexsort((ts, key))
        return {"__key": key[order], "ts": ts[order]}

    rows = {name: pa.array(values) for name, values in sorted_times(events, DAYS).items()}
    rows["x"] = column(kind, events, random)
    rows["bucket"] = pa.array(["p", "q", "r"]).take(pa.array(random.integers(0, 3, events)))
    return pa.record_batch(rows), pa.record_batch({k: pa.array(v) for k, v in sorted_times(queries, 10).items()})


def cut(batch: pa.RecordBatch, size: int = 1 << 17) -> list[pa.RecordBatch]:
    return [batch.slice(at, size) for at in range(0, batch.num_rows, size)]


def cost(name: str, windows: tuple[str | None, ...], events: int, queries: int, keys: int, threads: int) -> float:
    """CPU seconds of one operation."""
    kind, arguments = OPERATIONS[name]
    rows, asked = world(events, queries, keys, kind)
    definition = aggregation("x", name.split(" ", 1)[0], *windows, **arguments)
    aggregator = Aggregator([definition], {"x": kind, "bucket": STRING})
    before = time.process_time()
    answered = sum(batch.num_rows for batch in aggregator.run(cut(rows), cut(asked), threads=threads))
    took = time.process_time() - before
    assert answered == queries
    return took


def sort_cost(events: int, keys: int, kind: DataType) -> float:
    """CPU seconds of DuckDB for the sort of the same rows."""
    import duckdb
    import pyarrow.parquet as pq

    rows, _ = world(events, 1, keys, kind)
    shuffled = pa.Table.from_batches([rows]).select(["__key", "ts", "x"])
    shuffled = shuffled.take(pa.array(np.random.default_rng(1).permutation(events)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(shuffled, path)
        connection = duckdb.connect(config={"threads": 2})
        query = f"SELECT __key, ts, x FROM read_parquet('{path}') ORDER BY __key, ts"
        before = time.process_time()
        reader = connection.sql(query).to_arrow_reader()
        assert sum(batch.num_rows for batch in reader) == events
        return time.process_time() - before


def compare(names: list[str], size: argparse.Namespace) -> None:
    print(
        f"{size.events:,} events, {size.queries:,} queries, {size.keys:,} keys; windows {', '.join(map(str, WINDOWS))}"
    )
    print(f"{'operation':24}{'input':22}{'ns per event, window':>22}{'CPU s':>9}{'sort CPU s':>12}{'ratio':>8}")
    sorts: dict[DataType, float] = {}
    for name in names:
        kind = OPERATIONS[name][0]
        if kind not in sorts:
            sorts[kind] = sort_cost(size.events, size.keys, kind)
        took = cost(name, WINDOWS, size.events, size.queries, size.keys, size.threads)
        each = took / size.events / len(WINDOWS) * 1e9
        print(f"{name:24}{kind!s:22}{each:22.1f}{took:9.2f}{sorts[kind]:12.2f}{took / sorts[kind]:8.2f}", flush=True)


def growth(names: list[str], size: argparse.Namespace) -> None:
    """Linear in rows is 10; flat in the window's length is 1."""
    print("cost of ten times the rows and queries, and of windows of 30 days against windows of 1 day")
    print(f"{'operation':24}{'x10 rows':>10}{'30d / 1d':>10}")
    for name in names:
        small, large = size.events // 10, size.events
        once = cost(name, WINDOWS, small, small // 10, max(1, small // 100), 1)
        tenfold = cost(name, WINDOWS, large, large // 10, max(1, large // 100), 1)
        day = cost(name, ("1d",), size.events, size.queries, size.keys, 1)
        month = cost(name, ("30d",), size.events, size.queries, size.keys, 1)
        print(f"{name:24}{tenfold / max(once, 0.01):10.1f}{month / max(day, 0.01):10.2f}", flush=True)


def hot(names: list[str], size: argparse.Namespace) -> None:
    """Each operation in a process of its own, so that its peak is its own."""
    print(f"one key, {size.events:,} events, {size.queries:,} queries")
    print(f"{'operation':24}{'CPU s':>9}{'peak MB above the rows':>25}")
    for name in names:
        command = [sys.executable, __file__, "--hot-one", name, "--events", str(size.events)]
        done = subprocess.run([*command, "--queries", str(size.queries)], check=True, capture_output=True, text=True)
        took, peak = done.stdout.split()
        print(f"{name:24}{float(took):9.2f}{float(peak):25.0f}", flush=True)


def hot_one(name: str, size: argparse.Namespace) -> None:
    kind, arguments = OPERATIONS[name]
    rows, asked = world(size.events, size.queries, 1, kind)
    definition = aggregation("x", name.split(" ", 1)[0], *WINDOWS, **arguments)
    aggregator = Aggregator([definition], {"x": kind, "bucket": STRING})
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = time.process_time()
    answered = sum(batch.num_rows for batch in aggregator.run(cut(rows), cut(asked)))
    assert answered == size.queries
    print(time.process_time() - before, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--operation", action="append", choices=list(OPERATIONS), help="only this one; repeatable")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--hot", action="store_true")
    parser.add_argument("--hot-one", choices=list(OPERATIONS), help=argparse.SUPPRESS)
    size = parser.parse_args()
    names = size.operation or list(OPERATIONS)
    if size.hot_one:
        hot_one(size.hot_one, size)
    elif size.growth:
        growth(names, size)
    elif size.hot:
        hot(names, size)
    else:
        compare(names, size)


if __name__ == "__main__":
    main()
