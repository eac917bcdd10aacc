"""Statistics of partitions, from the footers of their files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.base.errors import DataError
from chronon.engine.tables.statistics import ColumnStatistics

from .conftest import Tables


def test_rows_bytes_nulls_and_bounds_of_each_partition(tables: Tables) -> None:
    tables.publish("db.t", "2024-01-01", [{"user": "b", "amount": 3}, {"user": None, "amount": -1}])
    tables.publish("db.t", "2024-01-02", [{"user": None, "amount": None}])
    tables.publish("db.t", "2024-01-03", [])
    first, second, third = tables.warehouse.statistics("db.t")
    assert (dict(first.partition), first.rows, first.files) == ({"ds": "2024-01-01"}, 2, 1)
    assert first.bytes == tables.warehouse.files("db.t").files[0].size
    assert first.columns["user"] == ColumnStatistics(nulls=1, least="b", greatest="b")
    assert first.columns["amount"] == ColumnStatistics(nulls=0, least=-1, greatest=3)
    assert second.columns["amount"] == ColumnStatistics(nulls=1, least=None, greatest=None)
    assert third.rows == 0


def test_several_files_and_row_groups_are_one_partition(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "parquet")
    folder = tmp_path / "w" / "db" / "t" / "ds=2024-01-01"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"n": [5, None, 1]}), folder / "a.parquet", row_group_size=1)
    pq.write_table(pa.table({"n": [9]}), folder / "b.parquet")
    (found,) = tables.warehouse.statistics("db.t")
    assert (found.rows, found.files) == (4, 2)
    assert found.columns["n"] == ColumnStatistics(nulls=1, least=1, greatest=9)


def test_what_files_do_not_say_is_unknown(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "parquet")
    folder = tmp_path / "w" / "db" / "t"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"n": [5]}), folder / "a.parquet", write_statistics=False)
    pq.write_table(pa.table({"n": [6]}), folder / "b.parquet")
    (found,) = tables.warehouse.statistics("db.t")
    assert found.columns["n"] == ColumnStatistics(nulls=None, least=None, greatest=None)


def test_texts_have_none(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "w", "parquet")
    (tmp_path / "w" / "db").mkdir(parents=True)
    (tmp_path / "w" / "db" / "t.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="csv, which have no statistics"):
        tables.warehouse.statistics("db.t")
