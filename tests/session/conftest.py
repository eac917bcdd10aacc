"""A shop in a folder of its own, with a session over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import (
    Aggregation,
    Derivation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    Operation,
    Query,
    select,
)
from chronon.api.enums import Accuracy
from chronon.base.clock import FrozenClock
from chronon.session import Session

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
T0 = 1_704_412_800_000  # 2024-01-05 00:00 UTC


def put(session: Session, table: str, ds: str, rows: list[dict[str, Any]] | pa.Table) -> None:
    """A partition of a table."""
    folder = session.settings.warehouse_folder / table.replace(".", "/") / f"ds={ds}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows), folder / "rows.parquet")


def spending(accuracy: Accuracy = Accuracy.TEMPORAL, **options: Any) -> GroupBy:
    return GroupBy(
        name="shop.spending",
        sources=EventSource(
            table="data.purchases",
            query=Query(selects=select("user_id", "price"), wheres=["price > 0"], time_column="ts"),
        ),
        keys=["user_id"],
        aggregations=[
            Aggregation("price", Operation.SUM, windows=["1d", "7d"]),
            Aggregation("price", Operation.LAST_K(2)),
        ],
        accuracy=accuracy,
        output_namespace="shop",
        **options,
    )


def users() -> GroupBy:
    return GroupBy(
        name="shop.users",
        sources=EntitySource(snapshotTable="data.users", query=Query(selects=select("user_id", "country"))),
        keys=["user_id"],
        aggregations=None,
    )


def training(*parts: JoinPart, **options: Any) -> Join:
    return Join(
        name="shop.training",
        output_namespace="shop",
        left=EventSource(
            table="data.checkouts", query=Query(selects=select("checkout", "user_id", "cart"), time_column="ts")
        ),
        right_parts=list(parts) or [JoinPart(group_by=spending()), JoinPart(group_by=users())],
        derivations=[Derivation("*", "*"), Derivation("share", "cart / shop_spending_price_sum_7d")],
        **options,
    )


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A shop with two days of purchases, users and checkouts; the verbs of all definitions use it."""
    made = Session(tmp_path, clock=FrozenClock(T0 + DAY + HOUR), threads=2)
    put(
        made,
        "data.purchases",
        "2024-01-04",
        [{"user_id": 1, "price": 20.0, "ts": T0 - 10 * MINUTE}, {"user_id": 2, "price": -1.0, "ts": T0 - HOUR}],
    )
    put(
        made,
        "data.purchases",
        "2024-01-05",
        [
            {"user_id": 1, "price": 5.0, "ts": T0 + 30 * MINUTE},
            {"user_id": 1, "price": 7.0, "ts": T0 + 40 * MINUTE},
            {"user_id": 3, "price": 1.5, "ts": None},
        ],
    )
    put(made, "data.users", "2024-01-04", [{"user_id": 1, "country": "FR"}, {"user_id": 4, "country": "SE"}])
    put(
        made,
        "data.checkouts",
        "2024-01-05",
        [
            {"checkout": "a", "user_id": 1, "cart": 50.0, "ts": T0 + 40 * MINUTE},
            {"checkout": "b", "user_id": 2, "cart": 1.0, "ts": T0 + 50 * MINUTE},
            {"checkout": "c", "user_id": None, "cart": 2.0, "ts": T0 + 50 * MINUTE},
        ],
    )
    made.use()
    yield made
    Session.forget()
