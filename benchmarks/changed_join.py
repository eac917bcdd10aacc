"""One part more in a join of 20: computed anew, and with 20 parts taken from the old output. Prints CPU seconds.

python benchmarks/changed_join.py [--events 500000] [--rows 50000]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chronon import Accuracy, Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join

DAYS, DAY = 10, 86_400_000
START = 1_704_067_200_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rows", type=int, default=50_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        for table, rows in (("events", asked.events), ("rows", asked.rows)):
            write(Path(folder) / "db" / table, rows)
        engine = DuckDBEngine(folder, threads=2)
        first = cpu(lambda: backfill_join(join("t.kept", 20), engine, end="2024-01-10"))
        more = cpu(lambda: backfill_join(join("t.kept", 21), engine, end="2024-01-10"))
        anew = cpu(lambda: backfill_join(join("t.anew", 21), engine, end="2024-01-10"))
    print(f"20 parts: {first:.1f}   21 parts anew: {anew:.1f}   one part more: {more:.1f}   ratio {anew / more:.1f}")


def cpu(work) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def write(folder: Path, rows: int) -> None:
    random = np.random.default_rng(rows)
    for day in range(DAYS):
        count = rows // DAYS
        columns = {
            "user": random.integers(0, 20_000, count),
            "amount": random.integers(0, 1000, count),
            "ts": START + day * DAY + np.sort(random.integers(0, DAY, count)),
        }
        inside = folder / f"ds=2024-01-{day + 1:02d}"
        inside.mkdir(parents=True)
        pq.write_table(pa.table(columns), inside / "part.parquet")


def join(name: str, parts: int) -> Join:
    def part(number: int) -> JoinPart:
        made = GroupBy(
            name=f"g.p{number}",
            sources=EventSource(table="db.events", query=Query(selects=select("user", "amount"), time_column="ts")),
            keys=["user"],
            accuracy=Accuracy.TEMPORAL,
            aggregations=[
                Aggregation("amount", Operation.SUM, windows=[f"{number % 7 + 1}d", "1h"]),
                Aggregation("amount", Operation.LAST, windows=["7d"]),
            ],
        )
        return JoinPart(made)

    left = EventSource(table="db.rows", query=Query(selects=select("user"), time_column="ts"))
    made = Join(left=left, right_parts=[part(number) for number in range(parts)], name=name)
    made.metaData.outputNamespace = "out"
    return made


if __name__ == "__main__":
    main()
