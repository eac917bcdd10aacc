"""A join's backfill: the four cases of left and right, and what happens to every left row.

The rows and values are those of the specification's worked examples, which were run on the original.
"""

from __future__ import annotations

import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError
from chronon.offline import backfill_join

from .conftest import World, at

LEFT = [
    ("u1", "r1", at("01-05 09:30"), "01-05"),
    ("u1", "r2", at("01-05 09:30"), "01-05"),  # the same key and time again
    ("u2", "r3", at("01-05 12:00"), "01-05"),
    (None, "r4", at("01-05 12:00"), "01-05"),
    ("u3", "r5", at("01-05 13:00"), "01-05"),
    ("u1", "r6", at("01-04 23:00"), "01-05"),  # late
    ("u1", "r7", at("01-06"), "01-06"),
    ("u1", "r8", at("01-05 09:30"), "01-06"),  # the key and time of r1, in another partition
]

PURCHASES = [
    ("u1", 10, at("01-01 10:00"), "01-01"),
    ("u1", 20, at("01-04 09:29:59"), "01-04"),
    ("u1", 40, at("01-04 22:00"), "01-04"),
    ("u1", 160, at("01-05 09:29:59"), "01-05"),
    ("u1", 80, at("01-05 09:30"), "01-05"),
    ("u2", 5, at("01-05 11:58"), "01-05"),
    ("u2", None, at("01-05 08:00"), "01-05"),
    (None, 7, at("01-05 08:00"), "01-05"),
]


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, LEFT)
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, PURCHASES)
    world.table(
        "db.profile",
        {"user": "string", "country": "string", "score": "long"},
        [("u1", "US", 1, "01-03"), ("u1", "FR", 2, "01-04"), ("u1", "DE", 3, "01-05"), ("u2", "IN", 4, "01-04")],
    )
    world.table(
        "db.users",
        {"user": "string", "plan": "string"},
        [("u1", "a", "01-04"), ("u2", "b", "01-04"), ("u1", "a2", "01-05"), ("u2", "b", "01-05"), (None, "n", "01-05")],
    )
    return world


def queries(**kwargs: str) -> EventSource:
    return EventSource(
        table="db.queries",
        query=Query(selects=select("user", "req"), time_column="ts", start_partition="2024-01-05", **kwargs),
    )


def spend(accuracy: Accuracy, hourly: bool = True) -> GroupBy:
    windows = ["1h", "1d", "3d"] if hourly else ["1d", "3d"]
    return GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[
            Aggregation("amount", Operation.SUM, windows=windows),
            Aggregation("amount", Operation.COUNT),
            Aggregation("amount", Operation.LAST, windows=["3d"]),
        ],
    )


def join(left, *parts: JoinPart, **kwargs) -> Join:
    made = Join(left=left, right_parts=list(parts), **kwargs)
    made.metaData.name = "t.training"
    made.metaData.outputNamespace = "out"
    return made


def by_request(world: World) -> dict[str, tuple]:
    names = [name for name in world.columns("out.t_training") if name not in ("user", "ts", "req")]
    return {row[0]: row[1:] for row in world.rows("out.t_training", "req", *names)}


def test_events_see_events_as_of_their_own_time(shop: World) -> None:
    result = backfill_join(join(queries(), JoinPart(spend(Accuracy.TEMPORAL))), shop.engine, end="2024-01-06")
    assert result.filled == ["2024-01-05", "2024-01-06"]
    assert result.rows == len(LEFT)
    assert shop.columns("out.t_training") == [
        "user",
        "ts",
        "req",
        "g_spend_amount_sum_1h",
        "g_spend_amount_sum_1d",
        "g_spend_amount_sum_3d",
        "g_spend_amount_count",
        "g_spend_amount_last_3d",
    ]
    assert by_request(shop) == {
        "r1": (160, 220, 220, 4, 160),  # 80 happened at that very instant: not before it
        "r2": (160, 220, 220, 4, 160),
        "r3": (5, 5, 5, 1, 5),
        "r4": (None,) * 5,  # no key, no features
        "r5": (None,) * 5,  # nothing known
        "r6": (40, 60, 60, 3, 40),
        "r7": (None, 240, 300, 5, 80),
        "r8": (160, 220, 220, 4, 160),  # the partition of a left row does not matter
    }


def test_events_see_snapshot_events_as_of_the_midnight_before(shop: World) -> None:
    part = JoinPart(spend(Accuracy.SNAPSHOT, hourly=False), prefix="pre")
    backfill_join(join(queries(), part), shop.engine, end="2024-01-06")
    assert "pre_g_spend_amount_sum_1d" in shop.columns("out.t_training")
    found = by_request(shop)
    assert found["r1"] == found["r2"] == found["r8"] == (60, 60, 3, 40)
    assert found["r6"] == (None, 10, 1, 10)
    assert found["r7"] == (240, 300, 5, 80)
    assert found["r3"] == found["r4"] == found["r5"] == (None,) * 4


def test_entities_see_events_as_of_the_end_of_their_day(shop: World) -> None:
    left = EntitySource(snapshotTable="db.users", query=Query(selects=select("user", "plan")))
    backfill_join(join(left, JoinPart(spend(Accuracy.TEMPORAL, hourly=False))), shop.engine, end="2024-01-05")
    assert shop.columns("out.t_training")[:2] == ["user", "plan"]
    assert set(shop.rows("out.t_training")) == {
        ("u1", "a", 60, 60, 3, 40, "2024-01-04"),
        ("u2", "b", None, None, None, None, "2024-01-04"),
        ("u1", "a2", 240, 300, 5, 80, "2024-01-05"),
        ("u2", "b", 5, 5, 1, 5, "2024-01-05"),
        (None, "n", None, None, None, None, "2024-01-05"),
    }


def test_windows_in_hours_cannot_be_seen_as_of_midnight(shop: World) -> None:
    left = EntitySource(snapshotTable="db.users", query=Query(selects=select("user", "plan")))
    with pytest.raises(ConfigError, match="amount over 1h"):
        backfill_join(join(left, JoinPart(spend(Accuracy.TEMPORAL))), shop.engine, end="2024-01-05")


def profile(aggregations=None) -> GroupBy:
    return GroupBy(
        name="g.profile",
        sources=EntitySource(snapshotTable="db.profile", query=Query(selects=select("user", "country", "score"))),
        keys=["user"],
        aggregations=aggregations,
    )


def test_events_see_the_snapshot_of_the_day_before(shop: World) -> None:
    backfill_join(join(queries(), JoinPart(profile())), shop.engine, end="2024-01-06")
    found = by_request(shop)
    assert found["r1"] == found["r2"] == found["r8"] == ("FR", 2)
    assert found["r3"] == ("IN", 4)
    assert found["r6"] == ("US", 1)
    assert found["r7"] == ("DE", 3)
    assert found["r4"] == found["r5"] == (None, None)


def test_a_key_twice_in_a_snapshot_still_gives_one_row(shop: World) -> None:
    shop.table(
        "db.profile",
        {"user": "string", "country": "string", "score": "long"},
        [("u2", "IN", 4, "01-04"), ("u2", "IN", 9, "01-04"), ("u2", None, 10, "01-04")],
    )
    result = backfill_join(join(queries(), JoinPart(profile())), shop.engine, end="2024-01-06")
    assert result.rows == len(LEFT)
    assert by_request(shop)["r3"] == ("IN", 9)  # the greatest row, nulls last


def test_entities_see_the_snapshot_of_the_same_day(shop: World) -> None:
    left = EntitySource(snapshotTable="db.users", query=Query(selects=select("user", "plan")))
    aggregated = profile([Aggregation("score", Operation.SUM), Aggregation("country", Operation.COUNT)])
    backfill_join(join(left, JoinPart(aggregated)), shop.engine, end="2024-01-05")
    assert set(shop.rows("out.t_training")) == {
        ("u1", "a", 2, 1, "2024-01-04"),
        ("u2", "b", 4, 1, "2024-01-04"),
        ("u1", "a2", 3, 1, "2024-01-05"),
        ("u2", "b", None, None, "2024-01-05"),  # no snapshot of that day: nothing is carried forward
        (None, "n", None, None, "2024-01-05"),
    }


def test_a_missing_snapshot_is_null_and_is_told(world: World) -> None:
    world.table(
        "db.queries",
        {"user": "string", "ts": "long"},
        [("u1", at("01-05"), "01-05"), ("u1", at("01-18 09:32"), "01-18")],
    )
    rows = [("u1", "FR", 2, "01-04"), ("u1", "DE", 3, "01-06")]
    world.table("db.profile", {"user": "string", "country": "string", "score": "long"}, rows)
    left = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
    result = backfill_join(join(left, JoinPart(profile())), world.engine, end="2024-01-18")
    assert [row[2:4] for row in world.rows("out.t_training")] == [("FR", 2), (None, None)]
    assert any("db.profile has no snapshot" in note for note in result.notes)


def test_keys_are_mapped_and_prefixes_tell_parts_apart(world: World) -> None:
    world.table(
        "db.queries",
        {"buyer": "string", "seller": "string", "ts": "long"},
        [("u1", "u2", at("01-05 13:00"), "01-05"), ("u2", None, at("01-05 13:00"), "01-05")],
    )
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, PURCHASES)
    left = EventSource(table="db.queries", query=Query(selects=select("buyer", "seller"), time_column="ts"))
    parts = [
        JoinPart(spend(Accuracy.TEMPORAL), key_mapping={name: "user"}, prefix=name) for name in ("buyer", "seller")
    ]
    backfill_join(join(left, *parts), world.engine, end="2024-01-05")
    columns = "buyer", "buyer_g_spend_amount_sum_1d", "seller_g_spend_amount_sum_1d"
    assert world.rows("out.t_training", *columns) == [("u1", 280, 5), ("u2", 5, None)]


def test_the_keys_of_each_part_come_to_the_front_and_its_features_to_the_end(world: World) -> None:
    """Worked example 25."""
    columns = {"user": "string", "item": "string", "amount": "long", "ts": "long"}
    world.table("db.queries", columns, [("u1", "i1", 1, at("01-05"), "01-05")])
    world.table("db.purchases", columns, [("u1", "i1", 1, at("01-04"), "01-04")])

    def part(name: str, key: str, accuracy: Accuracy, *operations: Operation, **kwargs) -> JoinPart:
        source = EventSource(table="db.purchases", query=Query(selects=select(key, "amount"), time_column="ts"))
        aggregations = [Aggregation("amount", operation) for operation in operations]
        made = GroupBy(name=name, sources=source, keys=[key], accuracy=accuracy, aggregations=aggregations)
        return JoinPart(made, **kwargs)

    parts = [
        part("g.a", "user", Accuracy.SNAPSHOT, Operation.SUM, Operation.COUNT),
        part("g.b", "item", Accuracy.TEMPORAL, Operation.SUM, Operation.COUNT, prefix="pp"),
        part("g.c", "user", Accuracy.TEMPORAL, Operation.SUM, Operation.COUNT, key_mapping={"item": "user"}),
    ]
    left = EventSource(table="db.queries", query=Query(selects=select("user", "item"), time_column="ts"))
    backfill_join(join(left, *parts), world.engine, end="2024-01-05")
    assert world.columns("out.t_training") == [
        *("item", "ts", "user", "g_a_amount_sum", "g_a_amount_count"),
        *("pp_g_b_amount_sum", "pp_g_b_amount_count", "g_c_amount_sum", "g_c_amount_count"),
    ]


def test_a_composite_key_needs_all_its_parts(world: World) -> None:
    world.table(
        "db.queries",
        {"a": "string", "b": "string", "ts": "long"},
        [
            ("ab", "c", at("01-05"), "01-05"),
            ("a", "bc", at("01-05"), "01-05"),
            ("a", None, at("01-05"), "01-05"),
        ],
    )
    rows = [
        ("ab", "c", 1, at("01-04"), "01-04"),
        ("a", "bc", 10, at("01-04"), "01-04"),
        ("a", None, 100, at("01-04"), "01-04"),
    ]
    world.table("db.events", {"a": "string", "b": "string", "x": "long", "ts": "long"}, rows)
    group_by = GroupBy(
        name="g.pairs",
        sources=EventSource(table="db.events", query=Query(selects=select("a", "b", "x"), time_column="ts")),
        keys=["a", "b"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("x", Operation.SUM)],
    )
    left = EventSource(table="db.queries", query=Query(selects=select("a", "b"), time_column="ts"))
    backfill_join(join(left, JoinPart(group_by)), world.engine, end="2024-01-05")
    assert [row[-2] for row in world.rows("out.t_training")] == [1, 10, None]


def test_left_columns_win_over_features_of_their_name(world: World) -> None:
    rows = [("u1", 77, at("01-05"), "01-05"), ("u1", None, at("01-05"), "01-05")]
    world.table("db.queries", {"user": "string", "g_spend_amount_count": "long", "ts": "long"}, rows)
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, PURCHASES)
    selects = select("user", "g_spend_amount_count")
    left = EventSource(table="db.queries", query=Query(selects=selects, time_column="ts"))
    backfill_join(join(left, JoinPart(spend(Accuracy.TEMPORAL))), world.engine, end="2024-01-05")
    assert [row[0] for row in world.rows("out.t_training", "g_spend_amount_count")] == [77, 3]


def test_only_missing_partitions_that_the_left_side_has_are_filled(shop: World) -> None:
    rows = [("u1", "r", at(f"{ds} 01:00"), ds) for ds in ("01-05", "01-06", "01-08")]
    shop.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, rows)
    training = join(queries(), JoinPart(spend(Accuracy.TEMPORAL)))
    assert backfill_join(training, shop.engine, end="2024-01-05").filled == ["2024-01-05"]
    result = backfill_join(training, shop.engine, end="2024-01-09")
    assert result.filled == ["2024-01-06", "2024-01-08"]
    assert result.present == 1
    assert shop.partitions("out.t_training") == ["01-05", "01-06", "01-08"]
    assert backfill_join(training, shop.engine, end="2024-01-09").filled == []


def test_the_left_side_ends_where_its_query_says(shop: World) -> None:
    training = join(queries(end_partition="2024-01-05"), JoinPart(spend(Accuracy.TEMPORAL)))
    assert backfill_join(training, shop.engine, end="2024-01-09").filled == ["2024-01-05"]


def test_a_day_whose_rows_are_all_filtered_out_is_filled_with_nothing(shop: World) -> None:
    left = queries(wheres=["req != 'r7' and req != 'r8'"])
    training = join(left, JoinPart(spend(Accuracy.TEMPORAL)))
    assert backfill_join(training, shop.engine, end="2024-01-06").filled == ["2024-01-05", "2024-01-06"]
    assert backfill_join(training, shop.engine, end="2024-01-06").filled == []


@pytest.mark.parametrize("step_days", [1, 30])
def test_the_size_of_a_step_changes_nothing(shop: World, step_days: int) -> None:
    """Not even for rows that landed late: this one happened on 01-05 and was stored on 01-06."""
    late = [("u2", 1000, at("01-05 11:59"), "01-06")]
    shop.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [*PURCHASES, *late])
    training = join(queries(), JoinPart(spend(Accuracy.TEMPORAL)))
    backfill_join(training, shop.engine, end="2024-01-06", step_days=step_days)
    assert by_request(shop)["r3"] == (1005, 1005, 1005, 2, 1000)


def test_left_rows_without_a_time_stay_without_features_and_are_counted(shop: World) -> None:
    rows = [("u1", "r1", at("01-05 09:30"), "01-05"), ("u1", "r2", None, "01-05")]
    shop.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, rows)
    result = backfill_join(join(queries(), JoinPart(spend(Accuracy.TEMPORAL))), shop.engine, end="2024-01-05")
    assert by_request(shop)["r2"] == (None,) * 5
    assert result.left_out == {"left rows without a time (kept, without features)": 1}


def test_source_rows_without_a_time_are_left_out_and_counted_once(shop: World) -> None:
    columns = {"user": "string", "amount": "long", "ts": "long"}
    shop.table("db.purchases", columns, [*PURCHASES, ("u1", 1000, None, "01-04"), ("u2", 1000, None, "01-05")])
    parts = [JoinPart(spend(Accuracy.TEMPORAL), prefix=prefix) for prefix in ("a", "b")]
    result = backfill_join(join(queries(), *parts), shop.engine, end="2024-01-06", step_days=1)
    assert by_request(shop)["r1"] == (160, 220, 220, 4, 160) * 2
    assert result.left_out == {"rows of db.purchases without a time (left out)": 2}


def test_twice_the_same_backfill_gives_the_same_bytes(shop: World) -> None:
    training = join(queries(), JoinPart(spend(Accuracy.TEMPORAL)), JoinPart(profile()))

    def once() -> dict[str, bytes]:
        backfill_join(training, shop.engine, end="2024-01-06")
        files = sorted((shop.root / "out").glob("*/*/*"))
        found = {file.parent.name: file.read_bytes() for file in files}
        for file in files:
            file.unlink()
            file.parent.rmdir()
        return found

    assert once() == once()


def test_progress_tells_rows_and_how_far_the_job_is(shop: World) -> None:
    class Watch:
        def __init__(self) -> None:
            self.told: list[tuple[str, int, int]] = []

        def step(self, what: str, done: int, total: int) -> None:
            self.told.append((what, done, total))

    watch = Watch()
    parts = JoinPart(spend(Accuracy.TEMPORAL)), JoinPart(profile())
    backfill_join(join(queries(), *parts), shop.engine, end="2024-01-06", step_days=1, progress=watch)
    assert watch.told == [
        ("2024-01-05: reading db.queries", 0, 6),
        ("2024-01-05: g_spend, 6 rows", 0, 6),
        ("2024-01-05: g_profile, 6 rows", 1, 6),
        ("2024-01-05: writing out.t_training", 2, 6),
        ("2024-01-06: reading db.queries", 3, 6),
        ("2024-01-06: g_spend, 2 rows", 3, 6),
        ("2024-01-06: g_profile, 2 rows", 4, 6),
        ("2024-01-06: writing out.t_training", 5, 6),
    ]


def test_columns_may_have_any_name(world: World) -> None:
    """Also those that the engine itself could use inside."""
    names = ("key", "value", "seq", "row", "e", "k")
    columns = {"ts": "long", **dict.fromkeys(names, "long")}
    world.table("db.events", columns, [(at("01-04"), 1, 2, 3, 4, 5, 6, "01-04")])
    world.table("db.queries", columns, [(at("01-05"), 1, 2, 3, 4, 5, 6, "01-05")])
    for key in names:
        group_by = GroupBy(
            name="g.any",
            sources=EventSource(table="db.events", query=Query(selects=select(*names), time_column="ts")),
            keys=[key],
            accuracy=Accuracy.TEMPORAL,
            aggregations=[Aggregation(name, Operation.SUM) for name in names if name != key],
        )
        left = EventSource(table="db.queries", query=Query(selects=select(*names), time_column="ts"))
        made = join(left, JoinPart(group_by), output_namespace=f"by_{key}")
        made.metaData.outputNamespace = f"by_{key}"
        backfill_join(made, world.engine, end="2024-01-05")
        features = [f"g_any_{name}_sum" for name in names if name != key]
        assert world.rows(f"by_{key}.t_training", *features) == [
            tuple(number for name, number in zip(names, range(1, 7), strict=True) if name != key)
        ]
