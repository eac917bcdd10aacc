"""Step 9: a day of snow as it happened. Events go into the store when they become known, features come out over HTTP.

At each minute at which flights are scheduled to leave, what has happened before it has been written and nothing else.
So what is served can only be what was known; it must be what the model was trained on.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from time import perf_counter
from typing import Any

from chronon.base.errors import ChrononError, DataError
from chronon.base.settings import load_settings
from chronon.engine.registry import open_engine
from chronon.store.opening import open_store
from chronon.stream.ingest import Ingest

HERE = Path(__file__).parent
DAY = "2013-12-17"
JOIN = "flights.departure.v1"
KEYS = ("tailnum", "origin", "dest", "carrier")
LEFT = {*KEYS, "flight_id", "distance", "scheduled_minutes", "local_hour", "weekday", "ts", "ds"}

READERS = {
    "departures": [("flights.origins.departures_v1", 0)],
    "arrivals": [("flights.tails.v1", 0), ("flights.origins.arrivals_v1", 0), ("flights.routes.v1", 0)],
    "flights_disruptions_v1": [("flights.origins.arrivals_v1", 1), ("flights.routes.v1", 1)],
    "weather": [("flights.weather.v1", 0)],
}
"""Which group-bys read a table, and as which of their sources."""


class Day:
    """The events of a day, in order of time, on their way into the store."""

    def __init__(self, repo: Path, day: str) -> None:
        settings = load_settings(repo)
        self.engine = open_engine(settings)
        self.store = open_store(settings.store_url)
        self.events: list[tuple[int, str, dict[str, Any]]] = []
        for table in READERS:
            rows = self.engine.query(f"SELECT * FROM flights.{table} WHERE ds = '{day}'").read_all().to_pylist()
            self.events += [(row["ts"], table, row) for row in rows]
        self.events.sort(key=itemgetter(0))
        self.ingests = {name: Ingest(self.store, name) for readers in READERS.values() for name, _ in readers}
        self.written: Counter[str] = Counter()
        self._next = 0

    def until(self, instant: int) -> None:
        """Write what happened before an instant and is not written yet."""
        begin = self._next
        while self._next < len(self.events) and self.events[self._next][0] < instant:
            self._next += 1
        for table, readers in READERS.items():
            rows = [row for _, name, row in self.events[begin : self._next] if name == table]
            if rows:
                for group_by, source in readers:
                    self.ingests[group_by].write(rows, partition=table, offset=self.written[table], source=source)
                self.written[table] += len(rows)


@dataclass
class Outcome:
    """What a day of fetches gave."""

    flights: int = 0
    values: int = 0
    to_the_bit: int = 0
    differing: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, row: dict[str, Any], served: dict[str, Any]) -> None:
        """Compare the features of one flight."""
        self.flights += 1
        for name, trained in row.items():
            if name in LEFT:
                continue
            self.values += 1
            value = served.get(name)
            self.to_the_bit += trained == value
            if not same(name, trained, value):
                self.differing.append(f"{name} of {row['flight_id']}: trained on {trained!r}, served {value!r}")


def same(name: str, trained: Any, served: Any) -> bool:
    """Integers, texts and lists of them are equal; floats to 12 digits, variances to 8."""
    if isinstance(trained, float) and isinstance(served, float | int):
        return math.isclose(trained, served, rel_tol=1e-8 if "_variance_" in name else 1e-12)
    return bool(trained == served)


@contextmanager
def serving(repo: Path) -> Iterator[HTTPConnection]:
    """``chronon serve`` on a free port."""
    command = [sys.executable, "-m", "chronon", "serve", "--repo", str(repo), "--port", "0", "--allow-at"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            found = next((m for m in (re.search(r"http://([0-9.:]+)", line) for line in server.stderr) if m), None)
            if found is None:
                raise DataError("chronon serve ended before it listened")
            yield HTTPConnection(found[1], timeout=30)
        finally:
            server.terminate()


def fetch(connection: HTTPConnection, keys: list[dict[str, Any]], at: int) -> list[dict[str, Any]]:
    """The features of some flights at an instant."""
    connection.request("POST", f"/v1/features/join/{JOIN}?at={at}", json.dumps(keys))
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status != 200:
        raise DataError(f"the server answered {answer.status}: {body}")
    failed = [result for result in body["results"] if result["status"] != "Success"]
    if failed:
        raise DataError(f"a fetch failed: {failed[0]}")
    return [result.get("features", {}) for result in body["results"]]


def replay(repo: Path = HERE, day: str = DAY) -> Outcome:
    """Write and fetch a whole day."""
    events, outcome = Day(repo, day), Outcome()
    rows = events.engine.query(f"SELECT * FROM flights.flights_departure_v1 WHERE ds = '{day}' ORDER BY ts").read_all()
    with serving(repo) as connection:
        for ts, flights in groupby(rows.to_pylist(), key=itemgetter("ts")):
            events.until(ts)
            asked = list(flights)
            begun = perf_counter()
            answers = fetch(connection, [{name: row[name] for name in KEYS} for row in asked], ts)
            outcome.seconds.append(perf_counter() - begun)
            for row, served in zip(asked, answers, strict=True):
                outcome.add(row, served)
    events.store.close()
    for table, count in events.written.items():
        print(f"{count:7,} {table} written as they became known")
    return outcome


if __name__ == "__main__":
    try:
        found = replay()
    except ChrononError as error:
        sys.exit(f"error: {error}")
    times = [1e3 * seconds for seconds in sorted(found.seconds)]
    print(
        f"{len(times):7,} requests over HTTP, each for the flights of one minute: "
        f"half of them within {times[len(times) // 2]:.1f} ms, 99 % within {times[int(len(times) * 0.99)]:.1f} ms"
    )
    for line in found.differing[:5]:
        print(f"        {line}")
    equal = found.values - len(found.differing)
    print(
        f"{equal:7,} of {found.values:,} served values of {found.flights:,} flights equal the training rows "
        f"({equal / found.values:.2%}), {found.to_the_bit:,} to the last bit"
    )
    sys.exit(bool(found.differing))
