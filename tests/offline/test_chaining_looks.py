"""Looks at what reads a join: they never write, and say what is to be made first."""

from __future__ import annotations

import pytest

from chronon import Join, JoinPart, JoinSource, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError, MissingDataError
from chronon.offline import backfill_join
from chronon.offline.analyze import analyze
from chronon.offline.everyone import features_of_everyone
from chronon.offline.explanation import explain
from chronon.offline.features import features_of_rows
from chronon.offline.preview import preview
from chronon.offline.trace import trace

from .conftest import World, at
from .test_chaining import LAST, SUM, by_item, child, named, parent, shop

__all__ = ["shop"]  # the fixture

ASKED = [{"item": "i1", "ts": at("01-05 23:00")}, {"item": "i3", "ts": at("01-06 11:00")}]


def standing_on(join: Join) -> Join:
    """A join whose left side is another one."""
    query = Query(selects=select("item", "user", spent="g_par_amount_sum"))
    parts = [JoinPart(by_item(parent(), Accuracy.SNAPSHOT))]
    return named(Join(left=JoinSource(join=join, query=query), right_parts=parts), "t.standing")


@pytest.mark.parametrize(
    "look",
    [
        lambda world: features_of_rows(child(by_item(parent())), world.engine, ASKED),
        lambda world: features_of_rows(by_item(parent()), world.engine, ASKED),
        lambda world: features_of_everyone(by_item(parent()), world.engine, "all", None, at("01-06")),
        lambda world: trace(child(by_item(parent())), world.engine, {"item": "i1"}, at("01-06"), SUM),
        lambda world: preview(child(by_item(parent())), world.engine),
        lambda world: preview(by_item(parent()), world.engine),
        lambda world: preview(standing_on(parent()), world.engine),
    ],
)
def test_what_is_to_be_made_first_is_named(shop: World, look) -> None:
    with pytest.raises(MissingDataError, match=r"out\.t_parent is not there yet") as told:
        look(shop)
    assert "chronon backfill t.parent" in str(told.value)
    assert not shop.engine.warehouse.exists("out.t_parent")


def test_features_of_given_rows_are_those_of_the_backfill(shop: World) -> None:
    backfill_join(child(by_item(parent())), shop.engine, end="2024-01-06")
    found = features_of_rows(child(by_item(parent())), shop.engine, ASKED).features.to_pylist()
    assert found == [{LAST: 5, SUM: 1018}, {LAST: None, SUM: None}]
    standing = features_of_rows(standing_on(parent()), shop.engine, [{"item": "i1", "ts": at("01-06 12:00")}])
    assert standing.features.to_pylist() == [{LAST: 5, SUM: 1018}]


def test_what_the_parent_lacks_of_the_days_read_is_noted(shop: World) -> None:
    backfill_join(parent(), shop.engine, end="2024-01-05")
    found = features_of_rows(child(by_item(parent())), shop.engine, [{"item": "i3", "ts": at("01-06 23:00")}])
    assert found.features.to_pylist() == [{LAST: None, SUM: None}]
    assert "g.child: out.t_parent has no partition for 1 of the days read (2024-01-06)" in found.notes


def test_a_trace_shows_the_rows_of_the_parent(shop: World) -> None:
    backfill_join(parent(), shop.engine, end="2024-01-06")
    found = trace(child(by_item(parent())), shop.engine, {"item": "i1"}, at("01-05 23:00"), SUM)
    (column,) = found.columns
    assert [(row.table, row.partition, row.values["v"]) for row in column.rows] == [
        ("out.t_parent", "2024-01-05", 1013),
        ("out.t_parent", "2024-01-05", 5),
    ]


def test_a_preview_reads_the_last_partitions_of_the_parent(shop: World) -> None:
    backfill_join(parent(), shop.engine, end="2024-01-06")
    found = preview(by_item(parent()), shop.engine, partitions=1)
    assert [(source.table, source.partitions, source.read) for source in found.sources] == [
        ("out.t_parent", ["2024-01-06"], 1)
    ]
    assert found.features.features.to_pylist() == [{"v_last": 1013, "v_sum": 1013}]
    assert preview(child(by_item(parent())), shop.engine).features.features.column_names == [LAST, SUM]
    standing = preview(standing_on(parent()), shop.engine)
    assert [row["ts"] for row in standing.features.arrow().to_pylist()] == [
        at("01-05 09:00"),
        at("01-05 10:00"),
        at("01-06 12:00"),
    ]


def test_an_explanation_says_what_is_made_first(shop: World) -> None:
    for join in (child(by_item(parent())), standing_on(parent())):
        found = explain(join, shop.engine, end="2024-01-06")
        assert found.days == ["2024-01-05", "2024-01-06"]
        assert [(one.table, one.days) for one in found.before] == [("out.t_parent", ["2024-01-05", "2024-01-06"])]
        coming = {read.reads.scan.table: read.coming for read in found.readings}
        assert coming["out.t_parent"] == ["2024-01-05", "2024-01-06"]
        assert found.rows is None
        assert found.data()["before"][0]["table"] == "out.t_parent"
        assert "first out.t_parent" in found.page().facts
    assert not shop.engine.warehouse.exists("out.t_parent")
    backfill_join(parent(), shop.engine, end="2024-01-05")
    found = explain(child(by_item(parent())), shop.engine, end="2024-01-06")
    (read,) = [read for read in found.readings if read.reads.scan.table == "out.t_parent"]
    assert (read.partitions, read.coming) == (["2024-01-05"], ["2024-01-06"])


def test_an_upload_makes_the_parent_first_too(shop: World) -> None:
    found = explain(by_item(parent()), shop.engine, end="2024-01-06", job="upload")
    assert [(one.table, one.days) for one in found.before] == [("out.t_parent", ["2024-01-05", "2024-01-06"])]
    (read,) = found.readings
    assert (read.partitions, read.coming) == ([], ["2024-01-05", "2024-01-06"])


def test_an_explanation_of_a_group_by_counts_the_days_that_its_parent_will_have(shop: World) -> None:
    group_by = by_item(parent(), Accuracy.SNAPSHOT, output_namespace="out", backfill_start_date="2024-01-05")
    found = explain(group_by, shop.engine, end="2024-01-06")
    assert (found.days, found.without_input) == (["2024-01-05", "2024-01-06"], [])


@pytest.mark.parametrize(
    "look",
    [
        lambda join, engine: explain(join, engine, end="2024-01-06"),
        preview,
        lambda join, engine: features_of_rows(join, engine, ASKED),
        lambda join, engine: analyze(join, engine, start="2024-01-05", end="2024-01-06"),
        lambda join, engine: backfill_join(join, engine, end="2024-01-06"),
    ],
)
def test_a_join_that_reads_itself_is_refused_by_all(shop: World, look) -> None:
    one, other = parent("t.one"), parent("t.two")
    one.joinParts = [JoinPart(by_item(other))]
    other.joinParts = [JoinPart(by_item(parent("t.one")))]
    other.joinParts[0].groupBy.sources[0].joinSource.join = one
    with pytest.raises(ConfigError, match="a join reads itself"):
        look(one, shop.engine)
