"""What every table format does that can be written: one suite, run for each of them."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from chronon.base import types as t
from chronon.base.errors import MissingDataError, SchemaError

from .conftest import SCHEMA, Tables

A, B = {"user": "a", "amount": 1}, {"user": "b", "amount": 2}


def test_a_published_partition_is_read_back(tables: Tables) -> None:
    assert tables.publish("db.t", "2024-01-02", [B]) == 1
    assert tables.publish("db.t", "2024-01-01", [A, B]) == 2
    assert tables.engine.partitions("db.t", "ds") == ["2024-01-01", "2024-01-02"]
    assert tables.engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}
    assert tables.rows("db.t") == [("a", 1, "2024-01-01"), ("b", 2, "2024-01-01"), ("b", 2, "2024-01-02")]


def test_rows_come_in_the_order_in_which_they_were_published(tables: Tables) -> None:
    users = [f"u{number}" for number in range(5_000)]
    random.shuffle(users)
    tables.publish("db.t", "2024-01-01", [{"user": user, "amount": 0} for user in users])
    found = tables.engine.query("SELECT user FROM db.t").read_all()
    assert found.column("user").to_pylist() == users


def test_publishing_again_replaces_only_that_partition(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    tables.publish("db.t", "2024-01-02", [A])
    for _ in range(2):
        tables.publish("db.t", "2024-01-02", [B])
        assert tables.rows("db.t") == [("a", 1, "2024-01-01"), ("b", 2, "2024-01-02")]


def test_a_partition_without_rows_is_a_partition(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    assert tables.publish("db.t", "2024-01-02", []) == 0
    assert "2024-01-02" in tables.warehouse.stamps("db.t", "ds")
    assert tables.rows("db.t") == [("a", 1, "2024-01-01")]
    tables.publish("db.t", "2024-01-01", [])
    assert tables.rows("db.t") == []
    assert sorted(tables.warehouse.stamps("db.t", "ds")) == ["2024-01-01", "2024-01-02"]


def test_a_stamp_stays_with_its_partition(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A], stamp={"hash": "old", "engine": "duckdb"})
    tables.publish("db.t", "2024-01-02", [A], stamp={"hash": "b"})
    tables.publish("db.t", "2024-01-01", [B], stamp={"hash": "a"})
    assert tables.warehouse.stamps("db.t", "ds") == {"2024-01-01": {"hash": "a"}, "2024-01-02": {"hash": "b"}}


def test_columns_are_matched_by_name(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    turned = pa.schema([("amount", pa.int64()), ("user", pa.string())])
    tables.publish("db.t", "2024-01-02", [B], turned)
    assert tables.rows("db.t") == [("a", 1, "2024-01-01"), ("b", 2, "2024-01-02")]


def test_a_column_may_come_later_or_go(tables: Tables) -> None:
    more = pa.schema([("user", pa.string()), ("city", pa.string())])
    tables.publish("db.t", "2024-01-01", [A])
    tables.publish("db.t", "2024-01-02", [{"user": "b", "city": "Bonn"}], more)
    rows = [("a", 1, None, "2024-01-01"), ("b", None, "Bonn", "2024-01-02")]
    assert tables.rows("db.t", "user, amount, city, ds") == rows


def test_a_type_may_widen(tables: Tables) -> None:
    narrow = pa.schema([("user", pa.string()), ("amount", pa.int32())])
    tables.publish("db.t", "2024-01-01", [A], narrow)
    if tables.form == "delta":  # its tables keep the types of their columns
        with pytest.raises(SchemaError, match=r"db\.t has amount as int32, its partition 2024-01-02 brings int64"):
            tables.publish("db.t", "2024-01-02", [{"user": "b", "amount": 2**40}])
        return
    tables.publish("db.t", "2024-01-02", [{"user": "b", "amount": 2**40}])
    assert tables.engine.columns("db.t")["amount"] == t.LONG
    assert tables.rows("db.t", "amount") == [(1,), (2**40,)]


def test_an_archived_partition_stays_as_it_was(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A], stamp={"hash": "old"})
    with tables.warehouse.writing("db.t"):
        tables.warehouse.archive("db.t", ("ds", "2024-01-01"), "db.t_old")
    tables.publish("db.t", "2024-01-01", [B], stamp={"hash": "new"})
    assert tables.rows("db.t_old") == [("a", 1, "2024-01-01")]
    assert tables.warehouse.stamps("db.t_old", "ds") == {"2024-01-01": {"hash": "old"}}
    assert tables.rows("db.t") == [("b", 2, "2024-01-01")]


def test_a_removed_partition_is_gone(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    tables.publish("db.t", "2024-01-02", [B])
    for _ in range(2):
        with tables.warehouse.writing("db.t"):
            tables.warehouse.remove("db.t", ("ds", "2024-01-01"))
        assert tables.engine.partitions("db.t", "ds") == ["2024-01-02"]
        assert sorted(tables.warehouse.stamps("db.t", "ds")) == ["2024-01-02"]


def test_a_table_without_partitions_is_replaced_whole(tables: Tables) -> None:
    tables.publish("db.t", None, [A])
    tables.publish("db.t", None, [{"city": "Bonn"}], pa.schema([("city", pa.string())]))
    assert tables.engine.columns("db.t") == {"city": t.STRING}
    assert tables.rows("db.t", "city") == [("Bonn",)]
    tables.publish("db.t", None, [], SCHEMA)
    assert tables.rows("db.t", "user") == []


@pytest.mark.parametrize("value", ["a/b", "50%", "x y", "=", "ä", "%2F"])
def test_a_partition_value_may_hold_any_character(tables: Tables, value: str) -> None:
    tables.publish("db.t", value, [A])
    assert tables.engine.partitions("db.t", "ds") == [value]
    assert tables.rows("db.t") == [("a", 1, value)]


def test_the_table_is_found_by_what_lies_in_its_folder(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    from chronon.engine.duckdb import DuckDBEngine

    without_settings = DuckDBEngine(tables.warehouse.root, threads=1)
    assert without_settings.partitions("db.t", "ds") == ["2024-01-01"]
    assert without_settings.warehouse.tables() == ["db.t"]


def test_a_replaced_partition_is_another_file(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    before = tables.warehouse.files("db.t")
    tables.publish("db.t", "2024-01-01", [B])
    after = tables.warehouse.files("db.t")
    assert before.files != after.files
    assert tables.rows("db.t") == [("b", 2, "2024-01-01")]


def test_nothing_is_left_in_the_staging_folder(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [A])
    staging = tables.warehouse.root / ".staging"
    assert not staging.exists() or not list(staging.iterdir())


def test_an_unknown_table_is_no_table_of_any_format(tables: Tables) -> None:
    with pytest.raises(MissingDataError, match=r"there is no table db\.t"):
        tables.warehouse.files("db.t")
    assert tables.warehouse.stamps("db.t", "ds") == {}
