"""What a join reads: keys of every type, late rows, sub-partitions, partition columns of other names, all columns."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError
from chronon.offline import backfill_join

from .conftest import World, at

LEFT = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
PURCHASES = {"user": "string", "amount": "long", "ts": "long"}


def spend(accuracy: Accuracy = Accuracy.TEMPORAL, *, table: str = "db.purchases", **query: Any) -> GroupBy:
    options: dict[str, Any] = {"selects": select("user", "amount"), "time_column": "ts", **query}
    cumulative = options.pop("is_cumulative", False)
    return GroupBy(
        name="g.spend",
        sources=EventSource(table=table, query=Query(**options), is_cumulative=cumulative),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[Aggregation("amount", Operation.SUM)],
    )


def training(group_by: GroupBy, left: EventSource = LEFT) -> Join:
    join = Join(left=left, right_parts=[JoinPart(group_by)])
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def sums(world: World, group_by: GroupBy, left: EventSource = LEFT, **options: Any) -> list[int | None]:
    backfill_join(training(group_by, left), world.engine, end="2024-01-08", **options)
    return [value for (value,) in world.rows("out.t_training", "g_spend_amount_sum")]


def write(folder: Path, table: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "rows.parquet")


@pytest.fixture
def shop(world: World) -> World:
    world.table(
        "db.purchases", PURCHASES, [("u1", 1, at("01-02 09:00"), "01-02"), ("u1", 2, at("01-04 09:00"), "01-04")]
    )
    world.table("db.queries", {"user": "string", "ts": "long"}, [("u1", at("01-05 09:00"), "01-05")])
    return world


@pytest.mark.parametrize("step_days", [1, 30])
def test_a_late_row_alone_in_its_day_gets_its_snapshot_value(shop: World, step_days: int) -> None:
    """The day of its time counts, whatever other rows are computed with it."""
    rows = [("u1", at("01-03 23:00"), "01-06"), ("u1", at("01-05 01:00"), "01-07")]
    shop.table("db.queries", {"user": "string", "ts": "long"}, rows)
    assert sums(shop, spend(Accuracy.SNAPSHOT), step_days=step_days) == [3, 1, 3]


@pytest.mark.parametrize("step_days", [1, 30])
def test_an_event_counts_by_its_time_wherever_it_landed(shop: World, step_days: int) -> None:
    """Also where it landed in a partition after that of the row which asks, however the days are cut."""
    shop.table("db.purchases", PURCHASES, [("u1", 8, at("01-05 08:00"), "01-06")])
    assert sums(shop, spend(), step_days=step_days) == [11]


def test_a_part_twice_needs_a_prefix(shop: World) -> None:
    join = training(spend())
    join.joinParts = [JoinPart(spend()), JoinPart(spend())]
    with pytest.raises(ConfigError, match="2 parts are called g_spend"):
        backfill_join(join, shop.engine, end="2024-01-08")


KEYS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "text": (pa.string(), ["it's", "a\\b", "\\", "\\'", '"', "", "a\nb", "%", "ß😀"]),
    "long": (pa.int64(), [0, -1, 2**63 - 1, -(2**63)]),
    "int": (pa.int32(), [0, 7]),
    "double": (pa.float64(), [0.0, 0.1, -1e300, float("inf")]),
    "boolean": (pa.bool_(), [True, False]),
    "bytes": (pa.binary(), [b"", b"\x00", b"'\xff"]),
    "date": (pa.date32(), [dt.date(1970, 1, 1), dt.date(2024, 2, 29)]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_type_are_compared_by_value(world: World, kind: str) -> None:
    arrow, values = KEYS[kind]
    keys = pa.array([*values, None], arrow)
    amounts, times = range(1, len(keys) + 1), [at("01-04")] * len(keys)
    world.engine.warehouse.root.mkdir()
    write(world.root / "db/purchases/ds=2024-01-04", pa.table({"user": keys, "amount": amounts, "ts": times}))
    write(world.root / "db/queries/ds=2024-01-05", pa.table({"user": keys, "ts": [at("01-05")] * len(keys)}))
    assert sums(world, spend()) == [*range(1, len(values) + 1), None]


def test_without_selects_all_columns_are_there_and_the_time_too(world: World) -> None:
    columns = {"user": "string", "amount": "long", "happened": "long"}
    world.table("db.purchases", columns, [("u1", 2, at("01-04 09:00"), "01-04"), ("u1", 4, at("01-05 09:00"), "01-05")])
    world.table(
        "db.queries", {"user": "string", "note": "string", "asked": "long"}, [("u1", "n", at("01-05 09:00"), "01-05")]
    )
    left = EventSource(table="db.queries", query=Query(time_column="asked"))
    assert sums(world, spend(selects=None, time_column="happened"), left) == [2]
    assert world.rows("out.t_training", "ts", "note", "asked") == [(at("01-05 09:00"), "n", at("01-05 09:00"))]


def test_without_selects_the_named_time_wins_over_a_column_ts(world: World) -> None:
    columns = {"user": "string", "amount": "long", "happened": "long", "ts": "long"}
    world.table("db.purchases", columns, [("u1", 2, at("01-04 09:00"), at("01-09"), "01-04")])
    world.table(
        "db.queries", {"user": "string", "asked": "long", "ts": "long"}, [("u1", at("01-05"), at("01-02"), "01-05")]
    )
    left = EventSource(table="db.queries", query=Query(time_column="asked"))
    assert sums(world, spend(selects=None, time_column="happened"), left) == [2]
    assert world.rows("out.t_training", "ts", "asked") == [(at("01-05"), at("01-05"))]


def test_entities_on_the_left_keep_a_column_ts_as_any_other(shop: World) -> None:
    """It says nothing of when they are seen, which is the end of their day; a null in it leaves nothing out."""
    rows = [("u1", at("01-01"), "01-03"), ("u1", None, "01-04")]
    shop.table("db.members", {"user": "string", "ts": "long"}, rows)
    for query in (Query(selects=select("user", "ts")), Query(selects=select("user", ts="ts + 1")), Query()):
        join = Join(
            left=EntitySource(snapshot_table="db.members", query=query),
            right_parts=[JoinPart(spend(Accuracy.SNAPSHOT))],
            name="t.members",
            output_namespace="out",
        )
        result = backfill_join(join, shop.engine, end="2024-01-08")
        assert result.left_out == {}
        shown = at("01-01") + ("ts + 1" in (query.selects or {}).values())
        found = shop.rows("out.t_members", "user", "ts", "g_spend_amount_sum")
        assert found == [("u1", shown, 1), ("u1", None, 3)]


@pytest.mark.parametrize("kind", ["entities", "cumulative", "one day"])
def test_the_day_of_a_run_is_the_partition_that_is_read(shop: World, kind: str) -> None:
    """Today's amounts count, others are 0: each left row sees one partition, whatever else is computed with it."""
    rows = [("u1", 5, "2024-01-03", "01-03"), ("u1", 7, "2024-01-02", "01-04"), ("u1", 9, "2024-01-04", "01-04")]
    shop.table("db.state", {"user": "string", "amount": "long", "changed": "string"}, rows)
    selects = {"user": "user", "amount": "IF(changed = '{{ CHRONON_RUN_DS }}', amount, 0)"}
    if kind == "entities":
        source: Any = EntitySource(snapshot_table="db.state", query=Query(selects=selects))
    else:
        bounds = {"start_partition": "2024-01-04", "end_partition": "2024-01-04"} if kind == "one day" else {}
        source = EventSource(
            table="db.state", query=Query(selects=selects, **bounds), is_cumulative=kind == "cumulative"
        )
    group_by = GroupBy(
        name="g.spend",
        sources=source,
        keys=["user"],
        accuracy=Accuracy.SNAPSHOT,
        aggregations=[Aggregation("amount", Operation.SUM)],
    )
    times = [("u1", at("01-04 09:00"), "01-04"), ("u1", at("01-05 09:00"), "01-05")]
    shop.table("db.asking", {"user": "string", "ts": "long"}, times)
    left = EventSource(table="db.asking", query=LEFT.query)
    assert sums(shop, group_by, left) == ([5, 9] if kind == "entities" else [None, 9])


def test_the_day_of_a_run_is_refused_where_there_is_none(shop: World) -> None:
    quoted = {"user": "user", "amount": "IF(user = '{{ CHRONON_RUN_DS }}', amount, 0)"}
    with pytest.raises(ConfigError, match="read over several partitions"):
        sums(shop, spend(selects=quoted))
    bare = {"user": "user", "amount": "IF(user = {{CHRONON_RUN_DS}}, amount, 0)"}
    with pytest.raises(ConfigError, match="is not a text"):
        sums(shop, spend(selects=bare, is_cumulative=True))


def test_sub_partitions_are_what_is_read(shop: World) -> None:
    for system, amount in (("web", 5), ("app", 50)):
        rows = pa.table({"user": ["u1"], "amount": [amount], "ts": [at("01-04")]})
        write(shop.root / f"db/clicks/ds=2024-01-04/system={system}", rows)
        write(shop.root / f"db/asked/ds=2024-01-05/system={system}", pa.table({"user": ["u1"], "ts": [at("01-05")]}))
    left = EventSource(table="db.asked/system=app", query=LEFT.query)
    assert sums(shop, spend(table="db.clicks/system=web"), left) == [5]


@pytest.mark.parametrize("cumulative", [False, True])
def test_the_partition_column_may_have_another_name(shop: World, cumulative: bool) -> None:
    """In the name of a folder, for events of every kind, and for the left side as well."""
    for day, amounts in (("2024-01-03", [1]), ("2024-01-04", [1, 4])):
        some = amounts if cumulative else amounts[-1:]
        rows = pa.table({"user": ["u1"] * len(some), "amount": some, "ts": [at("01-03")] * len(some)})
        write(shop.root / f"db/clicks/day={day}", rows)
    write(shop.root / "db/asked/day=2024-01-05", pa.table({"user": ["u1"], "ts": [at("01-05")]}))
    query = Query(selects=select("user"), time_column="ts", partition_column="day")
    left = EventSource(table="db.asked", query=query)
    group_by = spend(table="db.clicks", partition_column="day", is_cumulative=cumulative)
    assert sums(shop, group_by, left) == [5]
    assert shop.partitions("out.t_training") == ["01-05"]
    stamp = shop.engine.warehouse.stamps("out.t_training", "ds")["2024-01-05"]
    assert set(json.loads(stamp["inputs"])) == {"db.asked", "db.clicks"}


def test_a_partition_column_inside_the_files(shop: World) -> None:
    days = ["2024-01-03", "2024-01-04", "2024-01-09"]
    rows = pa.table({"user": ["u1"] * 3, "amount": [1, 4, 9], "ts": [at("01-03")] * 3, "day": days})
    write(shop.root / "db/clicks", rows)
    group_by = spend(table="db.clicks", partition_column="day", end_partition="2024-01-04")
    assert sums(shop, group_by) == [5]


@pytest.mark.parametrize("end, expected", [("2024-01-03", 1), ("2024-01-04", 5), ("2024-03-01", 5)])
def test_a_cumulative_source_is_read_once_up_to_its_end(shop: World, end: str, expected: int) -> None:
    rows = [("u1", 1, at("01-03"), "01-03"), ("u1", 1, at("01-03"), "01-04"), ("u1", 4, at("01-03"), "01-04")]
    shop.table("db.all", PURCHASES, rows)
    assert sums(shop, spend(table="db.all", is_cumulative=True, end_partition=end)) == [expected]


def test_partitions_that_the_left_has_are_those_that_are_filled(shop: World) -> None:
    rows = [("u1", at(f"{ds} 01:00"), ds) for ds in ("01-05", "01-06", "01-08")]
    shop.table("db.queries", {"user": "string", "ts": "long"}, rows)
    query = Query(selects=select("user"), time_column="ts", end_partition="2024-01-05")
    backfill_join(training(spend(), EventSource(table="db.queries", query=query)), shop.engine, end="2024-01-09")
    assert shop.partitions("out.t_training") == ["01-05"]
    backfill_join(training(spend()), shop.engine, end="2024-01-09")
    assert shop.partitions("out.t_training") == ["01-05", "01-06", "01-08"]
