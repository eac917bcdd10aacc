"""Rows without a time are counted from the footers of files; data are read only where they must be."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select
from chronon.base.errors import DataError
from chronon.plan.group_by import plan_group_by
from chronon.plan.scans import Scan

from .conftest import World, at

DAYS = ("01-04", "01-05", "01-06")


@pytest.fixture
def shop(world: World) -> World:
    """Two rows without a time, both of 01-05; the data of the other days cannot be read, only their footers."""
    rows = [("u1", n, at(f"{ds} 12:00") if ds != "01-05" or n > 1 else None, ds) for ds in DAYS for n in range(1000)]
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, rows)
    for ds in ("01-04", "01-06"):
        break_data(world.root / f"db/purchases/ds=2024-{ds}/rows.parquet")
    return world


def break_data(file: Path) -> None:
    """Overwrite the pages of a Parquet file, whose footer stays."""
    content = bytearray(file.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[4 : len(content) - footer] = bytes(len(content) - footer - 4)
    file.write_bytes(bytes(content))
    assert pq.read_metadata(file).num_rows == 1000
    with pytest.raises(OSError, match=r"."):
        pq.read_table(file, partitioning=None)


def purchases(world: World, **query) -> Scan:
    query = {"selects": select("user", "amount"), "time_column": "ts", **query}
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(**query)),
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM)],
    )
    (scan,) = plan_group_by(group_by, world.engine).scans
    return scan


def test_footers_are_enough_where_there_is_no_condition(shop: World) -> None:
    assert shop.engine.without_time(purchases(shop), None, None) == 2
    assert shop.engine.without_time(purchases(shop), "2024-01-06", None) == 0
    assert shop.engine.without_time(purchases(shop), "2024-01-05", "2024-01-05") == 2


def test_with_a_condition_only_files_with_such_rows_are_read(shop: World) -> None:
    assert shop.engine.without_time(purchases(shop, wheres=["amount = 1"]), None, None) == 1
    assert shop.engine.without_time(purchases(shop, end_partition="2024-01-04", wheres=["amount = 1"]), None, None) == 0


def test_a_time_that_is_computed_is_read(shop: World) -> None:
    computed = purchases(shop, time_column="ts + 1")
    assert shop.engine.without_time(computed, "2024-01-05", "2024-01-05") == 2
    with pytest.raises(DataError):
        shop.engine.without_time(computed, None, None)
