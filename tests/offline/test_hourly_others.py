"""Where partitions are hours: comparisons, models, analyses, traces, looks, and aggregates that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon import InferenceSpec, Model, ModelTransform, ModelTransforms, StagingQuery
from chronon.api.datatypes import DataType
from chronon.base.time import HOUR_MS
from chronon.offline import backfill_group_by, backfill_join, backfill_models
from chronon.offline.analyze import analyze
from chronon.offline.compare import compare_join
from chronon.offline.everyone import features_of_everyone
from chronon.offline.explanation import explain
from chronon.offline.preview import preview
from chronon.offline.trace import trace

from .conftest import World, at
from .test_hourly_outputs import HOURS, SUMS, USERS, clicks, hours, seven_hours_of_clicks, training, users

__all__ = ["hours"]  # the fixture

ASKED = [("u1", at("01-05 08:10"), "01-05-08"), ("u1", at("01-05 09:50"), "01-05-09"), ("u2", None, "01-05-09")]
ONE, SIX = "g_clicks_n_sum_1h", "g_clicks_n_sum_6h"


@pytest.fixture
def shop(hours: World) -> World:
    seven_hours_of_clicks(hours)
    hours.table("db.users", USERS, [("u1", h, f"01-04-{h:02d}") for h in range(20, 24)])
    hours.table("db.asked", {"user": "string", "ts": "long"}, ASKED)
    return hours


def test_a_comparison_is_of_hours(shop: World) -> None:
    backfill_join(training(clicks()), shop.engine, end="2024-01-05-10")
    query = f"""
        SELECT user, ts, IF(ds = '2024-01-05-09', 9L, 8L) AS {ONE}, ds FROM db.asked
        WHERE ds BETWEEN '{{{{ start_date }}}}' AND '{{{{ end_date }}}}'
    """
    expected = StagingQuery(query, name="t.expected", output_namespace="out")
    found = compare_join(training(clicks()), expected, shop.engine, start="2024-01-05-08", end="2024-01-05-09")
    (one,) = found.columns
    assert (found.both, one.agree, one.differ, one.left_null) == (3, 1, 1, 1)
    assert found.discrepancies == {"2024-01-05-08": 1, "2024-01-05-09": 1}
    hour = shop.rows(f"{found.metrics_table} ORDER BY ts", "ts", f"{ONE}_total_count")
    assert hour == [(at("01-05 08:00"), 1), (at("01-05 09:00"), 2)]  # the row without a time is in its partition's
    only = compare_join(training(clicks()), expected, shop.engine, start="2024-01-05-09", end="2024-01-05-09")
    assert only.both == 2


def test_models_run_over_hours(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.root / "hourly_scoring_of_tests.py").write_text("def score(clicks):\n    return {'score': clicks}\n")
    monkeypatch.syspath_prepend(str(shop.root))
    spec = InferenceSpec("python", {"function": "hourly_scoring_of_tests:score"})
    model = Model("m", spec, [("clicks", DataType.LONG)], [("score", DataType.LONG)])
    join = training(clicks())
    join.modelTransforms = ModelTransforms([ModelTransform(model, {"clicks": ONE})], ["user"])
    backfill_join(join, shop.engine, end="2024-01-05-10")
    done = backfill_models(join, shop.engine, Path(shop.root), end="2024-01-05-10")
    assert done.filled == ["2024-01-05-08", "2024-01-05-09"]
    assert sorted(shop.rows("out.t_all", "ds", "score"), key=repr) == [
        ("2024-01-05-08", 7),
        ("2024-01-05-09", 9),
        ("2024-01-05-09", None),
    ]
    assert backfill_models(join, shop.engine, Path(shop.root), end="2024-01-05-10").filled == []


def test_an_analysis_looks_at_hours(shop: World) -> None:
    found = analyze(training(clicks(), users()), shop.engine, start="2024-01-05-08", end="2024-01-05-09", hitters=2)
    checks = {(check.what, check.of): (check.outcome, check.detail) for check in found.checks}
    assert checks["timestamps", "db.clicks"] == ("ok", "2 rows")
    assert checks["timestamps", "db.asked"][0] == "failed"
    assert checks["table", "db.users"] == ("ok", "last partition 2024-01-04-23")
    assert [(h.column, h.value, h.rows) for h in found.hitters][:2] == [("user", "u1", 2), ("user", "u2", 1)]
    short = analyze(training(clicks(aggregations=SUMS[:1])), shop.engine, start="2024-01-05-08", end="2024-01-05-09")
    (history,) = [check for check in short.checks if check.what == "history"]
    assert history.outcome == "failed"
    assert "needs the partitions from 2023-12-22-08 on; the first one is 2024-01-05-03" in history.detail


def test_a_trace_shows_the_rows_of_hours(shop: World) -> None:
    found = trace(training(clicks(), users()), shop.engine, {"user": "u1"}, at("01-05 09:50"), SIX)
    (column,) = found.columns
    inside = [row.partition for row in column.rows if row.where == "inside"]
    assert (found.value, inside) == (39, [f"2024-01-05-{h:02d}" for h in range(4, 10)])
    snapshot = trace(training(clicks(), users()), shop.engine, {"user": "u1"}, at("01-05 09:50"), "g_users_n")
    assert [row.partition for row in snapshot.columns[0].rows] == ["2024-01-04-23"]
    assert snapshot.value == 23


def test_looks_at_hours(shop: World) -> None:
    found = features_of_everyone(clicks(), shop.engine, "all", None, at("01-05 09:50"), only=["n_sum_1h"])
    assert found.arrow().to_pylist() == [{"user": "u1", "ts": at("01-05 09:50"), "n_sum_1h": 9}]
    looked = preview(clicks(), shop.engine)
    assert looked.sources[0].partitions == ["2024-01-05-08", "2024-01-05-09"]
    assert looked.features.features.to_pylist()[0]["n_sum_1h"] == 9
    assert explain(clicks(), shop.engine, start="2024-01-05-08", end="2024-01-05-10").days == [
        "2024-01-05-08",
        "2024-01-05-09",
    ]


def test_aggregates_are_kept_by_hour_and_the_next_hour_reads_its_own(shop: World) -> None:
    """Each hour of the source has one partition of states by day, made once."""
    group_by = clicks()

    def made() -> dict[str, int]:
        files = (shop.root / "out/g_clicks_daily_inc").glob("ds=*/*.parquet")
        return {file.parent.name[3:]: file.stat().st_mtime_ns for file in files}

    backfill_group_by(group_by, shop.engine, start="2024-01-05-07", end="2024-01-05-08", incremental=True)
    first = made()
    assert sorted(first) == [f"2024-01-05-{h:02d}" for h in range(3, 10)]
    shop.table("db.clicks", {"user": "string", "n": "long", "ts": "long"}, [("u1", 10, at("01-05 10:30"), "01-05-10")])
    backfill_group_by(group_by, shop.engine, start="2024-01-05-07", end="2024-01-05-10", incremental=True)
    assert {ds: at_ for ds, at_ in made().items() if ds in first} == first
    assert "2024-01-05-10" in made()
    assert shop.rows("out.g_clicks", "ds", "n_sum_1h", "n_sum_6h", "n_sum_1d") == [
        (HOURS.of(at("01-05") + h * HOUR_MS), h, sum(range(max(3, h - 5), h + 1)), sum(range(3, h + 1)))
        for h in range(7, 11)
    ]
