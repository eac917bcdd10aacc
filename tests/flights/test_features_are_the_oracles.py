"""Two thousand random flights: every feature recomputed from the raw files by the naive oracle."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from chronon.api import structs
from chronon.base.time import DAY_MS
from chronon.base.types import DOUBLE, LONG, DataType
from chronon.repo import Repo
from chronon.testing.oracle import Oracle
from chronon.testing.tolerance import differences

from .conftest import Example
from .history import Events, History, Key, ms, read

FLIGHTS = int(os.environ.get("CHRONON_FLIGHTS", "2000" if os.environ.get("CHRONON_CI") else "60"))
"""How many. The oracle looks at every row of a window, once for each column: a tenth of a second for each flight."""
ALONE = 100
"""So many are recomputed here; more of them in several processes, each of which reads the raw files for itself."""
PARTS: dict[str, tuple[str, str, dict[str, DataType]]] = {
    "tails.v1": ("tails", "tails", {"arr_delay": LONG, "arrived": LONG}),
    "origins.departures_v1": ("departures", "origins", {"dep_delay": LONG}),
    "origins.arrivals_v1": ("origins", "origins", {"arr_delay": LONG, "late": LONG, "cancelled": LONG}),
    "routes.v1": ("routes", "routes", {"arr_delay": LONG, "late": LONG, "cancelled": LONG}),
    "weather.v1": (
        "weather",
        "weather",
        dict.fromkeys(["temp", "humid", "wind_speed", "precip", "pressure", "visib"], DOUBLE),
    ),
}
"""Group-by to its events, whose keys it uses, and its columns."""


class Recomputed:
    """One group-by's features, each window by an oracle of its own that sees little more than the window's rows."""

    def __init__(self, definition: structs.GroupBy, prefix: str, events: Events, schema: dict[str, DataType]) -> None:
        self.prefix, self.events = prefix, events
        self.oracles: dict[int, list[structs.Aggregation]] = {}
        for aggregation in definition.aggregations or []:
            for window in aggregation.windows or []:
                one = copy.copy(aggregation)
                one.windows = [window]
                unit = 3_600_000 if window.timeUnit == 0 else DAY_MS
                self.oracles.setdefault((window.length or 0) * unit, []).append(one)
        self.made = {length: Oracle(found, schema) for length, found in self.oracles.items()}

    def at(self, key: Key, query: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for length, oracle in self.made.items():
            rows = self.events.between(key, query - length - DAY_MS, query + 3_600_000)
            found |= {f"{self.prefix}_{name}": value for name, value in oracle.at(rows, query).items()}
        return found


def plane(history: History, tail: str | None, ts: int) -> dict[str, Any]:
    """The snapshot of the day before; the first is of the first of January."""
    day = datetime.fromtimestamp(ts / 1000, UTC).date() - timedelta(days=1)
    row = history.planes.get(tail or "") if day.year == 2013 else None
    number = {name: int(row[name]) if row and row[name] else None for name in ("year", "engines", "seats")}
    return {
        "flights_planes_v1_manufacturer": row["manufacturer"] if row else None,
        "flights_planes_v1_engine": row["engine"] if row else None,
        "flights_planes_v1_engines": number["engines"],
        "flights_planes_v1_seats": number["seats"],
        "flights_planes_v1_age": None if number["year"] is None else day.year - number["year"],
    }


def recompute(repo: Path, history: History, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """All features of some flights."""
    definitions = Repo(repo)
    parts: list[tuple[str, Recomputed]] = []
    for name, (events, keys, schema) in PARTS.items():
        definition = definitions.get(f"flights.{name}")
        assert isinstance(definition, structs.GroupBy)
        prefix = f"flights_{name.replace('.', '_')}"
        parts.append((keys, Recomputed(definition, prefix, getattr(history, events), schema)))
    found: list[dict[str, Any]] = []
    gc.disable()  # millions of short lists and no cycles among them: collecting takes as long as computing
    try:
        for number in numbers:
            flight = history.flights[number]
            expected = plane(history, flight["row"]["tailnum"], flight["ts"])
            for keys, part in parts:
                expected |= part.at(flight["keys"][keys], flight["ts"])
            landed = expected["flights_tails_v1_arrived_last_1d"]
            expected["minutes_since_arrival"] = None if landed is None else (flight["ts"] - landed) / 60_000
            found.append(expected)
    finally:
        gc.enable()
    return found


def recompute_from_files(repo: Path, raw: Path, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The same in a process of its own."""
    history = read(raw)
    gc.freeze()
    return recompute(repo, history, numbers)


def recompute_all(repo: Path, raw: Path, history: History, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The same, with all cores if there is much to do."""
    workers = os.cpu_count() or 1
    if len(numbers) <= ALONE or workers == 1:
        return recompute(repo, history, numbers)
    shares = [numbers[at::workers] for at in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(recompute_from_files, repeat(repo), repeat(raw), shares))
    return [found[at % workers][at // workers] for at in range(len(numbers))]


@pytest.mark.timeout(900)
def test_every_feature_is_the_oracles(example: Example, raw: Path, history: History) -> None:
    assert len(history.flights) == 336_776
    table = pq.read_table(example.repo / ".chronon" / "warehouse" / "flights" / "flights_departure_v1")
    place = {name: number for number, name in enumerate(table["flight_id"].to_pylist())}
    assert len(place) == len(history.flights) == len(table)

    compared = 0
    wrong: list[str] = []
    chosen = random.Random(2013).sample(range(len(history.flights)), FLIGHTS)
    for number, expected in zip(chosen, recompute_all(example.repo, raw, history, chosen), strict=True):
        flight = history.flights[number]
        row = table.slice(place[flight["flight_id"]], 1).to_pylist()[0]
        actual = {name: row[name] for name in row if name.startswith("flights_") or name == "minutes_since_arrival"}
        assert row["ts"] == flight["ts"]
        wrong += [f"{flight['flight_id']} {d}" for d in differences(expected, actual)]
        compared += len(actual)
    assert wrong[:10] == []
    assert compared == FLIGHTS * 78


def test_the_second_reading_sees_the_hard_cases(history: History) -> None:
    """Flights without a tail number, and arrivals of the day after."""
    assert sum(flight["row"]["tailnum"] is None for flight in history.flights) == 2_512
    midnight = ms(datetime(2014, 1, 1, tzinfo=UTC))
    assert any(row.ts and row.ts > midnight for rows in history.tails.rows.values() for row in rows)
