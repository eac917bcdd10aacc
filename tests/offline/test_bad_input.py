"""Bad input: each a clear error that says where and what to do, and nothing is lost."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import (
    ChrononError,
    ConfigError,
    DataError,
    ExpressionError,
    MissingDataError,
    SchemaError,
    StorageError,
)
from chronon.offline import backfill_join

from .conftest import World, at


@pytest.fixture
def shop(world: World) -> World:
    rows = [("u1", 1, at(f"{ds} 12:00"), ds) for ds in ("01-04", "01-05", "01-06")]
    world.table("db.queries", {"user": "string", "n": "long", "ts": "long"}, rows)
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, rows)
    return world


def training(
    table: str = "db.purchases",
    selects: dict[str, str] | None = None,
    time_column: str = "ts",
    aggregation: object = None,
    left: dict[str, str] | None = None,
    wheres: list[str] | None = None,
) -> Join:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(
            table=table,
            query=Query(selects=selects or select("user", "amount"), time_column=time_column, wheres=wheres),
        ),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[aggregation or Aggregation("amount", Operation.SUM)],
    )
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=left or select("user", "n"), time_column="ts")),
        right_parts=[JoinPart(group_by)],
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def refused(world: World, join: Join, kind: type[ChrononError], *texts: str) -> None:
    """The backfill fails with these texts in its message, and leaves no table behind."""
    with pytest.raises(kind) as caught:
        backfill_join(join, world.engine, end="2024-01-06")
    for text in texts:
        assert text in str(caught.value)
    assert not world.engine.warehouse.exists("out.t_training")


def test_an_unknown_table(shop: World) -> None:
    refused(
        shop, training(table="db.purchase"), MissingDataError, "db.purchase", "did you mean db.purchases?", "sources[0]"
    )


def test_a_left_side_without_partitions_in_its_range(shop: World) -> None:
    join = training()
    join.left.events.query.startPartition = "2024-02-01"
    refused(shop, join, MissingDataError, "db.queries", "2024-01-04 to 2024-01-06")


def test_an_unknown_column(shop: World) -> None:
    join = training(selects=select("user", amount="amuont * 2"))
    refused(shop, join, ExpressionError, "amuont", "amount", "g.spend", "selects['amount']", "test_bad_input.py:")


def test_an_expression_that_does_not_parse(shop: World) -> None:
    refused(shop, training(selects=select("user", amount="amount * (2")), ExpressionError, "amount * (2", "g.spend")


def test_a_condition_that_is_none(shop: World) -> None:
    refused(shop, training(wheres=["amount + 1"]), ExpressionError, "amount + 1", "wheres[0]", "true or false")


def test_a_type_that_an_operation_does_not_take(shop: World) -> None:
    aggregation = Aggregation("user", Operation.AVERAGE)
    refused(shop, training(aggregation=aggregation), ConfigError, "g.spend", "aggregations[0]", "string")


def test_a_time_that_is_a_text(shop: World) -> None:
    refused(shop, training(time_column="user"), SchemaError, "'user' is a string", "milliseconds", "timeColumn")


def test_a_key_that_the_left_side_does_not_select(shop: World) -> None:
    refused(shop, training(left=select("n")), SchemaError, "key user of g.spend", "key_mapping")


def test_a_key_of_another_type_on_the_left(shop: World) -> None:
    refused(shop, training(left=select(user="n")), SchemaError, "mismatched data types", "long", "string")


def test_several_problems_are_told_together(shop: World) -> None:
    join = training(selects=select("user", amount="amuont"), left=select("user", m="nn"))
    refused(shop, join, ConfigError, "2 problems", "amuont", "nn")


def test_a_damaged_file(shop: World) -> None:
    damaged = shop.root / "db" / "purchases" / "ds=2024-01-05" / "rows.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    refused(shop, training(), DataError, "ds=2024-01-05/rows.parquet", "write that partition again")


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder that nobody can write, not even root")
def test_a_warehouse_that_cannot_be_written(shop: World) -> None:
    (shop.root / "out").symlink_to("/proc")
    with pytest.raises(StorageError, match="check permissions"):
        backfill_join(training(), shop.engine, end="2024-01-06")


def test_a_warehouse_folder_that_is_a_file(shop: World) -> None:
    (shop.root / "out").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot write"):
        backfill_join(training(), shop.engine, end="2024-01-06")


def test_a_table_that_another_process_writes(shop: World) -> None:
    locks = shop.root / ".locks"
    locks.mkdir()
    with (locks / "out.t_training.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused(shop, training(), StorageError, "another process is writing out.t_training")
    assert backfill_join(training(), shop.engine, end="2024-01-06").rows == 3


def test_partitions_that_others_have_written_count_as_filled(shop: World) -> None:
    foreign = shop.root / "out" / "t_training" / "ds=2024-01-05" / "theirs.parquet"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes((shop.root / "db/queries/ds=2024-01-05/rows.parquet").read_bytes())
    result = backfill_join(training(), shop.engine, end="2024-01-06", run_first_hole=True)
    assert result.filled == ["2024-01-04", "2024-01-06"]
    assert [path.name for path in foreign.parent.iterdir()] == ["theirs.parquet"]


def test_an_end_before_the_start(shop: World) -> None:
    with pytest.raises(ConfigError, match="Invalid partition range"):
        backfill_join(training(), shop.engine, start="2024-01-06", end="2024-01-05")


def test_a_date_that_is_none(shop: World) -> None:
    with pytest.raises(ConfigError, match="yyyy-MM-dd"):
        backfill_join(training(), shop.engine, end="6 January")


def test_a_type_that_changed_between_partitions_is_told_with_both(shop: World) -> None:
    rows = [("u1", "many", at("01-06 12:00"), "01-06")]
    shop.table("db.purchases", {"user": "string", "amount": "string", "ts": "long"}, rows)
    told = "long (in ds=2024-01-04) or string (in ds=2024-01-06)"
    refused(shop, training(), SchemaError, "amount", "db.purchases", told)
