"""The kernel alone: every operation over four windows, against DuckDB sorting the rows that it reads.

Rows and queries are sorted already and in memory; what is measured is the CPU time (user and system, all threads) of
`Aggregator.run`. The sort is `SELECT key, ts, x FROM read_parquet(...) ORDER BY key, ts` to Arrow batches.

    python benchmarks/kernel.py                                       2 M events, 200 k queries, 20 k keys: a minute
    python benchmarks/kernel.py --events 200000 --queries 20000       a tenth of it
    python benchmarks/kernel.py --operation TOP_K --operation SUM     some operations
    python benchmarks/kernel.py --growth                              cost against rows, window length, windows
    python benchmarks/kernel.py --hot                                 all rows under one key, and peak memory
    python benchmarks/kernel.py --stream --events 50000000            rows that never are in memory at once, and peak
    python benchmarks/kernel.py --sharing                             the same by one thread and by two
    python benchmarks/kernel.py --online                              one fetch of 30 columns over 60 tiles
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from chronon.aggregate import Aggregator
from chronon.base.types import DOUBLE, LONG, STRING, DataType, ListType, MapType
from chronon.testing import Row
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import aggregation

DAYS = 60
HOUR = 3600 * 1000
DAY = 24 * HOUR
END = 1_704_844_800_000
WINDOWS = ("1d", "7d", "30d", None)
HOURLY = ("12h", "24h", "36h", "48h", "54h", "60h")
EIGHT = ("1d", "2d", "3d", "5d", "7d", "10d", "14d", "30d")
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


def sorted_times(count: int, keys: int, days: int, random: np.random.Generator) -> dict[str, pa.Array]:
    """Keys and instants of the last days, sorted by both."""
    key, ts = random.integers(0, keys, count), END - random.integers(0, days * DAY, count)
    order = np.lexsort((ts, key))
    return {"__key": pa.array(key[order]), "ts": pa.array(ts[order])}


def events(count: int, keys: int, kind: DataType, seed: int = 7) -> pa.RecordBatch:
    """Sorted rows of the last 60 days."""
    random = np.random.default_rng(seed)
    rows = sorted_times(count, keys, DAYS, random)
    rows["x"] = column(kind, count, random)
    rows["bucket"] = pa.array(["p", "q", "r"]).take(pa.array(random.integers(0, 3, count)))
    return pa.record_batch(rows)


def asked(count: int, keys: int, seed: int = 7) -> pa.RecordBatch:
    """Sorted queries of the last ten days."""
    return pa.record_batch(sorted_times(count, keys, 10, np.random.default_rng([seed, 1])))


def cut(batch: pa.RecordBatch, size: int = 1 << 17) -> list[pa.RecordBatch]:
    return [batch.slice(at, size) for at in range(0, batch.num_rows, size)]


def algebra(name: str, windows: tuple[str | None, ...]) -> Aggregator:
    """One operation over some windows."""
    kind, arguments = OPERATIONS[name]
    definition = aggregation("x", name.split(" ", 1)[0], *windows, **arguments)
    return Aggregator([definition], {"x": kind, "bucket": STRING})


def cost(name: str, windows: tuple[str | None, ...], count: int, queries: int, keys: int, threads: int) -> float:
    """CPU seconds of one operation."""
    return times(name, windows, count, queries, keys, threads)[0]


def times(
    name: str, windows: tuple[str | None, ...], count: int, queries: int, keys: int, threads: int
) -> tuple[float, float, float]:
    """CPU and wall seconds of one operation, and the CPU seconds of the main thread."""
    rows, questions, aggregator = events(count, keys, OPERATIONS[name][0]), asked(queries, keys), algebra(name, windows)
    before, begun, alone = time.process_time(), time.perf_counter(), time.thread_time()
    answered = sum(batch.num_rows for batch in aggregator.run(cut(rows), cut(questions), threads=threads))
    took = time.process_time() - before, time.perf_counter() - begun, time.thread_time() - alone
    assert answered == queries
    return took


def sort_cost(count: int, keys: int, kind: DataType) -> float:
    """CPU seconds of DuckDB for the sort of the same rows."""
    import duckdb
    import pyarrow.parquet as pq

    shuffled = pa.Table.from_batches([events(count, keys, kind)]).select(["__key", "ts", "x"])
    shuffled = shuffled.take(pa.array(np.random.default_rng(1).permutation(count)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(shuffled, path)
        connection = duckdb.connect(config={"threads": 2})
        query = f"SELECT __key, ts, x FROM read_parquet('{path}') ORDER BY __key, ts"
        before = time.process_time()
        reader = connection.sql(query).to_arrow_reader()
        assert sum(batch.num_rows for batch in reader) == count
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


def sharing(names: list[str], size: argparse.Namespace) -> None:
    """What two threads gain. The loops let each other run, so what the main thread does not do itself is halved.

    That bound holds whatever else the machine does; the clock tells the same only if two cores are idle.
    """
    print(f"{size.events:,} events, {size.queries:,} queries, {size.keys:,} keys: seconds by one thread and by two")
    print(f"{'operation':24}{'CPU, 1':>9}{'CPU, 2':>9}{'main, 2':>9}{'bound':>8}{'wall, 1':>10}{'wall, 2':>9}")
    for name in names:
        one, two = (
            min(times(name, WINDOWS, size.events, size.queries, size.keys, threads) for _ in range(3))
            for threads in (1, 2)
        )
        bound = one[0] / (two[2] + (two[0] - two[2]) / 2)
        print(
            f"{name:24}{one[0]:9.2f}{two[0]:9.2f}{two[2]:9.2f}{bound:8.2f}{one[1]:10.2f}{two[1]:9.2f}",
            flush=True,
        )


def growth(names: list[str], size: argparse.Namespace) -> None:
    """Linear in rows is 10; flat in the window's length is 1; eight windows cost at most 8 times one."""
    print("cost of ten times the rows and queries, of windows of 30 days against 1 day, of eight windows against one;")
    print("of three runs the cheapest, as the small ones are a few hundredths of a second")
    print(f"{'operation':24}{'x10 rows':>10}{'30d / 1d':>10}{'8 / 1':>10}")

    def least(name: str, windows: tuple[str | None, ...], count: int) -> float:
        return min(cost(name, windows, count, count // 10, max(1, count // 100), 1) for _ in range(3))

    for name in names:
        once, tenfold = (least(name, WINDOWS, count) for count in (size.events // 10, size.events))
        day, month, eight = (least(name, windows, size.events) for windows in (("1d",), ("30d",), EIGHT))
        print(f"{name:24}{tenfold / once:10.1f}{month / day:10.2f}{eight / day:10.1f}", flush=True)


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
    rows, questions = events(size.events, 1, OPERATIONS[name][0]), asked(size.queries, 1)
    measured(name, cut(rows), cut(questions), size.queries, lambda: 0.0)


def measured(
    name: str, rows: Iterable[pa.RecordBatch], questions: Iterable[pa.RecordBatch], count: int, off: Callable[[], float]
) -> None:
    """Print the CPU seconds of an operation, less those that ``off`` tells at the end, and by how many MB it grew."""
    aggregator = algebra(name, WINDOWS)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = time.process_time()
    answered = sum(batch.num_rows for batch in aggregator.run(rows, questions))
    took = time.process_time() - before - off()
    assert answered == count
    print(took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024)


def stream(names: list[str], size: argparse.Namespace) -> None:
    """Rows are made, half a million at a time, while they are asked for; the time that takes is taken off."""
    print(f"{size.events:,} events, {size.queries:,} queries, {size.keys:,} keys, never in memory at once")
    print(f"{'operation':24}{'ns per event, window':>22}{'CPU s':>9}{'peak MB above the start':>25}")
    for name in names:
        command = [sys.executable, __file__, "--stream-one", name, "--events", str(size.events)]
        command += ["--queries", str(size.queries), "--keys", str(size.keys)]
        took, peak = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        print(f"{name:24}{took / size.events / len(WINDOWS) * 1e9:22.1f}{took:9.2f}{peak:25.0f}", flush=True)


def stream_one(name: str, size: argparse.Namespace) -> None:
    kind = OPERATIONS[name][0]
    pieces = max(1, size.events // 500_000)  # small, so that the peak is not that of making them
    each = max(1, size.keys // pieces)
    making = 0.0

    def made(make: Callable[[int], pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal making
        for piece in range(pieces):
            before = time.process_time()
            batch = make(piece)
            moved = batch.set_column(0, "__key", pa.array(batch["__key"].to_numpy() + piece * each))
            making += time.process_time() - before
            yield from cut(moved)

    rows = made(lambda piece: events(size.events // pieces, each, kind, seed=piece))
    questions = made(lambda piece: asked(size.queries // pieces, each, seed=piece))
    events(1000, 10, kind)
    measured(name, rows, questions, size.queries // pieces * pieces, lambda: making)


def online() -> None:
    """Merge and finalise 30 columns from 60 tiles, straight from bytes, beside the same in plain Python."""
    columns = [(name, window) for name in ("COUNT", "SUM", "AVERAGE", "MIN", "MAX") for window in HOURLY]
    tiled = Algebra([aggregation("x", name, window) for name, window in columns], {"x": DOUBLE})
    serving = tiled.aggregator.serving()
    random = np.random.default_rng(3)
    rows = [Row(END + i * HOUR // 4, {"x": float(random.normal(100, 30))}) for i in range(240)]
    tiles = tiled.tiles(rows)
    at = END + 60 * HOUR
    states = [plain_states(rows[4 * i : 4 * i + 4]) for i in range(len(tiles))]
    starts = [serving.tiles.start(rows[4 * i].ts) for i in range(len(tiles))]
    expected = serving.fetch(None, [], END, at, tiles=tiles)
    found = merge_plainly(states, starts, at, columns)
    assert all(abs(a - b) < 1e-9 * abs(a) for a, b in zip(expected, found, strict=True))
    ours = best(lambda: serving.fetch(None, [], END, at, tiles=tiles))
    plain = best(lambda: merge_plainly(states, starts, at, columns))
    print(f"{len(columns)} columns, {len(tiles)} tiles of {len(tiles[0])} bytes")
    print(f"from bytes {ours * 1e6:.1f} us; plain Python over dicts {plain * 1e6:.1f} us; ratio {plain / ours:.0f}")


def plain_states(rows: list[Row]) -> dict[str, list[float]]:
    values = [row.values["x"] for row in rows]
    total, count = sum(values), len(values)
    return {"COUNT": [count], "SUM": [total], "AVERAGE": [total, count], "MIN": [min(values)], "MAX": [max(values)]}


def merge_plainly(
    states: list[dict[str, list[float]]], starts: list[int], at: int, columns: list[tuple[str, str]]
) -> list[float]:
    """What a server without a kernel does: no bytes to read, plain floats, no checks."""
    answers = []
    for name, window in columns:
        first = (at - int(window[:-1]) * HOUR) // HOUR * HOUR
        total: list[float] | None = None
        for start, tile in zip(starts, states, strict=True):
            if first <= start < at:
                state = tile[name]
                if total is None:
                    total = list(state)
                elif name == "MIN":
                    total[0] = min(total[0], state[0])
                elif name == "MAX":
                    total[0] = max(total[0], state[0])
                else:
                    total = [a + b for a, b in zip(total, state, strict=True)]
        assert total is not None
        answers.append(total[0] / total[1] if name == "AVERAGE" else total[0])
    return answers


def best(work: Callable[[], object], times: int = 200, rounds: int = 9) -> float:
    """The least CPU seconds of one call."""
    found = []
    for _ in range(rounds):
        before = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - before) / times)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--operation", action="append", choices=list(OPERATIONS), help="only this one; repeatable")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--hot", action="store_true")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--sharing", action="store_true")
    parser.add_argument("--online", action="store_true")
    parser.add_argument("--stream-one", choices=list(OPERATIONS), help=argparse.SUPPRESS)
    parser.add_argument("--hot-one", choices=list(OPERATIONS), help=argparse.SUPPRESS)
    size = parser.parse_args()
    names = size.operation or list(OPERATIONS)
    if size.hot_one:
        hot_one(size.hot_one, size)
    elif size.stream_one:
        stream_one(size.stream_one, size)
    elif size.online:
        online()
    elif size.sharing:
        sharing(names, size)
    elif size.stream:
        stream(names, size)
    elif size.growth:
        growth(names, size)
    elif size.hot:
        hot(names, size)
    else:
        compare(names, size)


if __name__ == "__main__":
    main()
