"""A group-by over Spark frames, as tests of definitions run it."""

import pytest

from ai.chronon.group_by import Accuracy, Aggregation, Derivation, GroupBy, Operation
from ai.chronon.query import Query, select
from ai.chronon.repo.test_helpers import run_group_by_with_inputs
from chronon import EventSource

DAY = 86_400_000
NOON = 1_704_844_800_000 + DAY // 2


def group_by(accuracy):
    return GroupBy(
        sources=EventSource(table="real.charges", query=Query(select("shop"), time_column="at")),
        keys=["shop"],
        aggregations=[
            Aggregation("charge", Operation.COUNT, ["1d", "7d"]),
            Aggregation("currency", Operation.LAST),
        ],
        derivations=[Derivation("only", "charge_count_1d")],
        accuracy=accuracy,
    )


def test_features_stand_beside_the_queries(spark):
    events = spark.createDataFrame(
        [("a", "EUR", 1, NOON - 2 * DAY, "x"), ("b", "GBP", 2, NOON - 5, "x"), ("a", "USD", 3, NOON - 4, "x"),
         ("a", "CHF", 4, NOON, "x")],
        ["shop", "currency", "charge", "ts", "ds"],
    )  # fmt: skip
    queries = spark.createDataFrame([("a", NOON, "y"), ("b", NOON, "y"), ("c", NOON, "y")], ["shop", "ts", "ds"])
    found = run_group_by_with_inputs(group_by(Accuracy.TEMPORAL), events, queries, spark)
    assert found.columns == ["shop", "ts", "ds", "charge_count_1d", "charge_count_7d", "currency_last"]
    assert sorted(tuple(row)[3:] for row in found.collect() if row.shop != "c") == [(1, 1, "GBP"), (1, 2, "USD")]


def test_it_is_as_of_an_instant(spark):
    frame = spark.createDataFrame([("a", 1, "e", NOON)], ["shop", "charge", "currency", "ts"])
    with pytest.raises(NotImplementedError, match="TEMPORAL"):
        run_group_by_with_inputs(group_by(Accuracy.SNAPSHOT), frame, frame, spark)
