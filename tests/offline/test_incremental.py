"""Partial aggregates by day: the next day of a long window reads one day's rows, and gives what all rows give."""

from __future__ import annotations

import os
from random import Random

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, Window, select
from chronon.api.enums import Accuracy, TimeUnit
from chronon.base.errors import ConfigError
from chronon.offline import backfill_group_by, backfill_join
from chronon.offline.as_of import backfill_as_of
from chronon.testing.tolerance import differences

from .conftest import World, at, day

COLUMNS = {"user": "string", "amount": "long", "price": "double", "item": "string", "ts": "long"}
DAYS = [f"01-{number:02}" for number in range(1, 32)]
TABLE = "out.g_spend_daily_inc"


def purchases(random: Random, days, users=5, rows=20, untimed=0.05):
    """Rows of some days; one in six lands a day or more late, some have no amount, and some no time."""
    found = []
    for landed in days:
        for _ in range(rows):
            late = random.choice([0] * 9 + [1, 3]) * 86_400_000
            ts = at(landed) - late + random.randrange(86_400_000)
            ts = None if random.random() < untimed else ts
            amount = None if random.random() < 0.05 else random.randrange(100)
            found.append(
                (f"u{random.randrange(users)}", amount, random.random() * 10, random.choice("abc"), ts, landed)
            )
    return found


def spend(*aggregations, accuracy=Accuracy.SNAPSHOT, incremental=True, **kwargs) -> GroupBy:
    source = EventSource(
        table="db.purchases", query=Query(selects=select("user", "amount", "price", "item"), time_column="ts")
    )
    return GroupBy(
        **{
            "name": "g.spend",
            "sources": source,
            "keys": ["user"],
            "aggregations": list(aggregations),
            "accuracy": accuracy,
            "output_namespace": "out",
            "backfill_start_date": "2024-01-01",
            "is_incremental": incremental,
            **kwargs,
        }
    )


MANY = (
    Aggregation("amount", Operation.SUM, windows=["1d", "7d", "20d"]),
    Aggregation("amount", Operation.COUNT, windows=["20d"]),
    Aggregation("price", Operation.AVERAGE, windows=["14d"]),
    Aggregation("price", Operation.VARIANCE, windows=["14d"]),
    Aggregation("price", Operation.MAX, windows=["3d", "13d"], buckets=["item"]),
    Aggregation("item", Operation.LAST_K(3), windows=["12d"]),
    Aggregation("item", Operation.HISTOGRAM, windows=["12d"]),
    Aggregation("item", Operation.UNIQUE_COUNT),
    Aggregation("price", Operation.APPROX_PERCENTILE([0.5]), windows=["20d"]),
)


def rows_of(world: World, table: str):
    return sorted(world.rows(table), key=repr)


def same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert not list(differences(other, one, relative=1e-8, absolute=1e-12, path="row")), (one, other)


def test_the_worked_example(world: World) -> None:
    events = [("u1", 10, "01-04"), ("u2", 5, "01-04"), ("u1", 3, "01-05"), ("u9", 1, "01-07")]
    world.table("db.purchases", COLUMNS, [(u, a, 0.0, "i", at(f"{d} 09:00"), d) for u, a, d in events])
    aggregations = [
        Aggregation("amount", Operation.SUM, windows=["2d", "3d"]),
        Aggregation("amount", Operation.COUNT, windows=["2d", "3d"]),
    ]
    result = backfill_group_by(spend(*aggregations), world.engine, start="2024-01-05", end="2024-01-06")
    assert result.filled == ["2024-01-05"]  # of the 6th there is no partition
    assert world.rows("out.g_spend") == [("u1", 13, 13, 2, 2, day("01-05")), ("u2", 5, 5, 1, 1, day("01-05"))]
    stored = [(user, ms, ds) for user, ms, *_, ds in world.rows(TABLE)]
    assert stored == [
        ("u1", at("01-04"), day("01-04")),
        ("u2", at("01-04"), day("01-04")),
        ("u1", at("01-05"), day("01-05")),
        ("u9", at("01-07"), day("01-07")),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_day_by_day_it_is_what_all_rows_give(world: World, seed: int) -> None:
    random = Random(seed)
    days = DAYS[:24]
    for number, landed in enumerate(days):
        world.table("db.purchases", COLUMNS, purchases(random, [landed]))
        if number >= 20:
            backfill_group_by(spend(*MANY), world.engine, start=day(landed), end=day(landed), run_first_hole=True)
    found = {row for row in map(repr, world.rows("out.g_spend")) if day(days[-1]) in row}
    full = spend(*MANY, incremental=False, name="g.full")
    backfill_group_by(full, world.engine, start=day(days[-1]), end=day(days[-1]))
    assert found
    last = [row for row in rows_of(world, "out.g_spend") if row[-1] == day(days[-1])]
    same(last, rows_of(world, "out.g_full"))


def training(part: GroupBy, name: str) -> Join:
    left = EventSource(table="db.queries", query=Query(selects=select("user", "place"), time_column="ts"))
    return Join(left=left, right_parts=[JoinPart(part)], name=name, output_namespace="out")


@pytest.mark.parametrize("accuracy", [Accuracy.TEMPORAL, Accuracy.SNAPSHOT])
def test_rows_of_a_join_get_what_all_rows_give(world: World, accuracy: Accuracy) -> None:
    random = Random(7)
    world.table("db.purchases", COLUMNS, purchases(random, DAYS))
    asked = [(f"u{random.randrange(7)}", n, at("01-25") + random.randrange(5 * 86_400_000), "01-28") for n in range(60)]
    world.table(
        "db.queries", {"user": "string", "place": "long", "ts": "long"}, [*asked, (None, 99, at("01-27"), "01-28")]
    )
    hours = (Aggregation("amount", Operation.SUM, windows=[Window(30, TimeUnit.HOURS), Window(2, TimeUnit.HOURS)]),)
    aggregations = (*MANY, *hours) if accuracy is Accuracy.TEMPORAL else MANY
    for incremental in (True, False):
        part = spend(*aggregations, accuracy=accuracy, incremental=False, backfill_start_date=None)
        join = training(part, f"t.{incremental}")
        backfill_join(join, world.engine, end=day("01-31"), incremental=incremental)
    same(rows_of(world, "out.t_True"), rows_of(world, "out.t_False"))
    assert world.partitions(TABLE)


def spoil(world: World, days) -> None:
    """Make old partitions unreadable without a trace: whoever reads them again, fails."""
    for landed in days:
        file = world.root / f"db/purchases/ds={day(landed)}/rows.parquet"
        before, content = file.stat(), file.read_bytes()
        footer = int.from_bytes(content[-8:-4], "little") + 8  # what says which columns there are
        file.write_bytes(content[:4] + b"\0" * (len(content) - 4 - footer) + content[-footer:])
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("accuracy", [Accuracy.TEMPORAL, Accuracy.SNAPSHOT])
def test_the_next_day_reads_no_row_of_an_earlier_one_again(world: World, accuracy: Accuracy) -> None:
    random = Random(3)
    world.table("db.purchases", COLUMNS, purchases(random, DAYS[:20], untimed=0))
    part = spend(Aggregation("amount", Operation.SUM, windows=["20d"]), accuracy=accuracy, incremental=False)
    columns = {"user": "string", "place": "long", "ts": "long"}
    world.table("db.queries", columns, [("u1", 1, at("01-20 12:00"), "01-20")])
    backfill_join(training(part, "t.training"), world.engine, end=day("01-20"), incremental=True)
    world.table("db.purchases", COLUMNS, purchases(random, ["01-21"], untimed=0))
    world.table("db.queries", columns, [("u1", 2, at("01-21 12:00"), "01-21")])
    spoil(world, DAYS[:19])  # the day before is read for rows that landed early
    done = backfill_join(training(part, "t.training"), world.engine, end=day("01-21"), incremental=True)
    assert (done.filled, done.rows) == ([day("01-21")], 1)


def test_a_partition_that_was_written_again_is_aggregated_again(world: World) -> None:
    world.table(
        "db.purchases", COLUMNS, [("u1", 1, 0.0, "i", at(f"{d} 01:00"), d) for d in ("01-03", "01-04", "01-05")]
    )
    definition = spend(Aggregation("amount", Operation.SUM, windows=["3d"]))
    backfill_group_by(definition, world.engine, start=day("01-04"), end=day("01-04"))
    world.table("db.purchases", COLUMNS, [("u1", 40, 0.0, "i", at("01-03 01:00"), "01-03")])
    backfill_group_by(definition, world.engine, start=day("01-05"), end=day("01-05"))
    assert world.rows("out.g_spend")[-1] == ("u1", 42, day("01-05"))


def test_other_windows_use_the_same_partial_aggregates(world: World) -> None:
    world.table("db.purchases", COLUMNS, purchases(Random(4), DAYS[:8], untimed=0))
    run = {"start": day("01-08"), "end": day("01-08")}
    backfill_group_by(spend(Aggregation("amount", Operation.SUM, windows=["6d"])), world.engine, **run)
    spoil(world, DAYS[:8])
    other = spend(Aggregation("amount", Operation.SUM, windows=["2d", "4d"]))
    done = backfill_group_by(other, world.engine, **run)
    assert done.filled == [day("01-08")]


def test_other_operations_need_the_rows_again(world: World) -> None:
    world.table("db.purchases", COLUMNS, [("u1", 1, 0.0, "i", at("01-04 01:00"), "01-04")])
    run = {"start": day("01-04"), "end": day("01-04")}
    backfill_group_by(spend(Aggregation("amount", Operation.SUM, windows=["6d"])), world.engine, **run)
    backfill_group_by(spend(Aggregation("amount", Operation.COUNT, windows=["6d"])), world.engine, **run)
    assert world.rows("out.g_spend") == [("u1", 1, day("01-04"))]
    assert world.columns("out.g_spend") == ["user", "amount_count_6d"]


def test_only_events_that_are_read_by_partition_can_be_incremental(world: World) -> None:
    world.table("db.purchases", COLUMNS, [("u1", 1, 0.0, "i", at("01-04"), "01-04")])
    query = Query(selects=select("user", "amount"), time_column="ts")
    whole = EventSource(table="db.purchases", query=query, is_cumulative=True)
    with pytest.raises(ConfigError, match="not read partition by partition"):
        backfill_group_by(spend(Aggregation("amount", Operation.SUM), sources=whole), world.engine, end=day("01-04"))


def test_what_was_known_at_an_instant_is_read_from_rows(world: World) -> None:
    world.table("db.purchases", COLUMNS, [("u1", 1, 0.0, "i", at("01-04 01:00"), "01-04")])
    definition = spend(Aggregation("amount", Operation.SUM, windows=["3d"]))
    done = backfill_as_of(definition, world.engine, at("12-31") + 10**12, start=day("01-04"), end=day("01-04"))
    assert done.rows == 1
    assert not world.engine.warehouse.exists(TABLE)
    assert not world.engine.warehouse.exists(f"{done.table}_daily_inc")
