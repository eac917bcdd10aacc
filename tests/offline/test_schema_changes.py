"""Columns that change from partition to partition: what can be read as one type is, the rest is told with its place."""

from __future__ import annotations

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.api.structs import MetaData, StagingQuery
from chronon.base.errors import ChrononError
from chronon.offline import backfill_group_by, backfill_join, backfill_staging_query

from .conftest import World, at

DAYS = ("01-04", "01-05", "01-06")


def purchases(world: World, *kinds: dict[str, str], table: str = "db.purchases") -> None:
    """A row of u1 at noon of each day, whose columns are of the kinds of that day: 1, 2 and 3 as they hold it."""
    for number, (ds, columns) in enumerate(zip(DAYS, kinds, strict=True), 1):
        values = {"string": f"{number}", "bool": True}
        row = [7 if name == "user" else values.get(kind, number) for name, kind in columns.items()]
        world.table(table, {**columns, "ts": "long"}, [(*row, at(f"{ds} 12:00"), ds)])


@pytest.fixture
def shop(world: World) -> World:
    rows = [(7, at(f"{ds} 13:00"), ds) for ds in DAYS]
    world.table("db.queries", {"user": "long", "ts": "long"}, rows)
    return world


def sums(*columns: str, left: tuple[str, ...] = ("user",)) -> Join:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", *columns), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation(column, Operation.SUM) for column in columns],
        output_namespace="out",
        backfill_start_date="2024-01-04",
    )
    left_source = EventSource(table="db.queries", query=Query(selects=select(*left), time_column="ts"))
    return Join(left_source, [JoinPart(group_by)], name="t.training", output_namespace="out")


def summed(world: World, *columns: str, step_days: int = 30) -> list[tuple]:
    backfill_join(sums(*columns), world.engine, end="2024-01-06", step_days=step_days)
    return world.rows("out.t_training ORDER BY ds", *(f"g_spend_{column}_sum" for column in columns))


@pytest.mark.parametrize("step_days", [1, 30])
def test_whole_numbers_become_wider_and_then_doubles(shop: World, step_days: int) -> None:
    kinds = [{"user": "long", "amount": kind} for kind in ("int", "long", "double")]
    purchases(shop, *kinds)
    assert summed(shop, "amount", step_days=step_days) == [(1.0,), (3.0,), (6.0,)]
    assert str(shop.engine.columns("out.t_training")["g_spend_amount_sum"]) == "double"


def test_what_was_published_before_the_change_is_read_with_the_rest(shop: World) -> None:
    """The first two days were sums of whole numbers; the third makes the column one of doubles."""
    purchases(shop, *[{"user": "long", "amount": "int"}] * 3)
    backfill_join(sums("amount"), shop.engine, end="2024-01-05")
    purchases(shop, *[{"user": "long", "amount": kind} for kind in ("int", "int", "double")])
    done = backfill_join(sums("amount"), shop.engine, end="2024-01-06")
    assert done.filled == ["2024-01-06"]
    assert shop.rows("out.t_training ORDER BY ds", "g_spend_amount_sum") == [(1.0,), (3.0,), (6.0,)]


def test_keys_may_become_wider_on_both_sides(shop: World) -> None:
    purchases(shop, *[{"user": kind, "amount": "long"} for kind in ("int", "long", "int")])
    shop.table("db.queries", {"user": "int", "ts": "long"}, [(7, at("01-05 13:00"), "01-05")])
    assert summed(shop, "amount") == [(1,), (3,), (6,)]


def test_a_column_that_came_later_is_null_before(shop: World) -> None:
    old, new = {"user": "long", "amount": "long"}, {"user": "long", "amount": "long", "fee": "long"}
    purchases(shop, old, new, new)
    assert summed(shop, "amount", "fee") == [(1, None), (3, 2), (6, 5)]


def test_a_column_that_went_is_null_from_then_on(shop: World) -> None:
    old, new = {"user": "long", "amount": "long", "fee": "long"}, {"user": "long", "amount": "long"}
    purchases(shop, old, old, new)
    assert summed(shop, "amount", "fee") == [(1, 1), (3, 3), (6, 3)]


def test_columns_of_the_left_side_come_go_and_widen(shop: World) -> None:
    purchases(shop, *[{"user": "long", "amount": "long"}] * 3)
    purchases(
        shop,
        {"user": "long", "cart": "int"},
        {"user": "long", "cart": "double", "note": "string"},
        {"user": "long", "note": "string"},
        table="db.queries",
    )
    backfill_join(sums("amount", left=("user", "cart", "note")), shop.engine, end="2024-01-06", step_days=1)
    assert shop.rows("out.t_training ORDER BY ds", "cart", "note") == [(1.0, None), (2.0, "2"), (None, "3")]


@pytest.mark.parametrize("table", ["db.purchases", "db.queries"])
def test_what_cannot_be_one_type_is_told_with_table_partition_and_column(shop: World, table: str) -> None:
    purchases(shop, *[{"user": "long", "amount": "long"}] * 3)
    purchases(shop, *[{"user": "long", "amount": kind} for kind in ("long", "long", "string")], table=table)
    with pytest.raises(ChrononError) as told:
        backfill_join(sums("amount", left=("user", "amount")), shop.engine, end="2024-01-06")
    for word in ("amount", "long (in ds=2024-01-04) or string (in ds=2024-01-06)", table):
        assert word in str(told.value)
    assert not shop.engine.warehouse.exists("out.t_training")


def test_other_jobs_tell_it_too(shop: World) -> None:
    purchases(shop, *[{"user": "long", "amount": kind} for kind in ("long", "bool", "long")])
    words = r"long \(in ds=2024-01-04\) or boolean \(in ds=2024-01-05\)"
    group_by = sums("amount").joinParts[0].groupBy
    with pytest.raises(ChrononError, match=words):
        backfill_group_by(group_by, shop.engine, end="2024-01-06")
    metadata = MetaData(name="t.staged", outputNamespace="out")
    query = StagingQuery(metadata, "SELECT amount + 1 AS n, ds FROM db.purchases", "2024-01-04")
    with pytest.raises(ChrononError, match=words):
        backfill_staging_query(query, shop.engine, end="2024-01-06")


def test_a_column_that_nobody_reads_may_change_as_it_likes(shop: World) -> None:
    purchases(shop, *[{"user": "long", "amount": "long", "note": kind} for kind in ("long", "string", "bool")])
    assert summed(shop, "amount") == [(1,), (3,), (6,)]
