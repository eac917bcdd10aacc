"""Delta and Iceberg: tables that their own libraries wrote are read, what we publish is read by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base import types as t
from chronon.base.errors import DataError, StorageError
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_group_by

from .conftest import SCHEMA, Tables

DAYS = ("2024-01-01", "2024-01-02")
ROWS = pa.table({"user": ["a", "b", "c"], "amount": [1, 2, 3], "ds": [DAYS[0], DAYS[1], DAYS[1]]})


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "w", threads=2)


def rows(engine: DuckDBEngine, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in engine.query(sql).read_all().to_pylist()]


def folder(engine: DuckDBEngine) -> str:
    return str(engine.warehouse.root / "db" / "t")


# ---- Delta


def test_a_delta_table_of_another_writer(engine: DuckDBEngine) -> None:
    deltalake.write_deltalake(folder(engine), ROWS, partition_by=["ds"])
    assert engine.partitions("db.t", "ds") == list(DAYS)
    assert engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}
    table = deltalake.DeltaTable(folder(engine))
    table.delete("user = 'c'")
    deltalake.write_deltalake(folder(engine), ROWS.slice(0, 1), mode="append")
    assert rows(engine, "SELECT user, ds FROM db.t ORDER BY ALL") == [("a", DAYS[0]), ("a", DAYS[0]), ("b", DAYS[1])]


def test_what_is_published_to_delta_is_read_by_its_library(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "delta")
    tables.publish("db.t", "a/b", [{"user": "a", "amount": 1}])
    tables.publish("db.t", "2024-01-02", [])
    tables.publish("db.t", "2024-01-02", [{"user": "b", "amount": 2}])
    table = deltalake.DeltaTable(folder(tables.engine))
    found = table.to_pyarrow_table().sort_by("user").to_pylist()
    assert found == [{"user": "a", "amount": 1, "ds": "a/b"}, {"user": "b", "amount": 2, "ds": "2024-01-02"}]
    assert [entry["version"] for entry in table.history()] == [2, 1, 0]


def test_a_reader_of_an_older_version_is_not_disturbed(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "delta")
    tables.publish("db.t", "2024-01-01", [{"user": "a", "amount": 1}])
    before = deltalake.DeltaTable(folder(tables.engine))
    tables.publish("db.t", "2024-01-01", [{"user": "b", "amount": 2}])
    assert before.to_pyarrow_table().column("user").to_pylist() == ["a"]


def test_delta_features_that_change_rows_are_refused(engine: DuckDBEngine) -> None:
    deltalake.write_deltalake(folder(engine), ROWS, partition_by=["ds"])
    features = ["deletionVectors"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    log = Path(folder(engine)) / "_delta_log" / f"{1:020}.json"
    log.write_text(json.dumps({"protocol": protocol}) + "\n")
    with pytest.raises(DataError, match=r"db\.t uses deletionVectors.*\n.*\n  mend: rewrite it"):
        engine.columns("db.t")


def test_a_damaged_delta_log_is_told(engine: DuckDBEngine) -> None:
    deltalake.write_deltalake(folder(engine), ROWS)
    (Path(folder(engine)) / "_delta_log" / f"{0:020}.json").write_text("{")
    with pytest.raises(DataError, match=r"the Delta log of db\.t"):
        engine.columns("db.t")


def test_a_column_that_came_later_in_delta_is_null_in_older_partitions(engine: DuckDBEngine) -> None:
    deltalake.write_deltalake(folder(engine), ROWS.slice(0, 1), partition_by=["ds"])
    more = ROWS.slice(1, 1).append_column("city", pa.array(["Bonn"]))
    deltalake.write_deltalake(folder(engine), more, mode="append", schema_mode="merge")
    source = engine._source("db.t")
    relation = source.relation([DAYS[0]], "ds")
    assert engine._database.sql(f"SELECT user, city, ds FROM {relation}").fetchall() == [("a", None, DAYS[0])]


# ---- Iceberg


def iceberg(engine: DuckDBEngine, table: pa.Table = ROWS, by: str | None = "ds") -> tuple[SqlCatalog, Table]:
    """A table of pyiceberg's own, in a catalogue that is not ours."""
    root = engine.warehouse.root
    root.mkdir(exist_ok=True)
    catalog = SqlCatalog("other", uri=f"sqlite:///{root.parent}/other.db", warehouse=f"file://{root}")
    catalog.create_namespace("db")
    made = catalog.create_table("db.t", table.schema, location=f"file://{folder(engine)}")
    if by is not None:
        with made.update_spec() as spec:
            spec.add_identity(by)
    made.append(table)
    return catalog, made


def test_an_iceberg_table_of_another_writer(engine: DuckDBEngine) -> None:
    catalog, table = iceberg(engine)
    assert engine.partitions("db.t", "ds") == list(DAYS)
    assert engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}
    table.delete("user == 'c'")
    assert rows(engine, "SELECT user, ds FROM db.t ORDER BY ALL") == [("a", DAYS[0]), ("b", DAYS[1])]
    catalog.close()


def test_iceberg_columns_are_found_by_their_ids(engine: DuckDBEngine) -> None:
    catalog, table = iceberg(engine)
    with table.update_schema() as update:
        update.rename_column("amount", "total")
        update.add_column("city", pa_string())
    table.append(pa.table({"user": ["d"], "total": [4], "ds": [DAYS[1]], "city": ["Bonn"]}))
    with table.update_schema() as update:
        update.delete_column("user")
    assert engine.columns("db.t") == {"total": t.LONG, "ds": t.STRING, "city": t.STRING}
    found = rows(engine, "SELECT total, city FROM db.t ORDER BY 1")
    assert found == [(1, None), (2, None), (3, None), (4, "Bonn")]
    catalog.close()


def pa_string() -> Any:
    from pyiceberg.types import StringType

    return StringType()


def test_an_iceberg_table_without_partitions_has_a_column_of_them(engine: DuckDBEngine) -> None:
    catalog, _ = iceberg(engine, by=None)
    assert engine.partitions("db.t", "ds") == list(DAYS)
    catalog.close()


def test_what_is_published_to_iceberg_is_read_by_its_library(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "iceberg")
    tables.publish("db.t", "a/b", [{"user": "a", "amount": 1}])
    tables.publish("db.t", "2024-01-02", [])
    tables.publish("db.t", "2024-01-02", [{"user": "b", "amount": None}])
    catalog = SqlCatalog("chronon", uri=f"sqlite:///{tmp_path}/w/.iceberg/catalog.db")
    table = catalog.load_table("db.t")
    found = table.scan().to_arrow().sort_by("user").to_pylist()
    assert found == [{"user": "a", "amount": 1, "ds": "a/b"}, {"user": "b", "amount": None, "ds": "2024-01-02"}]
    assert [file.record_count for file in (task.file for task in table.scan("ds == 'a/b'").plan_files())] == [1]
    catalog.close()


def test_an_iceberg_table_of_another_catalogue_is_not_written(engine: DuckDBEngine) -> None:
    catalog, _ = iceberg(engine)
    with engine.warehouse.writing("db.t"), pytest.raises(StorageError, match="not in the catalogue"):
        engine.warehouse.publish("db.t", ("ds", DAYS[0]), [], SCHEMA)
    url = f"sqlite:///{engine.warehouse.root.parent}/other.db"
    named = {"format": "iceberg", "catalog": url, "catalog_name": "other"}
    ours = DuckDBEngine(engine.warehouse.root, tables={"db.t": named})
    with ours.warehouse.writing("db.t"):
        batches = pa.Table.from_pylist([{"user": "z", "amount": 9}], SCHEMA).to_batches()
        ours.warehouse.publish("db.t", ("ds", DAYS[0]), batches, SCHEMA)
    assert rows(ours, f"SELECT user FROM db.t WHERE ds = '{DAYS[0]}'") == [("z",)]
    catalog.close()


# ---- a job over both


@pytest.mark.parametrize("form", ["delta", "iceberg"])
def test_a_backfill_reads_and_writes_them(tmp_path: Path, form: str) -> None:
    tables = Tables(tmp_path / "w", form)
    for day, user, amount in ((1, "a", 1), (1, "b", 2), (2, "a", 4)):
        known = tables.rows("db.events", "user, amount") if tables.warehouse.exists("db.events") and day == 1 else []
        events = [{"user": u, "amount": n} for u, n in known] + [{"user": user, "amount": amount}]
        tables.publish("db.events", f"2024-01-0{day}", events)
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.events", query=Query(selects=select("user", "amount"))),
        keys=["user"],
        accuracy=Accuracy.SNAPSHOT,
        aggregations=[Aggregation("amount", Operation.SUM)],
        backfill_start_date="2024-01-01",
        output_namespace="db",
    )
    done = backfill_group_by(group_by, tables.engine, end="2024-01-02")
    assert (done.filled, done.rows) == (["2024-01-01", "2024-01-02"], 4)
    found = tables.rows("db.g_spend", "ds, user, amount_sum")
    assert found == [(DAYS[0], "a", 1), (DAYS[0], "b", 2), (DAYS[1], "a", 5), (DAYS[1], "b", 2)]
    assert backfill_group_by(group_by, tables.engine, end="2024-01-02").filled == []
    assert tables.warehouse.stamps("db.g_spend", "ds")[DAYS[0]]["engine"] == "duckdb"
