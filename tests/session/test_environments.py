"""An environment reads production's tables and writes its own, in a notebook and on the command line."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from chronon.cli.main import cli
from chronon.session import Session

from .conftest import put

CHECKOUTS = """
from chronon import Accuracy, Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select

spending = GroupBy(
    sources=EventSource(table="data.purchases", query=Query(selects=select("user_id", "price"), time_column="ts")),
    keys=["user_id"],
    aggregations=[Aggregation("price", Operation.SUM, windows=["7d"])],
    accuracy=Accuracy.TEMPORAL,
    name="shop.spending",
)
v1 = Join(
    left=EventSource(table="data.checkouts", query=Query(selects=select("checkout", "user_id"), time_column="ts")),
    right_parts=[JoinPart(group_by=spending)],
)
"""


def repo(session: Session) -> Path:
    files = {
        "teams.json": '{"default": {"namespace": "default"}, "shop": {"namespace": "shop"}}',
        "chronon.toml": "[env.dev]\n",
        "joins/shop/training.py": CHECKOUTS,
    }
    for name, text in files.items():
        path = session.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return session.root


def test_tables_and_store_are_its_own(session: Session) -> None:
    dev = Session(repo(session), env="dev", clock=session.clock)
    join = dev.get("shop.training.v1")
    result = join.backfill(end="2024-01-05")
    assert result.table == "dev.shop_training_v1"
    assert result.arrow().num_rows == 3
    join.upload("2024-01-05")
    assert join.fetch({"user_id": 1}) == {"shop_spending_price_sum_7d": 32.0}
    assert [p.name for p in (session.root / ".chronon").iterdir() if p.name.startswith("store")] == ["store-dev"]
    production = Session(session.root, clock=session.clock).get("shop.training.v1")
    assert production.backfill(end="2024-01-05").table == "shop.shop_training_v1"


def test_the_command_line_takes_env(session: Session) -> None:
    root = repo(session)
    done = CliRunner().invoke(
        cli, ["backfill", "shop.training.v1", "--end", "2024-01-05", "--repo", str(root), "--env", "dev"]
    )
    assert done.exit_code == 0, done.output
    assert "dev.shop_training_v1: 3 rows" in done.output


def test_a_published_result_hands_over_only_what_was_asked_for(session: Session) -> None:
    put(
        session, "data.checkouts", "2024-01-04", [{"checkout": "z", "user_id": 1, "cart": 1.0, "ts": 1_704_326_400_000}]
    )
    join = Session(repo(session)).get("shop.training.v1")
    assert join.backfill(end="2024-01-05").polars().height == 4
    again = join.backfill("2024-01-05", "2024-01-05")
    assert (again.filled, again.present) == ([], 1)
    assert again.polars()["ds"].to_list() == ["2024-01-05"] * 3
    assert "nothing, all partitions are there" in repr(again)
