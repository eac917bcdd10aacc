"""What happened in 2013, from the raw files with plain Python: a reading that shares no code with the example."""

from __future__ import annotations

import csv
import io
import zipfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chronon.testing.oracle import Row

NOT_LISTED = {"BQN": "America/Puerto_Rico", "PSE": "America/Puerto_Rico", "SJU": "America/Puerto_Rico"}
NOT_LISTED["STT"] = "America/St_Thomas"

Key = tuple[Any, ...]


def ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


@dataclass
class Events:
    """Rows of one kind by key, to be cut out by time."""

    rows: dict[Key, list[Row]] = field(default_factory=lambda: defaultdict(list))
    times: dict[Key, list[int]] = field(default_factory=dict)

    def add(self, key: Key, ts: int, **values: Any) -> None:
        if None not in key:
            self.rows[key].append(Row(ts, values))

    def between(self, key: Key, first: int, last: int) -> list[Row]:
        if key not in self.times:
            rows = sorted(self.rows.get(key, []), key=lambda row: row.ts or 0)
            self.rows[key], self.times[key] = rows, [row.ts or 0 for row in rows]
        times = self.times[key]
        return self.rows[key][bisect_left(times, first) : bisect_left(times, last)]


@dataclass
class History:
    """Flights as they were scheduled, and what became known of them and of the weather, and when."""

    flights: list[dict[str, Any]] = field(default_factory=list)
    planes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tails: Events = field(default_factory=Events)
    departures: Events = field(default_factory=Events)
    origins: Events = field(default_factory=Events)
    routes: Events = field(default_factory=Events)
    weather: Events = field(default_factory=Events)


def read(folder: Path) -> History:
    """Read the files."""
    history = History()
    zones = {row["faa"]: row["tzone"] for row in _rows(folder / "airports.csv")} | NOT_LISTED
    known = {name: ZoneInfo(name) for name in set(zones.values()) if name}
    for row in _rows(folder / "flights.csv.zip"):
        _flight(history, row, known[zones[row["dest"]] or ""])
    for row in _rows(folder / "weather.csv"):
        wind = _float(row["wind_speed"])
        names = ("temp", "humid", "precip", "pressure", "visib")
        history.weather.add(
            (row["origin"],),
            ms(datetime.fromisoformat(row["time_hour"] or "")) + 3_600_000,
            wind_speed=None if wind is not None and wind > 1000 else wind,
            **{name: _float(row[name]) for name in names},
        )
    history.planes = {row["tailnum"] or "": row for row in _rows(folder / "planes.csv")}
    return history


def _flight(history: History, row: dict[str, str | None], zone: ZoneInfo) -> None:
    scheduled = datetime.fromisoformat(row["time_hour"] or "") + timedelta(minutes=int(row["minute"] or ""))
    day = f"{row['year']}-{int(row['month'] or ''):02}-{int(row['day'] or ''):02}"
    identity = f"{day} {row['carrier']}{row['flight']} {row['origin']}"
    tail, origin = (row["tailnum"],), (row["origin"],)
    route = (row["origin"], row["dest"], row["carrier"])
    at = {"tails": tail, "origins": origin, "routes": route, "weather": origin, "planes": tail}
    history.flights.append({"flight_id": identity, "ts": ms(scheduled), "row": row, "keys": at})
    if row["dep_time"] is None:
        due = ms(_clock(row["sched_arr_time"], scheduled, zone))
        for events, key in ((history.origins, origin), (history.routes, route)):
            events.add(key, due, arr_delay=None, late=None, cancelled=1)
        return
    left = scheduled + timedelta(minutes=int(row["dep_delay"] or ""))
    history.departures.add(origin, ms(left), dep_delay=int(row["dep_delay"] or ""))
    if row["arr_delay"] is None:
        return
    arrived, delay = ms(_clock(row["arr_time"], left, zone)), int(row["arr_delay"])
    history.tails.add(tail, arrived, arr_delay=delay, arrived=arrived)
    for events, key in ((history.origins, origin), (history.routes, route)):
        events.add(key, arrived, arr_delay=delay, late=int(delay > 15), cancelled=0)


def _clock(hhmm: str | None, after: datetime, zone: ZoneInfo) -> datetime:
    """The next time a clock reads that."""
    hours, minutes = divmod(int(hhmm or ""), 100)
    day = after.astimezone(zone).date()
    for ahead in (0, 1):
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=ahead)
        for fold in (0, 1):
            shown = midnight.replace(hour=hours % 24, minute=minutes, fold=fold).astimezone(UTC)
            if shown > after:
                return shown
    raise AssertionError(hhmm, after)


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _rows(path: Path) -> Iterator[dict[str, str | None]]:
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(path.stem)
    for row in csv.DictReader(io.StringIO(data.decode())):
        yield {name: None if value == "NA" else value for name, value in row.items()}
