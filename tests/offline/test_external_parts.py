"""External parts in a backfill: columns that only serving knows, fields of the request, offline group-bys."""

from __future__ import annotations

from typing import Any

import pytest

from chronon import (
    Aggregation,
    BootstrapPart,
    Derivation,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    Operation,
    Query,
    select,
)
from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.join import ContextualSource, DataType, ExternalPart, ExternalSource
from chronon.base.errors import ConfigError, SchemaError
from chronon.offline import backfill_join

from .conftest import World, at


@pytest.fixture
def shop(world: World) -> World:
    columns = {"user": "string", "req": "string", "note": "string", "ts": "long"}
    rows = [("u1", "r1", "a", at("01-05 09:00"), "01-05"), ("u2", "r2", "b", at("01-05 10:00"), "01-05")]
    world.table("db.queries", columns, rows)
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [
        ("u1", 10, at("01-04 09:00"), "01-04"),
        ("u1", 5, at("01-03 09:00"), "01-03"),
    ])  # fmt: skip
    return world


def spend(name: str = "g.spend", accuracy: Accuracy = Accuracy.TEMPORAL, **kwargs: Any) -> GroupBy:
    return GroupBy(
        name=name,
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT)],
        **kwargs,
    )


def pay(**kwargs: Any) -> structs.ExternalPart:
    source = ExternalSource(
        "pay.svc", "team", key_fields=[("acct", DataType.STRING)], value_fields=[("score", DataType.LONG)]
    )
    return ExternalPart(source, **{"key_mapping": {"user": "acct"}, "prefix": "px", **kwargs})


def request() -> structs.ExternalPart:
    return ExternalPart(ContextualSource([("req", DataType.STRING), ("lat", DataType.DOUBLE)]))


def training(*externals: structs.ExternalPart, parts: list[JoinPart] | None = None, **kwargs: Any) -> Join:
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=select("user", "req", "note"), time_column="ts")),
        right_parts=[JoinPart(spend())] if parts is None else parts,
        online_external_parts=list(externals),
        row_ids=["req"],
        **kwargs,
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def run(world: World, join: Join, *columns: str) -> list[tuple[Any, ...]]:
    backfill_join(join, world.engine, end="2024-01-05")
    return world.rows("out.t_training", *columns)


LEFT = ("user", "ts", "req", "note")
EXTERNAL = ("ext_px_pay_svc_score", "ext_contextual_req", "ext_contextual_lat")
FEATURES = ("g_spend_amount_sum", "g_spend_amount_count")


def test_what_only_serving_knows_is_null_and_fields_of_the_request_come_from_the_left(shop: World) -> None:
    """Worked example 37. The service's key is on the left under another name, so no column of it is added."""
    found = run(shop, training(pay(), request()), *EXTERNAL)
    assert found == [(None, "r1", None), (None, "r2", None)]
    assert shop.columns("out.t_training") == [*LEFT, *EXTERNAL, *FEATURES]
    assert shop.engine.columns("out.t_training")["ext_contextual_lat"] is not None


def test_a_key_that_nobody_selects_adds_no_column(shop: World) -> None:
    """The original adds an empty one."""
    run(shop, training(pay(key_mapping=None)))
    assert shop.columns("out.t_training") == [*LEFT, EXTERNAL[0], *FEATURES]


def test_bootstrap_tables_fill_them(shop: World) -> None:
    """A field of the request fills the column that shows it, and the other way round."""
    shop.table("db.b", {"req": "string", "lat": "double", EXTERNAL[0]: "long"}, [("r1", 1.5, 99, "01-05")])
    join = training(pay(), request(), bootstrap_parts=[BootstrapPart("db.b")])
    assert run(shop, join, *EXTERNAL) == [(99, "r1", 1.5), (None, "r2", None)]
    shop.table("db.b", {"req": "string", EXTERNAL[2]: "double"}, [("r2", 2.5, "01-05")])
    join.derivations = [Derivation("both", "lat + ext_contextual_lat")]
    assert run(shop, join, "both") == [(None,), (5.0,)]


def test_derivations_read_them(shop: World) -> None:
    shop.table("db.b", {"req": "string", "lat": "double", EXTERNAL[0]: "long"}, [("r1", 1.5, 99, "01-05")])
    derivations = [
        Derivation("*", "*"),
        Derivation("lat", "ext_contextual_lat"),
        Derivation("sc", "ext_px_pay_svc_score + 1"),
    ]
    join = training(pay(), request(), bootstrap_parts=[BootstrapPart("db.b")], derivations=derivations, parts=[])
    assert run(shop, join, "lat", "sc") == [(1.5, 100), (None, None)]
    assert shop.columns("out.t_training") == ["user", "req", "note", "ts", EXTERNAL[0], EXTERNAL[1], "lat", "sc"]


def test_a_field_of_the_request_has_the_type_of_the_left_column(shop: World) -> None:
    part = ExternalPart(ContextualSource([("req", DataType.LONG)]))
    with pytest.raises(SchemaError, match=r"onlineExternalParts\[0\].*\n?.*req is a string on the left"):
        run(shop, training(part))


def offline(group_by: GroupBy, *values: tuple[str, structs.TDataType], name: str = "src.x", **kwargs: Any):
    source = ExternalSource(
        name, "team", key_fields=[("user", DataType.STRING)], value_fields=values, offline_group_by=group_by
    )
    return ExternalPart(source, **kwargs)


def test_an_offline_group_by_is_a_part_under_the_name_of_the_source(shop: World) -> None:
    """Worked example 38."""
    derivations = [Derivation("*", "*"), Derivation("es", "amount_sum")]
    group_by = spend("g.off", Accuracy.SNAPSHOT, derivations=derivations)
    part = offline(group_by, ("amount_count", DataType.LONG), ("es", DataType.LONG), prefix="txn")
    found = run(shop, training(part, parts=[]), "ext_txn_src_x_amount_count", "ext_txn_src_x_es")
    assert found == [(2, 15), (None, None)]
    assert shop.columns("out.t_training") == [
        "user",
        "req",
        "note",
        "ts",
        "ext_txn_src_x_amount_count",
        "ext_txn_src_x_es",
    ]


def test_the_source_must_declare_what_its_group_by_gives(shop: World) -> None:
    part = offline(spend("g.off"), ("amount_count", DataType.DOUBLE), ("more", DataType.LONG))
    with pytest.raises(ConfigError, match="3 problems") as caught:
        run(shop, training(part))
    for text in ("amount_count is a double", "amount_sum is absent", "more is a long", "g.off"):
        assert text in str(caught.value)


def test_two_sources_of_which_one_begins_like_the_other(shop: World) -> None:
    """Each is compared with its own group-by."""
    values = ("amount_sum", DataType.LONG), ("amount_count", DataType.LONG)
    parts = [offline(spend(f"g.{name}"), *values, name=name) for name in ("a", "a_b")]
    columns = "ext_a_amount_sum", "ext_a_b_amount_sum"
    assert run(shop, training(*parts, parts=[]), *columns) == [(15, 15), (None, None)]
