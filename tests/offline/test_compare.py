"""A join's table against the query that says what it should be."""

from __future__ import annotations

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, Operation, Query, StagingQuery, select
from chronon.base.errors import ChrononError
from chronon.offline import backfill_join
from chronon.offline.compare import ColumnComparison, compare_join

from .conftest import World, at


@pytest.fixture
def shop(world: World) -> World:
    rows = [("u1", at("01-05 12:00"), "01-05"), ("u2", at("01-05 13:00"), "01-05"), (None, at("01-06"), "01-06")]
    world.table("db.queries", {"user": "string", "ts": "long"}, rows)
    purchases = [("u1", 5.0, at("01-04"), "01-04"), ("u2", 7.0, at("01-04"), "01-04")]
    world.table("db.purchases", {"user": "string", "amount": "double", "ts": "long"}, purchases)
    backfill_join(training(), world.engine, end="2024-01-06")
    return world


def training() -> Join:
    query = Query(selects=select("user", "amount"), time_column="ts")
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=query),
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT)],
    )
    left = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
    return Join(left, [group_by], name="t.j", output_namespace="out")


def compared(world: World, value: str, where: str = "true"):
    query = f"""
        SELECT q.user, q.ts, {value} AS g_spend_amount_sum, q.ds
        FROM db.queries AS q LEFT JOIN (SELECT user, sum(amount) AS s FROM db.purchases GROUP BY user) AS p
        ON q.user = p.user WHERE q.ds BETWEEN '{{{{ start_date }}}}' AND '{{{{ end_date }}}}' AND {where}
    """
    expected = StagingQuery(query, name="t.expected", output_namespace="out")
    return compare_join(training(), expected, world.engine, start="2024-01-05", end="2024-01-06")


def test_equal_tables(shop: World) -> None:
    found = compared(shop, "s * (1 + 1e-12)")
    assert found.equal
    assert (found.both, found.only_left, found.only_right) == (3, 0, 0)
    assert found.keys == ["user", "ts", "ds"]
    assert found.columns == [ColumnComparison("g_spend_amount_sum", 3, 0, 0, 0)]
    assert found.not_compared == ["g_spend_amount_count"]


def test_what_differs_is_counted_by_column(shop: World) -> None:
    found = compared(shop, "CASE q.user WHEN 'u1' THEN 6D WHEN 'u2' THEN NULL ELSE 1D END")
    assert not found.equal
    assert found.columns == [ColumnComparison("g_spend_amount_sum", 0, 1, 1, 1)]


def test_rows_of_one_side_are_counted(shop: World) -> None:
    found = compared(shop, "s", "q.user = 'u1'")
    assert (found.both, found.only_left, found.only_right) == (1, 2, 0)
    shop.table("db.queries", {"user": "string", "ts": "long"}, [("u3", at("01-06 01:00"), "01-06")])
    found = compared(shop, "s")
    assert (found.both, found.only_left, found.only_right) == (2, 1, 1)


def test_rows_that_share_their_keys_are_told(shop: World) -> None:
    rows = [("u1", at("01-05 12:00"), "01-05"), ("u1", at("01-05 12:00"), "01-05")]
    shop.table("db.queries", {"user": "string", "ts": "long"}, rows)
    found = compared(shop, "s", "q.user = 'u1'")
    assert (found.doubled, found.equal) == (2, False)


@pytest.mark.parametrize(
    "query, words",
    [
        ("SELECT user, ds FROM db.queries", "gives no ts"),
        ("SELECT user, ts, ds, 1 AS more FROM db.queries", "the join has no column more"),
        ("SELECT user, ts, ds, 1 AS g_spend_amount_sum FROM db.queries", "a double in the join, a int in the query"),
    ],
)
def test_what_cannot_be_compared(shop: World, query: str, words: str) -> None:
    expected = StagingQuery(query, name="t.expected", output_namespace="out")
    with pytest.raises(ChrononError, match=words):
        compare_join(training(), expected, shop.engine, start="2024-01-05", end="2024-01-06")
