"""A join backfill against DuckDB scanning and sorting the same rows, and against the best plain SQL.

Each candidate runs in a process of its own; its CPU time, wall time and peak memory are those of that process after
imports. The ratios are to the first line, in the same run.

    python benchmarks/backfill.py                 2 M events, 200 k queries, 20 k keys
    python benchmarks/backfill.py --keys 1000000 --key-type string
    python benchmarks/backfill.py --hot 5000000   one key with that many events
    python benchmarks/backfill.py --parts 20      a join of so many parts of 18 features each
    python benchmarks/backfill.py --big           50 M events, 5 M queries, 500 k keys, with and without a limit of 2 GB
    python benchmarks/backfill.py --big --keys 1 --windows 1d 7d 30d all      the same, all under one key
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import resource
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import perf_counter

DAY_MS = 86_400_000
START = 1_696_118_400_000  # 2023-10-01
DAYS = 60
WINDOWS = tuple(os.environ.get("CHRONON_BENCH_WINDOWS", "1d 7d 30d").split())
PARTS = int(os.environ.get("CHRONON_BENCH_PARTS", "1"))
MEMORY = os.environ.get("CHRONON_BENCH_MEMORY", "2GB")
"""Windows (``all`` is the whole history), parts of the join, the limit: the processes that are measured take them from
their environment."""


def generate(folder: Path, args: argparse.Namespace) -> None:
    """Events and queries as partitions of a warehouse, one file for each day."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(1)

    def keys(count: int) -> pa.Array:
        drawn = random.integers(0, args.keys, count)
        if args.hot:
            drawn[random.random(count) < args.hot / (args.hot + args.events)] = 0
        return pa.array(drawn) if args.key_type == "long" else pa.array([f"user_{k:010d}" for k in drawn.tolist()])

    def write(name: str, day: int, table: pa.Table) -> None:
        at = folder / "bench" / name / f"ds={np.datetime64('2023-10-01') + day}"
        at.mkdir(parents=True)
        pq.write_table(table, at / "rows.parquet")

    events = (args.events + args.hot) // DAYS
    queries = args.queries // DAYS
    for day in range(DAYS):
        midnight = START + day * DAY_MS
        write(
            "events",
            day,
            pa.table(
                {
                    "user": keys(events),
                    "ts": np.sort(midnight + random.integers(0, DAY_MS, events)),
                    "amount": np.round(random.lognormal(3, 1, events), 2),
                    "other": random.integers(0, 1000, events),
                }
            ),
        )
        write(
            "queries",
            day,
            pa.table({"user": keys(queries), "ts": np.sort(midnight + random.integers(0, DAY_MS, queries))}),
        )


def definition(windows: tuple[str, ...] = WINDOWS, parts: int = 1):
    from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select

    operations = [
        Operation.SUM,
        Operation.COUNT,
        Operation.AVERAGE,
        Operation.MAX,
        Operation.LAST,
        Operation.LAST_K(10),
    ]
    group_by = GroupBy(
        name="bench.events",
        sources=EventSource(
            table="bench.events", topic="events", query=Query(selects=select("user", "amount"), time_column="ts")
        ),
        keys=["user"],
        aggregations=[
            Aggregation(
                "amount", operation, windows=["2147483647d" if window == "all" else window for window in windows]
            )
            for operation in operations
        ],
    )
    join = Join(
        left=EventSource(table="bench.queries", query=Query(selects=select("user"), time_column="ts")),
        right_parts=[JoinPart(group_by=group_by, prefix=f"p{number}") for number in range(parts)],
    )
    join.metaData.name = "bench.training"
    join.metaData.outputNamespace = "bench_out"
    return join


def days() -> list[str]:
    from chronon.base.time import Partitions

    return [Partitions().of(START + day * DAY_MS) for day in range(DAYS)]


def sort_only(folder: Path) -> int:
    """The reference: DuckDB reads, sorts and hands over the same columns."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    files = f"{folder}/bench/events/*/*.parquet"
    reader = connection.sql(f"SELECT user, ts, amount FROM read_parquet('{files}') ORDER BY user, ts").to_arrow_reader(
        131_072
    )
    return sum(batch.num_rows for batch in reader)


def engine_over(folder: Path, memory: str | None = None):
    from chronon.engine.duckdb import DuckDBEngine

    return DuckDBEngine(folder, threads=2, memory=memory)


def to_arrow(folder: Path, memory: str | None = None) -> int:
    """Our engine, up to the finished columns in memory."""
    from chronon.engine.protocol import JoinOutput
    from chronon.plan.join import plan_join

    engine = engine_over(folder, memory)
    plan = plan_join(definition(parts=PARTS), engine)
    output = JoinOutput(plan.left_columns, plan.features, plan.expressions, plan.outputs)
    with engine.join(plan.left, days(), output) as work:
        for part in plan.parts:
            work.answer(part)
        return sum(batch.num_rows for _, batches in work.rows() for batch in batches)


def to_partitions(folder: Path) -> int:
    """The same, published."""
    from chronon.offline import backfill_join

    return backfill_join(definition(parts=PARTS), engine_over(folder), end=days()[-1], step_days=DAYS).rows


def to_partitions_within(folder: Path) -> int:
    """The same within a limit of memory."""
    from chronon.offline import backfill_join

    return backfill_join(definition(parts=PARTS), engine_over(folder, MEMORY), end=days()[-1], step_days=DAYS).rows


def plain_sql(folder: Path) -> int:
    """The best plain SQL that we know: list aggregates over a range join, window by window."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    read = "read_parquet('{}/bench/{}/*/*.parquet')"
    events, queries = read.format(folder, "events"), read.format(folder, "queries")
    features = ", ".join(
        f"sum(amount) {f} AS s{n}, count(amount) {f} AS c{n}, avg(amount) {f} AS a{n}, max(amount) {f} AS m{n}, "
        f"arg_max(amount, e.ts) {f} AS l{n}, max_by(amount, e.ts, 10) {f} AS k{n}"
        for n, f in ((n, f"FILTER (e.ts >= q.ts - {n * DAY_MS})") for n in (1, 7, 30))
    )
    sql = (
        f"SELECT q.row, {features} FROM (SELECT *, row_number() OVER () AS row FROM {queries}) q "
        f"LEFT JOIN {events} e ON q.user = e.user AND e.ts < q.ts AND e.ts >= q.ts - {30 * DAY_MS} GROUP BY q.row"
    )
    return sum(batch.num_rows for batch in connection.sql(sql).to_arrow_reader(131_072))


CANDIDATES = {
    "sort": ("DuckDB scans and sorts", sort_only),
    "arrow": ("chronon, to Arrow", to_arrow),
    "partitions": ("chronon, to partitions", to_partitions),
    "within": ("the same within the limit", to_partitions_within),
    "sql": ("plain SQL in DuckDB", plain_sql),
}


def import_all() -> None:
    """Import what either side uses, much of which is imported when it is first needed."""
    import duckdb  # noqa: F401
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet

    import chronon

    pa.array([0])  # the first array imports pandas where that is installed
    for package in ("aggregate", "api", "engine", "offline", "plan", "sql"):
        inside = pkgutil.walk_packages([f"{chronon.__path__[0]}/{package}"], f"chronon.{package}.")
        for module in inside:
            import_module(module.name)
    from chronon.base.types import LONG
    from chronon.sql import parse

    parse("a + 1").to_duckdb({"a": LONG})  # sqlglot imports its dialects


def child(name: str, folder: Path) -> None:
    import_all()
    before, begun = os.times(), perf_counter()
    rows = CANDIDATES[name][1](folder)
    after = os.times()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"rows": rows, "cpu": cpu, "wall": perf_counter() - begun, "peak": peak}))


def measure(name: str, folder: Path, repeat: int) -> dict[str, float]:
    """The fastest of some runs, by CPU."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch) / "warehouse"
            root.mkdir()
            (root / "bench").symlink_to(folder / "bench")
            done = subprocess.run(
                [sys.executable, __file__, "--child", name, "--folder", str(root)],
                check=True,
                capture_output=True,
                text=True,
            )
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    return min(runs, key=lambda run: run["cpu"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--keys", type=int, help="how many; 20,000, and with --big 500,000")
    parser.add_argument("--key-type", choices=["long", "string"], default="long")
    parser.add_argument("--hot", type=int, default=0, help="events of one key, besides the others")
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--windows", nargs="+", default=["1d", "7d", "30d"], help="all is the whole history")
    parser.add_argument("--memory", default="2GB", help="the limit of ``within``")
    parser.add_argument("--big", action="store_true", help="50 M events, 5 M queries, 500 k keys, once")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CANDIDATES, help="which of the candidates")
    parser.add_argument("--child", choices=CANDIDATES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.folder)
        return
    os.environ["CHRONON_BENCH_PARTS"] = str(args.parts)
    os.environ["CHRONON_BENCH_WINDOWS"] = " ".join(args.windows)
    os.environ["CHRONON_BENCH_MEMORY"] = args.memory
    if args.big:
        args.events, args.queries, args.repeat = 50_000_000, 5_000_000, 1
        args.keys = args.keys or 500_000
        args.only = args.only or ["sort", "partitions", "within"]
    args.keys = args.keys or 20_000
    args.only = args.only or ["sort", "arrow", "partitions", "sql"]
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), args)
        print(f"{args.events + args.hot:,} events, {args.queries:,} queries, {args.keys:,} {args.key_type} keys")
        print(f"{'':26}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'CPU ratio':>11}")
        base = None
        for name in args.only:
            found = measure(name, Path(folder), 1 if name == "sql" else args.repeat)
            base = base or found["cpu"]
            ratio = found["cpu"] / base
            print(f"{CANDIDATES[name][0]:26}{found['cpu']:8.2f}{found['wall']:8.2f}{found['peak']:9.0f}{ratio:11.2f}")


if __name__ == "__main__":
    main()
