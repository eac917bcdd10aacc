"""Worked examples of the original's specification that no other file shows, by their numbers.

The others stand with their subjects: 1 to 3 in tests/plan/test_ranges.py; 4 and 39 in test_recompute.py; 12 to 16 in
test_group_by_backfill.py; 17 in test_incremental.py; 18 to 26 in test_join_backfill.py; 29 and 30 in
test_entity_changes.py; 31 and 32 in test_join_derivations.py; 33 to 36 in test_bootstrap.py; 37 and 38 in
test_external_parts.py; 41 and 42 in test_labels.py; 43 in test_staging_query.py; 44 in test_chaining.py; 45 in
test_models.py; 50 and 51 in test_compare.py; 54 and 55 in test_analyze.py.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chronon import (
    Aggregation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    Operation,
    Query,
    TimeUnit,
    select,
)
from chronon.api.enums import Accuracy
from chronon.base.clock import FrozenClock
from chronon.offline import backfill_join, upload_group_by
from chronon.offline.explanation import Reading, explain
from chronon.online import Fetcher, Request
from chronon.store.lmdb import LmdbStore

from .conftest import World, at

COLUMNS = {"user": "string", "item": "string", "amount": "long", "ts": "long"}


def purchases(world: World, *rows: tuple[str, str, int, str | None, str]) -> None:
    """Rows of user, item, amount, time and day."""
    world.table("db.purchases", COLUMNS, [(u, i, n, at(ts) if ts else None, ds) for u, i, n, ts, ds in rows])


def spend(*aggregations: Aggregation, accuracy: Accuracy = Accuracy.SNAPSHOT, **query: Any) -> GroupBy:
    cumulative = query.pop("cumulative", None)
    hourly = any(window.timeUnit == TimeUnit.HOURS for a in aggregations for window in a.windows or [])
    query = {"selects": select("user", "item", "amount"), "time_column": "ts", **query}
    return GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(**query), is_cumulative=cumulative),
        keys=["user"],
        accuracy=accuracy,
        aggregations=list(aggregations),
        output_namespace="out",
        backfill_start_date=None if hourly else "2024-01-05",
    )


def seen_at(world: World, group_by: GroupBy, *asked: tuple[str, str]) -> list[dict[str, Any]]:
    """The features of left rows, each a user and a time."""
    world.table("db.asked", {"user": "string", "ts": "long"}, [(user, at(ts), ts[:5]) for user, ts in asked])
    left = EventSource(table="db.asked", query=Query(selects=select("user"), time_column="ts"))
    join = Join(left, [JoinPart(group_by)], name="t.j", output_namespace="out")
    backfill_join(join, world.engine, end="2024-01-31")
    found = world.engine.query("SELECT * FROM out.t_j ORDER BY ts").read_all().to_pylist(maps_as_pydicts="strict")
    return [{n.removeprefix("g_spend_"): v for n, v in row.items() if n.startswith("g_spend")} for row in found]


# ---- 5 to 8: what is read


def read(world: World, group_by: GroupBy) -> Reading:
    """What the group-by's snapshots of 01-05 and 01-06 read."""
    (reading,) = explain(group_by, world.engine, start="2024-01-05", end="2024-01-06").readings
    return reading


@pytest.fixture
def four_days(world: World) -> World:
    days = ("01-04", "01-05", "01-06", "01-07")
    purchases(world, *((f"u{n}", "a", n, f"{ds} 10:00", ds) for n, ds in enumerate(days)))
    return world


def test_5_partitions_from_the_widest_window_on(four_days: World) -> None:
    group_by = spend(Aggregation("amount", Operation.SUM, windows=["2d", "1d"]))
    assert read(four_days, group_by).partitions[0] == "2024-01-04"
    narrow = spend(Aggregation("amount", Operation.SUM, windows=["1d"]), start_partition="2024-01-05")
    assert read(four_days, narrow).partitions[0] == "2024-01-05"


def test_6_bounds_and_conditions_of_the_query(four_days: World) -> None:
    wheres = ["amount > 0", "item='a' or item='b'"]
    bounds = {"start_partition": "2024-01-04", "end_partition": "2024-01-05"}
    found = read(four_days, spend(Aggregation("amount", Operation.SUM), time_column=None, wheres=wheres, **bounds))
    assert found.partitions == ["2024-01-04", "2024-01-05"]
    assert list(found.reads.scan.wheres) == wheres
    assert found.reads.columns == ["user", "item", "amount"]  # rows are at the end of their day


def test_7_of_a_cumulative_source_the_last_partition(four_days: World) -> None:
    assert read(four_days, spend(Aggregation("amount", Operation.SUM), cumulative=True)).partitions == ["2024-01-07"]


def test_8_of_entities_the_partitions_that_are_asked_for(world: World) -> None:
    rows = [("u1", "a", ds) for ds in ("01-04", "01-05", "01-06", "01-07")]
    world.table("db.users", {"user": "string", "plan": "string"}, rows)
    query = Query(selects=select("user", "plan"), start_partition="2024-01-02")
    source = EntitySource(snapshotTable="db.users", query=query)
    group_by = GroupBy(
        name="g.users", sources=source, keys=["user"], aggregations=None, output_namespace="out",
        backfill_start_date="2024-01-05",
    )  # fmt: skip
    found = read(world, group_by)
    assert found.partitions == ["2024-01-05", "2024-01-06"]
    assert found.reads.scan.time is None


# ---- 10 and 11: which rows count


def test_10_a_row_without_a_time_counts_nowhere(world: World) -> None:
    """In the original it is one of 1970, and counts where there is no window: 1013."""
    purchases(
        world,
        ("u1", "a", 10, "01-04 10:00", "01-04"),
        ("u1", "a", 3, "01-05 08:30", "01-05"),
        ("u1", "a", 1000, None, "01-04"),
    )
    temporal = spend(
        Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT), accuracy=Accuracy.TEMPORAL
    )
    assert seen_at(world, temporal, ("u1", "01-05 09:00")) == [{"amount_sum": 13, "amount_count": 2}]


def test_10_snapshots(world: World) -> None:
    purchases(world, ("u1", "a", 10, "01-04 10:00", "01-04"), ("u1", "a", 3, "01-05 08:30", "01-05"))
    daily = spend(Aggregation("amount", Operation.SUM, windows=["3d"]))
    assert seen_at(world, daily, ("u1", "01-05 09:00")) == [{"amount_sum_3d": 10}]


def test_11_windows_begin_at_their_hop_and_end_before_the_row(world: World) -> None:
    purchases(
        world,
        ("u1", "i1", 16, "01-18 08:29:59", "01-18"),
        ("u1", "i1", 8, "01-18 08:30:00", "01-18"),
        ("u1", "i1", 32, "01-18 09:32:09", "01-18"),
        ("u1", "i1", 64, "01-18 09:32:10", "01-18"),
        ("u1", "i1", 4, "01-05 00:00:00", "01-05"),
    )
    group_by = spend(
        Aggregation("amount", Operation.SUM, windows=["1h", "12h", "13d"]),
        Aggregation("amount", Operation.SUM, windows=["13d"], buckets=["item"]),
        Aggregation("amount", Operation.LAST_K(2)),
        accuracy=Accuracy.TEMPORAL,
    )
    assert seen_at(world, group_by, ("u1", "01-18 09:32:10")) == [
        {
            "amount_sum_1h": 40,
            "amount_sum_12h": 56,
            "amount_sum_13d": 60,
            "amount_sum_13d_by_item": {"i1": 60},
            "amount_last2": [32, 8],
        }
    ]


# ---- 46 to 48: what an upload serves at the end of its day


@pytest.fixture
def uploaded(world: World) -> World:
    purchases(
        world,
        ("u1", "a", 10, "01-01 10:00", "01-01"),
        ("u1", "a", 20, "01-04 09:29:59", "01-04"),
        ("u1", "a", 40, "01-05 22:07", "01-05"),
        ("u1", "a", 80, "01-06 00:00", "01-06"),
        ("u2", "a", 5, "12-20 10:00", "12-20"),
    )
    return world


def served(world: World, group_by: GroupBy, store: Path, ds: str, *keys: dict[str, Any]) -> list[dict[str, Any]]:
    with closing(LmdbStore(store)) as opened:
        upload_group_by(group_by, world.engine, opened, ds=ds)
        fetcher = Fetcher(opened, FrozenClock(world.engine.partitions_spec.end(ds)))
        return [answer.values for answer in fetcher.fetch(group_by.metaData.name, [Request(key) for key in keys])]


def test_46_a_snapshot(uploaded: World, tmp_path: Path) -> None:
    group_by = spend(
        Aggregation("amount", Operation.SUM, windows=["1d", "3d"]),
        Aggregation("amount", Operation.LAST, windows=["3d"]),
    )
    found = served(uploaded, group_by, tmp_path / "store", "2024-01-05", {"user": "u1"}, {"user": "u2"})
    assert found == [
        {"amount_sum_1d": 40, "amount_sum_3d": 60, "amount_last_3d": 40},
        {},  # nothing is known of it
    ]


def test_47_temporal(uploaded: World, tmp_path: Path) -> None:
    group_by = spend(
        Aggregation("amount", Operation.SUM, windows=["6h", "3d", "30d"]),
        Aggregation("amount", Operation.LAST, windows=["3d"]),
        accuracy=Accuracy.TEMPORAL,
    )
    found = served(uploaded, group_by, tmp_path / "store", "2024-01-05", {"user": "u1"}, {"user": "u2"})
    assert [tuple(values.values()) for values in found] == [(40, 60, 70, 40), (None, None, 5, None)]


def test_48_entities(world: World, tmp_path: Path) -> None:
    world.table("db.rooms", {"listing": "long", "room": "string"}, [(1, "ENTIRE", "01-10"), (2, "PRIVATE", "01-10")])
    source = EntitySource(snapshotTable="db.rooms", query=Query(selects=select("listing", "room")))
    group_by = GroupBy(name="g.lab", sources=source, keys=["listing"], aggregations=None)
    found = served(world, group_by, tmp_path / "store", "2024-01-10", {"listing": 1}, {"listing": 2})
    assert found == [{"room": "ENTIRE"}, {"room": "PRIVATE"}]
