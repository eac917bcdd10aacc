"""Bootstrap tables: values that are taken instead of being computed; by row, by column, by part.

The rows of the first tests are those of the specification's worked examples 33 to 36, which were run on the original.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
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
from chronon.api.enums import Accuracy
from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow
from chronon.base.errors import ConfigError, DataError, MissingDataError, SchemaError
from chronon.engine.logged import log_stamp
from chronon.offline import backfill_join
from chronon.offline.result import Backfill

from .conftest import World, at, day

SUM, COUNT = "g_spend_amount_sum_3d", "g_spend_amount_count"


@pytest.fixture
def shop(world: World) -> World:
    rows = [
        ("u1", "r1", at("01-05 01:00"), "01-05"),
        ("u2", "r2", at("01-05 02:00"), "01-05"),
        ("u3", "r3", at("01-05 03:00"), "01-05"),
        ("u3", "r4", at("01-05 04:00"), "01-05"),
        ("u2", "r5", at("01-06 01:00"), "01-06"),
    ]
    world.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, rows)
    purchases = [
        ("u1", 10, at("01-04 01:00"), "01-04"),
        ("u2", 10, at("01-04 02:00"), "01-04"),
        ("u2", 3, at("01-04 03:00"), "01-04"),
        ("u3", 5, at("01-04 04:00"), "01-04"),
    ]
    world.table("db.purchases", {"user": "string", "amount": "long", "ts": "long"}, purchases)
    return world


def spend(name: str = "g.spend", operation: Operation = Operation.COUNT) -> GroupBy:
    return GroupBy(
        name=name,
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("amount", Operation.SUM, windows=["3d"]), Aggregation("amount", operation)],
    )


def training(*bootstraps: BootstrapPart, parts: list[JoinPart] | None = None, **kwargs: Any) -> Join:
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=select("user", "req"), time_column="ts")),
        right_parts=parts or [JoinPart(spend())],
        bootstrap_parts=list(bootstraps),
        **{"row_ids": ["req"], **kwargs},
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def run(world: World, join: Join, *columns: str) -> dict[str, tuple[Any, ...]]:
    backfilled(world, join)
    return {row[0]: row[1:] for row in world.rows("out.t_training", "req", *(columns or (SUM, COUNT)))}


def backfilled(world: World, join: Join) -> Backfill:
    return backfill_join(join, world.engine, end="2024-01-06")


def table(name: str, *columns: str, **query: Any) -> BootstrapPart:
    return BootstrapPart(table=name, query=Query(selects=select("req", *columns), **query))


def test_the_first_table_with_a_value_wins_and_nulls_are_meant_where_a_table_gives_all(shop: World) -> None:
    one = [("r1", 1000, "01-05"), ("r3", None, "01-05"), ("r4", 4444, "01-06")]
    shop.table("db.b1", {"req": "string", SUM: "long"}, one)
    shop.table("db.b2", {"req": "string", SUM: "long", COUNT: "long"}, [
        ("r1", 2000, 21, "01-05"),
        ("r2", 2222, None, "01-05"),
    ])  # fmt: skip
    assert run(shop, training(table("db.b1", SUM), table("db.b2", SUM, COUNT))) == {
        "r1": (1000, 21),  # the first table wins; together they give everything
        "r2": (2222, None),  # the second gives both, so its null is meant
        "r3": (5, 1),  # the first gives only the sum, so its null is filled
        "r4": (5, 1),  # known for another day
        "r5": (13, 2),
    }
    assert shop.columns("out.t_training") == ["user", "ts", "req", SUM, COUNT]


def test_a_derived_column_may_be_given(shop: World) -> None:
    shop.table("db.b", {"req": "string", "avg": "double"}, [("r1", 0.5, "01-05"), ("r2", None, "01-05")])
    join = training(table("db.b", "avg"), derivations=[Derivation("avg", f"{SUM} / {COUNT}")])
    assert run(shop, join, "avg") == {"r1": (0.5,), "r2": (None,), "r3": (5.0,), "r4": (5.0,), "r5": (6.5,)}


def test_a_derivation_that_replaces_a_feature_is_given_as_it_comes_out(shop: World) -> None:
    shop.table("db.b", {"req": "string", SUM: "long"}, [("r1", 7, "01-05")])
    join = training(table("db.b", SUM), derivations=[Derivation("*", "*"), Derivation(SUM, f"{SUM} * 100")])
    assert run(shop, join, SUM)["r1"] == (7,)
    assert run(shop, join, SUM)["r2"] == (1300,)


def test_what_a_log_row_gives_is_said_by_its_schema(shop: World) -> None:
    """A column that the row's schema does not have is computed, whatever the table holds."""
    other = "g_other_amount_max"
    columns: dict[str, t.DataType] = {"req": t.STRING, "schema_hash": t.STRING, "ts": t.LONG}
    columns |= dict.fromkeys([SUM, COUNT, other], t.LONG)
    stamp = log_stamp({"H1": {SUM: t.LONG, COUNT: t.LONG}, "H2": {SUM: t.LONG, other: t.LONG}})
    schema = schema_to_arrow(columns).with_metadata({f"chronon.{key}": value for key, value in stamp.items()})
    rows = [
        {"req": "r2", "schema_hash": "H1", "ts": at("01-05 02:00"), SUM: 76, COUNT: 1, other: 9},
        {"req": "r2", "schema_hash": "H1", "ts": at("01-05 02:01"), SUM: 77, COUNT: None, other: 9},  # the later one
        {"req": "r3", "schema_hash": "H2", "ts": at("01-05 03:00"), SUM: 70, COUNT: 8, other: None},
        {"req": "r4", "schema_hash": None, "ts": at("01-05 03:00"), SUM: 70, COUNT: 8, other: 9},
    ]
    with shop.engine.warehouse.writing("out.t_training_logged"):
        batch = pa.RecordBatch.from_pylist(rows, schema)
        shop.engine.warehouse.publish("out.t_training_logged", ("ds", day("01-05")), [batch], schema)
    parts = [JoinPart(spend()), JoinPart(spend("g.other", Operation.MAX))]
    found = run(shop, training(BootstrapPart(table="out.t_training_logged"), parts=parts), SUM, COUNT, other)
    assert found["r2"] == (77, None, 10)
    assert found["r3"] == (70, 1, 5)
    assert found["r4"] == (5, 1, 5)


def test_what_nobody_asks_for_is_not_read(shop: World) -> None:
    """Two tables give for all rows what a part would; then the rows of its sources may even be broken."""
    for name, column in (("db.b1", SUM), ("db.b2", COUNT)):
        rows = [(f"r{n}", n, "01-06" if n == 5 else "01-05") for n in range(1, 6)]
        shop.table(name, {"req": "string", column: "long"}, rows)
    for file in (shop.root / "db" / "purchases").glob("*/*"):
        whole = file.read_bytes()
        file.write_bytes(whole[:4] + b"\xff" * 16 + whole[20:])  # the first column's first page
    derivations = [Derivation("total", SUM), Derivation("times", COUNT)]
    join = training(table("db.b1", SUM), table("db.b2", COUNT), derivations=derivations)
    assert run(shop, join, "total", "times") == {f"r{n}": (n, n) for n in range(1, 6)}
    with pytest.raises(DataError):
        run(shop, training())


def test_row_ids_may_be_several_and_of_each_table_its_own(shop: World) -> None:
    shop.table("db.b", {"req": "string", "user": "string", COUNT: "long"}, [
        ("r1", "u1", 100, "01-05"),
        ("r2", "u1", 100, "01-05"),  # not the user of r2
    ])  # fmt: skip
    part = BootstrapPart("db.b", key_columns=["req", "user"], query=Query(selects=select("req", "user", COUNT)))
    found = run(shop, training(part, row_ids=None))
    assert (found["r1"], found["r2"]) == ((10, 100), (13, 2))


def test_a_time_is_a_row_id_too(shop: World) -> None:
    rows = [("u1", at("01-05 01:00"), 100, "01-05"), ("u2", at("01-05 01:00"), 100, "01-05")]
    shop.table("db.b", {"user": "string", "ts": "long", COUNT: "long"}, rows)
    part = BootstrapPart("db.b", key_columns=["user", "ts"])
    found = run(shop, training(part, row_ids=None))
    assert (found["r1"], found["r2"]) == ((10, 100), (13, 2))


def test_a_table_has_its_own_partition_column_and_bounds(shop: World) -> None:
    rows = [{"req": "r1", COUNT: 50, "day": "2024-01-05"}, {"req": "r5", COUNT: 50, "day": "2024-01-06"}]
    folder = shop.root / "db" / "b"
    for row in rows:
        inside = folder / f"day={row['day']}"
        inside.mkdir(parents=True)
        pa.parquet.write_table(
            pa.Table.from_pylist([{k: v for k, v in row.items() if k != "day"}]), inside / "a.parquet"
        )
    part = table("db.b", COUNT, partition_column="day", end_partition="2024-01-05")
    found = run(shop, training(part))
    assert (found["r1"], found["r5"]) == ((10, 50), (13, 2))


def test_conditions_and_expressions_of_a_table_count(shop: World) -> None:
    shop.table("db.b", {"id": "string", "n": "int"}, [("R1", 1, "01-05"), ("R2", -1, "01-05")])
    query = Query(selects={"req": "lower(id)", COUNT: "n * 10"}, wheres=["n > 0"])
    found = run(shop, training(BootstrapPart("db.b", query=query)))
    assert (found["r1"], found["r2"]) == ((10, 10), (13, 2))  # an int is a long that is short


@pytest.mark.parametrize("reverse", [False, True])
def test_of_rows_with_one_row_id_the_greatest_is_taken_and_they_are_told(shop: World, reverse: bool) -> None:
    rows = [("r1", 7, "01-05"), ("r1", 9, "01-05"), ("r1", None, "01-05")]
    shop.table("db.b", {"req": "string", COUNT: "long"}, rows[::-1] if reverse else rows)
    result = backfilled(shop, training(table("db.b", COUNT)))
    assert shop.rows("out.t_training", COUNT)[0] == (9,)
    assert result.left_out == {"rows of db.b with the row id of another (the latest is taken)": 2}


def test_left_rows_of_one_row_id_are_all_bootstrapped_and_told(shop: World) -> None:
    rows = [("u1", "r1", at("01-05 01:00"), "01-05"), ("u2", "r1", at("01-05 02:00"), "01-05")]
    shop.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, rows)
    shop.table("db.b", {"req": "string", COUNT: "long"}, [("r1", 9, "01-05")])
    result = backfilled(shop, training(table("db.b", COUNT)))
    assert shop.rows("out.t_training", "user", COUNT)[:2] == [("u1", 9), ("u2", 9)]
    assert result.left_out == {"left rows with the req, ds of another (each is bootstrapped)": 1}


def test_a_key_that_a_table_knows_is_computed_with(shop: World) -> None:
    rows = [(None, "r1", at("01-05 01:00"), "01-05")]
    shop.table("db.queries", {"user": "string", "req": "string", "ts": "long"}, rows)
    shop.table("db.b", {"req": "string", "user": "string"}, [("r1", "u2", "01-05")])
    assert run(shop, training(table("db.b", "user")), "user", SUM)["r1"] == ("u2", 13)


def test_a_star_lets_a_table_fill_left_columns(shop: World) -> None:
    shop.table("db.queries", {"user": "string", "req": "string", "note": "string", "ts": "long"}, [
        ("u1", "r1", None, at("01-05 01:00"), "01-05"),
        ("u2", "r2", "mine", at("01-05 01:00"), "01-05"),
    ])  # fmt: skip
    rows = [("r1", "hers", "01-05"), ("r2", "hers", "01-05")]
    shop.table("db.b", {"req": "string", "note": "string"}, rows)
    join = training(table("db.b", "note"), derivations=[Derivation("*", "*")])
    join.left.events.query.selects["note"] = "note"
    found = run(shop, join, "note")
    assert (found["r1"], found["r2"]) == (("hers",), ("mine",))
    join.derivations = None
    with pytest.raises(SchemaError, match="note"):
        backfilled(shop, join)


def test_what_a_day_had_before_does_not_matter(shop: World) -> None:
    """A later run of older days finds the tables as they are: nothing is kept of an earlier look."""
    shop.table("db.b", {"req": "string", COUNT: "long"}, [("r5", 9, "01-06")])
    join = training(table("db.b", COUNT))
    backfill_join(join, shop.engine, start="2024-01-06", end="2024-01-06")
    shop.table("db.b", {"req": "string", COUNT: "long"}, [("r1", 9, "01-05")])
    backfill_join(join, shop.engine, end="2024-01-06", run_first_hole=True)
    found = {row[0]: row[1] for row in shop.rows("out.t_training", "req", COUNT)}
    assert (found["r1"], found["r2"], found["r5"]) == (9, 2, 9)


def test_another_table_is_another_output(shop: World) -> None:
    shop.table("db.b", {"req": "string", COUNT: "long"}, [("r1", 9, "01-05")])
    assert run(shop, training())["r1"] == (10, 1)
    assert run(shop, training(table("db.b", COUNT)))["r1"] == (10, 9)


# ---- what is refused


def refused(world: World, join: Join, kind: type[Exception], *texts: str) -> None:
    with pytest.raises(kind) as caught:
        backfilled(world, join)
    for text in ("t.training", "bootstrapParts[0]", *texts):
        assert text in str(caught.value)


def test_a_value_of_another_type_is_refused(shop: World) -> None:
    shop.table("db.b", {"req": "string", COUNT: "double", SUM: "string"}, [("r1", 1.5, "x", "01-05")])
    join = training(table("db.b", COUNT, SUM))
    refused(shop, join, SchemaError, f"{COUNT} is a double", "a long", f"{SUM} is a string", "cast to these types")


def test_an_unknown_column_is_refused(shop: World) -> None:
    shop.table("db.b", {"req": "string", "g_spend_amount": "long"}, [("r1", 1, "01-05")])
    refused(shop, training(table("db.b", "g_spend_amount")), SchemaError, "g_spend_amount (long)", SUM)


def test_a_missing_table_is_refused(shop: World) -> None:
    refused(shop, training(table("db.bootstrap", SUM)), MissingDataError, "there is no table db.bootstrap")


def test_a_row_id_must_be_on_both_sides_and_of_one_type(shop: World) -> None:
    shop.table("db.b", {"request": "string", "user": "long", COUNT: "long"}, [("r1", 1, 1, "01-05")])
    refused(shop, training(BootstrapPart("db.b", query=Query(selects=select(COUNT)))), ConfigError, "req")
    part = BootstrapPart("db.b", key_columns=["request"])
    refused(shop, training(part), SchemaError, "row id request is not selected on the left")
    part = BootstrapPart("db.b", key_columns=["user"], query=Query(selects=select("user", COUNT)))
    refused(shop, training(part), SchemaError, "user is a string on the left, a long in db.b")


def test_row_ids_are_needed(shop: World) -> None:
    shop.table("db.b", {"req": "string", COUNT: "long"}, [("r1", 1, "01-05")])
    refused(shop, training(table("db.b", COUNT), row_ids=None), ConfigError, "is NOT set", "row_ids of the join")


def test_reserved_columns_on_the_left_are_refused(shop: World) -> None:
    join = training()
    join.left.events.query.selects["matched_hashes"] = "req"
    with pytest.raises(ConfigError, match="matched_hashes, which are reserved by Chronon"):
        backfilled(shop, join)
