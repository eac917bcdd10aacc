"""Outputs whose partitions are hours: the same rules, with hours where days were, and the oracle's values."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, LabelPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.api.structs import MetaData, StagingQuery
from chronon.base.clock import FrozenClock
from chronon.base.errors import ChrononError, ConfigError, DataError
from chronon.base.time import DAY_MS, HOUR_MS, Partitions
from chronon.base.types import LONG
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_group_by, backfill_join, backfill_staging_query, upload_group_by
from chronon.offline.explanation import explain
from chronon.offline.features import features_of_rows
from chronon.online import Fetcher, Request
from chronon.plan.join import plan_join
from chronon.plan.labels import plan_labels
from chronon.store.lmdb import LmdbStore
from chronon.testing.oracle import Oracle, Row

from .conftest import World, at

HOURS = Partitions(format="yyyy-MM-dd-HH")
EVENTS = {"user": "string", "n": "long", "ts": "long"}
USERS = {"user": "string", "n": "long"}
SUMS = [Aggregation("n", Operation.SUM, windows=["1h", "6h", "1d", "14d"]), Aggregation("n", Operation.LAST)]
ONE_DAY = [Aggregation("n", Operation.SUM, windows=["1d"])]
DAYS = [Aggregation("n", Operation.SUM, windows=["1d", "14d"]), Aggregation("n", Operation.LAST)]


@pytest.fixture
def hours(tmp_path: Path) -> World:
    return world_of(tmp_path / "w")


def world_of(root: Path, tables: dict[str, dict[str, str]] | None = None) -> World:
    world = World(root)
    world.engine = DuckDBEngine(root, threads=2, partitions=HOURS, tables=tables)
    return world


def hour_of(instant: int) -> str:
    """The hour of an instant, as the tables of these tests write it."""
    return HOURS.of(instant)[5:]


def clicks(accuracy: Accuracy = Accuracy.TEMPORAL, aggregations: list[Aggregation] = SUMS, **more: Any) -> GroupBy:
    query = Query(selects=select("user", "n"), time_column="ts")
    return GroupBy(
        name=more.pop("name", "g.clicks"),
        output_namespace="out",
        sources=EventSource(table="db.clicks", query=query),
        keys=["user"],
        accuracy=accuracy,
        aggregations=aggregations,
        **more,
    )


def users(table: str = "db.users") -> GroupBy:
    return GroupBy(
        name="g.users",
        output_namespace="out",
        sources=EntitySource(snapshotTable=table, query=Query(selects=select("user", "n"))),
        keys=["user"],
        aggregations=None,
    )


def training(*parts: GroupBy, left: EventSource | EntitySource | None = None, name: str = "t.all") -> Join:
    own = EventSource(table="db.asked", query=Query(selects=select("user"), time_column="ts"))
    return Join(name=name, output_namespace="out", left=left or own, right_parts=[JoinPart(part) for part in parts])


def seven_hours_of_clicks(world: World) -> None:
    """A click in the middle of each hour from 03 to 09, worth the hour."""
    world.table("db.clicks", EVENTS, [("u1", h, at(f"01-05 {h:02d}:30"), f"01-05-{h:02d}") for h in range(3, 10)])


def some_clicks(rng: random.Random) -> list[tuple[str, int, int, str]]:
    """Clicks of 16 days and many around a midnight, some of which have landed in the next hour."""
    times = [at("01-05") - rng.randrange(16) * DAY_MS - hour * HOUR_MS for hour in rng.sample(range(24), 10)]
    times = [ts + rng.randrange(HOUR_MS) for ts in times for _ in range(6)]
    times += [at("01-05") + rng.randrange(-2 * HOUR_MS, 6 * HOUR_MS) for _ in range(60)]
    late = (rng.choice([0, 0, HOUR_MS]) for _ in times)
    return [(rng.choice("abc"), rng.randrange(100), ts, hour_of(ts + by)) for ts, by in zip(times, late, strict=True)]


# ---- joins


def test_each_hour_is_a_partition(hours: World) -> None:
    seven_hours_of_clicks(hours)
    asked = [("u1", at("01-05 08:10"), "01-05-08"), ("u1", at("01-05 09:50"), "01-05-09")]
    hours.table("db.asked", {"user": "string", "ts": "long"}, asked)
    done = backfill_join(training(clicks()), hours.engine, end="2024-01-05-10")
    assert done.filled == ["2024-01-05-08", "2024-01-05-09"]
    assert done.notes == ["db.asked has no rows for 1 of the requested hours: 2024-01-05-10"]
    columns = ("ds", "g_clicks_n_sum_1h", "g_clicks_n_sum_1d")
    assert hours.rows("out.t_all", *columns) == [("2024-01-05-08", 7, 25), ("2024-01-05-09", 9, 42)]


def test_what_is_there_stays_and_the_first_hole_is_skipped(hours: World) -> None:
    seven_hours_of_clicks(hours)
    hours.table("db.asked", {"user": "string", "ts": "long"}, [("u1", at("01-05"), f"01-05-0{h}") for h in range(4)])
    join = training(clicks())
    assert backfill_join(join, hours.engine, start="2024-01-05-02", end="2024-01-05-02").filled == ["2024-01-05-02"]
    done = backfill_join(join, hours.engine, end="2024-01-05-03")
    assert (done.filled, done.present) == (["2024-01-05-03"], 1)
    assert "2 hours before the first partition are skipped" in done.notes[0]
    assert backfill_join(join, hours.engine, end="2024-01-05-03", run_first_hole=True).filled == [
        "2024-01-05-00",
        "2024-01-05-01",
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_is_the_oracles_hour_by_hour_and_in_one_go(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    world = world_of(tmp_path)
    rows = some_clicks(rng)
    world.table("db.clicks", EVENTS, rows)
    states = {(user, h): rng.randrange(100) for user in "abc" for h in range(-3, 6)}
    names = {key: hour_of(at("01-05") + key[1] * HOUR_MS) for key in states}
    world.table("db.users", USERS, [(key[0], n, names[key]) for key, n in states.items()])
    asked = [(rng.choice("abcd"), at("01-05") + rng.randrange(-HOUR_MS, 5 * HOUR_MS)) for _ in range(60)]
    world.table("db.asked", {"user": "string", "ts": "long"}, [(user, ts, hour_of(ts)) for user, ts in asked])
    parts = [clicks(), clicks(Accuracy.SNAPSHOT, DAYS, name="g.daily"), users()]
    whole, split = training(*parts), training(*parts, name="t.split")
    backfill_join(whole, world.engine, end="2024-01-05-06")
    order = sorted({HOURS.of(ts) for _, ts in asked})
    rng.shuffle(order)
    for ds in order:
        backfill_join(split, world.engine, start=ds, end=ds, run_first_hole=True, incremental=True)

    expected = []
    for user, ts in asked:
        seen = [Row(at_, {"n": n}) for who, n, at_, _ in rows if who == user]
        exact = {f"g_clicks_{k}": v for k, v in Oracle(SUMS, {"n": LONG}).at(seen, ts).items()}
        midnight = ts // DAY_MS * DAY_MS
        daily = Oracle(DAYS, {"n": LONG}).at(seen, midnight)
        known = {"g_users_n": states.get((user, -1)) if midnight == at("01-05") else None}
        row = {"user": user, "ts": ts, **exact, **{f"g_daily_{k}": v for k, v in daily.items()}, **known}
        expected.append({**row, "ds": HOURS.of(ts)})
    for table in ("out.t_all", "out.t_split"):
        found = world.engine.query(f"SELECT * FROM {table}").read_all().to_pylist()
        assert sorted(found, key=repr_of) == sorted(expected, key=repr_of)


def repr_of(row: dict[str, Any]) -> str:
    return repr(sorted(row.items(), key=lambda item: item[0]))


def test_entities_that_are_followed_change_since_their_hour_began(hours: World) -> None:
    rows = {"user": "string", "n": "long", "ts": "long"}
    hours.table("db.users", rows, [("u1", 1, at("01-05 03:00"), "01-05-08"), ("u1", 5, at("01-05 03:00"), "01-05-09")])
    changes = {**rows, "made": "long", "old": "bool"}
    made = [("u1", 10, at("01-05 09:15"), at("01-05 09:20"), False, "01-05-09")]
    hours.table("db.changes", changes, [*made, ("u1", 20, at("01-05 08:15"), at("01-05 08:20"), False, "01-05-08")])
    asked = [("u1", at(f"01-05 {time}"), f"01-05-{time[:2]}") for time in ("09:10", "09:30", "10:00")]
    hours.table("db.asked", {"user": "string", "ts": "long"}, asked)
    query = Query(selects=select("user", "n"), time_column="ts", mutation_time_column="made", reversal_column="old")
    group_by = GroupBy(
        name="g.users",
        sources=EntitySource(snapshotTable="db.users", mutationTable="db.changes", query=query),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("n", Operation.SUM)],
    )
    backfill_join(training(group_by), hours.engine, end="2024-01-05-10")
    assert hours.rows("out.t_all", "g_users_n_sum") == [(1,), (11,), (5,)]


def test_a_left_side_of_entities_is_as_of_the_end_of_its_hour(hours: World) -> None:
    seven_hours_of_clicks(hours)
    hours.table("db.users", USERS, [("u1", 70 + h, f"01-05-0{h}") for h in (7, 8)])
    left = EntitySource(snapshotTable="db.users", query=Query(selects=select("user")))
    backfill_join(training(clicks(), users(), left=left), hours.engine, end="2024-01-05-08")
    columns = ("ds", "g_clicks_n_sum_1h", "g_clicks_n_sum_6h", "g_users_n")
    found = hours.rows("out.t_all", *columns)
    assert found == [("2024-01-05-07", 7, 25, 77), ("2024-01-05-08", 8, 33, 78)]


# ---- group-bys


@pytest.mark.parametrize("seed", [3, 4])
def test_snapshots_at_the_end_of_each_hour_are_the_oracles(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    world = world_of(tmp_path)
    rows = some_clicks(rng)
    world.table(
        "db.clicks", EVENTS, [*rows, *(("z", 1, at("01-05"), hour_of(at("01-05") + h * HOUR_MS)) for h in range(-2, 5))]
    )
    how = {"start": "2024-01-04-22", "end": "2024-01-05-04"}
    for name, options in (("one", {}), ("two", {"incremental": True})):
        backfill_group_by(clicks(name=f"g.{name}"), world.engine, **how, **options)
    for ds in HOURS.between(how["start"], how["end"]):
        backfill_group_by(clicks(name="g.three"), world.engine, start=ds, end=ds, incremental=True)
    expected = {}
    for ds in HOURS.between(how["start"], how["end"]):
        for user in "abc":
            seen = [Row(ts, {"n": n}) for who, n, ts, _ in rows if who == user]
            found = Oracle(SUMS, {"n": LONG}).at(seen, HOURS.end(ds))
            if any(value is not None for value in found.values()):
                expected[ds, user] = tuple(found.values())
    names = list(Oracle(SUMS, {"n": LONG}).outputs)
    for table in ("out.g_one", "out.g_two", "out.g_three"):
        found = {row[:2]: row[2:] for row in world.rows(table, "ds", "user", *names) if row[1] != "z"}
        assert found == expected


def test_an_upload_ends_with_its_hour_and_serves_the_oracles_values(tmp_path: Path) -> None:
    rng = random.Random(5)
    world = world_of(tmp_path / "w")
    rows = some_clicks(rng)
    world.table("db.clicks", EVENTS, [*rows, ("z", 1, at("01-05 05:00"), "01-05-05")])
    end = at("01-05 06:00")
    store = LmdbStore(tmp_path / "store")
    for group_by in (clicks(), clicks(Accuracy.SNAPSHOT, DAYS, name="g.daily")):
        assert upload_group_by(group_by, world.engine, store, ds="2024-01-05-05").batch_end == end
    for user in "abc":
        seen = [Row(ts, {"n": n}) for who, n, ts, _ in rows if who == user and ts < end]
        for later in (0, 20 * 60_000, 5 * HOUR_MS, 30 * HOUR_MS):
            (found,) = Fetcher(store, FrozenClock(end + later)).fetch("g.clicks", [Request({"user": user})])
            assert found.values == Oracle(SUMS, {"n": LONG}).at(seen, end + later)
        (found,) = Fetcher(store, FrozenClock(end)).fetch("g.daily", [Request({"user": user})])
        assert found.values == Oracle(DAYS, {"n": LONG}).at(seen, end)
    store.close()


# ---- staging queries, explanations, features of given rows


def test_a_staging_query_gives_hours(hours: World) -> None:
    seven_hours_of_clicks(hours)
    text = "SELECT user, n, ds FROM db.clicks WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"
    query = StagingQuery(
        metaData=MetaData(name="s.clicks", outputNamespace="out"), query=text, startPartition="2024-01-05-03"
    )
    done = backfill_staging_query(query, hours.engine, end="2024-01-05-04")
    assert done.filled == ["2024-01-05-03", "2024-01-05-04"]
    assert backfill_staging_query(query, hours.engine, end="2024-01-05-05").filled == ["2024-01-05-05"]


def test_an_explanation_names_hours(hours: World) -> None:
    seven_hours_of_clicks(hours)
    hours.table("db.users", USERS, [("u1", 1, "01-04-23"), ("u1", 2, "01-05-08")])
    hours.table("db.asked", {"user": "string", "ts": "long"}, [("u1", at("01-05 08:10"), "01-05-08")])
    found = explain(training(clicks(), users()), hours.engine, end="2024-01-05-08")
    assert found.days == ["2024-01-05-08"]
    sees = {one.reads.scan.table: (one.reads.sees, one.partitions[-1]) for one in found.readings}
    assert sees["db.users"] == ("the snapshot of the day before", "2024-01-04-23")


def test_rows_of_ones_own(hours: World) -> None:
    seven_hours_of_clicks(hours)
    hours.table("db.users", USERS, [("u1", 1, "01-04-23"), ("u1", 2, "01-05-08"), ("u1", 3, "01-05-23")])
    asked = [{"user": "u1", "ts": at("01-05 09:00")}, {"user": "u1", "ts": at("01-06 00:00")}]
    found = features_of_rows(training(clicks(), users()), hours.engine, asked).features.to_pylist()
    assert [(row["g_clicks_n_sum_1h"], row["g_users_n"]) for row in found] == [(8, 1), (None, 3)]


def test_of_snapshots_seen_at_midnights_only_the_last_hours_may_lack(hours: World) -> None:
    hours.table("db.users", USERS, [("u1", 1, "01-04-23"), ("u1", 3, "01-06-23")])
    asked = [{"user": "u1", "ts": at(f"01-0{day} 09:00")} for day in (5, 6, 7)]
    assert features_of_rows(training(users()), hours.engine, asked).notes == [
        "g.users: db.users has no snapshot for 1 of the hours read (2024-01-05-23)"
    ]


# ---- days under hours


DAILY = {"db.people": {"partition_format": "yyyy-MM-dd"}, "db.clicks": {"partition_format": "yyyyMMddHH"}}


@pytest.fixture
def days(tmp_path: Path) -> World:
    world = world_of(tmp_path / "w", DAILY)
    world.table("db.people", USERS, [("u1", 1, "01-03"), ("u1", 2, "01-04"), ("u1", 3, "01-05")])
    world.table("db.asked", {"user": "string", "ts": "long"}, [("u1", at("01-05 09:00"), "01-05-09")])
    return world


def test_a_day_counts_as_its_last_hour(days: World) -> None:
    assert days.engine.partitions("db.people", "ds") == ["2024-01-03-23", "2024-01-04-23", "2024-01-05-23"]
    done = backfill_join(training(users("db.people")), days.engine, end="2024-01-05-09")
    assert days.rows("out.t_all", "g_users_n") == [(2,)]
    assert done.notes == []


def test_a_day_has_no_snapshot_of_each_hour(days: World) -> None:
    left = EntitySource(snapshotTable="db.asked", query=Query(selects=select("user")))
    with pytest.raises(ConfigError, match=r"db\.people has partitions of days, g\.users is seen as of the end of its"):
        backfill_join(training(users("db.people"), left=left), days.engine, end="2024-01-05-09")


def test_hours_may_be_named_otherwise(days: World) -> None:
    folder = days.root / "db" / "clicks"
    days.table("db.clicks", EVENTS, [("u1", 7, at("01-05 08:30"), "01-05-08")])
    (folder / "ds=2024-01-05-08").rename(folder / "ds=2024010508")
    backfill_join(training(clicks()), days.engine, end="2024-01-05-09")
    assert days.rows("out.t_all", "g_clicks_n_sum_1h") == [(7,)]


# ---- what is refused


def test_days_that_nobody_named_are_told(hours: World) -> None:
    hours.table("db.people", USERS, [("u1", 1, "01-04")])
    with pytest.raises(DataError, match=r"db\.people: '2024-01-04' is not a partition") as told:
        hours.engine.partitions("db.people", "ds")
    assert "partition_format" in str(told.value)


def test_a_bound_is_an_hour(hours: World) -> None:
    seven_hours_of_clicks(hours)
    query = Query(selects=select("user"), time_column="ts", start_partition="2024-01-05")
    with pytest.raises(ConfigError, match="'2024-01-05' is not a partition") as told:
        plan_join(training(clicks(), left=EventSource(table="db.clicks", query=query)), hours.engine)
    assert "left.query.startPartition" in str(told.value)


def test_labels_are_of_days(hours: World) -> None:
    join = training(clicks())
    join.labelPart = LabelPart(labels=[JoinPart(clicks(aggregations=ONE_DAY))], left_start_offset=1, left_end_offset=1)
    with pytest.raises(ChrononError, match="labels are counted in days"):
        plan_labels(join, hours.engine)
