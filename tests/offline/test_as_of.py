"""Knowledge time: a backfill as of an instant does not see the rows that arrived later."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ChrononError
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join
from chronon.offline.as_of import backfill_as_of

from .conftest import World, at, day

LATE = at("01-06 08:00")
"""When the late row arrives: it happened on the 4th, the training row asks on the 5th."""


def training(topic: str | None = None) -> Join:
    purchases = EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts"))
    spent = GroupBy(
        name="shop.spent",
        sources=purchases,
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM)],
        accuracy=Accuracy.TEMPORAL,
    )
    queries = EventSource(table="db.queries", topic=topic, query=Query(selects=select("user"), time_column="ts"))
    return Join(
        name="shop.training",
        output_namespace="shop",
        left=queries,
        right_parts=[JoinPart(group_by=spent)],
    )


def landed(world: World, table: str, ds: str, when: int) -> None:
    """The files of a partition were written at an instant."""
    for file in (world.root / table.replace(".", "/") / f"ds={day(ds)}").iterdir():
        os.utime(file, ns=(when * 1_000_000, when * 1_000_000))


def sums(world: World, table: str) -> list[int | None]:
    return [value for (value,) in world.rows(table, "shop_spent_amount_sum")]


@pytest.fixture
def queries(world: World) -> World:
    world.table("db.queries", {"user": "string", "ts": "long"}, [("u1", at("01-05 12:00"), "01-05")])
    landed(world, "db.queries", "01-05", at("01-06"))
    return world


@pytest.fixture
def files(queries: World) -> World:
    """A row that happened on the 4th is stored with the 6th, whose file is written at ``LATE``."""
    columns = {"user": "string", "amount": "long", "ts": "long"}
    rows = [("u1", 1, at("01-04 10:00"), "01-04"), ("u1", 10, at("01-04 11:00"), "01-06")]
    queries.table("db.purchases", columns, rows)
    landed(queries, "db.purchases", "01-04", at("01-05"))
    landed(queries, "db.purchases", "01-06", LATE)
    return queries


def test_a_late_file_is_invisible_before_and_visible_after(files: World) -> None:
    before = backfill_as_of(training(), files.engine, LATE - 1, end="2024-01-05")
    after = backfill_as_of(training(), files.engine, LATE, end="2024-01-05")
    backfill_join(training(), files.engine, end="2024-01-05")
    assert sums(files, before.table) == [1]
    assert sums(files, after.table) == [11] == sums(files, "shop.shop_training")
    assert before.table == "shop.shop_training_as_of_20240106075959999"
    told = "1 files of db.purchases were written after that instant and are left out"
    assert told in before.notes
    assert told not in after.notes


def test_what_is_known_later_changes_nothing_then(files: World) -> None:
    first = backfill_as_of(training(), files.engine, LATE - 1, end="2024-01-05")
    assert backfill_as_of(training(), files.engine, LATE - 1, end="2024-01-05").filled == []
    columns = {"user": "string", "amount": "long", "ts": "long"}
    files.table("db.purchases", columns, [("u1", 100, at("01-04 11:30"), "01-07")])
    landed(files, "db.purchases", "01-07", LATE + 1)
    again = backfill_as_of(training(), files.engine, LATE, end="2024-01-05")
    assert (sums(files, first.table), sums(files, again.table)) == ([1], [11])


def test_nothing_had_arrived_yet(files: World) -> None:
    with pytest.raises(ChrononError, match=r"2 problems") as caught:
        backfill_as_of(training(), files.engine, at("01-03"), end="2024-01-05")
    assert "nothing of db.queries had arrived by 2024-01-03 00:00:00.000" in str(caught.value)


def test_a_column_of_arrival_decides_row_by_row(queries: World) -> None:
    columns = {"user": "string", "amount": "long", "ts": "long", "loaded": "timestamp"}
    rows = [
        ("u1", 1, at("01-04 10:00"), at("01-05") * 1000, "01-04"),
        ("u1", 10, at("01-04 11:00"), LATE * 1000, "01-04"),
        ("u1", 100, at("01-04 11:30"), None, "01-04"),
    ]
    queries.table("db.purchases", columns, rows)
    named = {"db.purchases": {"arrival": "loaded"}}
    engine = DuckDBEngine(queries.root, threads=2, tables=named)
    tables = [backfill_as_of(training(), engine, instant, end="2024-01-05").table for instant in (LATE - 1, LATE)]
    assert [sums(queries, table) for table in tables] == [[1], [11]]
    backfill_join(training(), engine, end="2024-01-05")
    assert sums(queries, "shop.shop_training") == [111]


@pytest.mark.parametrize("form", ["delta", "iceberg"])
def test_a_table_with_a_history_is_read_as_it_was(tmp_path: Path, form: str) -> None:
    import pyarrow as pa

    named = {"db": {"format": form}}
    engine = DuckDBEngine(tmp_path / "w", threads=2, tables=named)

    def put(table: str, ds: str, **columns: list[object]) -> None:
        batch = pa.record_batch(columns)
        with engine.warehouse.writing(table):
            engine.warehouse.publish(table, ("ds", ds), [batch], batch.schema)

    put("db.queries", "2024-01-05", user=["u1"], ts=[at("01-05 12:00")])
    put("db.purchases", "2024-01-04", user=["u1"], amount=[1], ts=[at("01-04 10:00")])
    time.sleep(0.05)
    then = time.time_ns() // 1_000_000
    time.sleep(0.05)
    put("db.purchases", "2024-01-04", user=["u1"], amount=[5], ts=[at("01-04 10:00")])  # replaced, not only added
    put("db.purchases", "2024-01-05", user=["u1"], amount=[10], ts=[at("01-04 11:00")])
    world = World(tmp_path / "w")
    table = backfill_as_of(training(), engine, then, end="2024-01-05").table
    backfill_join(training(), engine, end="2024-01-05")
    assert (sums(world, table), sums(world, "shop.shop_training")) == ([1], [15])


def test_a_join_that_is_read_is_made_as_of_then_too(files: World) -> None:
    from chronon import JoinSource

    child_part = GroupBy(
        name="shop.seen",
        sources=JoinSource(
            join=training("asked"),
            query=Query(selects={"user": "user", "total": "shop_spent_amount_sum"}, time_column="ts"),
        ),
        keys=["user"],
        aggregations=[Aggregation("total", Operation.MAX)],
        accuracy=Accuracy.TEMPORAL,
    )
    files.table("db.asked", {"user": "string", "ts": "long"}, [("u1", at("01-05 23:00"), "01-05")])
    landed(files, "db.asked", "01-05", at("01-05"))
    child = Join(
        name="shop.child",
        output_namespace="shop",
        left=EventSource(table="db.asked", query=Query(selects=select("user"), time_column="ts")),
        right_parts=[JoinPart(group_by=child_part)],
    )
    done = backfill_as_of(child, files.engine, LATE - 1, end="2024-01-05")
    assert files.rows(done.table, "shop_seen_total_max") == [(1,)]
    assert not files.engine.warehouse.exists("shop.shop_training")


REPO = """
from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select
from chronon.api.enums import Accuracy

spent = GroupBy(
    sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
    keys=["user"],
    aggregations=[Aggregation("amount", Operation.SUM)],
    accuracy=Accuracy.SNAPSHOT,
    backfill_start_date="2024-01-06",
    output_namespace="shop",
)
"""


def test_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "teams.json").write_text('{"default": {"namespace": "shop"}, "shop": {}}')
    (tmp_path / "group_bys" / "shop").mkdir(parents=True)
    (tmp_path / "group_bys" / "shop" / "money.py").write_text(REPO)
    world = World(tmp_path / ".chronon" / "warehouse")
    columns = {"user": "string", "amount": "long", "ts": "long"}
    rows = [("u1", 1, at("01-04 10:00"), "01-06"), ("u1", 10, at("01-04 11:00"), "01-07")]
    world.table("db.purchases", columns, rows)
    landed(world, "db.purchases", "01-06", at("01-05"))
    landed(world, "db.purchases", "01-07", LATE)
    how = ["--end", "2024-01-06", "--as-of", "2024-01-06T07:00"]
    done = subprocess.run(
        [sys.executable, "-m", "chronon", "backfill", "shop.money.spent", *how],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 files of db.purchases were written after that instant" in done.stdout
    assert world.rows("shop.shop_money_spent_as_of_20240106070000000", "amount_sum") == [(1,)]
