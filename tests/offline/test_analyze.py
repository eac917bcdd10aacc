"""Analyses: what a definition means on its tables, and whether they hold what its jobs need."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon import (
    Aggregation,
    Derivation,
    EntitySource,
    EventSource,
    ExternalPart,
    ExternalSource,
    GroupBy,
    Join,
    JoinPart,
    JoinSource,
    Operation,
    Query,
    select,
)
from chronon.api.datatypes import DataType
from chronon.api.enums import Accuracy
from chronon.base import types as t
from chronon.base.errors import ChrononError
from chronon.offline import backfill_join
from chronon.offline.analyze import analyze
from chronon.offline.checks import FAILED, NOT_CHECKED, OK, WARNING, Check
from chronon.offline.hitters import Hitter

from .conftest import World, at

DAYS = {"start": "2024-01-05", "end": "2024-01-06"}


def query(*columns: str) -> Query:
    return Query(selects=select(*columns), time_column="ts")


def spend(**kwargs) -> GroupBy:
    aggregations = [Aggregation("amount", Operation.SUM, windows=["7d"])]
    source = EventSource(table="db.purchases", query=query("user", "amount"))
    made = {"name": "g.a", "accuracy": Accuracy.SNAPSHOT, "aggregations": aggregations, **kwargs}
    return GroupBy(sources=source, keys=["user"], **made)


def items() -> GroupBy:
    aggregations = [Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT)]
    source = EventSource(table="db.sales", query=query("item", "amount"))
    return GroupBy(name="g.t", sources=source, keys=["item"], accuracy=Accuracy.TEMPORAL, aggregations=aggregations)


def training(*parts: JoinPart | GroupBy, **kwargs) -> Join:
    left = EventSource(table="db.queries", topic="queries", query=query("user", "item"))
    listed = [*parts] or [spend(), JoinPart(items(), prefix="px")]
    return Join(**{"left": left, "right_parts": listed, "name": "t.j", "output_namespace": "out", **kwargs})


@pytest.fixture
def shop(world: World) -> World:
    rows = [("u1", "i1", "10:00"), ("u1", "i1", "11:00"), ("u2", "i6", "12:00")]
    left = [(user, item, at(f"01-05 {time}"), "01-05") for user, item, time in rows]
    world.table("db.queries", {"user": "string", "item": "string", "ts": "long"}, left)
    for table, key in (("db.purchases", "user"), ("db.sales", "item")):
        bought = [(f"{key[0]}1", 5, at(f"{ds} 12:00"), ds) for ds in ("01-02", "01-03", "01-05")]
        world.table(table, {key: "string", "amount": "long", "ts": "long"}, bought)
    return world


def outcomes(found, what: str) -> dict[str, str]:
    return {check.of: check.outcome for check in found.checks if check.what == what}


def test_example_54_schemas_and_features(shop: World) -> None:
    found = analyze(training(), shop.engine, **DAYS)
    assert found.keys == {"user": t.STRING, "item": t.STRING}
    assert found.left == {"user": t.STRING, "item": t.STRING, "ts": t.LONG}
    right = {"g_a_amount_sum_7d": t.LONG, "px_g_t_amount_sum": t.LONG, "px_g_t_amount_count": t.LONG}
    assert found.right == right
    assert found.outputs == {**found.left, **right}
    assert found.table == "out.t_j"
    assert found.features[0].data() == {
        "name": "g_a_amount_sum_7d",
        "columnType": "long",
        "operation": "sum",
        "window": "7d",
        "inputColumn": "amount",
        "groupBy": "g.a",
    }
    assert [feature.window for feature in found.features] == ["7d", "unbounded", "unbounded"]


def test_example_54_history_must_reach_back_over_the_window(shop: World) -> None:
    found = analyze(training(), shop.engine, **DAYS)
    (failed,) = found.failed
    assert (failed.what, failed.of) == ("history", "g.a")
    assert failed.detail == "2024-01-05 needs the partitions from 2023-12-28 on; the first one is 2024-01-02"
    assert outcomes(found, "history") == {"g.a": FAILED, "g.t": NOT_CHECKED}
    shop.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 1, at("12-28"), "12-28")])
    assert not analyze(training(), shop.engine, **DAYS).failed


def test_example_55_heavy_hitters(shop: World) -> None:
    found = analyze(training(), shop.engine, **DAYS, hitters=10)
    assert found.hitters == [
        Hitter("user", "u1", 2),
        Hitter("user", "u2", 1),
        Hitter("item", "i1", 2),
        Hitter("item", "i6", 1),
        Hitter("total_count", "rows", 3),
        Hitter("ts_year", "2024", 3),
    ]
    assert [hitter.rows for hitter in analyze(training(), shop.engine, **DAYS, hitters=1).hitters] == [2, 2, 3, 3]


def test_a_sample_is_the_same_each_time_and_about_right(shop: World) -> None:
    rows = [(f"u{n % 4}", n, at("01-05") + n, "01-05") for n in range(20_000)]
    shop.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, rows)
    found, again = (analyze(spend(), shop.engine, **DAYS, hitters=4, sample=0.1).hitters for _ in range(2))
    assert found == again
    counts = {hitter.value: hitter.rows for hitter in found if hitter.column == "user"}
    assert set(counts) == {"u0", "u1", "u2", "u3"}
    assert all(abs(count - 5_000) < 1_000 for count in counts.values())
    with pytest.raises(ChrononError, match="sample of 2"):
        analyze(spend(), shop.engine, **DAYS, hitters=4, sample=2)


def test_a_null_key_is_a_value(shop: World) -> None:
    shop.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [(None, 1, at("01-06"), "01-06")])
    found = analyze(spend(), shop.engine, **DAYS, hitters=5)
    assert Hitter("user", "NULL", 1) in found.hitters


def test_features_without_aggregations_and_with_derivations(shop: World) -> None:
    shop.table("db.users", {"user": "string", "country": "string"}, [("u1", "FR", "01-04")])
    source = EntitySource(snapshot_table="db.users", query=Query(selects=select("user", "country")))
    plain = GroupBy(name="g.u", sources=source, keys=["user"], aggregations=None)
    derived = spend(derivations=[Derivation("half", "amount_sum_7d / 2")])
    (country,), (half,) = (analyze(one, shop.engine, **DAYS).features for one in (plain, derived))
    assert (country.name, country.operation, country.window, country.input) == (
        "country",
        "No Operation",
        "Unbounded",
        "country",
    )
    assert (half.operation, half.input, half.kind, half.group_by) == ("Derivation", "half", t.DOUBLE, None)


def test_derivations_of_a_join_may_read_its_time_and_day(shop: World) -> None:
    join = training(derivations=[Derivation("when", "ts + g_a_amount_sum_7d"), Derivation("day", "ds")])
    found = analyze(join, shop.engine, **DAYS)
    assert [(f.name, f.operation, f.group_by) for f in found.features] == [
        ("when", "Derivation", None),
        ("day", "Derivation", None),
    ]


def test_external_values_have_the_name_of_their_schema(shop: World) -> None:
    source = ExternalSource("svc", "t", [("user", DataType.STRING)], [("risk", DataType.DOUBLE)])
    found = analyze(training(spend(), online_external_parts=[ExternalPart(source)]), shop.engine, **DAYS)
    assert found.features[-1].data() == {
        "name": "ext_svc_risk",
        "columnType": "double",
        "operation": None,
        "window": None,
        "inputColumn": "risk",
        "groupBy": "ext_svc_values",
    }
    assert found.right["ext_svc_risk"] == t.DOUBLE


@pytest.mark.parametrize("wrong", [None, 1_704_412_800, 9_000_000_000_000])
def test_times_must_be_milliseconds_of_this_century(shop: World, wrong: int | None) -> None:
    shop.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 1, wrong, "01-06")])
    found = analyze(training(), shop.engine, **DAYS)
    assert outcomes(found, "timestamps") == {"db.queries": OK, "db.purchases": FAILED, "db.sales": OK}
    detail = next(c.detail for c in found.failed if c.what == "timestamps")
    assert detail.startswith("1 of 2 rows have no time from 1971 to 2099")
    assert not outcomes(analyze(training(), shop.engine, **DAYS, check_timestamps=False), "timestamps")


def test_days_without_rows_are_not_checked(shop: World) -> None:
    found = analyze(training(), shop.engine, start="2024-01-08", end="2024-01-09")
    assert set(outcomes(found, "timestamps").values()) == {NOT_CHECKED}
    assert set(outcomes(found, "history").values()) == {NOT_CHECKED}
    assert not found.failed


def test_a_file_that_cannot_be_read_is_told_and_its_neighbours_are_looked_at(shop: World) -> None:
    file = shop.root / "db" / "purchases" / "ds=2024-01-05" / "rows.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + bytes(40) + whole[44:])  # its schema is at the end, and still there
    found = analyze(training(), shop.engine, **DAYS)
    assert outcomes(found, "table") == {"db.queries": OK, "db.purchases": FAILED, "db.sales": OK}


def test_keys_that_do_not_match_are_problems_of_the_definition(shop: World) -> None:
    left = EventSource(table="db.queries", query=Query(selects=select(user="length(user)"), time_column="ts"))
    with pytest.raises(ChrononError, match="'user', has mismatched data types - left type int, right type string"):
        analyze(training(spend(), left=left), shop.engine, **DAYS)


def test_a_bootstrap_makes_history_a_warning(shop: World) -> None:
    from chronon import BootstrapPart

    shop.table("db.given", {"user": "string", "g_a_amount_sum_7d": "long"}, [("u1", 3, "01-05")])
    given = BootstrapPart("db.given", key_columns=["user"])
    found = analyze(training(spend(), bootstrap_parts=[given], row_ids=["user"]), shop.engine, **DAYS)
    assert outcomes(found, "history") == {"g.a": WARNING}


def files(root: Path) -> set[Path]:
    """All files but those of temporary folders."""
    return {file for file in root.rglob("*") if file.is_file() and ".temp" not in file.parts}


def test_an_analysis_of_a_chain_writes_nothing(shop: World) -> None:
    source = JoinSource(training(spend()), query("item", "g_a_amount_sum_7d"))
    child = GroupBy(
        name="g.c",
        sources=source,
        keys=["item"],
        aggregations=[Aggregation("g_a_amount_sum_7d", Operation.MAX, windows=["3d"])],
        output_namespace="out",
    )
    before = files(shop.root)
    found = analyze(child, shop.engine, **DAYS, hitters=3)
    assert files(shop.root) == before
    assert (found.hitters, found.notes[0][:37]) == ([], "no heavy hitters: there is no table o")
    assert outcomes(found, "table") == {"out.t_j": NOT_CHECKED}
    assert not found.failed
    backfill_join(training(spend()), shop.engine, end="2024-01-05")
    found = analyze(child, shop.engine, **DAYS, hitters=3)
    assert outcomes(found, "table") == {"out.t_j": OK}
    assert Hitter("item", "i1", 2) in found.hitters


def test_the_page_says_it(shop: World) -> None:
    text = repr(analyze(training(), shop.engine, **DAYS, hitters=1))
    assert "2024-01-05 needs the partitions from 2023-12-28 on" in text
    assert "px_g_t_amount_count" in text
    assert "total_count" in text


def test_a_first_partition_is_noted(shop: World) -> None:
    group_by = spend()
    group_by.sources[0].events.query.startPartition = "2024-01-03"
    found = analyze(group_by, shop.engine, **DAYS)
    assert found.notes == ["g.a reads nothing before 2024-01-03, its startPartition"]
    assert found.table is None
    assert found.checks[-1] == Check(
        "history", "g.a", NOT_CHECKED, "it has no output namespace, so no table is to be filled"
    )
