"""Tables that are folders of files: CSV, JSON lines, Parquet; what their files may differ in, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.base import types as t
from chronon.base.errors import DataError, ExpressionError, SettingsError, StorageError
from chronon.base.time import Partitions
from chronon.engine.duckdb import DuckDBEngine
from chronon.engine.duckdb.scan import scan_sql
from chronon.plan.scans import EVENTS, Scan


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "w", threads=2)


def put(engine: DuckDBEngine, path: str, content: str | pa.Table) -> None:
    file = engine.warehouse.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        pq.write_table(content, file)
    elif file.suffix == ".gz":
        file.write_bytes(gzip.compress(content.encode()))
    else:
        file.write_text(content)


def rows(engine: DuckDBEngine, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in engine.query(sql).read_all().to_pylist()]


def scanned(engine: DuckDBEngine, selects: dict[str, str], days: list[str]) -> list[tuple[Any, ...]]:
    """The columns of the rows of some partitions, as a job reads them."""
    source = engine._source("db.t")
    types = {name: source.schema.get(text, t.STRING) for name, text in selects.items()}
    scan = Scan("db.t", EVENTS, selects, types, (), None, source.schema, "ds")
    sql = scan_sql(source, scan, Partitions(), days=days, types=types)
    return engine._database.sql(f"SELECT {', '.join(selects)} FROM ({sql}) ORDER BY ALL").fetchall()


CSV = "user,amount\na,1\nb,2\n"
JSON = '{"user": "a", "amount": 1}\n{"user": "b", "amount": 2}\n'


@pytest.mark.parametrize(
    "path, content",
    [
        ("ds=2024-01-01/x.csv", CSV),
        ("ds=2024-01-01/x.tsv", CSV.replace(",", "\t")),
        ("ds=2024-01-01/x.csv.gz", CSV),
        ("ds=2024-01-01/x.jsonl", JSON),
        ("ds=2024-01-01/x.ndjson", JSON),
        ("ds=2024-01-01/x.json.gz", JSON),
    ],
)
def test_texts_packed_or_not(engine: DuckDBEngine, path: str, content: str) -> None:
    put(engine, f"db/t/{path}", content)
    put(engine, f"db/t/{path}".replace("01/x", "02/x"), content.replace("1", "3"))
    assert engine.columns("db.t") == {"user": t.STRING, "amount": t.LONG, "ds": t.STRING}
    assert engine.partitions("db.t", "ds") == ["2024-01-01", "2024-01-02"]
    assert rows(engine, "SELECT user, amount FROM db.t WHERE ds = '2024-01-02'") == [("a", 3), ("b", 2)]


def test_json_objects_are_structs(engine: DuckDBEngine) -> None:
    put(engine, "db/t.jsonl", '{"user": {"id": 7, "tags": ["x", "y"]}}\n{"user": {"id": 8}, "more": true}\n')
    kind = t.StructType({"id": t.LONG, "tags": t.ListType(t.STRING)})
    assert engine.columns("db.t") == {"user": kind, "more": t.BOOLEAN}
    assert rows(engine, "SELECT user.id, more FROM db.t") == [(7, None), (8, True)]


def test_a_folder_without_partitions(engine: DuckDBEngine) -> None:
    put(engine, "db/t/one.csv", CSV)
    put(engine, "db/t/two.csv", CSV)
    assert rows(engine, "SELECT count(*), sum(amount) FROM db.t") == [(4, 6)]


def test_a_table_may_lie_anywhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "people.csv").write_text(CSV)
    places = {"db.folder": {"location": str(tmp_path / "elsewhere")}}
    places["db.file"] = {"location": str(tmp_path / "elsewhere" / "people.csv")}
    engine = DuckDBEngine(tmp_path / "w", tables=places)
    assert engine.warehouse.tables() == ["db.file", "db.folder"]
    for table in places:
        assert rows(engine, f"SELECT sum(amount) FROM {table}") == [(3,)]


def test_texts_are_only_read(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.csv", CSV)
    schema = pa.schema([("user", pa.string())])
    engine = DuckDBEngine(engine.warehouse.root, tables={"db": {"format": "csv"}})
    with engine.warehouse.writing("db.u"), pytest.raises(StorageError, match="csv files, which are only read"):
        engine.warehouse.publish("db.u", ("ds", "2024-01-01"), [], schema)


def test_an_unknown_format_is_told(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, tables={"db.t": {"format": "orc"}})
    with pytest.raises(SettingsError, match=r"no table format 'orc'\n  expected: csv or"):
        engine.columns("db.t")


def test_a_format_of_others_is_found_through_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    (packages / "psv-1.dist-info").mkdir(parents=True)
    (packages / "psv-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: psv\nVersion: 1\n")
    (packages / "psv-1.dist-info" / "entry_points.txt").write_text("[chronon.tables]\npsv = psv_format:Piped\n")
    (packages / "psv_format.py").write_text(
        "from pathlib import Path\n"
        "from chronon.engine.tables.files import File, Files\n"
        "from chronon.engine.tables.folders import FolderFormat\n"
        "class Piped(FolderFormat):\n"
        "    name = 'psv'\n"
        "    extensions = ()\n"
        "    def holds(self, folder):\n"
        "        return any(Path(folder).glob('*.psv'))\n"
        "    def files(self, at):\n"
        "        found = sorted(at.folder.glob('*.psv'))\n"
        "        return Files(at.table, 'csv', tuple(File(str(p), {}, p.stat().st_size, 0) for p in found))\n"
    )
    monkeypatch.syspath_prepend(packages)
    from chronon.engine.tables.registry import formats

    formats.cache_clear()
    engine = DuckDBEngine(tmp_path / "w", tables={"db": {"format": "psv"}})
    put(engine, "db/t/x.psv", CSV.replace(",", "|"))
    assert rows(engine, "SELECT sum(amount) FROM db.t") == [(3,)]
    formats.cache_clear()


# ---- what files of one table may differ in

OLD = pa.table({"user": ["a"], "amount": pa.array([1], pa.int32())})


def test_a_column_that_came_later_is_null_in_older_partitions_read_alone(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", OLD)
    put(engine, "db/t/ds=2024-01-02/x.parquet", OLD.append_column("city", pa.array(["Bonn"])))
    selects = {"user": "user", "city": "city"}
    assert scanned(engine, selects, ["2024-01-01"]) == [("a", None)]
    assert scanned(engine, selects, ["2024-01-02"]) == [("a", "Bonn")]


def test_a_widened_column_has_its_wide_type_in_older_partitions_read_alone(engine: DuckDBEngine) -> None:
    big = 2**31 - 1
    put(engine, "db/t/ds=2024-01-01/x.parquet", pa.table({"n": pa.array([big], pa.int32())}))
    put(engine, "db/t/ds=2024-01-02/x.parquet", pa.table({"n": pa.array([2**40])}))
    source = engine._source("db.t")
    relation = source.relation(["2024-01-01"], "ds")
    assert engine._database.sql(f"SELECT n + n FROM {relation}").fetchall() == [(2 * big,)]


def test_fields_of_a_struct_may_come_later(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", pa.table({"who": [{"id": 1}]}))
    put(engine, "db/t/ds=2024-01-02/x.parquet", pa.table({"who": [{"id": 2, "city": "Bonn"}]}))
    assert engine.columns("db.t")["who"] == t.StructType({"id": t.LONG, "city": t.STRING})
    assert rows(engine, "SELECT who.id, who.city FROM db.t ORDER BY 1") == [(1, None), (2, "Bonn")]


def test_a_changed_type_is_told_with_partitions_and_both_types_where_it_is_used(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", OLD)
    put(engine, "db/t/ds=2024-01-02/x.parquet", pa.table({"user": ["b"], "amount": ["2"]}))
    assert str(engine.columns("db.t")["amount"]) == "int (in ds=2024-01-01) or string (in ds=2024-01-02)"
    assert scanned(engine, {"user": "user"}, ["2024-01-01", "2024-01-02"]) == [("a",), ("b",)]
    with pytest.raises(ExpressionError, match=r"int \(in ds=2024-01-01\) or string \(in ds=2024-01-02\)"):
        scanned(engine, {"amount": "amount + 1"}, ["2024-01-01"])


def test_columns_may_change_their_order_and_their_case(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", OLD)
    put(engine, "db/t/ds=2024-01-02/x.parquet", pa.table({"amount": pa.array([2], pa.int32()), "User": ["b"]}))
    assert rows(engine, "SELECT user, amount FROM db.t ORDER BY 1") == [("a", 1), ("b", 2)]


def test_texts_keep_the_type_of_the_whole_table_in_each_file(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.csv", "user,code\na,12\n")
    put(engine, "db/t/ds=2024-01-02/x.csv", "user,code,more\na,A7,1.5\n")
    assert engine.columns("db.t") == {"user": t.STRING, "code": t.STRING, "more": t.DOUBLE, "ds": t.STRING}
    assert scanned(engine, {"code": "code", "more": "more"}, ["2024-01-01"]) == [("12", None)]


# ---- what is refused, and what only looks strange


def test_columns_that_differ_only_by_case_are_refused(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", pa.table({"user": ["a"], "User": ["b"]}))
    with pytest.raises(DataError, match="columns user and User"):
        engine.columns("db.t")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100])
def test_a_damaged_file_is_named(engine: DuckDBEngine, content: bytes) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", OLD)
    put(engine, "db/t/ds=2024-01-02/x.parquet", "")
    (engine.warehouse.root / "db/t/ds=2024-01-02/x.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"1 of 2 files of db\.t cannot be read: .*ds=2024-01-02/x\.parquet") as caught:
        engine.columns("db.t")
    assert "write that partition again" in str(caught.value)


def test_a_cut_off_csv_names_its_line(engine: DuckDBEngine) -> None:
    lines = "".join(f'u{number},"{number}"\n' for number in range(30_000))
    put(engine, "db/t/ds=2024-01-01/x.csv", "user,text\n" + lines + 'last,"cut of')
    with pytest.raises(DataError, match=r"30002|unterminated"):
        rows(engine, "SELECT count(*), max(text) FROM db.t")


def test_empty_texts_hold_nothing(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.csv", CSV)
    put(engine, "db/t/ds=2024-01-02/x.csv", "")
    assert rows(engine, "SELECT ds, sum(amount) FROM db.t GROUP BY ds") == [("2024-01-01", 3)]
    put(engine, "db/u/ds=2024-01-02/x.csv", "")
    with pytest.raises(DataError, match=r"db\.u are empty"):
        engine.columns("db.u")


def test_a_null_partition_belongs_to_no_day(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/x.parquet", OLD)
    put(engine, "db/t/ds=__HIVE_DEFAULT_PARTITION__/x.parquet", OLD)
    assert engine.partitions("db.t", "ds") == ["2024-01-01"]
    assert rows(engine, "SELECT ds, count(*) FROM db.t GROUP BY ds ORDER BY ds NULLS FIRST") == [
        (None, 1),
        ("2024-01-01", 1),
    ]


def test_escaped_partition_values(engine: DuckDBEngine) -> None:
    put(engine, "db/t/ds=2024-01-01/region=a%2Fb/x.parquet", OLD)
    assert engine.partitions("db.t", "ds", {"region": "a/b"}) == ["2024-01-01"]
    assert rows(engine, "SELECT region FROM db.t") == [("a/b",)]
