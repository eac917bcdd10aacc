"""What a wrong definition is told: which aggregation, what is wrong, what would be right."""

from __future__ import annotations

import pytest

from chronon.aggregate import Aggregator
from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base.errors import ConfigError, Problems
from chronon.base.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    StructType,
)
from chronon.testing.shorthand import aggregation

SCHEMA = {
    "x": LONG,
    "s": STRING,
    "d": DATE,
    "t": TIMESTAMP,
    "flag": BOOLEAN,
    "byte": BYTE,
    "raw": BINARY,
    "items": ListType(LONG),
    "parts": ListType(StructType({"a": LONG})),
    "scores": MapType(STRING, LONG),
    "by_number": MapType(INT, LONG),
}
GOOD = aggregation("x", "SUM", "7d")

WRONG = {
    "no such column": (aggregation("y", "SUM"), "input column 'y' is not selected"),
    "date": (aggregation("d", "COUNT"), "a date cannot be aggregated"),
    "timestamp": (aggregation("t", "LAST"), "a timestamp cannot be aggregated"),
    "type of sum": (aggregation("s", "SUM"), "string is incompatible with SUM (input column 's'"),
    "type of average": (aggregation("flag", "AVERAGE"), "boolean is incompatible with AVERAGE"),
    "type of histogram": (aggregation("x", "HISTOGRAM"), "long is incompatible with HISTOGRAM"),
    "type of items": (aggregation("parts", "MAX"), "is incompatible with MAX"),
    "type of a map": (aggregation("by_number", "SUM"), "is incompatible with SUM"),
    "byte": (aggregation("byte", "MIN"), "byte is incompatible with MIN"),
    "binary": (aggregation("raw", "TOP_K", k=2), "binary is incompatible with TOP_K"),
    "no k": (aggregation("x", "FIRST_K"), "k needs to be specified in the argMap for FIRST_K"),
    "k of text": (aggregation("x", "LAST_K", k="two"), "k is 'two' for LAST_K"),
    "k with a point": (aggregation("x", "TOP_K", k="2.0"), "k is '2.0' for TOP_K"),
    "k of zero": (aggregation("x", "BOTTOM_K", k=0), "k is '0' for BOTTOM_K"),
    "k of zero frequent": (aggregation("x", "APPROX_HISTOGRAM_K", k=0), "k is '0' for APPROX_HISTOGRAM_K"),
    "small distinct sketch": (aggregation("x", "APPROX_UNIQUE_COUNT", k=3), "k is '3' for APPROX_UNIQUE_COUNT"),
    "large distinct sketch": (aggregation("x", "APPROX_UNIQUE_COUNT", k=27), "k is '27' for APPROX_UNIQUE_COUNT"),
    "small percentiles sketch": (aggregation("x", "APPROX_PERCENTILE", k=7), "k is '7' for APPROX_PERCENTILE"),
    "percentiles of text": (aggregation("x", "APPROX_PERCENTILE", percentiles="0.5"), "percentiles are '0.5'"),
    "percentiles beyond one": (aggregation("x", "APPROX_PERCENTILE", percentiles="[0.5, 1.5]"), "percentiles are"),
    "no such bucket": (aggregation("x", "SUM", buckets=["shop"]), "bucket column 'shop' is not selected"),
    "bucket of numbers": (aggregation("x", "SUM", buckets=["x"]), "bucket column 'x' is of type long"),
    "element-wise number": (aggregation("x", "SUM", element_wise=True), "element_wise needs a list of scalars"),
    "element-wise map": (aggregation("scores", "SUM", element_wise=True), "element_wise needs a list of scalars"),
    "element-wise structs": (aggregation("parts", "COUNT", element_wise=True), "element_wise needs a list of scalars"),
    "element-wise buckets": (
        aggregation("items", "SUM", element_wise=True, buckets=["s"]),
        "element_wise and buckets cannot be combined",
    ),
    "map by bucket": (aggregation("scores", "SUM", buckets=["s"]), "a map input and buckets cannot be combined"),
    "window of nothing": (aggregation("x", "SUM", "0d"), "a window of length 0"),
    "no operation": (structs.Aggregation("x", 99), "99 is no operation"),
}


@pytest.mark.parametrize("wrong, message", WRONG.values(), ids=WRONG)
def test_a_wrong_aggregation_is_named_with_what_is_wrong(wrong, message):
    with pytest.raises(ConfigError) as refusal:
        Aggregator([GOOD, wrong], SCHEMA, definition="shop.purchases.v1")
    text = str(refusal.value)
    assert text.startswith("shop.purchases.v1, field aggregations[1]: ")
    assert message in text


def test_all_problems_are_told_together():
    wrong = [aggregation("y", "SUM"), GOOD, aggregation("s", "SUM"), GOOD]
    with pytest.raises(Problems) as refusal:
        Aggregator(wrong, SCHEMA, definition="shop.purchases.v1")
    text = str(refusal.value)
    assert "aggregations[0]: input column 'y'" in text
    assert "aggregations[2]: string is incompatible" in text
    assert "two aggregations give a column named x_sum_7d" in text


def test_aggregations_that_differ_only_in_their_arguments_would_have_one_name():
    twice = [aggregation("s", "HISTOGRAM", k=1), aggregation("s", "HISTOGRAM", k=2)]
    with pytest.raises(ConfigError, match="two aggregations give a column named s_histogram"):
        Aggregator(twice, SCHEMA)


# ---- what is right


def outputs(*aggregations, **types):
    return Aggregator(aggregations, {**SCHEMA, **types}).outputs


def test_columns_come_by_aggregation_then_bucket_then_window():
    made = outputs(aggregation("x", "SUM", "1d", "7d", buckets=["a", "b"]), GOOD, a=STRING, b=STRING)
    assert list(made) == ["x_sum_1d_by_a", "x_sum_7d_by_a", "x_sum_1d_by_b", "x_sum_7d_by_b", "x_sum_7d"]


def test_absent_and_empty_windows_and_buckets_mean_one_column_over_the_whole_history():
    for windows in (None, [], [None], [structs.Window(2147483647, TimeUnit.DAYS)]):
        for buckets in (None, []):
            assert list(outputs(structs.Aggregation("x", Operation.SUM, windows=windows, buckets=buckets))) == ["x_sum"]


def test_the_whole_history_is_no_window():
    lifetime = Aggregator([structs.Aggregation("x", Operation.SUM, windows=[structs.Window(2147483647)])], SCHEMA)
    assert not lifetime.windowed
    assert lifetime.widest_window is None
    assert Aggregator([GOOD, aggregation("x", "MAX", "36h")], SCHEMA).widest_window == 7 * 24 * 3600 * 1000


def test_without_an_operation_the_last_value_is_taken():
    assert outputs(structs.Aggregation("x")) == {"x_last": LONG}


@pytest.mark.parametrize(
    "operation, column, result",
    [
        ("COUNT", "s", LONG),
        ("SUM", "x", LONG),
        ("SUM", "flag", LONG),
        ("SUM", "f", DOUBLE),
        ("AVERAGE", "x", DOUBLE),
        ("VARIANCE", "f", DOUBLE),
        ("MIN", "f", FLOAT),
        ("MAX", "short", SHORT),
        ("MAX", "s", STRING),
        ("FIRST", "parts", SCHEMA["parts"]),
        ("TOP_K", "f", ListType(FLOAT)),
        ("LAST_K", "items", ListType(ListType(LONG))),
        ("UNIQUE_COUNT", "raw", LONG),
        ("APPROX_PERCENTILE", "x", ListType(FLOAT)),
        ("HISTOGRAM", "s", MapType(STRING, INT)),
        ("APPROX_HISTOGRAM_K", "x", MapType(STRING, LONG)),
        ("AVERAGE", "items", DOUBLE),
        ("AVERAGE", "scores", MapType(STRING, DOUBLE)),
        ("COUNT", "parts", LONG),
        ("COUNT", "by_number", LONG),
    ],
)
def test_types_of_results(operation, column, result):
    arguments = {"k": 2} if operation in ("TOP_K", "LAST_K") else {}
    (found,) = outputs(aggregation(column, operation, **arguments), f=FLOAT, short=SHORT).values()
    assert found == result


def test_k_stands_in_the_name_as_a_number():
    made = Aggregator([aggregation("x", "LAST_K", k="+4"), aggregation("x", "TOP_K", k="007")], SCHEMA)
    assert list(made.outputs) == ["x_last4", "x_top7"]
