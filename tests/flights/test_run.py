"""The one command: what it tells, and what it leaves."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from .conftest import Example

pytestmark = pytest.mark.timeout(900)


def test_every_dropped_row_is_counted_by_reason(example: Example) -> None:
    for line in (
        "flights.schedule         336,776 rows in 366 partitions",
        "flights.departures       328,521 rows in 366 partitions",
        "flights.arrivals         327,346 rows in 366 partitions",
        "flights.weather           26,115 rows in 366 partitions",
        "flights.planes         1,215,852 rows in 366 partitions",
        "    8,255 flights that never left: not in departures and arrivals",
        "    1,175 flights that left and were diverted: not in arrivals",
        "    2,512 flights without a tail number (kept)",
        "        1 wind speeds that cannot be (made null)",
        "flights.flights_disruptions_v1: 9,430 rows in 366 partitions, 2013-01-01 to 2014-01-01",
        "flights.flights_departure_v1: 336,776 rows in 366 partitions, 2013-01-01 to 2014-01-01",
    ):
        assert line in example.told


def test_what_is_served_is_what_was_trained_on(example: Example) -> None:
    found = re.search(r"([0-9,]+) of ([0-9,]+) served values of ([0-9]+) flights equal", example.told)
    assert found, example.told
    equal, values, flights = (int(text.replace(",", "")) for text in found.groups())
    assert equal == values == flights * 78
    assert flights == 951


def test_windows_help_and_a_leak_deceives(example: Example) -> None:
    scores = json.loads((example.repo / ".chronon" / "models.json").read_text())
    static, windows, seems, earnest = (score["auc"] for score in scores.values())
    assert static < 0.65
    assert windows > static + 0.1
    assert seems > 0.95
    assert earnest < windows - 0.05
    losses = [score["log_loss"] for score in scores.values()]
    assert losses[3] > losses[0] > losses[1] > losses[2]


def test_each_step_tells_its_time_and_memory(example: Example) -> None:
    steps = re.findall(r"^   ([0-9.]+) s, at most ([0-9,]+) MiB of memory$", example.told, re.MULTILINE)
    assert len(steps) == 9
    assert all(int(memory.replace(",", "")) < 4_000 for _, memory in steps)


def test_loading_again_changes_no_value(example: Example) -> None:
    table = example.repo / ".chronon" / "warehouse" / "flights" / "arrivals"
    before = {file: file.read_bytes() for file in sorted(table.rglob("*.parquet"))}
    subprocess.run([sys.executable, "load.py"], cwd=example.repo, check=True, capture_output=True)
    assert {file: file.read_bytes() for file in sorted(table.rglob("*.parquet"))} == before
