"""Features for rows of one's own against the same backfill up to its columns in memory, without publishing.

Both read the same rows and compute the same 18 features. Each runs in a process of its own; CPU seconds after imports,
the fastest of some runs; the ratio is to the first line.

    python benchmarks/features.py                      2 M events, 1 M rows
    python benchmarks/features.py --queries 10000000 --memory 2GB   more rows than are answered at once
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import backfill as shared


def left_rows(folder: Path):
    """All left rows in memory, in the order of the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted((folder / "bench" / "queries").glob("*/*.parquet"))
    return pa.concat_tables(pq.ParquetFile(file).read() for file in files)


def backfill(folder: Path, memory: str | None) -> int:
    """The backfill up to the finished columns, its left rows in memory as a notebook has them."""
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.engine.protocol import JoinOutput
    from chronon.plan.join import plan_join

    engine = DuckDBEngine(folder, threads=2, memory=memory)
    plan = plan_join(shared.definition(), engine)
    with engine.join(plan.left, shared.days(), JoinOutput.of(plan)) as work:
        for part in plan.parts:
            work.answer(part)
        return sum(batch.num_rows for _, batches in work.rows() for batch in batches)


def features(folder: Path, memory: str | None) -> int:
    """``join.features(table)``."""
    from chronon import Session

    session = Session(folder, warehouse=str(folder), threads=2, **({"memory": memory} if memory else {})).use()
    found = shared.definition().features(left_rows(folder))
    assert session.engine is not None
    return found.arrow().num_rows


CANDIDATES = {"backfill": ("backfill, to Arrow", backfill), "features": ("features(table)", features)}


def child(name: str, folder: Path, memory: str | None) -> None:
    # imports are not what is measured
    import duckdb  # noqa: F401
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401

    import chronon.engine.duckdb
    import chronon.offline.features
    import chronon.offline.join
    import chronon.session  # noqa: F401
    from chronon.sql import parse

    parse("a + 1")
    before, begun = os.times(), perf_counter()
    rows = CANDIDATES[name][1](folder, memory)
    after = os.times()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"rows": rows, "cpu": cpu, "wall": perf_counter() - begun, "peak": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--memory", help="DuckDB's limit")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--child", choices=CANDIDATES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.folder, args.memory)
        return
    args.hot, args.key_type = 0, "long"
    with tempfile.TemporaryDirectory() as folder:
        shared.generate(Path(folder), args)
        print(f"{args.events:,} events, {args.queries:,} rows, {args.keys:,} keys")
        print(f"{'':22}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'CPU ratio':>11}")
        base = None
        for name in args.only:
            command = [sys.executable, __file__, "--child", name, "--folder", folder]
            command += ["--memory", args.memory] if args.memory else []
            runs = [
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
                for _ in range(args.repeat)
            ]
            best = min(runs, key=lambda run: run["cpu"])
            base = base or best["cpu"]
            label = CANDIDATES[name][0]
            print(f"{label:22}{best['cpu']:8.2f}{best['wall']:8.2f}{best['peak']:9.0f}{best['cpu'] / base:11.2f}")


if __name__ == "__main__":
    main()
