"""The fingerprint of a training set: equal for equal definitions and inputs, another when one row changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import MissingDataError
from chronon.offline import backfill_join
from chronon.offline.fingerprint import Fingerprint, fingerprint

from .conftest import World, at

TABLE = "shop.shop_training"


def training(operation: Operation = Operation.SUM) -> Join:
    spent = GroupBy(
        name="shop.spent",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        aggregations=[Aggregation("amount", operation)],
        accuracy=Accuracy.TEMPORAL,
    )
    return Join(
        name="shop.training",
        output_namespace="shop",
        left=EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts")),
        right_parts=[JoinPart(group_by=spent)],
    )


def made(root: Path, amount: int = 1, operation: Operation = Operation.SUM, end: str = "2024-01-06") -> Fingerprint:
    """A shop from nothing, and the fingerprint of its training set."""
    world = World(root)
    days = ("01-04", "01-05", "01-06")
    world.table("db.queries", {"user": "string", "ts": "long"}, [("u1", at(f"{ds} 12:00"), ds) for ds in days])
    bought = [(f"u{n}", 7, at(f"{ds} 09:00"), ds) for ds in days for n in range(500)]
    bought[700] = ("u9", amount, at("01-05 10:00"), "01-05")
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, bought)
    backfill_join(training(operation), world.engine, end=end)
    return fingerprint(TABLE, world.engine)


def test_equal_inputs_give_an_equal_fingerprint_wherever_and_whenever(tmp_path: Path) -> None:
    one, other = made(tmp_path / "a"), made(tmp_path / "b")
    assert one == other
    assert len(one.value) == 32
    assert one.partitions == ("2024-01-04", "2024-01-05", "2024-01-06")


def test_day_by_day_is_the_same_set(tmp_path: Path) -> None:
    made(tmp_path / "a", end="2024-01-04")
    assert made(tmp_path / "a") == made(tmp_path / "b")


def test_one_changed_row_changes_it(tmp_path: Path) -> None:
    one, other = made(tmp_path / "a", amount=1), made(tmp_path / "b", amount=2)
    assert one.value != other.value
    changed = [ds for ds in one.partitions if one.inputs[ds] != other.inputs[ds]]
    assert changed == ["2024-01-05", "2024-01-06"]
    assert one.inputs["2024-01-05"]["db.queries"] == other.inputs["2024-01-05"]["db.queries"]


def test_another_definition_changes_it(tmp_path: Path) -> None:
    one, other = made(tmp_path / "a"), made(tmp_path / "b", operation=Operation.MAX)
    assert one.value != other.value
    assert one.inputs == other.inputs
    assert one.definitions != other.definitions


def test_it_is_of_what_was_read_then(tmp_path: Path) -> None:
    before = made(tmp_path / "a")
    world = World(tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "db")
    assert fingerprint(TABLE, world.engine) == before
    part = fingerprint(TABLE, world.engine, start="2024-01-05", end="2024-01-05")
    assert part.partitions == ("2024-01-05",)
    assert part.value != before.value


def test_libraries_are_named(tmp_path: Path) -> None:
    import duckdb

    (software,) = made(tmp_path / "a").software
    assert f'"duckdb": "{duckdb.__version__}"' in software


def test_a_table_that_was_not_made_here_has_none(tmp_path: Path) -> None:
    made(tmp_path / "a")
    with pytest.raises(MissingDataError, match="no partition in that range"):
        fingerprint("db.purchases", World(tmp_path / "a").engine)
    with pytest.raises(MissingDataError, match=r"there is no table shop\.nothing"):
        fingerprint("shop.nothing", World(tmp_path / "a").engine)


def test_from_the_command_line(tmp_path: Path) -> None:
    expected = made(tmp_path / ".chronon" / "warehouse")
    (tmp_path / "chronon.toml").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "chronon", "fingerprint", TABLE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n")[0] == expected.value, done.stderr
    assert "3 partitions, 2024-01-04 to 2024-01-06" in done.stdout
