"""Names and types of output columns, and definitions that are refused (sections 10, 11 and 12.13)."""

from __future__ import annotations

import pytest

from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base.errors import ConfigError, Problems
from chronon.testing.shorthand import aggregation, at, oracle, window

TYPES = {
    "x": "long",
    "i": "int",
    "d": "double",
    "f": "float",
    "s": "string",
    "b": "string",
    "b1": "string",
    "b2": "string",
    "flag": "boolean",
    "tiny": "byte",
    "raw": "binary",
    "day": "date",
    "moment": "timestamp",
    "l": "list<int>",
    "ll": "list<list<int>>",
    "ls": "list<struct<a:int>>",
    "m": "map<string,int>",
    "mm": "map<string,map<string,int>>",
}


@pytest.mark.parametrize(
    "definition, names",
    [
        pytest.param(aggregation("x", "SUM", "7d", "24h", None), ["x_sum_7d", "x_sum_24h", "x_sum"], id="N1"),
        pytest.param(
            aggregation("x", "LAST_K", "7d", k=10, buckets=["b", "s"]),
            ["x_last10_7d_by_b", "x_last10_7d_by_s"],
            id="N2",
        ),
        pytest.param(aggregation("x", "TOP_K", k=3), ["x_top3"], id="N3 top"),
        pytest.param(aggregation("x", "BOTTOM_K", k=3), ["x_bottom3"], id="N3 bottom"),
        pytest.param(aggregation("x", "FIRST_K", k=3), ["x_first3"], id="N3 first"),
        pytest.param(aggregation("s", "HISTOGRAM", k=3), ["s_histogram"], id="N4"),
        pytest.param(aggregation("s", "APPROX_HISTOGRAM_K"), ["s_approx_histogram_k"], id="N4 approximate"),
        pytest.param(aggregation("x", "BOUNDED_UNIQUE_COUNT"), ["x_bounded_unique_count"], id="N4 bounded"),
        pytest.param(aggregation("x", "APPROX_PERCENTILE"), ["x_approx_percentile"], id="N5"),
        pytest.param(aggregation("x", "AVERAGE", "5h", buckets=["b"]), ["x_average_5h_by_b"], id="N6"),
        pytest.param(
            aggregation("x", "SUM", "1d", "7d", buckets=["b1", "b2"]),
            ["x_sum_1d_by_b1", "x_sum_7d_by_b1", "x_sum_1d_by_b2", "x_sum_7d_by_b2"],
            id="N7",
        ),
    ],
)
def test_names_of_columns(definition, names):
    assert list(oracle(definition, **TYPES).outputs) == names


@pytest.mark.parametrize(
    "definition, kind",
    [
        (aggregation("x", "COUNT"), "long"),
        (aggregation("i", "SUM"), "long"),
        (aggregation("flag", "SUM"), "long"),
        (aggregation("f", "SUM"), "double"),
        (aggregation("i", "AVERAGE"), "double"),
        (aggregation("f", "VARIANCE"), "double"),
        (aggregation("f", "MIN"), "float"),
        (aggregation("tiny", "LAST"), "byte"),
        (aggregation("ls", "FIRST"), "list<struct<a:int>>"),
        (aggregation("m", "LAST_K", k=2), "list<map<string,int>>"),
        (aggregation("s", "TOP_K", k=2), "list<string>"),
        (aggregation("raw", "UNIQUE_COUNT"), "long"),
        (aggregation("x", "APPROX_PERCENTILE"), "list<float>"),
        (aggregation("s", "HISTOGRAM"), "map<string,int>"),
        (aggregation("d", "APPROX_HISTOGRAM_K"), "map<string,long>"),
        (aggregation("l", "SUM"), "long"),
        (aggregation("l", "TOP_K", k=2, element_wise=True), "list<list<int>>"),
        (aggregation("m", "AVERAGE"), "map<string,double>"),
        (aggregation("mm", "COUNT"), "map<string,long>"),
        (aggregation("ll", "COUNT"), "long"),
        (aggregation("l", "LAST", buckets=["b"]), "map<string,list<int>>"),
        (aggregation("l", "SUM", buckets=["b"]), "map<string,long>"),
    ],
)
def test_types_of_columns(definition, kind):
    assert [str(found) for found in oracle(definition, **TYPES).outputs.values()] == [kind]


def test_an_empty_list_is_the_same_as_none():
    definition = aggregation("x", "SUM")
    definition.windows, definition.buckets = [], []
    assert list(oracle(definition, **TYPES).outputs) == ["x_sum"]


def test_a_null_window_and_the_longest_one_are_the_whole_history():
    definition = aggregation("x", "SUM")
    for whole in (None, structs.Window(2147483647, TimeUnit.DAYS)):
        definition.windows = [whole]
        assert list(oracle(definition, **TYPES).outputs) == ["x_sum"]


@pytest.mark.parametrize(
    "definition, problem",
    [
        (aggregation("day", "COUNT"), "day is a date, which cannot be aggregated"),
        (aggregation("moment", "LAST"), "moment is a timestamp, which cannot be aggregated"),
        (aggregation("s", "SUM"), "SUM does not take s, a string"),
        (aggregation("s", "AVERAGE"), "AVERAGE does not take s, a string"),
        (aggregation("flag", "MIN"), "MIN does not take flag, a boolean"),
        (aggregation("tiny", "SUM"), "SUM does not take tiny, a byte"),
        (aggregation("ll", "UNIQUE_COUNT"), "UNIQUE_COUNT does not take ll, a list<list<int>>"),
        (aggregation("mm", "SUM"), "SUM does not take mm, a map<string,map<string,int>>"),
        (aggregation("i", "HISTOGRAM"), "HISTOGRAM does not take i, a int"),
        (aggregation("x", "TOP_K"), "argument k is missing"),
        (aggregation("x", "LAST_K", k="2.0"), "argument k is '2.0'"),
        (aggregation("x", "FIRST_K", k=0), "argument k is '0'"),
        (aggregation("x", "BOTTOM_K", k=-1), "argument k is '-1'"),
        (aggregation("x", "BOUNDED_UNIQUE_COUNT", k=0), "argument k is '0'"),
        (aggregation("x", "APPROX_HISTOGRAM_K", k=0), "argument k is '0'"),
        (aggregation("x", "APPROX_UNIQUE_COUNT", k=3), "argument k is '3'"),
        (aggregation("x", "APPROX_UNIQUE_COUNT", k=27), "argument k is '27'"),
        (aggregation("x", "APPROX_PERCENTILE", k=7), "argument k is '7'"),
        (aggregation("x", "APPROX_PERCENTILE", percentiles="0.5"), "percentiles is '0.5'"),
        (aggregation("x", "APPROX_PERCENTILE", percentiles="0.1,0.5"), "percentiles is '0.1,0.5'"),
        (aggregation("x", "APPROX_PERCENTILE", percentiles="[1.5]"), "percentiles is '[1.5]'"),
        (aggregation("x", "APPROX_PERCENTILE", percentiles="[true]"), "percentiles is '[true]'"),
        (aggregation("gone", "SUM"), "there is no input column gone"),
        (aggregation("x", "SUM", buckets=["gone"]), "there is no bucket column gone"),
        (aggregation("x", "SUM", buckets=["i"]), "bucket column i is a int"),
        (aggregation("m", "SUM", buckets=["b"]), "bucket column b with a map"),
        (
            aggregation("l", "SUM", buckets=["b"], element_wise=True),
            "bucket column b with a map or an element-wise list",
        ),
        (aggregation("x", "SUM", element_wise=True), "element-wise over a long"),
        (aggregation("m", "SUM", element_wise=True), "element-wise over a map<string,int>"),
        (aggregation("ll", "COUNT", element_wise=True), "element-wise over a list<list<int>>"),
        (aggregation("x", "SUM", "0d"), "a window of length 0"),
        (structs.Aggregation(inputColumn="x", operation=99), "99 is no operation"),
    ],
)
def test_wrong_definitions_are_refused_with_the_reason(definition, problem):
    with pytest.raises(ConfigError) as refusal:
        oracle(definition, **TYPES)
    assert problem in str(refusal.value)
    assert "aggregations[0]" in str(refusal.value)


def test_all_problems_are_reported_together():
    with pytest.raises(Problems) as refusal:
        oracle(aggregation("s", "SUM"), aggregation("x", "COUNT"), aggregation("x", "TOP_K"), **TYPES)
    assert "aggregations[0]" in str(refusal.value)
    assert "aggregations[2]" in str(refusal.value)


def test_two_columns_of_one_name_are_refused():  # N8
    with pytest.raises(ConfigError, match="two output columns are named s_histogram"):
        oracle(aggregation("s", "HISTOGRAM", k=1), aggregation("s", "HISTOGRAM", k=2), **TYPES)


def test_the_shorthand_says_what_it_means():
    definition = aggregation("x", "SUM", "36h", None, k=3)
    assert definition.operation == Operation.SUM
    assert definition.argMap == {"k": "3"}
    assert window("36h") == structs.Window(36, TimeUnit.HOURS)
    with pytest.raises(ConfigError, match="not an offset"):
        at("7d")
