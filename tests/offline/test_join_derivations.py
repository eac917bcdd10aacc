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


def run(
    world: World,
    *derivations: Derivation,
    of_part: list[Derivation] | None = None,
    left: tuple[str, ...] = ("user", "note"),
    accuracy: Accuracy = Accuracy.TEMPORAL,
) -> dict[str, object]:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[
            Aggregation("amount", Operation.SUM, windows=["3d"]),
            Aggregation("amount", Operation.COUNT),
        ],
        derivations=of_part,
    )
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=select(*left), time_column="ts")),
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


def test_the_star_of_a_part_keeps_its_features_and_a_key_can_be_read(shop: World) -> None:
    """The rest of worked example 31."""
    star = Derivation("*", "*")
    mean = Derivation("avg", "amount_sum_3d / amount_count")
    assert run(shop, of_part=[star, mean]) == {SUM: 10, COUNT: 1, "g_spend_avg": 10.0}
    assert run(shop, of_part=[star, Derivation("usr2", "user")]) == {SUM: 10, COUNT: 1, "g_spend_usr2": "u1"}


def test_a_part_replaces_a_feature_with_a_star_and_without(shop: World) -> None:
    replaced = Derivation("amount_count", "amount_count + 100")
    assert run(shop, of_part=[replaced]) == {COUNT: 101}
    assert run(shop, Derivation("*", "*"), of_part=[Derivation("*", "*"), replaced]) == {SUM: 10, COUNT: 101}


def test_a_part_may_read_the_time_and_the_partition(shop: World) -> None:
    found = run(shop, of_part=[Derivation("at", "ts"), Derivation("on", "ds")])
    assert found == {"g_spend_at": at("01-05"), "g_spend_on": "2024-01-05"}


def test_a_derivation_may_read_those_before_it(shop: World) -> None:
    """As in a Spark query, where a column wins over a derivation of its name."""
    twice = Derivation("twice", f"{SUM} * 2")
    found = run(
        shop, twice, Derivation("more", "twice + 1"), Derivation("most", "more * more"), Derivation("note2", "note")
    )
    assert found == {"twice": 20, "more": 21, "most": 441, "note2": "hm"}
    with pytest.raises(ExpressionError, match="later"):
        run(shop, Derivation("sooner", "later + 1"), Derivation("later", SUM))


def test_a_left_column_of_a_features_name_stays_under_a_star(world: World) -> None:
    """There it vanished in the original."""
    world.table("db.queries", {"user": "string", SUM: "long", "ts": "long"}, [("u1", 77, at("01-05"), "01-05")])
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 10, at("01-04"), "01-04")])
    found = run(world, Derivation("*", "*"), left=("user", SUM))
    assert found == {SUM: 77, COUNT: 1}


@pytest.mark.parametrize("accuracy", Accuracy)
def test_a_key_of_which_nothing_is_known_has_its_derivations(world: World, accuracy: Accuracy) -> None:
    """As a fetch has; the original's snapshots have no row of such a key."""
    world.table("db.queries", {"user": "string", "note": "string", "ts": "long"}, [("u9", "a", at("01-05"), "01-05")])
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 10, at("01-04"), "01-04")])
    assert run(world, of_part=[Derivation("n", "coalesce(amount_count, 0)")], accuracy=accuracy) == {"g_spend_n": 0}


def test_rows_that_ask_nothing_have_nothing_derived(world: World) -> None:
    """Neither a row without its key nor one without its time; a key of which nothing is known is asked for."""
    rows = [(None, "a", at("01-05"), "01-05"), ("u1", "b", None, "01-05"), ("u9", "c", at("01-05"), "01-05")]
    world.table("db.queries", {"user": "string", "note": "string", "ts": "long"}, rows)
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, [("u1", 10, at("01-04"), "01-04")])
    run(world, of_part=[Derivation("n", "coalesce(amount_count, 0)")])
    assert set(world.rows("out.t_training", "note", "g_spend_n")) == {("a", None), ("b", None), ("c", 0)}


def test_an_unknown_column_is_named_with_what_it_could_have_been(shop: World) -> None:
    with pytest.raises(ExpressionError, match="g_spend_amount_sum_3") as caught:
        run(shop, Derivation("total", "g_spend_amount_sum_3 + 1"))
    assert SUM in str(caught.value)
    assert "derivations['total']" in str(caught.value)
