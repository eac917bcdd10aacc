"""Retention: what a backfill made and the settings do not keep is removed, and nothing else."""

from __future__ import annotations

import pytest

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.clock import FrozenClock
from chronon.base.errors import SettingsError, StorageError
from chronon.offline import backfill_group_by
from chronon.offline.retain import retain

from .conftest import World, at

DAYS = [f"01-{n:02d}" for n in range(1, 8)]
NOW = FrozenClock(at("01-08 03:00"))


def spent(operation: Operation = Operation.SUM) -> GroupBy:
    return GroupBy(
        name="shop.spent",
        output_namespace="shop",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"))),
        keys=["user"],
        accuracy=Accuracy.SNAPSHOT,
        aggregations=[Aggregation("amount", operation)],
        backfill_start_date="2024-01-01",
    )


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.purchases", {"user": "string", "amount": "long"}, [("u1", 1, ds) for ds in DAYS])
    backfill_group_by(spent(), world.engine, end="2024-01-07")
    return world


KEEP = {"shop": {"keep": "3d"}}


def test_old_partitions_go_and_are_told(shop: World) -> None:
    (done,) = retain(KEEP, shop.engine, clock=NOW, dry_run=True)
    assert (done.table, done.before, len(done.removed)) == ("shop.shop_spent", "2024-01-05", 4)
    assert done.bytes > 0
    assert shop.partitions("shop.shop_spent") == DAYS
    assert retain(KEEP, shop.engine, clock=NOW) == [done]
    assert shop.partitions("shop.shop_spent") == ["01-05", "01-06", "01-07"]
    assert retain(KEEP, shop.engine, clock=NOW)[0].removed == []


def test_they_are_not_filled_again(shop: World) -> None:
    retain(KEEP, shop.engine, clock=NOW)
    assert backfill_group_by(spent(), shop.engine, end="2024-01-07").filled == []


def test_tables_of_others_stay(shop: World) -> None:
    (done,) = retain({"db": {"keep": "3d"}}, shop.engine, clock=NOW)
    assert (done.removed, done.foreign) == ([], [f"2024-{ds}" for ds in DAYS[:4]])
    assert shop.partitions("db.purchases") == DAYS


def test_archives_stay(shop: World) -> None:
    backfill_group_by(spent(Operation.MAX), shop.engine, end="2024-01-07")
    (archive,) = (table for table in shop.engine.warehouse.tables() if table.startswith("shop.shop_spent_"))
    assert [one.table for one in retain(KEEP, shop.engine, clock=NOW)] == ["shop.shop_spent"]
    assert shop.partitions(archive) == DAYS


def test_what_is_not_set_is_told(shop: World) -> None:
    assert retain({}, shop.engine, clock=NOW) == []
    with pytest.raises(SettingsError, match=r'keep = "90d" in \[tables\.db\.purchases\]'):
        retain(KEEP, shop.engine, clock=NOW, only=["db.purchases"])
    with pytest.raises(SettingsError, match=r"keep of shop\.shop_spent is '3 weeks'"):
        retain({"shop.shop_spent": {"keep": "3 weeks"}}, shop.engine, clock=NOW)


def test_a_table_that_is_written_stops_only_itself(shop: World) -> None:
    keep = {"shop": {"keep": "3d"}, "db": {"keep": "3d"}}
    with shop.engine.warehouse.writing("db.purchases"), pytest.raises(StorageError, match=r"writing db\.purchases"):
        retain(keep, shop.engine, clock=NOW)
    assert shop.partitions("shop.shop_spent") == ["01-05", "01-06", "01-07"]
