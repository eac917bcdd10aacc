"""Loading brings rows into the warehouse, each into the partition of its day; again is the same as once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Session
from chronon.base.errors import ConfigError, DataError, ExpressionError, MissingDataError, RequestError, StorageError

moment = datetime.fromisoformat

ROWS = [
    {"user": "u1", "spent": 1.5, "at": moment("2024-01-05T23:59")},
    {"user": "u2", "spent": 2.5, "at": moment("2024-01-06")},
    {"user": "u1", "spent": None, "at": moment("2024-01-06T12:00")},
]


@pytest.fixture
def shop(tmp_path: Path) -> Session:
    return Session(tmp_path)


def rows(shop: Session, table: str = "data.purchases") -> list[dict[str, Any]]:
    found = shop.engine.query(f"SELECT * FROM {table}").read_all().to_pylist()
    return sorted(found, key=lambda row: (row["ds"], str(row["user"])))


def test_each_row_goes_into_the_partition_of_its_day(shop: Session) -> None:
    result = shop.load("data.purchases", ROWS, time="at")
    assert (result.rows, result.filled, result.left_out) == (3, ["2024-01-05", "2024-01-06"], {})
    assert [(row["user"], row["spent"], row["ds"]) for row in rows(shop)] == [
        ("u1", 1.5, "2024-01-05"),
        ("u1", None, "2024-01-06"),
        ("u2", 2.5, "2024-01-06"),
    ]


KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "Arrow": lambda table: table,
    "an Arrow reader": lambda table: table.to_reader(),
    "pandas": lambda table: table.to_pandas(),
    "Polars": pl.from_arrow,
    "DuckDB": duckdb.from_arrow,
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_all_kinds(kind: str, shop: Session) -> None:
    shop.load("data.purchases", ROWS, time="at")
    shop.load("data.other", KINDS[kind](pa.Table.from_pylist(ROWS)), time="at")
    assert rows(shop, "data.other") == rows(shop)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "json", "parquet"])
def test_files_of_all_kinds(ending: str, shop: Session, tmp_path: Path) -> None:
    file = tmp_path / f"rows.{ending}"
    frame = pd.DataFrame(ROWS)
    if ending == "parquet":
        frame.to_parquet(file)
    elif ending == "json":
        frame.assign(at=frame["at"].astype(str)).to_json(file, orient="records", lines=True)
    else:
        frame.to_csv(file, index=False)
    shop.load("data.purchases", ROWS, time="at")
    shop.load("data.other", file, time="at")
    assert rows(shop, "data.other") == rows(shop)


def test_loading_again_replaces_the_days_that_the_rows_have_and_no_others(shop: Session) -> None:
    shop.load("data.purchases", ROWS, time="at")
    before = rows(shop)
    again = shop.load("data.purchases", ROWS, time="at")
    assert rows(shop) == before
    assert again.notes == ["2 partitions that were there are replaced"]
    shop.load("data.purchases", [{"user": "u9", "spent": 9.0, "at": moment("2024-01-06T01:00")}], time="at")
    assert [(row["user"], row["ds"]) for row in rows(shop)] == [("u1", "2024-01-05"), ("u9", "2024-01-06")]


@pytest.mark.parametrize(
    "given, time",
    [
        ({"ts": 1_704_456_000_000}, None),
        ({"ds": "2024-01-05"}, None),
        ({"ds": date(2024, 1, 5)}, None),
        ({"at": datetime(2024, 1, 6, 0, 30, tzinfo=UTC), "ds": "2024-01-05"}, None),
        ({"seconds": 1_704_456_000}, "seconds * 1000"),
        ({"day": "05.01.2024"}, "to_timestamp(day, 'dd.MM.yyyy')"),
        ({"day": date(2024, 1, 5)}, "day"),
    ],
)
def test_the_time_is_an_expression_or_the_partition_column_or_ts(
    given: dict[str, Any], time: str | None, shop: Session
) -> None:
    assert shop.load("data.purchases", [{"user": "u1", **given}], time=time).filled == ["2024-01-05"]


def test_rows_without_a_time_are_counted(shop: Session) -> None:
    result = shop.load("data.purchases", [*ROWS, {"user": "u3", "at": None}], time="at")
    assert (result.rows, result.left_out) == (3, {"rows without ds (left out)": 1})


def test_bad_input_says_what_to_do_and_writes_nothing(shop: Session, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"namespace\.table"):
        shop.load("purchases", ROWS, time="at")
    with pytest.raises(RequestError, match=r"neither ds nor ts(.|\n)*user, spent, at"):
        shop.load("data.purchases", ROWS)
    with pytest.raises(ExpressionError, match="TO_TIMESTAMP"):
        shop.load("data.purchases", ROWS, time="user")
    with pytest.raises(ExpressionError, match="when"):
        shop.load("data.purchases", ROWS, time="when")
    with pytest.raises(MissingDataError, match=r"no .*absent\.csv"):
        shop.load("data.purchases", tmp_path / "absent.csv")
    assert not shop.engine.warehouse.exists("data.purchases")


def test_what_was_put_there_by_others_stays(shop: Session, tmp_path: Path) -> None:
    folder = shop.settings.warehouse_folder / "data"
    (folder / "purchases" / "ds=2024-01-05").mkdir(parents=True)
    pq.write_table(pa.table({"user": ["u7"]}), folder / "purchases" / "ds=2024-01-05" / "theirs.parquet")
    with pytest.raises(StorageError, match=r"theirs\.parquet"):
        shop.load("data.purchases", ROWS, time="at")
    (folder / "users.csv").write_text("user\nu7\n")
    with pytest.raises(DataError, match=r"users\.csv(.|\n)*load"):
        shop.load("data.users", ROWS, time="at")
    assert (folder / "users.csv").read_text() == "user\nu7\n"
