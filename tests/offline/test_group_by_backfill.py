"""A group-by's backfill: one row for each key and day, as of the end of that day."""

from __future__ import annotations

import pytest

from chronon import Aggregation, Derivation, EntitySource, EventSource, GroupBy, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError
from chronon.offline import backfill_group_by

from .conftest import World, at

EVENTS = [
    ("u1", 10, at("01-01 10:00"), "01-01"),
    ("u1", 20, at("01-04 09:29:59"), "01-04"),
    ("u1", 40, at("01-05 22:07"), "01-05"),
    ("u1", 80, at("01-06"), "01-06"),
    ("u2", 5, at("12-20"), "12-20"),
]
COLUMNS = {"user": "string", "amount": "long", "ts": "long"}


def purchases(**query) -> EventSource:
    return EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts", **query))


def group_by(aggregations, sources=None, **kwargs) -> GroupBy:
    return GroupBy(
        **{
            "name": "g.spend",
            "sources": sources or purchases(),
            "keys": ["user"],
            "aggregations": aggregations,
            "accuracy": Accuracy.SNAPSHOT,
            "output_namespace": "out",
            "backfill_start_date": "2024-01-02",
            **kwargs,
        }
    )


def test_a_row_for_each_key_with_some_value_and_each_day_of_the_source(world: World) -> None:
    world.table("db.purchases", COLUMNS, EVENTS)
    definition = group_by(
        [
            Aggregation("amount", Operation.SUM, windows=["1d", "3d"]),
            Aggregation("amount", Operation.LAST, windows=["3d"]),
        ]
    )
    result = backfill_group_by(definition, world.engine, end="2024-01-05", step_days=2)
    assert result.filled == ["2024-01-04", "2024-01-05"]
    assert world.columns("out.g_spend") == ["user", "amount_sum_1d", "amount_sum_3d", "amount_last_3d"]
    assert world.rows("out.g_spend") == [("u1", 20, 20, 20, "2024-01-04"), ("u1", 40, 60, 40, "2024-01-05")]


def test_entities_are_aggregated_within_their_snapshot(world: World) -> None:
    world.table(
        "db.members",
        {"user": "string", "plan": "string", "score": "long", "ts": "long"},
        [
            ("u1", "a", 1, at("01-01"), "01-04"),
            ("u1", "a", 2, at("01-04 10:00"), "01-04"),
            (None, "z", 7, at("01-04 10:00"), "01-04"),
            ("u1", "b", 3, at("01-01"), "01-06"),
        ],
    )
    query = Query(selects=select("user", "plan", "score"), time_column="ts")
    definition = group_by(
        [Aggregation("score", Operation.SUM, windows=["1d", "9d"]), Aggregation("plan", Operation.LAST)],
        sources=EntitySource(snapshotTable="db.members", query=query),
    )
    backfill_group_by(definition, world.engine, end="2024-01-06")
    assert world.rows("out.g_spend") == [("u1", 2, 3, "a", "2024-01-04"), ("u1", None, 3, "b", "2024-01-06")]


def test_hours_are_counted_back_from_the_end_of_the_day(world: World) -> None:
    """The last 12 hours of a day begin at its noon: a member scored at 10:00 has no score in them."""
    rows = [
        ("u1", "a", 1, at("01-01"), "01-04"),
        ("u1", "a", 2, at("01-04 10:00"), "01-04"),
        (None, "z", 7, at("01-04 10:00"), "01-04"),
        ("u1", "b", 3, at("01-01"), "01-06"),
    ]
    world.table("db.members", {"user": "string", "plan": "string", "score": "long", "ts": "long"}, rows)
    source = EntitySource(
        snapshot_table="db.members", query=Query(selects=select("user", "plan", "score"), time_column="ts")
    )
    aggregations = [Aggregation("score", Operation.SUM, windows=["1d", "12h"]), Aggregation("plan", Operation.LAST)]
    definition = group_by(aggregations, source, accuracy=None, backfill_start_date=None)
    backfill_group_by(definition, world.engine, start="2024-01-02", end="2024-01-06")
    assert world.columns("out.g_spend") == ["user", "score_sum_1d", "score_sum_12h", "plan_last"]
    assert world.rows("out.g_spend") == [("u1", 2, None, "a", "2024-01-04"), ("u1", None, None, "b", "2024-01-06")]


def test_columns_are_written_by_name(world: World) -> None:
    """Aggregations in another order are the same table: no value comes under another's name."""
    world.table("db.purchases", COLUMNS, EVENTS)
    total, count = Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT)
    backfill_group_by(group_by([total, count]), world.engine, end="2024-01-04")
    backfill_group_by(group_by([count, total]), world.engine, end="2024-01-05")
    found = world.rows("out.g_spend", "ds", "amount_sum", "amount_count")
    first, second = [("2024-01-04", 30, 2), ("2024-01-04", 5, 1)], [("2024-01-05", 70, 3), ("2024-01-05", 5, 1)]
    assert found == [*first, *second]


def test_without_aggregations_the_selected_rows_are_the_features(world: World) -> None:
    world.table(
        "db.members",
        {"user": "string", "plan": "string", "score": "long"},
        [("u1", "a", 1, "01-04"), ("u1", "a", 2, "01-04"), ("u1", "b", 3, "01-04")],
    )
    query = Query(selects=select("user", "plan"), wheres=["score < 3"])
    definition = group_by(None, sources=EntitySource(snapshotTable="db.members", query=query))
    backfill_group_by(definition, world.engine, end="2024-01-06")
    assert world.rows("out.g_spend") == [("u1", "a", "2024-01-04")] * 2


def test_rows_that_are_not_aggregated_show_their_time(world: World) -> None:
    world.table(
        "db.members",
        {"user": "string", "plan": "string", "since": "long"},
        [("u1", "a", at("01-01"), "01-04"), ("u1", "b", None, "01-04")],
    )
    source = EntitySource(snapshot_table="db.members", query=Query(selects=select("user", "plan"), time_column="since"))
    backfill_group_by(group_by(None, sources=source), world.engine, end="2024-01-06")
    assert world.rows("out.g_spend") == [
        ("u1", "a", at("01-01"), "2024-01-04"),
        ("u1", "b", None, "2024-01-04"),
    ]
    assert world.columns("out.g_spend") == ["user", "plan", "ts"]


@pytest.mark.parametrize("incremental", [False, True])
def test_a_key_of_which_only_a_part_is_null_has_its_row(world: World, incremental: bool) -> None:
    """No left row can ask for it, and none of a key without any part is there."""
    rows = [
        ("u1", "x", 1, at("01-04 01:00"), "01-04"),
        ("u1", None, 2, at("01-04 02:00"), "01-04"),
        (None, "x", 4, at("01-04 03:00"), "01-04"),
        (None, None, 8, at("01-04 04:00"), "01-04"),
        ("u1", None, 16, at("01-04 05:00"), "01-04"),
    ]
    world.table("db.visits", {"user": "string", "page": "string", "amount": "long", "ts": "long"}, rows)
    events = EventSource(table="db.visits", query=Query(selects=select("user", "page", "amount"), time_column="ts"))
    total = [Aggregation("amount", Operation.SUM, windows=["1d"])]
    definition = group_by(total, sources=events, keys=["user", "page"], is_incremental=incremental)
    backfill_group_by(definition, world.engine, end="2024-01-04")
    found = world.rows("out.g_spend", "user", "page", "amount_sum_1d")
    assert sorted(found, key=repr) == [("u1", "x", 1), ("u1", None, 18), (None, "x", 4)]


def test_derivations_replace_the_features(world: World) -> None:
    world.table("db.purchases", COLUMNS, EVENTS)
    definition = group_by(
        [Aggregation("amount", Operation.SUM, windows=["13d"])],
        derivations=[Derivation("y", "amount_sum_13d * 2"), Derivation("on", "concat(user, ' ', ds)")],
    )
    backfill_group_by(definition, world.engine, end="2024-01-04")
    assert world.columns("out.g_spend") == ["user", "y", "on"]
    assert world.rows("out.g_spend") == [("u1", 60, "u1 2024-01-04", "2024-01-04")]


def test_several_sources_are_one(world: World) -> None:
    rows = [("u1", 10, at("01-04"), "01-04"), ("u1", 3, at("01-05"), "01-05"), ("u1", 64, at("01-07"), "01-07")]
    world.table("db.purchases", COLUMNS, rows)
    tenfold = Query(selects=select("user", amount="amount * 10"), time_column="ts", start_partition="2024-01-05")
    sources = [purchases(end_partition="2024-01-04"), EventSource(table="db.purchases", query=tenfold)]
    definition = group_by([Aggregation("amount", Operation.SUM)], sources=sources)
    backfill_group_by(definition, world.engine, end="2024-01-07")
    assert world.rows("out.g_spend", "amount_sum", "ds") == [
        (10, "2024-01-04"),
        (40, "2024-01-05"),
        (680, "2024-01-07"),
    ]


def test_days_after_the_last_partition_of_a_query_see_older_rows(world: World) -> None:
    """As long as its table has them; so would a left row of a join."""
    rows = [("u1", 10, at("01-04"), "01-04"), ("u1", 3, at("01-05"), "01-05"), ("u1", 64, at("01-06"), "01-06")]
    world.table("db.purchases", COLUMNS, rows)
    definition = group_by(
        [Aggregation("amount", Operation.SUM, windows=["2d"])], sources=purchases(end_partition="2024-01-04")
    )
    result = backfill_group_by(definition, world.engine, end="2024-01-07")
    assert result.filled == ["2024-01-04", "2024-01-05", "2024-01-06"]
    assert world.rows("out.g_spend", "amount_sum_2d", "ds") == [(10, "2024-01-04"), (10, "2024-01-05")]


@pytest.mark.parametrize("entities", [False, True])
def test_columns_of_several_sources_are_united_by_name(world: World, entities: bool) -> None:
    """Whatever the order of their selects: the original aligns later sources to the first."""
    columns = {"user": "string", "plan": "string", "code": "string", "amount": "long", "ts": "long"}
    world.table("db.one", columns, [("u1", "a", "x", 1, at("01-04"), "01-04")])
    world.table("db.two", columns, [("x", "b", "u1", 2, at("01-04 01:00"), "01-04")])
    first = {"user": "user", "plan": "plan", "amount": "amount"}
    second = {"amount": "amount * 10", "plan": "upper(plan)", "user": "code"}
    queries = [Query(selects=selects, time_column="ts") for selects in (first, second)]
    if entities:
        tables = [
            EntitySource(snapshot_table=f"db.{name}", query=q) for name, q in zip(("one", "two"), queries, strict=True)
        ]
        backfill_group_by(group_by(None, sources=tables), world.engine, end="2024-01-04")
        assert world.rows("out.g_spend", "user", "plan", "amount") == [("u1", "B", 20), ("u1", "a", 1)]
        return
    sources = [EventSource(table=f"db.{name}", query=q) for name, q in zip(("one", "two"), queries, strict=True)]
    total = [Aggregation("amount", Operation.SUM), Aggregation("plan", Operation.LAST_K(2))]
    backfill_group_by(group_by(total, sources=sources), world.engine, end="2024-01-04")
    assert world.rows("out.g_spend", "user", "amount_sum", "plan_last2") == [("u1", 21, ["B", "a"])]


def test_events_without_a_time_happened_in_the_last_ms_of_their_day(world: World) -> None:
    world.table("db.purchases", {"user": "string", "amount": "long"}, [("u1", 10, "01-04"), ("u1", 3, "01-05")])
    source = EventSource(table="db.purchases", query=Query(selects=select("user", "amount")))
    definition = group_by([Aggregation("amount", Operation.SUM, windows=["1d", "2d"])], sources=source)
    backfill_group_by(definition, world.engine, end="2024-01-05")
    assert world.rows("out.g_spend") == [("u1", 10, 10, "2024-01-04"), ("u1", 3, 13, "2024-01-05")]


def test_a_cumulative_source_is_read_from_its_last_partition(world: World) -> None:
    rows = [("u1", 10, at("01-04"), "01-04"), ("u1", 10, at("01-04"), "01-05"), ("u1", 3, at("01-05"), "01-05")]
    world.table("db.purchases", COLUMNS, rows)
    query = Query(selects=select("user", "amount"), time_column="ts")
    source = EventSource(table="db.purchases", isCumulative=True, query=query)
    definition = group_by([Aggregation("amount", Operation.SUM)], sources=source, backfill_start_date="2024-01-04")
    backfill_group_by(definition, world.engine, end="2024-01-05")
    assert world.rows("out.g_spend") == [("u1", 10, "2024-01-04"), ("u1", 13, "2024-01-05")]


@pytest.mark.parametrize("time_column", ["ts", "ts + 0"])
def test_rows_with_a_null_time_are_left_out_and_counted(world: World, time_column: str) -> None:
    world.table("db.purchases", COLUMNS, [("u1", 10, at("01-04"), "01-04"), ("u1", 1000, None, "01-04")])
    source = EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column=time_column))
    definition = group_by([Aggregation("amount", Operation.SUM)], sources=source)
    result = backfill_group_by(definition, world.engine, end="2024-01-04")
    assert world.rows("out.g_spend") == [("u1", 10, "2024-01-04")]
    assert result.left_out == {"rows of db.purchases without a time (left out)": 1}


def test_a_start_is_needed(world: World) -> None:
    world.table("db.purchases", COLUMNS, EVENTS)
    definition = group_by([Aggregation("amount", Operation.SUM)], backfill_start_date=None)
    with pytest.raises(ConfigError, match="null backfillStartDate"):
        backfill_group_by(definition, world.engine, end="2024-01-04")
