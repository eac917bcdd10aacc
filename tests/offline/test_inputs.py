"""What a partition says of the tables it was computed from: a digest of the files that it could have read."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import DataError
from chronon.engine.warehouse import Files, Warehouse
from chronon.offline import backfill_join

from .conftest import World, at

DAYS = [f"01-{n:02d}" for n in range(1, 9)]
PURCHASES = EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts"))


def spent(name: str, window: str) -> GroupBy:
    return GroupBy(
        name=f"shop.{name}",
        sources=PURCHASES,
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM, windows=[window])],
        accuracy=Accuracy.TEMPORAL,
    )


@pytest.fixture
def shop(world: World) -> World:
    asked = [("u1", at(f"{ds} 12:00"), ds) for ds in DAYS]
    world.table("db.queries", {"user": "string", "ts": "long"}, asked)
    bought = [("u1", 1, at(f"{ds} 09:00"), ds) for ds in DAYS]
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, bought)
    return world


JOIN = Join(
    name="shop.training",
    output_namespace="shop",
    left=EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts")),
    right_parts=[JoinPart(group_by=spent("wide", "5d")), JoinPart(group_by=spent("narrow", "1d"))],
)


def digests(shop: World) -> dict[str, dict[str, str]]:
    """Partition to the digests of its input tables, from a backfill of all days into an empty table."""
    for file in (shop.root / "shop").rglob("*.parquet"):
        file.unlink()
    backfill_join(JOIN, shop.engine, end="2024-01-08")
    stamps = shop.engine.warehouse.stamps("shop.shop_training", "ds")
    return {ds: json.loads(stamp["inputs"]) for ds, stamp in stamps.items()}


def test_the_widest_window_that_reads_a_table_counts(shop: World) -> None:
    before = digests(shop)
    file = shop.root / "db" / "purchases" / "ds=2024-01-03" / "rows.parquet"
    os.utime(file, ns=(0, 0))
    assert digests(shop) == before  # what it holds counts, not when it was written
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(1, "amount", pa.array([2])), file)
    after = digests(shop)
    changed = [ds for ds in before if before[ds] != after[ds]]
    # five days, and one more because a row may be stored on the day before it happened; never an earlier partition
    assert changed == [f"2024-01-0{n}" for n in range(3, 9)]
    assert all(before[ds]["db.queries"] == after[ds]["db.queries"] for ds in before)


class Counting(Warehouse):
    """A warehouse that counts how often the files of a table are listed."""

    listed: int = 0

    def files(self, table: str) -> Files:
        self.listed += 1
        return super().files(table)


def test_tables_are_not_listed_again_for_each_partition(shop: World) -> None:
    digests(shop)  # so that the output table is there both times
    listed: list[int] = []
    for end in ("2024-01-01", "2024-01-08"):
        counting = Counting(shop.root)
        shop.engine.warehouse = counting
        for file in (shop.root / "shop").rglob("*.parquet"):
            file.unlink()
        backfill_join(JOIN, shop.engine, end=end)
        listed.append(counting.listed)
    one_day, eight_days = listed
    assert eight_days == one_day


@pytest.mark.parametrize("rewritten", ["rewritten", "removed", "later"])
def test_a_table_that_is_rewritten_while_it_is_read_ends_the_job(shop: World, rewritten: str) -> None:
    """Nothing is published of what may be half old and half new; what a window does not reach may change."""
    ds = "2024-01-08" if rewritten == "later" else "2024-01-03"
    file = shop.root / "db" / "purchases" / f"ds={ds}" / "rows.parquet"

    class Writer:
        """Another process, between two parts of the join."""

        def step(self, what: str, done: int, total: int) -> None:
            if "shop_narrow" in what and done < total and file.exists():
                file.unlink() if rewritten == "removed" else os.utime(file, ns=(1, 1))

    def run() -> list[str]:
        return backfill_join(JOIN, shop.engine, end="2024-01-05", progress=Writer()).filled

    if rewritten == "later":
        assert len(run()) == 5
        return
    with pytest.raises(
        DataError, match=r"db.purchases.* was re(written|moved)|a file was removed .*db.purchases"
    ) as told:
        run()
    assert "run again" in str(told.value)
    assert not shop.engine.warehouse.stamps("shop.shop_training", "ds")
    assert len(run()) == 5
