"""Every kind of backfill, killed at several points: the next run makes what an undisturbed one would have made."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import World, at
from .definitions import JOBS

DAYS = [f"01-{number:02d}" for number in range(4, 13)]
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[2])
from definitions import JOBS
from chronon.engine.duckdb import DuckDBEngine
engine = DuckDBEngine(sys.argv[1], threads=1)
print("begun", flush=True)
JOBS[sys.argv[3]](engine)
print("ended", flush=True)
"""


def shop(root: Path) -> World:
    world = World(root)
    rows = [(f"u{n % 7}", n, at(f"{ds} 12:00") + n, ds) for ds in DAYS for n in range(200)]
    for table in ("db.queries", "db.purchases"):
        world.table(table, {"user": "string", "amount": "long", "ts": "long"}, rows)
    return world


def published(world: World) -> dict[str, bytes]:
    return {str(file.relative_to(world.root)): file.read_bytes() for file in sorted(world.root.glob("out/**/*.*"))}


def begun(world: World, job: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(world.root), str(Path(__file__).parent), job],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def files(world: World) -> int:
    return sum(1 for _ in world.root.glob("out/**/*.*"))


def kill_after(world: World, process: subprocess.Popen[str], more: int, moment: float) -> bool:
    """Kill -9 a moment after so many more files are there; says whether it was still running."""
    goal = files(world) + more
    deadline = time.monotonic() + 60
    while files(world) < goal and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(moment)
    running = process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return running


@pytest.mark.parametrize("job", JOBS)
def test_the_next_run_makes_what_an_undisturbed_one_makes(tmp_path: Path, job: str) -> None:
    undisturbed = shop(tmp_path / "undisturbed")
    JOBS[job](undisturbed.engine)
    expected = published(undisturbed)
    assert len(expected) > 4

    world = shop(tmp_path / "killed")
    rng = random.Random(job)
    interrupted = 0
    for more in (0, 2):
        interrupted += kill_after(world, begun(world, job), more, rng.random() / 100)
        for file in world.root.glob("out/**/*.parquet"):
            assert pq.read_table(file, partitioning=None).num_rows >= 0  # whole, or not there
        assert set(published(world)) <= set(expected)
    assert interrupted
    JOBS[job](world.engine)
    assert published(world) == expected
    assert not list((world.root / ".staging").iterdir())
