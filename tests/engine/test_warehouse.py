"""The warehouse: how tables are found, and how partitions are published."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from chronon.base import types as t
from chronon.base.errors import ConfigError, DataError, MissingDataError
from chronon.engine.duckdb import DuckDBEngine
from chronon.engine.tables.parquet import ROWS_PER_GROUP
from chronon.engine.warehouse import Warehouse

ROWS = pa.table({"user": ["a", "b"], "amount": [1, 2]})


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "w", threads=2)


def put(engine: DuckDBEngine, path: str, table: pa.Table = ROWS) -> None:
    file = engine.warehouse.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".csv":
        csv.write_csv(table, file)
    else:
        pq.write_table(table, file)


def test_a_folder_of_partitions(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-02/x.parquet")
    put(engine, "db/t/ds=2024-01-01/y.parquet")
    put(engine, "db/t/ds=2024-01-01/_SUCCESS.parquet")
    assert engine.partitions("db.t", "ds") == ["2024-01-01", "2024-01-02"]
    assert engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}


def test_days_written_without_dashes_stay_texts(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=20240101/x.parquet")
    assert engine.partitions("db.t", "ds") == ["20240101"]
    assert engine.columns("db.t")["ds"] == t.STRING


def test_sub_partitions(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/region=eu/x.parquet")
    put(engine, "db/t/ds=2024-01-02/region=us/x.parquet")
    assert engine.partitions("db.t", "ds", {"region": "eu"}) == ["2024-01-01"]


@pytest.mark.parametrize("extension", ["parquet", "csv"])
def test_a_single_file_with_a_partition_column(engine: DuckDBEngine, extension: str) -> None:
    days = ROWS.append_column("ds", pa.array([date(2024, 1, 2), date(2024, 1, 1)]))
    put(engine, f"db/t.{extension}", days)
    assert engine.partitions("db.t", "ds") == ["2024-01-01", "2024-01-02"]
    assert engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}


def test_columns_that_came_later_are_null_before(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet")
    put(engine, "db/t/ds=2024-01-02/x.parquet", ROWS.append_column("more", pa.array([1.5, 2.5])))
    rows = engine.query("select more from db.t where user = 'a' order by ds").read_all().to_pylist()
    assert rows == [{"more": None}, {"more": 1.5}]


def test_stored_types_become_ours(engine: DuckDBEngine) -> None:
    table = pa.table(
        {
            "u8": pa.array([1], pa.uint8()),
            "u64": pa.array([1], pa.uint64()),
            "ns": pa.array([1], pa.timestamp("ns")),
            "zone": pa.array([1], pa.timestamp("us", "UTC")),
            "time": pa.array([1], pa.time64("us")),
            "tags": pa.array([["a"]]),
        }
    )
    put(engine, "db/t/ds=2024-01-01/x.parquet", table)
    columns = dict(engine.columns("db.t"))
    assert columns["u8"] == t.SHORT
    assert columns["u64"] == t.LONG
    assert columns["ns"] == columns["zone"] == t.TIMESTAMP
    assert columns["tags"] == t.ListType(t.STRING)
    assert columns["time"].name == "time"  # no type of ours: only a cast can read it


def test_unknown_tables_are_told_with_names_alike(engine: DuckDBEngine) -> None:
    put(engine, "db/purchases/ds=2024-01-01/x.parquet")
    with pytest.raises(MissingDataError, match=r"did you mean db\.purchases"):
        engine.columns("db.purchase")
    with pytest.raises(ConfigError, match=r"namespace\.table"):
        engine.columns("purchases")


def test_a_table_without_partitions_has_none(engine: DuckDBEngine) -> None:
    put(engine, "db/t/x.parquet")
    with pytest.raises(MissingDataError, match="no partition column ds"):
        engine.partitions("db.t", "ds")


def test_mixed_formats_and_depths_are_refused(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet")
    put(engine, "db/t/ds=2024-01-01/x.csv")
    with pytest.raises(DataError, match="csv and parquet"):
        engine.columns("db.t")
    put(engine, "db/u/ds=2024-01-01/x.parquet")
    put(engine, "db/u/x.parquet")
    with pytest.raises(DataError, match="differ in depth"):
        engine.columns("db.u")


def test_a_file_does_not_depend_on_how_its_rows_came(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    rows = pa.table({"x": range(ROWS_PER_GROUP + 1_000)})

    def written(size: int) -> bytes:
        batches = rows.to_batches(max_chunksize=size)
        with warehouse.writing("db.t"):
            assert warehouse.publish("db.t", ("ds", "2024-01-01"), batches, rows.schema) == rows.num_rows
        return (tmp_path / "db/t/ds=2024-01-01/part-0.parquet").read_bytes()

    assert written(1_000) == written(77_777) == written(10**9)


def test_readers_never_see_half_a_partition(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    file = tmp_path / "db/t/ds=2024-01-01/part-0.parquet"
    editions = [pa.table({"edition": [number] * 5_000}) for number in range(60)]
    seen: list[set[int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if file.exists():
                with file.open("rb") as once:  # a reader sees the file that it has opened
                    column = pq.ParquetFile(once).read().column("edition").to_pylist()
                assert len(column) == 5_000
                seen.append(set(column))

    reader = threading.Thread(target=read)
    reader.start()
    with warehouse.writing("db.t"):
        for edition in editions:
            warehouse.publish("db.t", ("ds", "2024-01-01"), edition.to_batches(), edition.schema)
    done.set()
    reader.join()
    assert seen
    assert all(len(editions_seen) == 1 for editions_seen in seen)
