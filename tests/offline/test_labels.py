"""Labels: what was known later, joined to the rows that it belongs to."""

from __future__ import annotations

from shutil import copytree

import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, LabelPart, Operation, Query, select
from chronon.api.structs import LabelPart as Labels
from chronon.base.errors import ChrononError, ConfigError, MissingDataError
from chronon.offline import backfill_join, backfill_labels

from .conftest import World, at


@pytest.fixture
def shop(world: World) -> World:
    rows = [(1, "g1", "01-02"), (1, "g2", "01-02"), (2, "g3", "01-02"), (3, "g4", "01-03"), (3, "g5", "01-04")]
    left = [(listing, guest, at(f"{ds} 12:00"), ds) for listing, guest, ds in rows]
    world.table("db.views", {"listing": "long", "guest": "string", "ts": "long"}, left)
    world.table("db.seen", {"listing": "long", "n": "long", "ts": "long"}, [(1, 7, at("01-01"), "01-01")])
    return world


def training(*labels: JoinPart, start: int = 9, end: int = 8, row_ids: list[str] | None = None) -> Join:
    seen = GroupBy(
        name="g.seen",
        sources=EventSource(table="db.seen", query=Query(selects=select("listing", "n"), time_column="ts")),
        keys=["listing"],
        aggregations=[Aggregation("n", Operation.SUM)],
    )
    left = EventSource(table="db.views", query=Query(selects=select("listing", "guest"), time_column="ts"))
    part = Labels(labels=list(labels), leftStartOffset=start, leftEndOffset=end)
    return Join(left, [JoinPart(seen)], name="t.j", output_namespace="out", label_part=part, row_ids=row_ids)


def rooms(**kwargs) -> JoinPart:
    query = Query(selects=select("listing", "room"))
    source = EntitySource(snapshot_table="db.rooms", query=query)
    return JoinPart(GroupBy(name="g.lab", sources=source, keys=["listing"], aggregations=None, **kwargs))


def active(window: str = "5d", operation: Operation = Operation.MAX) -> JoinPart:
    query = Query(selects=select("listing", "active"), time_column="ts")
    return JoinPart(
        GroupBy(
            name="g.act",
            sources=EventSource(table="db.active", query=query),
            keys=["listing"],
            aggregations=[Aggregation("active", operation, windows=[window])],
        )
    )


def snapshots(world: World, *days: str) -> None:
    rows = [(key, room, day) for day in days for key, room in ((1, "ENTIRE"), (2, "PRIVATE"))]
    world.table("db.rooms", {"listing": "long", "room": "string"}, rows)


def test_labels_of_entities_and_both_views(shop: World) -> None:
    snapshots(shop, "01-10", "01-11")
    join = training(rooms())
    backfill_join(join, shop.engine, end="2024-01-04")
    result = backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert (result.filled, result.rows) == (["2024-01-10"], 3)
    labels = [
        (1, "ENTIRE", "2024-01-02", "2024-01-10"),
        (2, "PRIVATE", "2024-01-02", "2024-01-10"),
        (3, None, "2024-01-03", "2024-01-10"),
    ]
    columns = ("listing", "g_lab_room", "ds", "label_ds")
    assert shop.rows("out.t_j_labels", *columns) == labels
    backfill_labels(join, shop.engine, label_ds="2024-01-11")
    assert shop.rows("out.t_j_labels", *columns) == [
        *labels,
        (3, None, "2024-01-03", "2024-01-11"),
        (3, None, "2024-01-04", "2024-01-11"),
    ]
    assert list(shop.engine.columns("out.t_j_labeled")) == [
        *("listing", "ds", "guest", "ts", "g_seen_n_sum"),
        *("label_g_lab_room", "label_ds"),
    ]
    shown = ("guest", "g_seen_n_sum", "label_g_lab_room", "ds", "label_ds")
    first = [("g1", 7, "ENTIRE", "2024-01-02", "2024-01-10"), ("g2", 7, "ENTIRE", "2024-01-02", "2024-01-10")]
    first.append(("g3", None, "PRIVATE", "2024-01-02", "2024-01-10"))
    assert sorted(shop.rows("out.t_j_labeled", *shown)) == [
        *first,
        ("g4", None, None, "2024-01-03", "2024-01-10"),
        ("g4", None, None, "2024-01-03", "2024-01-11"),
        ("g5", None, None, "2024-01-04", "2024-01-11"),
    ]
    assert sorted(shop.rows("out.t_j_labeled_latest", *shown)) == [
        *first,
        ("g4", None, None, "2024-01-03", "2024-01-11"),
        ("g5", None, None, "2024-01-04", "2024-01-11"),
    ]


def test_the_latest_labels_are_those_that_are_there(shop: World) -> None:
    """A day without labels keeps its rows; the view follows the labels (in the original, until its next run only)."""
    snapshots(shop, "01-10")
    join = training(rooms(), start=9, end=9)
    backfill_join(join, shop.engine, end="2024-01-04")
    backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert sorted(shop.rows("out.t_j_labeled_latest", "guest", "label_ds")) == [
        *(("g1", "2024-01-10"), ("g2", "2024-01-10"), ("g3", "2024-01-10")),
        *(("g4", None), ("g5", None)),
    ]
    labels = shop.root / "out" / "t_j_labels"
    copytree(labels / "label_ds=2024-01-10", labels / "label_ds=2024-01-12")  # as another job would write them
    assert {row for (row,) in shop.rows("out.t_j_labeled_latest", "label_ds")} == {"2024-01-12", None}


def test_labels_over_a_window_begin_with_the_day_of_the_row(shop: World) -> None:
    events = [
        (1, 50, at("01-01 23:59:59"), "01-01"),
        (1, 1, at("01-02 05:00"), "01-02"),
        (1, 4, at("01-06 23:59:59"), "01-06"),
        (1, 9, at("01-07"), "01-07"),
        (2, 2, at("01-05"), "01-05"),
    ]
    shop.table("db.active", {"listing": "long", "active": "long", "ts": "long"}, events)
    join = training(active(), start=5, end=5)
    backfill_join(join, shop.engine, end="2024-01-04")
    backfill_labels(join, shop.engine, label_ds="2024-01-06")
    assert shop.rows("out.t_j_labels") == [(1, 4, "2024-01-02", "2024-01-06"), (2, 2, "2024-01-02", "2024-01-06")]
    assert list(shop.engine.columns("out.t_j_g_act")) == ["listing", "active_max_5d", "label_ds"]
    assert shop.rows("out.t_j_g_act") == [(1, 4, "2024-01-06"), (2, 2, "2024-01-06")]


def test_row_ids_tell_rows_apart(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms(), row_ids=["guest", "listing"])
    backfill_join(join, shop.engine, end="2024-01-04")
    backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert [row[:3] for row in shop.rows("out.t_j_labels")] == [
        (1, "g1", "ENTIRE"),
        (1, "g2", "ENTIRE"),
        (2, "g3", "PRIVATE"),
        (3, "g4", None),
    ]


def test_row_ids_need_not_hold_the_keys(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms(), row_ids=["guest"])
    backfill_join(join, shop.engine, end="2024-01-04")
    backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert [row[:2] for row in shop.rows("out.t_j_labels")] == [
        ("g1", "ENTIRE"),
        ("g2", "ENTIRE"),
        ("g3", "PRIVATE"),
        ("g4", None),
    ]


def test_one_row_of_a_key_counts(shop: World) -> None:
    rows = [(1, "A", "01-10"), (1, "B", "01-10"), (1, None, "01-10")]
    shop.table("db.rooms", {"listing": "long", "room": "string"}, rows)
    join = training(rooms())
    backfill_join(join, shop.engine, end="2024-01-04")
    result = backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert shop.rows("out.t_j_labels")[0] == (1, "B", "2024-01-02", "2024-01-10")
    assert result.left_out == {"rows of g.lab whose key has another row (left out)": 2}


def test_a_second_run_leaves_the_same_bytes(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms())
    backfill_join(join, shop.engine, end="2024-01-04")
    contents = []
    for _ in range(2):
        backfill_labels(join, shop.engine, label_ds="2024-01-10")
        files = sorted(p for p in (shop.root / "out").rglob("*") if p.is_file() and "label" in str(p))
        contents.append({str(p): p.read_bytes() for p in files})
    assert contents[0] == contents[1]


def test_left_conditions_and_expressions_count(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms())
    join.left.events.query.selects = {"listing": "listing + 0", "guest": "upper(guest)", "ts": "ts"}
    join.left.events.query.wheres = ["guest <> 'g1'"]
    join.rowIds = ["guest", "listing"]
    backfill_join(join, shop.engine, end="2024-01-04")
    backfill_labels(join, shop.engine, label_ds="2024-01-10")
    assert [row[1] for row in shop.rows("out.t_j_labels")] == ["G2", "G3", "G4"]


@pytest.mark.parametrize(
    "join, words",
    [
        (training(), "has no labels"),
        (training(rooms(), start=0, end=0), "the day after the labels"),
        (training(rooms(), start=1, end=2), "must be earlier"),
        (training(active("36h")), "must be DAYS"),
        (training(rooms(), row_ids=["nobody"]), "the left side has no nobody"),
    ],
)
def test_what_is_refused(shop: World, join: Join, words: str) -> None:
    snapshots(shop, "01-10")
    shop.table("db.active", {"listing": "long", "active": "long", "ts": "long"}, [(1, 1, at("01-02"), "01-02")])
    with pytest.raises(ConfigError, match=words):
        backfill_labels(join, shop.engine, label_ds="2024-01-10")


def test_what_is_not_there_yet(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms())
    with pytest.raises(MissingDataError, match="chronon backfill"):
        backfill_labels(join, shop.engine, label_ds="2024-01-10")
    backfill_join(join, shop.engine, end="2024-01-04")
    with pytest.raises(MissingDataError, match="no snapshot of 2024-01-11"):
        backfill_labels(join, shop.engine, label_ds="2024-01-11")
    with pytest.raises(ChrononError, match="no partition from 2024-02-01 to 2024-02-02"):
        backfill_labels(join, shop.engine, label_ds="2024-02-09")
    assert not shop.engine.warehouse.exists("out.t_j_labels")


def test_the_api_gives_labels(shop: World) -> None:
    snapshots(shop, "01-10")
    join = training(rooms())
    join.labelPart = LabelPart([rooms()], 9, 8)
    backfill_join(join, shop.engine, end="2024-01-04")
    assert backfill_labels(join, shop.engine, label_ds="2024-01-10").rows == 3
