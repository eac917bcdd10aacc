"""Step 1: the files become tables of the warehouse.

Every row of a table of events stands in the partition of the UTC day on which it became known:

* ``flights.schedule``: a flight, known (and asked about) at its scheduled departure;
* ``flights.departures``: its delay, known when it left;
* ``flights.arrivals``: its delay, known when it arrived, which may be on the next day;
* ``flights.weather``: what was measured in an hour, known at the end of that hour;
* ``flights.planes``: a snapshot of all planes for each day.

What can be said in SQL is not done here: the flights that did not arrive are a staging query.

Nothing is written unless all files are as they should be.
"""

from __future__ import annotations

import sys
from pathlib import Path

import clock
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import raw

from chronon.base.errors import ChrononError, DataError
from chronon.base.settings import load_settings
from chronon.engine.warehouse import Warehouse

MINUTE_MS = 60_000
HERE = Path(__file__).parent

ZONES = {
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}
"""Destinations that airports.csv does not have."""

STRONGEST_WIND = 200.0
"""In miles an hour; the files have one reading of 1,048."""

IDENTITY = ["flight_id", "carrier", "flight", "tailnum", "origin", "dest"]


def tables(place: Path) -> tuple[dict[str, pa.Table], dict[str, int]]:
    """All tables of events, and ``planes``; and what was counted on the way."""
    files = {name: raw.read(name, place) for name in raw.ROWS}
    raw.require_days(files, place)
    raw.require_rows(files, place)
    counts: dict[str, int] = {}
    made = {**_flights(files["flights"], files["airports"], counts), "weather": _weather(files["weather"], counts)}
    made["planes"] = files["planes"].rename_columns({"year": "built"}).drop_columns(["speed"])
    unknown = pc.invert(pc.is_in(made["schedule"]["tailnum"], value_set=files["planes"]["tailnum"]))
    named = pc.and_(unknown, pc.is_valid(made["schedule"]["tailnum"]))
    counts["flights without a tail number (kept)"] = made["schedule"]["tailnum"].null_count
    counts["flights whose tail number is in no row of planes.csv (kept)"] = pc.sum(named).as_py()
    return made, counts


def _flights(flights: pa.Table, airports: pa.Table, counts: dict[str, int]) -> dict[str, pa.Table]:
    def column(name: str) -> np.ndarray:
        return pc.fill_null(flights[name], 0).to_numpy()

    scheduled = _utc(flights, "flights.csv") + column("minute")
    if not np.array_equal(column("hour") * 100 + column("minute"), column("sched_dep_time")):
        raise DataError("flights.csv: hour and minute do not agree with sched_dep_time")
    zones, names = _zones(flights["dest"], airports)
    left, arrived = (pc.is_valid(flights[name]).to_numpy() for name in ("dep_time", "arr_delay"))

    departure = scheduled + column("dep_delay")
    new_york = np.zeros(len(flights), np.int64)
    shown = clock.to_local(departure, new_york, [clock.NEW_YORK]) % 1440
    _agree(left & (shown != clock.minute_of_day(column("dep_time"))), "dep_time is not dep_delay after sched_dep_time")

    due = clock.next_time(scheduled, clock.minute_of_day(column("sched_arr_time")), zones, names)
    arrival = clock.next_time(departure, clock.minute_of_day(column("arr_time")), zones, names)
    _agree(arrived & (arrival != due + column("arr_delay")), "arr_time is not arr_delay after sched_arr_time")

    local = clock.to_local(scheduled, new_york, [clock.NEW_YORK])
    flights = flights.append_column("flight_id", _identity(flights))
    facts = flights.select(IDENTITY)
    if len(pc.unique(facts["flight_id"])) != len(facts):
        raise DataError("flights.csv: a flight is listed twice")
    schedule = facts.append_column("distance", flights["distance"])
    for name, values in (
        ("scheduled_minutes", due - scheduled),
        ("local_hour", local // 60 % 24),
        ("weekday", (local // 1440 + 3) % 7 + 1),  # 1970-01-01 was a Thursday; Monday is 1
    ):
        schedule = schedule.append_column(name, pa.array(values))
    facts_and = {
        "schedule": (schedule, scheduled, np.ones(len(flights), bool)),
        "departures": (facts.append_column("dep_delay", flights["dep_delay"]), departure, left),
        "arrivals": (facts.append_column("arr_delay", flights["arr_delay"]), arrival, arrived),
    }
    counts["flights that never left: not in departures and arrivals"] = int((~left).sum())
    counts["flights that left and were diverted: not in arrivals"] = int((left & ~arrived).sum())
    return {name: _at(table, minutes).filter(pa.array(keep)) for name, (table, minutes, keep) in facts_and.items()}


def _weather(weather: pa.Table, counts: dict[str, int]) -> pa.Table:
    hour = _utc(weather, "weather.csv")
    expected = 3 * (int(hour.max() - hour.min()) // 60 + 1)
    counts["hours of an airport without weather"] = expected - len(weather)
    odd = pc.fill_null(pc.greater(weather["wind_speed"], STRONGEST_WIND), False)
    counts["wind speeds that cannot be (made null)"] = pc.sum(odd).as_py()
    wind = pc.if_else(odd, None, weather["wind_speed"])
    names = ["origin", "temp", "humid", "wind_speed", "precip", "pressure", "visib"]
    calmed = weather.set_column(weather.column_names.index("wind_speed"), "wind_speed", wind)
    return _at(calmed.select(names), hour + 60)


def _utc(table: pa.Table, file: str) -> np.ndarray:
    """The hours of ``time_hour``, which must be what the local columns say, in UTC."""
    hours = table["time_hour"].cast(pa.int64()).to_numpy() // MINUTE_MS
    local = clock.to_local(hours, np.zeros(len(hours), np.int64), [clock.NEW_YORK])
    said = raw.days(table).astype(np.int64) * 1440 + table["hour"].to_numpy() * 60
    off = local - said
    if off.any():
        rows = int((off != 0).sum())
        hours_off = sorted({int(x) // 60 for x in np.unique(off[off != 0])})
        raise DataError(
            f"{file}: in {rows:,} of {len(table):,} rows time_hour is off the local clock, by {hours_off[:3]} hours",
            expected="time_hour in UTC; year, month, day and hour on New York's clock",
            mend=raw.REINSTALL,
        )
    return hours


def _zones(dest: pa.ChunkedArray, airports: pa.Table) -> tuple[np.ndarray, list[str]]:
    listed = zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True)
    zone_of = {**ZONES, **{code: zone for code, zone in listed if zone is not None}}
    codes = pc.unique(dest).to_pylist()
    unknown = [code for code in codes if code not in zone_of]
    if unknown:
        raise DataError(f"airports.csv does not say in which time zone {', '.join(unknown)} lies")
    names = sorted({zone_of[code] for code in codes})
    places = pa.array([names.index(zone_of[code]) for code in codes], pa.int64())
    return places.take(pc.index_in(dest, pa.array(codes)).combine_chunks()).to_numpy(), names


def _identity(flights: pa.Table) -> pa.ChunkedArray:
    """Such as ``2013-12-17 UA1545 EWR``: a carrier may use a number at two airports on one day."""
    number = pc.binary_join_element_wise(flights["carrier"], flights["flight"].cast(pa.string()), "")
    return pc.binary_join_element_wise(pa.array(raw.days(flights).astype(str)), number, flights["origin"], " ")


def _agree(wrong: np.ndarray, problem: str) -> None:
    if wrong.any():
        raise DataError(
            f"flights.csv: in {int(wrong.sum()):,} rows {problem}; the first is row {int(wrong.argmax()) + 1}",
            expected="local clock times: New York's at departure, the destination's at arrival",
            mend=raw.REINSTALL,
        )


def _at(table: pa.Table, minutes: np.ndarray) -> pa.Table:
    return table.append_column("ts", pa.array(minutes * MINUTE_MS))


def write(warehouse: Warehouse, made: dict[str, pa.Table]) -> dict[str, tuple[int, int]]:
    """Publish all partitions; returns how many rows and partitions each table has."""
    last = max(int(pc.max(table["ts"]).as_py()) for name, table in made.items() if name != "planes")
    days = np.arange(np.datetime64("2013-01-01"), np.datetime64(last, "ms").astype("M8[D]") + 1)
    found: dict[str, tuple[int, int]] = {}
    for name, table in made.items():
        with warehouse.writing(f"flights.{name}"):
            if name == "planes":
                rows = sum(_publish(warehouse, name, day, table) for day in days)
            else:
                ordered = table.sort_by([("ts", "ascending"), (table.column_names[0], "ascending")])
                day_of = ordered["ts"].to_numpy().astype("M8[ms]").astype("M8[D]")
                bounds = np.searchsorted(day_of, [*days, days[-1] + 1])
                pieces = zip(days, bounds[:-1], bounds[1:], strict=True)
                rows = sum(_publish(warehouse, name, day, ordered.slice(a, b - a)) for day, a, b in pieces)
        found[f"flights.{name}"] = rows, len(days)
    return found


def _publish(warehouse: Warehouse, name: str, day: np.datetime64, rows: pa.Table) -> int:
    return warehouse.publish(f"flights.{name}", ("ds", str(day)), rows.to_batches(), rows.schema)


def load(place: Path | None = None, repo: Path = HERE) -> None:
    """Read the files in ``place`` (the installed distribution's, if ``None``) and write the tables of ``repo``."""
    made, counts = tables(place or raw.folder())
    for name, (rows, partitions) in write(Warehouse(load_settings(repo).warehouse_folder), made).items():
        print(f"{name:22} {rows:9,} rows in {partitions} partitions")
    for reason, rows in counts.items():
        print(f"{rows:9,} {reason}")


if __name__ == "__main__":
    try:
        load(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except ChrononError as error:
        sys.exit(f"error: {error}")
