"""What is computed again when a definition changes, what becomes of the old rows, and which days a run fills."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from chronon import (
    Aggregation,
    Derivation,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    Operation,
    Query,
    select,
)
from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError, SchemaError
from chronon.offline import backfill_group_by, backfill_join

from .conftest import World, at

DAYS = ("01-04", "01-05", "01-06", "01-07")
COLUMNS = {"user": "string", "buyer": "string", "amount": "long", "ts": "long"}


@pytest.fixture
def shop(world: World) -> World:
    rows = [("u1", "u1", n, at(f"{ds} 12:00"), ds) for n, ds in enumerate(DAYS, 1)]
    world.table("db.queries", COLUMNS, rows)
    world.table("db.purchases", COLUMNS, rows)
    return world


def spend(name: str = "g.a", **changes: Any) -> GroupBy:
    source = EventSource(
        table="db.purchases",
        topic=changes.pop("topic", None),
        query=Query(
            selects=select("user", "amount"), time_column="ts", start_partition=changes.pop("source_start", None)
        ),
    )
    operation = changes.pop("operation", Operation.SUM)
    return GroupBy(
        **{
            "name": name,
            "sources": source,
            "keys": ["user"],
            "accuracy": Accuracy.TEMPORAL,
            "aggregations": [Aggregation("amount", operation, windows=["2d"])],
            **changes,
        }
    )


def training(*parts: JoinPart, start: str | None = None, **kwargs: Any) -> Join:
    selects, wheres = kwargs.pop("selects", select("user", "buyer")), kwargs.pop("wheres", None)
    query = Query(selects=selects, wheres=wheres, time_column="ts", start_partition=start)
    join = Join(
        left=EventSource(table="db.queries", query=query),
        right_parts=list(parts) or [JoinPart(spend("g.a")), JoinPart(spend("g.b", operation=Operation.COUNT))],
        **kwargs,
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def filled(world: World, join: Join, **kwargs: Any) -> list[str]:
    result = backfill_join(join, world.engine, **{"end": "2024-01-07", **kwargs})
    return [ds[5:] for ds in result.filled]


def archives(world: World) -> list[str]:
    return [name for name in world.engine.warehouse.tables() if name.startswith("out.t_training_")]


# ---- worked example 39: what changes the output


UNCHANGED: dict[str, Callable[[], structs.Join]] = {
    "nothing": training,
    "first partition of the left": lambda: training(start="2024-01-04"),
    "first partition of a source": lambda: training(
        JoinPart(spend("g.a", source_start="2024-01-01")), JoinPart(spend("g.b", operation=Operation.COUNT))
    ),
    "topic": lambda: training(JoinPart(spend("g.a", topic="topic")), JoinPart(spend("g.b", operation=Operation.COUNT))),
    "description": lambda: training(description="said otherwise", table_properties={"a": "b"}),
    "row ids that nothing uses": lambda: training(row_ids=["user"]),
    "skew keys": lambda: training(skew_keys={"user": ["'u1'"]}),
}


@pytest.mark.parametrize("change", UNCHANGED)
def test_what_means_the_same_computes_nothing(shop: World, change: str) -> None:
    assert filled(shop, training()) == list(DAYS)
    assert filled(shop, UNCHANGED[change]()) == []
    assert archives(shop) == []


CHANGED: dict[str, Callable[[], structs.Join]] = {
    "a part less": lambda: training(JoinPart(spend("g.a"))),
    "another operation": lambda: training(
        JoinPart(spend("g.a", operation=Operation.MAX)), JoinPart(spend("g.b", operation=Operation.COUNT))
    ),
    "derivations": lambda: training(derivations=[Derivation("*", "*"), Derivation("x", "g_a_amount_sum_2d + 1")]),
    "keys": lambda: training(
        JoinPart(spend("g.a"), key_mapping={"buyer": "user"}), JoinPart(spend("g.b", operation=Operation.COUNT))
    ),
    "left columns": lambda: training(selects=select("user", "buyer", "amount")),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_means_something_else_is_computed_again_and_the_old_rows_are_kept(shop: World, change: str) -> None:
    filled(shop, training())
    before = shop.rows("out.t_training")
    assert filled(shop, CHANGED[change]()) == list(DAYS)
    (archive,) = archives(shop)
    assert shop.rows(archive) == before
    assert filled(shop, CHANGED[change]()) == []


def test_a_table_holds_the_rows_of_one_definition(shop: World) -> None:
    """What another one has made of other days is moved away, and told; no day is lost."""
    filled(shop, training())
    changed = training(JoinPart(spend("g.a")))
    result = backfill_join(changed, shop.engine, start="2024-01-06", end="2024-01-07")
    assert [ds[5:] for ds in result.filled] == ["01-06", "01-07"]
    assert any("moved to an archive: 2024-01-04, 2024-01-05" in note for note in result.notes)
    assert shop.partitions("out.t_training") == ["01-06", "01-07"]
    (archive,) = archives(shop)
    assert shop.partitions(archive) == list(DAYS)


def test_partitions_of_another_definition_are_kept_if_asked_for(shop: World) -> None:
    """And they count as this one's from then on, which the original forgets."""
    filled(shop, training(), end="2024-01-06")
    before = shop.rows("out.t_training")
    changed = training(JoinPart(spend("g.a", operation=Operation.MAX)))
    result = backfill_join(changed, shop.engine, end="2024-01-07", keep_outdated=True)
    assert result.filled == ["2024-01-07"]
    assert any("3 partitions that another definition has made are kept" in note for note in result.notes)
    names = "user", "ts", "g_a_amount_sum_2d", "g_b_amount_count_2d"
    assert [row[:4] for row in shop.rows("out.t_training", *names)][:3] == [
        (row[0], row[1], row[3], row[4]) for row in before
    ]
    assert filled(shop, changed) == []
    assert archives(shop) == []


def test_a_group_by_keeps_them_too(shop: World) -> None:
    def daily(operation: Operation, end: str, **how: Any) -> Any:
        group_by = spend(
            accuracy=Accuracy.SNAPSHOT, operation=operation, output_namespace="out", backfill_start_date="2024-01-04"
        )
        return backfill_group_by(group_by, shop.engine, end=end, **how)

    daily(Operation.SUM, "2024-01-06")
    before = [row[1] for row in shop.rows("out.g_a")]
    result = daily(Operation.MAX, "2024-01-07", keep_outdated=True)
    assert result.filled == ["2024-01-07"]
    assert any("3 partitions that another definition has made are kept" in note for note in result.notes)
    assert [row[1] for row in shop.rows("out.g_a", "user", "amount_sum_2d")] == [*before, None]
    assert daily(Operation.MAX, "2024-01-07").filled == []
    assert archives(shop) == []


def test_a_job_that_fails_leaves_everything_as_it_was(shop: World) -> None:
    filled(shop, training())
    before = shop.rows("out.t_training")
    broken = training(selects=select("user", "buyer", twice="nothing * 2"))
    with pytest.raises(ConfigError):
        filled(shop, broken)
    for file in (shop.root / "db" / "purchases" / "ds=2024-01-07").iterdir():
        file.write_bytes(b"no parquet")
    with pytest.raises(Exception, match="2024-01-07"):
        filled(shop, training(JoinPart(spend("g.a"))))
    assert shop.rows("out.t_training") == before
    assert archives(shop) == []


# ---- what is taken from the partitions that are replaced


def broken(world: World, table: str) -> None:
    """Make the rows of a table unreadable, though it still looks as before: nobody may read them."""
    for file in (world.root / "db" / table).glob("*/*"):
        times = file.stat().st_mtime_ns
        whole = file.read_bytes()
        file.write_bytes(whole[:4] + b"\xff" * 16 + whole[20:])
        os.utime(file, ns=(times, times))


def two(first: GroupBy | None = None, second: GroupBy | None = None, **kwargs: Any) -> Join:
    other = spend("g.b", operation=Operation.COUNT)
    other.sources[0].events.table = "db.other"
    return training(JoinPart(first or spend("g.a")), JoinPart(second or other), **kwargs)


@pytest.fixture
def both(shop: World) -> World:
    shop.table("db.other", COLUMNS, [("u1", "u1", 1, at(f"{ds} 06:00"), ds) for ds in DAYS])
    return shop


def fresh(world: World, join: Join) -> list[tuple[Any, ...]]:
    """The rows of a join computed where nothing can be taken."""
    again = copy.deepcopy(join)
    again.metaData.name = "t.fresh"
    backfill_join(again, world.engine, end="2024-01-07")
    return world.rows("out.t_fresh")


TAKEN: dict[str, tuple[Callable[[], Join], set[str]]] = {
    "a part more": (
        lambda: training(*two().joinParts, JoinPart(spend("g.c", operation=Operation.MAX))),
        {"g_a", "g_b"},
    ),
    "a part less": (lambda: training(two().joinParts[1]), {"g_b"}),
    "another operation": (lambda: two(spend("g.a", operation=Operation.MAX)), {"g_b"}),
    "derivations": (
        lambda: two(derivations=[Derivation("*", "*"), Derivation("x", "g_a_amount_sum_2d + 1")]),
        {"g_a", "g_b"},
    ),
    "left columns": (lambda: two(selects=select("user", "buyer", "amount")), {"g_a", "g_b"}),
    "other left rows": (lambda: two(wheres=["amount > 1"]), set()),
    "another key": (lambda: two(selects=select("buyer", user="upper(user)")), set()),
}


@pytest.mark.parametrize("change", TAKEN)
def test_parts_that_are_what_they_were_are_taken_and_not_computed(both: World, change: str) -> None:
    backfill_join(two(), both.engine, end="2024-01-07", step_days=3)
    changed, taken = TAKEN[change][0](), TAKEN[change][1]
    expected = fresh(both, changed)
    result = backfill_join(changed, both.engine, end="2024-01-07")
    assert {note.split()[0] for note in result.notes if "is what it was" in note} == taken
    assert both.rows("out.t_training") == expected


def test_their_tables_are_not_read(both: World) -> None:
    backfill_join(two(), both.engine, end="2024-01-07")
    changed = two(spend("g.a", operation=Operation.MAX))
    expected = fresh(both, changed)
    broken(both, "other")
    backfill_join(changed, both.engine, end="2024-01-07")
    assert both.rows("out.t_training") == expected


def test_what_has_other_input_now_is_computed(both: World) -> None:
    backfill_join(two(), both.engine, end="2024-01-07")
    rows = [("u1", "u1", 50, at("01-06 06:00"), "01-06")]
    both.table("db.other", COLUMNS, rows)
    changed = two(second=None, derivations=[Derivation("*", "*"), Derivation("x", "g_b_amount_count_2d")])
    expected = fresh(both, changed)
    result = backfill_join(changed, both.engine, end="2024-01-07")
    assert {note.split(":")[0]: note for note in result.notes}["g_a is what it was"].endswith("partitions replaced")
    assert any(note.startswith("g_b is what it was: its features of 2 days") for note in result.notes)
    assert both.rows("out.t_training") == expected


def test_a_feature_that_a_derivation_has_replaced_is_computed(both: World) -> None:
    derived = two(derivations=[Derivation("*", "*"), Derivation("g_a_amount_sum_2d", "g_a_amount_sum_2d * 100")])
    backfill_join(derived, both.engine, end="2024-01-07")
    expected = fresh(both, two())
    result = backfill_join(two(), both.engine, end="2024-01-07")
    assert {note.split()[0] for note in result.notes if "is what it was" in note} == {"g_b"}
    assert both.rows("out.t_training") == expected


# ---- worked example 4: columns that come, columns that change


def test_a_new_column_of_the_left_table_is_null_in_older_partitions(shop: World) -> None:
    join = training(JoinPart(spend("g.a")))
    join.left.events.query.selects = None  # all columns, whichever there are
    assert filled(shop, join, end="2024-01-06") == ["01-04", "01-05", "01-06"]
    shop.table("db.queries", {**COLUMNS, "extra": "string"}, [("u1", "u1", 1, at("01-07 12:00"), "e", "01-07")])
    assert filled(shop, join) == ["01-07"]
    assert shop.rows("out.t_training", "extra", "ds") == [
        (None, "2024-01-04"),
        (None, "2024-01-05"),
        (None, "2024-01-06"),
        ("e", "2024-01-07"),
    ]


def test_a_column_that_changes_its_type_is_refused(shop: World) -> None:
    join = training(JoinPart(spend("g.a")))
    join.left.events.query.selects = None
    filled(shop, join, end="2024-01-06")
    for ds in DAYS:
        shop.table("db.queries", {**COLUMNS, "buyer": "long"}, [("u1", 1, 1, at(f"{ds} 12:00"), ds)])
    with pytest.raises(SchemaError) as caught:
        filled(shop, join)
    for text in ("t.training", "columnName: buyer existingType: string newType: long", "cast it"):
        assert text in str(caught.value)


# ---- which days


def test_only_the_last_day_without_a_historical_backfill(shop: World) -> None:
    join = training(historical_backfill=False)
    assert filled(shop, join, end="2024-01-06") == ["01-06"]
    assert filled(shop, join, start="2024-01-04") == ["01-07"]


def test_without_a_historical_backfill_a_left_side_that_has_ended_is_refused(shop: World) -> None:
    join = training(historical_backfill=False)
    join.left.events.query.endPartition = "2024-01-05"
    with pytest.raises(ConfigError, match=r"t\.training.*Invalid partition range \[2024-01-07...2024-01-05\]"):
        filled(shop, join)


def test_days_before_the_first_partition_are_skipped_and_told(shop: World) -> None:
    assert filled(shop, training(), start="2024-01-06") == ["01-06", "01-07"]
    result = backfill_join(training(), shop.engine, end="2024-01-07")
    assert result.filled == []
    assert any("2 days before the first partition are skipped: 2024-01-04, 2024-01-05" in n for n in result.notes)
    assert filled(shop, training(), run_first_hole=True) == ["01-04", "01-05"]


def test_days_that_the_left_side_lacks_are_told(shop: World) -> None:
    result = backfill_join(training(start="2024-01-02"), shop.engine, end="2024-01-08")
    expected = "db.queries has no rows for 3 of the requested days: 2024-01-02, 2024-01-03, 2024-01-08"
    assert expected in result.notes


def test_a_day_of_a_group_by_waits_for_all_sources_that_reach_to_it(shop: World) -> None:
    def source(table: str, **bounds: str) -> EventSource:
        return EventSource(table=table, query=Query(selects=select("user", "amount"), time_column="ts", **bounds))

    shop.table("db.returns", COLUMNS, [("u1", "u1", 1, at("01-05 12:00"), "01-05")])
    shop.table("db.older", COLUMNS, [("u1", "u1", 1, at("01-04 12:00"), "01-04")])
    sources = [source("db.purchases"), source("db.returns"), source("db.older", end_partition="2024-01-04")]
    group_by = spend(sources=sources, output_namespace="out", backfill_start_date="2024-01-04")
    result = backfill_group_by(group_by, shop.engine, end="2024-01-07")
    assert result.filled == ["2024-01-05"]
    assert "3 days wait for db.returns, as the other sources have them: 2024-01-04, 2024-01-06, 2024-01-07" in (
        result.notes
    )
    assert backfill_group_by(group_by, shop.engine, end="2024-01-07", any_source=True).filled == [
        "2024-01-06",
        "2024-01-07",
    ]


def test_skew_keys_leave_every_left_row_with_its_features(shop: World) -> None:
    """The original leaves these rows out; here a hot key is only a longer scan."""
    result = backfill_join(training(skew_keys={"user": ["'u1'", "null"], "nobody": []}), shop.engine, end="2024-01-07")
    assert "skew_keys are not needed: every left row stays, with its features" in result.notes
    found = shop.rows("out.t_training", "user", "g_a_amount_sum_2d")
    assert found == [("u1", None), ("u1", 1), ("u1", 3), ("u1", 5)]
