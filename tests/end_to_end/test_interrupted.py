"""Ctrl-C: a line that says what it means, the exit code of shells, and a next run that goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DAY = 86_400_000
BEGUN = 1_704_067_200_000  # 2024-01-01
DAYS = 20
FILES = {
    "teams.json": '{"default": {"namespace": "shop"}, "shop": {"namespace": "shop"}}',
    "chronon.toml": 'warehouse = "warehouse"\nthreads = 1\n',
    "group_bys/shop/spend.py": """
        from chronon import Accuracy, Aggregation, EventSource, GroupBy, Operation, Query, select
        v1 = GroupBy(
            EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
            ["user"],
            [Aggregation("amount", Operation.SUM, windows=["1d", "7d"]), Aggregation("amount", Operation.LAST_K(9))],
            accuracy=Accuracy.TEMPORAL)
        """,
    "joins/shop/training.py": """
        from chronon import EventSource, Join, Query, select
        from group_bys.shop.spend import v1 as spend
        v1 = Join(EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts")), [spend])
        """,
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    from textwrap import dedent

    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    for day in range(DAYS):
        at = BEGUN + day * DAY
        rows = {"user": [f"u{n % 997}" for n in range(20_000)], "amount": list(range(20_000))}
        table = pa.table({**rows, "ts": [at + n * 4000 for n in range(20_000)]})
        for name in ("queries", "purchases"):
            folder = tmp_path / "warehouse" / "db" / name / f"ds=2024-01-{day + 1:02d}"
            folder.mkdir(parents=True)
            pq.write_table(table, folder / "rows.parquet")
    return tmp_path


def backfill(repo: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "chronon", "backfill", "shop.training.v1", "--end", "2024-01-20", *more]
    return subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def published(repo: Path) -> list[Path]:
    return sorted((repo / "warehouse/shop/shop_training_v1").glob("ds=*/*.parquet"))


@pytest.mark.parametrize("moment", [0.0, 0.03, 0.11])
def test_an_interrupt_is_no_crash(repo: Path, moment: float) -> None:
    """Wherever it comes: in DuckDB, in the kernel, while a file is written."""
    process = backfill(repo, "--step-days", "1")
    deadline = time.monotonic() + 60
    while len(published(repo)) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "interrupted; what was published stays, the next run goes on from there" in told
    assert "Traceback" not in told
    kept = published(repo)
    assert 2 <= len(kept) < DAYS
    assert all(pq.read_table(file, partitioning=None).num_rows == 20_000 for file in kept)

    again = backfill(repo)
    shown, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert len(published(repo)) == DAYS
    assert re.search(rf"\b{DAYS - len(kept)}\b", shown)
