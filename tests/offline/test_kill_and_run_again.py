"""A backfill that is killed: readers see whole partitions only, and the next run makes the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from chronon.offline import backfill_join

from .conftest import World, at, day
from .definitions import spending

DAYS = [f"01-{number:02d}" for number in range(4, 28)]
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[2])
from definitions import spending
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join
engine = DuckDBEngine(sys.argv[1], threads=1)
print("begun", flush=True)
print(len(backfill_join(spending(), engine, end="2024-01-27", step_days=1).filled))
"""


@pytest.fixture
def shop(world: World) -> World:
    rows = [(f"u{n % 7}", n, at(f"{ds} 12:00") + n, ds) for ds in DAYS for n in range(200)]
    columns = {"user": "string", "amount": "long", "ts": "long"}
    world.table("db.queries", columns, rows)
    world.table("db.purchases", columns, rows)
    return world


def begin(world: World) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(world.root), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def published(world: World) -> list[Path]:
    return sorted((world.root / "out" / "t_training").glob("ds=*/*"))


def kill_when(world: World, process: subprocess.Popen[str], partitions: int) -> None:
    """Kill -9 as soon as that many partitions are there, or something is half written after them."""
    deadline = time.monotonic() + 60
    while len(published(world)) < partitions and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_what_was_published_is_whole_and_the_next_run_goes_on(shop: World) -> None:
    for goal in (1, 4, 9, 15):
        kill_when(shop, begin(shop), goal)
        assert all(pq.read_table(file).num_rows == 200 for file in published(shop))
    assert len(published(shop)) < len(DAYS)
    result = backfill_join(spending(), shop.engine, end="2024-01-27")
    assert result.filled
    assert result.present + len(result.filled) == len(DAYS)
    assert not list((shop.root / ".staging").iterdir())  # what the killed ones left over is gone
    healed = {file.parent.name: file.read_bytes() for file in published(shop)}
    for file in published(shop):
        file.unlink()
        file.parent.rmdir()
    backfill_join(spending(), shop.engine, end="2024-01-27")
    assert {file.parent.name: file.read_bytes() for file in published(shop)} == healed


def test_an_interrupt_ends_a_backfill_and_keeps_its_partitions(shop: World) -> None:
    process = begin(shop)
    deadline = time.monotonic() + 60
    while not published(shop) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    kept = [file.parent.name for file in published(shop)]
    assert kept == [f"ds={day(ds)}" for ds in DAYS][: len(kept)]
