"""Random joins of several parts: every output row is the oracle's, however the days were computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join
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
