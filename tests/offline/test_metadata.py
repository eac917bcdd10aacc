"""Metadata: compiled definitions with what is to be known of their features."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, StagingQuery, select
from chronon.api import wire
from chronon.base.errors import ConfigError
from chronon.offline.metadata import Entity, export_metadata, publish_metadata

from .conftest import World, at

DAYS = ("2024-01-05", "2024-01-06")


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u", 1, at("01-05"), "01-05")])
    return world


def source(table: str = "db.purchases") -> EventSource:
    return EventSource(table=table, query=Query(selects=select("user", "amount"), time_column="ts"))


def spend(name: str, table: str = "db.purchases") -> GroupBy:
    return GroupBy(source(table), ["user"], [Aggregation("amount", Operation.SUM, windows=["7d"])], name=name)


def exported(world: World, files: dict[str, Any], **kwargs: Any) -> dict[str, Entity]:
    texts = {path: one if isinstance(one, str) else wire.to_json(one) for path, one in files.items()}
    found, _ = export_metadata(texts, world.engine, days=DAYS, **kwargs)
    return {entity.path: entity for entity in found}


def test_each_kind_has_its_features(shop: World) -> None:
    query = StagingQuery(
        "SELECT user, amount FROM db.purchases WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'",
        name="a.q",
        start_partition="2024-01-01",
    )
    join = Join(source(), [JoinPart(spend("a.g"), prefix="p")], name="a.j")
    files = {"x/group_bys/a/g": spend("a.g"), "x/joins/a/j": join, "x/staging_queries/a/q": query}
    found = exported(shop, files)
    assert {path: entity.kind for path, entity in found.items()} == {
        "group_bys/a/g": "groupBy",
        "joins/a/j": "join",
        "staging_queries/a/q": "stagingQueries",
    }
    assert found["joins/a/j"].data["metaData"]["name"] == "a.j"
    assert found["joins/a/j"].data["features"] == [
        {
            "name": "p_a_g_amount_sum_7d",
            "columnType": "long",
            "operation": "sum",
            "window": "7d",
            "inputColumn": "amount",
            "groupBy": "a.g",
        }
    ]
    columns = [(f["name"], f["columnType"], f["operation"]) for f in found["staging_queries/a/q"].data["features"]]
    assert columns == [("user", "string", "StagingQuery"), ("amount", "long", "StagingQuery")]


def test_definitions_of_one_name_and_two_teams_are_two(shop: World) -> None:
    found = exported(shop, {"group_bys/a/g": spend("a.g"), "group_bys/b/g": spend("b.g")})
    assert list(found) == ["group_bys/a/g", "group_bys/b/g"]


def test_what_is_wrong_stands_in_its_place_and_stops_no_neighbour(shop: World) -> None:
    files = {
        "group_bys/a/good": spend("a.good"),
        "group_bys/a/lost": spend("a.lost", "db.nothing"),
        "group_bys/a/wrong": '{"aggregations": 3}',
        "models/a/m": "{}",
        "joins/a/torn": '{"left',
    }
    texts: dict[str, str | bytes] = {p: one if isinstance(one, str) else wire.to_json(one) for p, one in files.items()}
    texts["joins/a/not_text"] = b"\xff\xfe\x00"
    found, unreadable = export_metadata(texts, shop.engine, days=DAYS)
    assert unreadable == ["joins/a/not_text", "joins/a/torn"]
    said = {entity.path: entity.problem for entity in found}
    assert said["group_bys/a/good"] is None
    assert "there is no table db.nothing" in (said["group_bys/a/lost"] or "")
    assert "aggregations" in (said["group_bys/a/wrong"] or "")
    assert said["models/a/m"] == "Unknown entity type of models/a/m"


def test_group_bys_that_stand_in_joins_only(shop: World) -> None:
    join = Join(source(), [JoinPart(spend("a.own")), JoinPart(spend("a.inner"))], name="a.j")
    files = {"joins/a/j": join, "group_bys/a/own": spend("a.own")}
    assert set(exported(shop, files)) == {"joins/a/j", "group_bys/a/own"}
    found = exported(shop, files, embedded=True)
    inner = found["embedded_group_bys/a.inner"]
    assert set(found) == {"joins/a/j", "group_bys/a/own", inner.path}
    assert (inner.kind, inner.data["keyColumns"], len(inner.data["features"])) == ("embeddedGroupBy", ["user"], 1)


def test_a_table_has_a_row_for_each_and_a_second_run_replaces_its_day(shop: World) -> None:
    entities = list(exported(shop, {"group_bys/a/g": spend("a.g"), "models/a/m": "{}"}).values())
    for _ in range(2):
        assert publish_metadata(entities, "meta.features", "2024-01-06", shop.engine) == 2
    found = shop.rows("meta.features", "path", "entityType", "metadata", "ds")
    assert [(path, kind, ds) for path, kind, _, ds in found] == [
        ("group_bys/a/g", "groupBy", "2024-01-06"),
        ("models/a/m", "unknown", "2024-01-06"),
    ]
    assert json.loads(found[0][2])["features"][0]["window"] == "7d"
    with pytest.raises(ConfigError, match="features is no table"):
        publish_metadata(entities, "features", "2024-01-06", shop.engine)
