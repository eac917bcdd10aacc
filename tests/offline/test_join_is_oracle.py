"""Random joins of several parts: every output row is the oracle's, however the days were computed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.api.wire import to_json
from chronon.base.arrow import schema_to_arrow
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join
from chronon.testing.golden_joins import check, compute
from chronon.testing.near import Near
from chronon.testing.tolerance import differences

from .random_joins import Case

SEEDS = range(int(os.environ.get("CHRONON_JOINS", "6")))


def rows_of(engine: DuckDBEngine, table: str) -> list[dict]:
    return engine.query(f"SELECT * FROM {table}").read_all().to_pylist(maps_as_pydicts="strict")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_is_the_oracles_and_the_order_of_days_does_not_matter(seed: int, tmp_path: Path) -> None:
    case = Case(seed)
    case.write(tmp_path)
    engine = DuckDBEngine(tmp_path, threads=2)
    join = case.join("t.whole")
    result = backfill_join(join, engine, end="2024-01-09")
    found = rows_of(engine, "out.t_whole")
    expected = case.expected()
    assert sorted(row["req"] for row in found) == sorted(expected)
    assert result.rows == len(expected)
    for row in found:
        assert differences(expected[row["req"]], row) == []

    days = sorted({row["ds"] for row in case.left.rows})
    case.rng.shuffle(days)
    by_day = case.join("t.daily")
    for ds in days:
        backfill_join(by_day, engine, start=ds, end=ds, run_first_hole=True)
    assert rows_of(engine, "out.t_daily") == found


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_the_runner_of_join_cases_reads_them_all(seed: int, tmp_path: Path) -> None:
    """A random case in the form of the recorded ones: JSON as the wire has it, CSV and Parquet, an output table."""
    case = Case(seed)
    case.write(tmp_path / "warehouse")
    folder = tmp_path / "case"
    for table in (tmp_path / "warehouse" / "db").iterdir():
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        table.rename(folder / "tables" / f"db.{table.name}")
    (folder / "case.json").write_text(json.dumps({"name": "case", "end_ds": "2024-01-09"}))
    (folder / "join.json").write_text(to_json(case.join("t.recorded")))
    rows = list(case.expected().values())
    case.rng.shuffle(rows)
    plain = [{name: float(value) if isinstance(value, Near) else value for name, value in row.items()} for row in rows]
    (folder / "output.parquet").touch()
    recorded = tmp_path / "recorded"
    shutil.copytree(folder, recorded)
    compute(folder, tmp_path / "again")
    schema = DuckDBEngine(tmp_path / "again").columns("out.t_recorded")
    pq.write_table(pa.Table.from_pylist(plain, schema_to_arrow(schema)), recorded / "output.parquet")
    assert check(recorded) == []
    plain[0]["note"] = 1e9
    pq.write_table(pa.Table.from_pylist(plain, schema_to_arrow(schema)), recorded / "output.parquet")
    assert check(recorded) != []
