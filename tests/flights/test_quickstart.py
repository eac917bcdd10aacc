"""``chronon quickstart --flights``: the example, wherever the package is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Example


def chronon(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chronon", *args]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_its_repo_can_be_played_with(example: Example) -> None:
    assert (example.repo / "production" / "joins" / "flights" / "departure.v1").is_file()
    fetched = chronon(
        *("fetch", "flights.departure.v1", "tailnum=N14228", "origin=EWR", "dest=IAH", "carrier=UA"),
        *("--at", "2013-12-17T20:00:00"),
        cwd=example.repo,
    )
    assert "flights_origins_departures_v1_dep_delay_average_3h" in fetched.stdout, fetched.stderr


def test_it_leaves_a_folder_alone_that_is_used(tmp_path: Path) -> None:
    (tmp_path / "chronon_flights").mkdir()
    (tmp_path / "chronon_flights" / "mine.txt").write_text("mine")
    done = chronon("quickstart", "--flights", cwd=tmp_path)
    assert done.returncode == 1
    assert "is not empty" in done.stderr
