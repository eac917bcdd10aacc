"""Sources whose partitions are hours: read day by day, each row at the end of its hour, skipped hours told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import DataError, SettingsError
from chronon.engine.duckdb import DuckDBEngine
from chronon.engine.duckdb.scan import Source
from chronon.offline import backfill_group_by, backfill_join

from .conftest import World, at

HOURLY = {"db.clicks": {"partition_format": "yyyy-MM-dd-HH"}, "db.users": {"partition_format": "yyyyMMddHH"}}


@pytest.fixture
def hourly(tmp_path: Path) -> World:
    world = World(tmp_path / "w")
    world.engine = DuckDBEngine(tmp_path / "w", threads=2, tables=HOURLY)
    return world


def put(world: World, table: str, partition: str, rows: Sequence[dict[str, Any]]) -> None:
    folder = world.root / table.replace(".", "/") / partition
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "rows.parquet")


def clicks(time_column: str | None = None, operation: Operation = Operation.SUM) -> GroupBy:
    query = Query(selects=select("user", "n"), partition_column="hour", time_column=time_column)
    return GroupBy(
        name="shop.clicks",
        output_namespace="shop",
        sources=EventSource(table="db.clicks", query=query),
        keys=["user"],
        accuracy=Accuracy.SNAPSHOT,
        aggregations=[Aggregation("n", operation)],
        backfill_start_date="2024-01-04",
    )


def all_hours(world: World, days: Sequence[str], skip: Sequence[str] = ()) -> None:
    for ds in days:
        for hour in range(24):
            name = f"2024-{ds}-{hour:02d}"
            if name not in skip:
                put(world, "db.clicks", f"hour={name}", [{"user": "u1", "n": 1}])


def test_hours_are_read_as_the_days_they_belong_to(hourly: World) -> None:
    all_hours(hourly, ["01-04", "01-05"])
    assert hourly.engine.partitions("db.clicks", "hour") == ["2024-01-04", "2024-01-05"]
    done = backfill_group_by(clicks(), hourly.engine, end="2024-01-06")
    assert done.filled == ["2024-01-04", "2024-01-05"]
    assert hourly.rows("shop.shop_clicks", "ds", "n_sum") == [("2024-01-04", 24), ("2024-01-05", 48)]


def test_a_row_without_a_time_is_at_the_end_of_its_hour(hourly: World) -> None:
    for hour in range(24):
        put(hourly, "db.clicks", f"hour=2024-01-04-{hour:02d}", [{"user": "u1", "n": 100 - hour}])
    backfill_group_by(clicks(operation=Operation.LAST), hourly.engine, end="2024-01-04")
    assert hourly.rows("shop.shop_clicks", "n_last") == [(77,)]


def test_only_the_days_that_a_window_reaches_are_read(hourly: World) -> None:
    all_hours(hourly, ["01-01", "01-04", "01-05"])
    paths = Source(hourly.engine.warehouse.files("db.clicks"), {}, {}, {}).paths(["2024-01-05"], "hour")
    assert len(paths) == 24
    assert all("2024-01-05" in path for path in paths)


def test_hours_that_are_not_there_are_told(hourly: World) -> None:
    all_hours(hourly, ["01-04", "01-05"], skip=["2024-01-04-03", "2024-01-04-04", "2024-01-05-23"])
    done = backfill_group_by(clicks(), hourly.engine, end="2024-01-05")
    assert done.notes == [
        "shop.clicks: db.clicks lacks 3 hours of the days read (2024-01-04-03, 2024-01-04-04, 2024-01-05-23)"
    ]
    assert hourly.rows("shop.shop_clicks", "n_sum") == [(22,), (45,)]


def test_a_left_side_of_hours_makes_days(hourly: World) -> None:
    for hour in (9, 10):
        rows = [{"user": "u1", "n": hour, "ts": at(f"01-05 {hour:02d}:30")}]
        put(hourly, "db.clicks", f"hour=2024-01-05-{hour:02d}", rows)
    left = EventSource(
        table="db.clicks",
        query=Query(selects=select("user"), partition_column="hour", time_column="ts"),
    )
    part = clicks(time_column="ts")
    part.accuracy = Accuracy.TEMPORAL
    join = Join(name="shop.training", output_namespace="shop", left=left, right_parts=[JoinPart(group_by=part)])
    done = backfill_join(join, hourly.engine, end="2024-01-05")
    assert done.filled == ["2024-01-05"]
    found = hourly.rows("shop.shop_training", "ds", "ts", "shop_clicks_n_sum")
    assert sorted(found) == [("2024-01-05", at("01-05 09:30"), None), ("2024-01-05", at("01-05 10:30"), 9)]


def test_of_entities_the_last_hour_of_a_day_is_its_snapshot(hourly: World) -> None:
    for hour, city in (("2024010500", "Bonn"), ("2024010507", "Köln"), ("2024010423", "Ulm")):
        put(hourly, "db.users", f"ds={hour}", [{"user": "u1", "city": city}])
    cities = GroupBy(
        name="shop.cities",
        output_namespace="shop",
        sources=EntitySource(snapshotTable="db.users", query=Query(selects=select("user", "city"))),
        keys=["user"],
        aggregations=None,
        backfill_start_date="2024-01-04",
    )
    backfill_group_by(cities, hourly.engine, end="2024-01-05")
    assert hourly.rows("shop.shop_cities", "ds", "city") == [("2024-01-04", "Ulm"), ("2024-01-05", "Köln")]


def test_hours_in_a_folder_of_their_day_need_nothing(world: World) -> None:
    for hour in range(24):
        put(world, "db.clicks", f"ds=2024-01-04/hr={hour:02d}", [{"user": "u1", "n": 1}])
    group_by = clicks()
    group_by.sources[0].events.query.partitionColumn = None
    backfill_group_by(group_by, world.engine, end="2024-01-04")
    assert world.rows("shop.shop_clicks", "n_sum") == [(24,)]


def test_what_is_no_hour_is_told(hourly: World) -> None:
    put(hourly, "db.clicks", "hour=2024-01-04-25", [{"user": "u1", "n": 1}])
    with pytest.raises(DataError, match=r"db\.clicks: '2024-01-04-25' is not a partition"):
        hourly.engine.partitions("db.clicks", "hour")
    put(hourly, "db.users", "", [{"user": "u1"}])
    with pytest.raises(SettingsError, match=r"db\.users has partition_format"):
        hourly.engine.columns("db.users")
