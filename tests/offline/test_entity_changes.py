"""Entities seen at an instant: the snapshot of the day before, and the changes made since midnight."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.clock import FrozenClock
from chronon.base.errors import ConfigError, SchemaError
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import DOUBLE, LONG, STRING
from chronon.offline import backfill_join, upload_group_by
from chronon.online import Fetcher, Request
from chronon.plan.group_by import plan_group_by
from chronon.store.keys import encode
from chronon.store.lmdb import LmdbStore
from chronon.store.names import streaming_dataset
from chronon.store.protocol import StreamRow
from chronon.testing import Row, assert_same
from chronon.testing.oracle import Oracle

from .conftest import World, at, day

SNAPSHOT = {"listing": "long", "rating": "long", "ts": "long"}
CHANGES = {**SNAPSHOT, "changed_at": "long", "old": "bool"}
LEFT = {"listing": "long", "ts": "long"}
AVERAGE = [Aggregation("rating", Operation.AVERAGE)]


def ratings(aggregations: list[Aggregation] | None, **options: Any) -> GroupBy:
    query = Query(
        selects=select("listing", "rating"),
        time_column="ts",
        mutation_time_column="changed_at",
        reversal_column="old",
    )
    source = EntitySource(snapshotTable="db.ratings", query=query, **({"mutationTable": "db.changes"} | options))
    return GroupBy(
        name="g.ratings", sources=source, keys=["listing"], accuracy=Accuracy.TEMPORAL, aggregations=aggregations
    )


def training(*group_bys: GroupBy) -> Join:
    left = EventSource(table="db.queries", query=Query(selects=select("listing"), time_column="ts"))
    join = Join(left=left, right_parts=[JoinPart(group_by) for group_by in group_bys])
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def answers(world: World) -> list[tuple[Any, ...]]:
    names = [name for name in world.columns("out.t_training") if name not in {"listing", "ts"}]
    return world.rows("out.t_training", *names)


@pytest.fixture
def listings(world: World) -> World:
    """The worked example of the specification."""
    snapshot = [("01-04 00:30", 4), ("01-05 00:30", 5), ("01-09 20:00", 3), ("01-10 05:00", 100)]
    world.table("db.ratings", SNAPSHOT, [(1, rating, at(time), "01-09") for time, rating in snapshot])
    rows = [
        (1, 5, "01-05 00:30", "01-10 02:00", True),
        (1, 1, "01-05 00:30", "01-10 02:00", False),
        (1, 7, "01-10 11:00", "01-10 02:10", False),
        (1, 10, "01-10 03:00", "01-10 03:00", False),
        (2, 9, "01-10 06:00", "01-10 06:00", False),
    ]
    world.table("db.changes", CHANGES, [(k, x, at(ts), at(made), old, "01-10") for k, x, ts, made, old in rows])
    asked = [(1, "00:00"), (1, "01:00"), (1, "02:30"), (1, "12:00"), (2, "12:00")]
    world.table("db.queries", LEFT, [(k, at(f"01-10 {time}"), "01-10") for k, time in asked])
    return world


def test_each_left_row_sees_the_changes_made_before_it(listings: World) -> None:
    aggregations = [
        Aggregation("rating", Operation.SUM, windows=["2h", "1d", "6d"]),
        Aggregation("rating", Operation.COUNT),
        Aggregation("rating", Operation.AVERAGE),
        Aggregation("rating", Operation.MAX),
    ]
    backfill_join(training(ratings(aggregations)), listings.engine, end="2024-01-10")
    assert answers(listings) == [
        (None, 3, 12, 3, 4.0, 5),  # what the snapshot holds of the next day does not count
        (None, 3, 8, 3, 4.0, 5),  # the window of six days has left 01-04 00:30
        (None, 3, 4, 3, pytest.approx(8 / 3), 5),  # 5 became 1: a maximum cannot take it back
        (7, 20, 21, 5, 5.0, 10),  # the 7 has happened by now; the original loses it to the row before
        (None, 9, 9, 1, 9.0, 9),
    ]


def test_serving_starts_from_the_snapshot_and_follows_the_same_changes(listings: World, tmp_path: Path) -> None:
    windows = [*AVERAGE, Aggregation("rating", Operation.SUM, windows=["2h", "6d"])]
    group_by = ratings(windows)
    backfill_join(training(group_by), listings.engine, end="2024-01-10")
    store = LmdbStore(tmp_path / "store")
    uploaded = upload_group_by(group_by, listings.engine, store, ds="2024-01-09")
    assert uploaded.keys == 1
    serving = plan_group_by(group_by, listings.engine).aggregator.serving()
    changes = listings.rows("db.changes", "listing", "rating", "ts", "changed_at", "old")
    rows = [
        StreamRow(encode([key], [LONG]), made, serving.encode_row(ts, [x], reversal=old), b"%d" % number)
        for number, (key, x, ts, made, old) in enumerate(changes)
    ]
    store.multi_put(streaming_dataset("g.ratings"), rows)
    asked = [Request({"listing": key}, time) for key, time in listings.rows("db.queries", "listing", "ts")]
    answered = Fetcher(store, FrozenClock(asked[-1].at)).fetch_group_by("g.ratings", asked)
    assert [tuple(answer.values.values()) for answer in answered] == answers(listings)
    store.close()


def test_the_day_of_its_time_decides_not_the_partition_of_a_left_row(world: World) -> None:
    world.table(
        "db.ratings",
        SNAPSHOT,
        [(2, x, at("01-0" + ds[-1] + " 00:10") + x, ds) for ds, n in (("01-08", 3), ("01-09", 3)) for x in [3] * n]
        + [(2, 5, at("01-09 05:45"), "01-09")],
    )
    rows = [
        (2, 4, at("01-09 05:45"), at("01-09 05:45"), False, "01-09"),
        (2, 4, at("01-09 05:45"), at("01-09 07:00"), True, "01-09"),
        (2, 5, at("01-09 05:45"), at("01-09 07:00"), False, "01-09"),
        (2, 3, at("01-10 10:00"), at("01-10 10:00"), None, "01-10"),  # not an old image, for all we know
    ]
    world.table("db.changes", CHANGES, rows)
    times = ["01-09 04:30", "01-09 06:30", "01-09 08:30", "01-10 23:00"]
    world.table("db.queries", LEFT, [(2, at(time), "01-10") for time in times])
    backfill_join(training(ratings(AVERAGE)), world.engine, end="2024-01-10")
    assert answers(world) == [(3.0,), (3.25,), (3.5,), (3.4,)]


def test_times_may_be_timestamps(world: World) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromtimestamp(at(text) / 1000, UTC).replace(tzinfo=None)

    world.table("db.ratings", {**SNAPSHOT, "ts": "timestamp"}, [(1, 4, moment("01-04"), "01-09")])
    rows = [(1, 7, moment("01-10 11:00"), moment("01-10 02:10"), False, "01-10")]
    world.table("db.changes", {**CHANGES, "ts": "timestamp", "changed_at": "timestamp"}, rows)
    world.table("db.queries", LEFT, [(1, at(f"01-10 {hour}:00"), "01-10") for hour in ("01", "11", "12")])
    aggregations = [Aggregation("rating", Operation.SUM, windows=["2h", "8d"])]
    backfill_join(training(ratings(aggregations)), world.engine, end="2024-01-10")
    assert answers(world) == [(None, 4), (None, 4), (7, 11)]


def test_what_changes_miss_is_told(listings: World) -> None:
    rows = [
        (1, 50, at("01-05"), None, False, "01-10"),  # nobody knows when
        (None, 50, at("01-05"), at("01-10 01:00"), False, "01-10"),
        (1, 50, None, at("01-10 01:00"), False, "01-10"),
        (1, 50, at("01-05"), at("01-09 23:00"), False, "01-10"),  # the snapshot has it
    ]
    listings.table("db.changes", CHANGES, rows)
    listings.table("db.queries", LEFT, [(1, at(f"{ds} 12:00"), ds) for ds in ("01-10", "01-11")])
    result = backfill_join(training(ratings(AVERAGE)), listings.engine, end="2024-01-11")
    assert answers(listings) == [(4.0,), (None,)]
    assert result.left_out["rows of db.changes without a time (left out)"] == 1
    assert [note.partition(": ")[2] for note in result.notes] == [
        "db.ratings has no snapshot for 1 of the days read (2024-01-10)",
        "db.changes has no partition for 1 of the days read (2024-01-11)",
    ]


def test_a_definition_that_cannot_be_followed_is_refused(listings: World) -> None:
    with pytest.raises(ConfigError, match="has no aggregations, so its entities cannot be followed"):
        backfill_join(training(ratings(None, mutationTable=None)), listings.engine, end="2024-01-10")
    with pytest.raises(ConfigError, match="has no table of changes"):
        backfill_join(training(ratings(AVERAGE, mutationTable=None)), listings.engine, end="2024-01-10")
    group_by = ratings(AVERAGE)
    group_by.sources[0].entities.query.reversalColumn = "rating"
    with pytest.raises(SchemaError, match="is a long") as refused:
        backfill_join(training(group_by), listings.engine, end="2024-01-10")
    assert "sources[0]" in str(refused.value)


def test_many_changes_of_many_keys_are_the_oracles(world: World) -> None:
    """Every operation, changes in random order, late left rows, sources of two tables."""
    source = random.Random(7)
    days = ["01-07", "01-08", "01-09", "01-10"]
    keys = range(25)

    def row(until: int) -> tuple[int, int | None, float, str, int]:
        return (
            source.choice(keys),
            source.choice([None, *range(9)]),
            source.randint(-40, 40) / 8,
            source.choice("abc"),
            source.randint(at("01-01"), until),
        )

    snapshots = [(*row(at(ds) + DAY_MS), ds) for ds in days for _ in range(300)]
    changes = []
    for ds in days:
        for _ in range(400):
            made = at(ds) + source.randrange(DAY_MS)
            changes.append((*row(made + HOUR_MS), made, source.random() < 0.3, ds))
    asked = [
        (source.choice([None, *keys, 99]), at(source.choice(days[1:])) + source.randrange(DAY_MS)) for _ in range(400)
    ]
    columns = {"listing": "long", "rating": "long", "price": "double", "kind": "string", "ts": "long"}
    for table, part in (("db.ratings", snapshots[::2]), ("db.ratings2", snapshots[1::2])):
        world.table(table, columns, part)
    for table, part in (("db.changes", changes[::2]), ("db.changes2", changes[1::2])):
        world.table(table, {**columns, "changed_at": "long", "old": "bool"}, part)
    world.table("db.queries", LEFT, [(*pair, source.choice(days[1:])) for pair in asked])
    windows = ["1h", "1d", "3d"]
    plain = [Operation.SUM, Operation.COUNT, Operation.AVERAGE, Operation.MIN, Operation.MAX, Operation.VARIANCE]
    picks = [Operation.FIRST, Operation.LAST, Operation.LAST_K(3), Operation.TOP_K(2), Operation.UNIQUE_COUNT]
    aggregations = [
        *(Aggregation("rating", operation, windows=some) for operation in [*plain, *picks] for some in (windows, None)),
        *(Aggregation("price", operation, windows=windows) for operation in (Operation.SUM, Operation.LAST)),
        Aggregation("rating", Operation.SUM, windows=["1d"], buckets=["kind"]),
        Aggregation("kind", Operation.HISTOGRAM),
        Aggregation("kind", Operation.APPROX_UNIQUE_COUNT),
        Aggregation("rating", Operation.APPROX_PERCENTILE([0.5])),
    ]
    group_by = ratings(aggregations)
    (first,) = group_by.sources
    second = copy.deepcopy(first)
    second.entities.snapshotTable, second.entities.mutationTable = "db.ratings2", "db.changes2"
    group_by.sources.append(second)
    backfill_join(training(group_by), world.engine, end="2024-01-10", step_days=2)
    oracle = Oracle(aggregations, {"rating": LONG, "price": DOUBLE, "kind": STRING})
    names = list(oracle.outputs)
    found = {
        row[:2]: row[2:] for row in world.rows("out.t_training", "listing", "ts", *(f"g_ratings_{n}" for n in names))
    }
    assert len(found) == len(set(asked))

    def as_row(values: tuple[Any, ...], **options: Any) -> Row:
        return Row(values[4], {"rating": values[1], "price": values[2], "kind": values[3]}, **options)

    for (key, time), got in found.items():
        midnight = time // DAY_MS * DAY_MS
        yesterday, today = (next(d for d in ["01-06", *days] if at(d) == midnight + shift) for shift in (-DAY_MS, 0))
        base = [as_row(r) for r in snapshots if r[0] == key and r[5] == yesterday]
        made = [as_row(r, mutation_ts=r[5], is_before=r[6]) for r in changes if r[0] == key and r[7] == today]
        expected = oracle.mutations(base if key is not None else [], made, midnight, time)
        assert_same([expected], [dict(zip(names, got, strict=True))])
    assert day("01-10") in world.engine.partitions("out.t_training", "ds")
