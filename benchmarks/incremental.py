"""The next day of a long window: read from all rows again, or from aggregates by day that are kept. Prints CPU seconds.

python benchmarks/incremental.py [--days 365] [--events 20000] [--keys 300] [--rows 2000]

``--events`` and ``--rows`` are of one day. What is kept is one state for each key and day, so the gain grows with the
events that share a key and a day.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chronon import Accuracy, Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join

DAY = 86_400_000
FIRST = date(2023, 1, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--rows", type=int, default=2_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        for day in range(asked.days + 2):
            write(Path(folder) / "db/events", day, asked.events, asked.keys)
        engine = DuckDBEngine(folder, threads=2)
        events = asked.events * asked.days
        print(f"{events:,} events of {asked.days} days, {asked.keys:,} keys, {asked.rows:,} rows a day")
        for accuracy in (Accuracy.TEMPORAL, Accuracy.SNAPSHOT):
            for day in (asked.days, asked.days + 1):
                write(Path(folder) / f"db/rows_{accuracy.name.lower()}", day, asked.rows, asked.keys)
            compare(engine, accuracy, asked.days)


def compare(engine: DuckDBEngine, accuracy: Accuracy, days: int) -> None:
    name = accuracy.name.lower()
    first, second = ds(days), ds(days + 1)

    def run(what: str, window: str, day: str, **how) -> float:
        made = join(f"t.{what}_{name}", name, accuracy, window)
        before = time.process_time()
        backfill_join(made, engine, start=day, end=day, **how)
        return time.process_time() - before

    fill = run("kept", f"{days}d", first, incremental=True)
    again = run("kept", f"{days}d", second, incremental=True)
    anew = run("anew", f"{days}d", second)
    one = run("one", "1d", second)
    equal = read(engine, f"out.t_kept_{name}", second) == read(engine, f"out.t_anew_{name}", second)
    print(
        f"{name:8}  first day, all kept: {fill:5.2f}   next day: {again:5.2f}   from all rows: {anew:5.2f}   "
        f"ratio {anew / again:.1f}   a window of one day: {one:5.2f}   same rows: {equal}"
    )


def ds(day: int) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


def write(folder: Path, day: int, rows: int, keys: int) -> None:
    random = np.random.default_rng(day)
    start = (FIRST - date(1970, 1, 1)).days * DAY + day * DAY
    columns = {
        "user": random.integers(0, keys, rows),
        "amount": random.integers(0, 1000, rows),
        "ts": start + np.sort(random.integers(0, DAY, rows)),
    }
    inside = folder / f"ds={ds(day)}"
    inside.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), inside / "part.parquet")


def join(name: str, rows: str, accuracy: Accuracy, window: str) -> Join:
    source = EventSource(table="db.events", query=Query(selects=select("user", "amount"), time_column="ts"))
    part = GroupBy(
        name=f"g.{rows}_{window}",
        output_namespace="out",
        sources=source,
        keys=["user"],
        accuracy=accuracy,
        aggregations=[
            Aggregation("amount", operation, windows=[window])
            for operation in (Operation.SUM, Operation.COUNT, Operation.AVERAGE, Operation.MAX, Operation.VARIANCE)
        ],
    )
    left = EventSource(table=f"db.rows_{rows}", query=Query(selects=select("user"), time_column="ts"))
    return Join(left=left, right_parts=[JoinPart(part)], name=name, output_namespace="out")


def read(engine: DuckDBEngine, table: str, day: str) -> list[str]:
    rows = engine.query(f"SELECT * FROM {table} WHERE ds = '{day}'").read_all().to_pylist()
    return sorted(str({n: float(f"{v:.9g}") if isinstance(v, float) else v for n, v in row.items()}) for row in rows)


if __name__ == "__main__":
    main()
