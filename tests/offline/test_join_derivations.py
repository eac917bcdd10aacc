"""Derivations of a join: what stays, what is renamed, who wins where names meet."""

from __future__ import annotations

import pytest

from chronon import Aggregation, Derivation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ExpressionError
from chronon.offline import backfill_join

from .conftest import World, at

SUM, COUNT = "g_spend_amount_sum_3d", "g_spend_amount_count"


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.queries", {"user": "string", "note": "string", "ts": "long"}, [("u1", "hm", at("01-05"), "01-05")])
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 10, at("01-04"), "01-04")])
    return world


def run(world: World, *derivations: Derivation, of_part: list[Derivation] | None = None) -> dict[str, object]:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[
            Aggregation("amount", Operation.SUM, windows=["3d"]),
            Aggregation("amount", Operation.COUNT),
        ],
        derivations=of_part,
    )
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=select("user", "note"), time_column="ts")),
        right_parts=[JoinPart(group_by)],
        derivations=list(derivations) or None,
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    backfill_join(join, world.engine, end="2024-01-05")
    names = [name for name in world.columns("out.t_training") if name not in ("user", "ts", "note")]
    return dict(zip(names, world.rows("out.t_training", *names)[0], strict=True))


def test_without_a_star_only_derivations_and_left_columns_stay(shop: World) -> None:
    assert run(shop, Derivation("total", SUM)) == {"total": 10}
    assert shop.columns("out.t_training") == ["user", "ts", "note", "total"]


def test_a_star_keeps_what_is_not_renamed(shop: World) -> None:
    assert run(shop, Derivation("*", "*"), Derivation("total", SUM)) == {COUNT: 1, "total": 10}


def test_the_star_stands_where_it_stands(shop: World) -> None:
    found = run(
        shop,
        Derivation("avg", f"{SUM} / {COUNT}"),
        Derivation("*", "*"),
        Derivation("nn", "concat(note, user, ds)"),
    )
    assert list(found.items()) == [("avg", 10.0), (SUM, 10), (COUNT, 1), ("nn", "hmu12024-01-05")]


@pytest.mark.parametrize("star", [(), (Derivation("*", "*"),)])
def test_a_derivation_replaces_the_feature_of_its_name(shop: World, star: tuple[Derivation, ...]) -> None:
    assert run(shop, *star, Derivation(SUM, f"coalesce({SUM}, 0) * 100"))[SUM] == 1000


def test_a_left_column_wins_over_a_derivation_of_its_name(shop: World) -> None:
    run(shop, Derivation("note", "upper(note)"), Derivation("total", SUM))
    assert shop.rows("out.t_training", "note") == [("hm",)]


def test_a_part_derives_before_it_is_joined(shop: World) -> None:
    of_part = [Derivation("tot", "amount_sum_3d"), Derivation("avg", "amount_sum_3d / amount_count")]
    assert run(shop, of_part=of_part) == {"g_spend_tot": 10, "g_spend_avg": 10.0}


def test_an_unknown_column_is_named_with_what_it_could_have_been(shop: World) -> None:
    with pytest.raises(ExpressionError, match="g_spend_amount_sum_3") as caught:
        run(shop, Derivation("total", "g_spend_amount_sum_3 + 1"))
    assert SUM in str(caught.value)
    assert "derivations['total']" in str(caught.value)
