"""Joins that read joins: the parent is made in the same run, and read under the names that it gives."""

from __future__ import annotations

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
    JoinSource,
    Operation,
    Query,
    select,
)
from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.inspect import accuracy_of
from chronon.base.errors import ConfigError, MissingDataError
from chronon.offline import backfill_group_by, backfill_join, upload_group_by
from chronon.store.lmdb import LmdbStore

from .conftest import World, at

QUERIES = {"user": "string", "item": "string", "ts": "long"}


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.queries", QUERIES, [
        ("u1", "i1", at("01-05 09:00"), "01-05"),
        ("u2", "i1", at("01-05 10:00"), "01-05"),
        ("u1", "i3", at("01-06 12:00"), "01-06"),
    ])  # fmt: skip
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [
        ("u1", 1010, at("01-04 10:00"), "01-04"),
        ("u1", 3, at("01-05 08:30"), "01-05"),
        ("u2", 5, at("01-04 11:00"), "01-04"),
    ])  # fmt: skip
    rows = [("i1", at("01-05 23:00"), "01-05"), ("i3", at("01-06 23:00"), "01-06"), ("i3", at("01-06 11:00"), "01-06")]
    world.table("db.items", {"item": "string", "ts": "long"}, rows)
    return world


def named(join: Join, name: str) -> Join:
    join.metaData.name, join.metaData.outputNamespace = name, "out"
    return join


def parent(name: str = "t.parent", **query: Any) -> Join:
    group_by = GroupBy(
        name="g.par",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("amount", Operation.SUM)],
    )
    selects = select("user", "item")
    left = EventSource(table="db.queries", topic="queries", query=Query(selects=selects, time_column="ts", **query))
    return named(Join(left=left, right_parts=[JoinPart(group_by)]), name)


def by_item(source: Join, accuracy: Accuracy | None = Accuracy.TEMPORAL, **kwargs: Any) -> GroupBy:
    query = Query(selects=select("item", v="g_par_amount_sum"), time_column="ts")
    return GroupBy(
        name="g.child",
        sources=JoinSource(join=source, query=query),
        keys=["item"],
        accuracy=accuracy,
        aggregations=[Aggregation("v", Operation.LAST), Aggregation("v", Operation.SUM)],
        **kwargs,
    )


def child(group_by: GroupBy) -> Join:
    left = EventSource(table="db.items", query=Query(selects=select("item"), time_column="ts"))
    return named(Join(left=left, right_parts=[JoinPart(group_by)]), "t.child")


LAST, SUM = "g_child_v_last", "g_child_v_sum"


@pytest.mark.parametrize("step_days", [1, 30])
def test_the_parent_is_made_in_the_same_run_through_the_day_of_the_question(shop: World, step_days: int) -> None:
    """Worked example 44; the original makes the parent a day short, so that i3 is null there."""
    result = backfill_join(child(by_item(parent())), shop.engine, end="2024-01-06", step_days=step_days)
    assert {row[:2]: row[2:] for row in shop.rows("out.t_child", "item", "ts", LAST, SUM)} == {
        ("i1", at("01-05 23:00")): (5, 1018),
        ("i3", at("01-06 23:00")): (1013, 1013),
        ("i3", at("01-06 11:00")): (None, None),  # before the parent's row
    }
    assert "out.t_parent, which is read here: 3 rows in 2 partitions" in result.notes
    assert shop.rows("out.t_parent", "user", "g_par_amount_sum") == [("u1", 1013), ("u2", 5), ("u1", 1013)]


def test_what_the_parent_has_is_not_computed_again(shop: World) -> None:
    backfill_join(parent(), shop.engine, end="2024-01-05")
    result = backfill_join(child(by_item(parent())), shop.engine, end="2024-01-06")
    assert "out.t_parent, which is read here: 1 rows in 1 partitions" in result.notes
    result = backfill_join(child(by_item(parent())), shop.engine, end="2024-01-06")
    assert not any("read here" in note for note in result.notes)


def test_a_change_of_the_parent_is_a_change_of_the_child(shop: World) -> None:
    before = child(by_item(parent()))
    backfill_join(before, shop.engine, end="2024-01-06")
    described = parent()
    described.metaData.description = "said otherwise"
    assert backfill_join(child(by_item(described)), shop.engine, end="2024-01-06").filled == []
    changed = child(by_item(parent(wheres=["user != 'u2'"])))
    assert len(backfill_join(changed, shop.engine, end="2024-01-06").filled) == 2
    assert shop.rows("out.t_child", SUM)[0] == (1013,)


def test_a_parent_that_several_read_is_made_once_and_before_them(shop: World) -> None:
    first = parent()
    middle_left = EventSource(table="db.items", topic="items", query=Query(selects=select("item"), time_column="ts"))
    middle = named(Join(left=middle_left, right_parts=[JoinPart(by_item(first))]), "t.middle")
    query = Query(selects=select("item", w=SUM), time_column="ts")
    last = GroupBy(
        name="g.last",
        sources=JoinSource(join=middle, query=query),
        keys=["item"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("w", Operation.SUM)],
    )
    rows = [("i1", at("01-06"), "01-06"), ("i3", at("01-06 23:30"), "01-06")]
    shop.table("db.late", {"item": "string", "ts": "long"}, rows)
    left = EventSource(table="db.late", query=Query(selects=select("item"), time_column="ts"))
    top = named(Join(left=left, right_parts=[JoinPart(last), JoinPart(by_item(first))]), "t.top")
    result = backfill_join(top, shop.engine, end="2024-01-06")
    made = [note.split(",")[0] for note in result.notes if "read here" in note]
    assert made == ["out.t_parent", "out.t_middle"]
    assert shop.rows("out.t_top", "g_last_w_sum", SUM) == [(1018, 1018), (1013, 1013)]


def test_a_join_is_a_left_side(shop: World) -> None:
    """Its rows, its time and its features, under the names that it gives."""
    query = Query(selects=select("item", "user", spent="g_par_amount_sum"))
    parts = [JoinPart(by_item(parent(), Accuracy.SNAPSHOT))]
    join = named(Join(left=JoinSource(join=parent(), query=query), right_parts=parts), "t.child")
    backfill_join(join, shop.engine, end="2024-01-06")
    assert shop.rows("out.t_child", "user", "spent", "ts", SUM) == [
        ("u1", 1013, at("01-05 09:00"), None),
        ("u2", 5, at("01-05 10:00"), None),
        ("u1", 1013, at("01-06 12:00"), None),
    ]


def test_a_join_of_entities_is_a_source_of_entities(shop: World) -> None:
    users = [("u1", "a", "01-05"), ("u2", "b", "01-05"), ("u2", "a", "01-06")]
    shop.table("db.users", {"user": "string", "plan": "string"}, users)
    made = parent()
    made.left = structs.Source(
        entities=EntitySource(
            snapshotTable="db.users", mutationTopic="users", query=Query(selects=select("user", "plan"))
        )
    )
    group_by = GroupBy(
        name="g.plans",
        sources=JoinSource(join=made, query=Query(selects=select("plan", v="g_par_amount_sum"))),
        keys=["plan"],
        accuracy=Accuracy.SNAPSHOT,
        aggregations=[Aggregation("v", Operation.SUM)],
        output_namespace="out",
        backfill_start_date="2024-01-05",
    )
    result = backfill_group_by(group_by, shop.engine, end="2024-01-06")
    assert result.filled == ["2024-01-05", "2024-01-06"]
    assert shop.rows("out.g_plans") == [("a", 1013, "2024-01-05"), ("b", 5, "2024-01-05"), ("a", 5, "2024-01-06")]


def test_a_group_by_and_its_upload_make_the_parent_too(shop: World, tmp_path: Path) -> None:
    snapshot = by_item(parent(), Accuracy.SNAPSHOT, output_namespace="out", backfill_start_date="2024-01-05")
    assert backfill_group_by(snapshot, shop.engine, end="2024-01-06").filled == ["2024-01-05", "2024-01-06"]
    assert ("i1", 5, 1018, "2024-01-05") in shop.rows("out.g_child")
    store = LmdbStore(tmp_path / "store")
    done = upload_group_by(by_item(parent("t.other")), shop.engine, store, ds="2024-01-06")
    store.close()
    assert done.keys == 2
    assert any("out.t_other, which is read here: 3 rows" in note for note in done.notes)


def test_a_chained_group_by_is_as_accurate_as_the_topic_of_its_parent_makes_it(shop: World) -> None:
    """Without a topic it is a snapshot; in the original a topic that nobody named made it temporal."""
    group_by = by_item(parent(), None)
    assert accuracy_of(group_by) == Accuracy.TEMPORAL
    group_by.sources[0].joinSource.join.left.events.topic = None
    assert accuracy_of(group_by) == Accuracy.SNAPSHOT


def test_a_join_that_reads_itself_is_refused_with_the_path(shop: World) -> None:
    one, other = parent("t.one"), parent("t.two")
    one.joinParts = [JoinPart(by_item(other))]
    other.joinParts = [JoinPart(by_item(parent("t.one")))]
    with pytest.raises(ConfigError, match=r"t\.one <- t\.two <- t\.one"):
        backfill_join(one, shop.engine, end="2024-01-06")


def test_what_a_parent_lacks_is_said_of_the_parent(shop: World) -> None:
    broken = parent()
    broken.left.events.table = "db.query"
    with pytest.raises(MissingDataError, match=r"t\.parent.*\n?.*db.query"):
        backfill_join(child(by_item(broken)), shop.engine, end="2024-01-06")


def test_a_feature_that_the_parent_does_not_give_is_named(shop: World) -> None:
    group_by = by_item(parent())
    group_by.sources[0].joinSource.query.selects["v"] = "g_par_amount_som"
    with pytest.raises(ConfigError, match="g_par_amount_som") as caught:
        backfill_join(child(group_by), shop.engine, end="2024-01-06")
    assert "g_par_amount_sum" in str(caught.value)
