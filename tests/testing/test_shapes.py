"""How operations meet lists, maps and buckets, and what reversals take back (sections 12.3 to 12.5)."""

from __future__ import annotations

import math

import pytest

from chronon.base.errors import DataError
from chronon.base.types import STRING, parse_type
from chronon.testing.algebra import Algebra
from chronon.testing.oracle import Oracle, Row
from chronon.testing.shorthand import aggregation
from chronon.testing.tolerance import assert_same

NAN = math.nan
EACH = {"element_wise": True}


def ask(kind, operation, cells, removed=(), **options):
    """The result over rows with these cells, then reversals of rows with those."""
    rows = [Row(i, {"x": cell}, is_before=i > len(cells)) for i, cell in enumerate([*cells, *removed], 1)]
    return answered([aggregation("x", operation, **options)], {"x": parse_type(kind)}, rows)


def answered(definition, schema, rows):
    """The oracle's answer, which is the kernel's too: of a backfill, and of a fetch of changes."""
    (answer,) = Oracle(definition, schema).at(rows, 1_000_000).values()
    algebra = Algebra(definition, schema)
    if not any(row.is_before for row in rows):
        assert_same([answer], list(algebra.at(rows, 1_000_000).values()))
    assert_same([answer], list(algebra.mutations([], rows, 0, 1_000_000).values()))
    return answer


def ask_buckets(kind, operation, pairs, removed=(), **options):
    """The same for (cell, bucket) pairs."""
    rows = [Row(i, {"x": x, "b": b}, is_before=i > len(pairs)) for i, (x, b) in enumerate([*pairs, *removed], 1)]
    definition = [aggregation("x", operation, buckets=["b"], **options)]
    return answered(definition, {"x": parse_type(kind), "b": STRING}, rows)


@pytest.mark.parametrize(
    "kind, operation, options, cells, expected",
    [
        pytest.param("list<int>", "AVERAGE", {}, [[1, 2, 3], [3, 4], [5]], 3.0, id="C1"),
        pytest.param("list<long>", "COUNT", {}, [[1, None, 3], None, [], [None]], 2, id="C2"),
        pytest.param("list<long>", "COUNT", {}, [[], [None], None], None, id="C3"),
        pytest.param("list<struct<a:int>>", "COUNT", {}, [[(1,), (2,)], []], 2, id="C4 rows"),
        pytest.param("list<byte>", "COUNT", {}, [[1, 2]], 1, id="C5 rows"),
        pytest.param("map<int,int>", "COUNT", {}, [{1: 5}], 1, id="C6 rows"),
        pytest.param("list<int>", "TOP_K", {"k": 2}, [[1, None, 9], [], [4]], [9, 4], id="C7"),
        pytest.param("list<string>", "HISTOGRAM", {}, [["a", "b", None, "a"]], {"a": 2, "b": 1}, id="C8"),
        pytest.param("list<double>", "APPROX_PERCENTILE", {}, [[1, None, 9], [4]], [4.0], id="C9"),
        pytest.param("list<boolean>", "SUM", {}, [[True, False, True]], 2, id="C10"),
        pytest.param("list<double>", "SUM", {}, [[1.0, NAN]], None, id="NaN of a flattened list is null"),
    ],
)
def test_elements_of_a_list_are_values(kind, operation, options, cells, expected):
    assert_same(ask(kind, operation, cells, **options), expected)


@pytest.mark.parametrize(
    "kind, operation, options, cells, expected",
    [
        pytest.param("map<string,int>", "SUM", {}, [{"a": 1, "b": None}, {"a": 2, "c": 5}], {"a": 3, "c": 5}, id="C11"),
        pytest.param("map<string,int>", "SUM", {}, [{}], {}, id="C12"),
        pytest.param("map<string,int>", "SUM", {}, [{"a": None}], {}, id="C13"),
        pytest.param("map<string,int>", "SUM", {}, [None], None, id="C14"),
        pytest.param(
            "map<string,int>",
            "TOP_K",
            {"k": 2},
            [{"a": 1}, {"a": 5}, {"a": 3, "b": 1}],
            {"a": [5, 3], "b": [1]},
            id="C15",
        ),
        pytest.param(
            "map<string,string>",
            "HISTOGRAM",
            {},
            [{"a": "x"}, {"a": "x", "b": "y"}],
            {"a": {"x": 2}, "b": {"y": 1}},
            id="C16",
        ),
        pytest.param("map<string,double>", "AVERAGE", {}, [{"a": NAN}], {"a": NAN}, id="C17"),
        pytest.param("map<string,int>", "LAST", {}, [{"a": 1}, {"b": 2}], {"b": 2}, id="C18 the whole map"),
        pytest.param(
            "map<string,string>",
            "UNIQUE_COUNT",
            {},
            [{"a": "x"}, {"a": "y", "b": "z"}, {"a": "x"}],
            {"a": 2, "b": 1},
            id="C19",
        ),
        pytest.param(
            "map<string,list<int>>",
            "COUNT",
            {},
            [{"a": [1, 2], "b": None}, {"a": []}],
            {"a": 2},
            id="values of any type",
        ),
        pytest.param(
            "map<string,double>", "TOP_K", {"k": 2}, [{"a": NAN, "b": 1.0}], {"b": [1.0]}, id="NaN counts as null"
        ),
    ],
)
def test_values_of_a_map_are_aggregated_for_each_key(kind, operation, options, cells, expected):
    assert_same(ask(kind, operation, cells, **options), expected)


@pytest.mark.parametrize(
    "kind, operation, options, cells, expected",
    [
        pytest.param("list<int>", "SUM", EACH, [[1, 2], None, [3, 4]], [4, 6], id="C20"),
        pytest.param("list<double>", "AVERAGE", EACH, [[1, 2, 3], [4, 5, 6]], [2.5, 3.5, 4.5], id="C21"),
        pytest.param("list<double>", "MAX", EACH, [[1, 5, 3], [4, 2, 6]], [4.0, 5.0, 6.0], id="C22"),
        pytest.param("list<int>", "COUNT", EACH, [[1, 2], [3, 4]], [2, 2], id="C23"),
        pytest.param("list<double>", "SKEW", EACH, [[1, 2]], [NAN, NAN], id="C24"),
        pytest.param("list<int>", "TOP_K", {"k": 1, **EACH}, [[1, 2], [3, 1]], [[3], [2]], id="C25"),
        pytest.param("list<int>", "SUM", EACH, [[], []], [], id="C26"),
        pytest.param("list<int>", "FIRST", EACH, [[1, 2], [3, 4]], [1, 2], id="C29 whole lists"),
        pytest.param("list<double>", "AVERAGE", EACH, [[1, 2], [3, 4], [5, 6], [7, 8]], [4.0, 5.0], id="C31"),
        pytest.param("list<int>", "SUM", EACH, [None], None, id="null"),
    ],
)
def test_element_wise_aggregates_each_position(kind, operation, options, cells, expected):
    assert_same(ask(kind, operation, cells, **options), expected)


@pytest.mark.parametrize(
    "cells, problem",
    [
        pytest.param([[1], [3, 4]], "lists of lengths [1, 2]", id="C27"),
        pytest.param([[1, None]], "a null inside a list", id="C28"),
    ],
)
def test_element_wise_needs_lists_of_one_length_without_nulls(cells, problem):
    with pytest.raises(DataError) as refusal:
        ask("list<int>", "SUM", cells, element_wise=True)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    "kind, operation, options, pairs, expected",
    [
        pytest.param(
            "long",
            "SUM",
            {},
            [(1, "a"), (2, "b"), (3, "a"), (4, None), (None, "c"), (5, "")],
            {"a": 4, "b": 2, "": 5},
            id="D1",
        ),
        pytest.param("long", "SUM", {}, [(1, None)], None, id="D2"),
        pytest.param("long", "LAST", {}, [(1, "a"), (2, "b"), (3, "a")], {"a": 3, "b": 2}, id="D3"),
        pytest.param(
            "long", "LAST_K", {"k": 2}, [(1, "a"), (2, "b"), (3, "a"), (4, "a")], {"a": [4, 3], "b": [2]}, id="D4"
        ),
        pytest.param(
            "string", "HISTOGRAM", {}, [("u", "a"), ("v", "b"), ("u", "a")], {"a": {"u": 2}, "b": {"v": 1}}, id="D5"
        ),
        pytest.param("list<long>", "SUM", {}, [([1, 2], "a"), ([], "b"), ([None], "c"), ([5], "a")], {"a": 8}, id="D6"),
        pytest.param("list<long>", "SUM", {}, [([], "a")], None, id="D7"),
        pytest.param("list<long>", "LAST", {}, [([1, 2], "a"), ([3], "a")], {"a": [3]}, id="D8"),
        pytest.param("long", "SKEW", {}, [(1, "a")], {"a": NAN}, id="D9"),
    ],
)
def test_buckets_make_a_map_of_what_has_a_value_and_a_bucket(kind, operation, options, pairs, expected):
    assert_same(ask_buckets(kind, operation, pairs, **options), expected)


@pytest.mark.parametrize(
    "kind, operation, options, cells, removed, expected",
    [
        pytest.param("long", "SUM", {}, [5], [5], 0, id="E1"),
        pytest.param("long", "SUM", {}, [], [5], -5, id="E2"),
        pytest.param("long", "COUNT", {}, [5], [5], 0, id="E3"),
        pytest.param("long", "COUNT", {}, [], [5], -1, id="E3 alone"),
        pytest.param("long", "AVERAGE", {}, [5], [5], None, id="E4"),
        pytest.param("long", "AVERAGE", {}, [], [5], 5.0, id="E5"),
        pytest.param("string", "HISTOGRAM", {}, ["a"], ["a"], {}, id="E6"),
        pytest.param("string", "HISTOGRAM", {}, ["a"], ["b"], {"a": 1, "b": -1}, id="E7"),
        pytest.param("long", "MAX", {}, [5, 7], [7], 7, id="E8 ignored"),
        pytest.param("long", "VARIANCE", {}, [5, 7], [7], 1.0, id="E9 ignored"),
        pytest.param("string", "UNIQUE_COUNT", {}, ["a", "b"], ["a"], 2, id="E10 ignored"),
        pytest.param("list<long>", "SUM", {}, [[1, 2, None]], [[2, None]], 1, id="E11"),
        pytest.param("list<long>", "SUM", {}, [], [[2, None, 3]], -5, id="E12"),
        pytest.param("map<string,long>", "SUM", {}, [{"a": 5}], [{"a": 5, "b": 2}], {"a": 0, "b": -2}, id="E13"),
        pytest.param("map<string,long>", "AVERAGE", {}, [{"a": 5}], [{"a": 5, "b": 2}], {"a": NAN, "b": 2.0}, id="E14"),
        pytest.param("map<string,long>", "MAX", {}, [{"a": 5}], [{"a": 5, "b": 2}], {"a": 5}, id="E15 ignored"),
        pytest.param("list<long>", "MAX", EACH, [[5]], [[5]], [5], id="E16 ignored"),
        pytest.param("list<long>", "SUM", EACH, [], [[5, 6]], [-5, -6], id="E17"),
        pytest.param("list<double>", "AVERAGE", EACH, [[1, 2], [3, 4], [5, 6]], [[3, 4]], [3.0, 4.0], id="E20"),
    ],
)
def test_reversals_take_back_what_can_be_taken_back(kind, operation, options, cells, removed, expected):
    assert_same(ask(kind, operation, cells, removed, **options), expected)


@pytest.mark.parametrize(
    "operation, pairs, removed, expected",
    [
        pytest.param("MAX", [(1, "a")], [(1, "a")], {"a": 1}, id="E18 ignored"),
        pytest.param("MAX", [], [(1, "a")], None, id="ignored alone"),
        pytest.param("AVERAGE", [(1, "a")], [(1, "a"), (3, "z")], {"a": NAN, "z": 3.0}, id="E19"),
    ],
)
def test_reversals_in_buckets(operation, pairs, removed, expected):
    assert_same(ask_buckets("long", operation, pairs, removed), expected)


def test_many_columns_end_to_end():
    """The original's own row-aggregator test (12.14)."""
    schema = {
        "views": "int",
        "rating": "float",
        "title": "string",
        "lengths": "list<int>",
        "words": "list<string>",
        "scores": "map<string,int>",
        "vectors": "list<float>",
    }
    added = [
        (1, 4, 5.0, "A", [5, 3, 4], ["D", "A", "B", "A"], {"A": 1, "B": 2}, [1, 2]),
        (2, 3, 4.0, "B", [6, None], [], None, [3, 4]),
        (3, 5, 7.0, "D", None, None, {"A": None, "B": 1}, None),
        (4, 7, 1.0, "A", [], ["B", "A", "D"], {"A": 5, "B": 1, None: 2}, [5, 6]),
        (5, 3, 1.0, "B", [None], ["A", "B", "C"], {}, [7, 8]),
    ]
    removed = [
        (4, 2, 1.0, "A", [1, None], ["B", "C", "D", "H"], {"B": 1, "A": 3}, [1, 2]),
        (5, 1, 2.0, "H", [1], [], {"B": 2, "D": 3}, [3, 4]),
    ]
    rows = [Row(ts, dict(zip(schema, cells, strict=True))) for ts, *cells in added]
    rows += [Row(ts, dict(zip(schema, cells, strict=True)), is_before=True) for ts, *cells in removed]
    expected = [
        (aggregation("views", "AVERAGE"), 19 / 3),
        (aggregation("views", "COUNT"), 3),
        (aggregation("rating", "SUM"), 15.0),
        (aggregation("title", "LAST"), "B"),
        (aggregation("title", "LAST_K", k=2), ["B", "A"]),
        (aggregation("title", "FIRST_K", k=2), ["A", "B"]),
        (aggregation("title", "FIRST"), "A"),
        (aggregation("title", "TOP_K", k=2), ["D", "B"]),
        (aggregation("title", "BOTTOM_K", k=2), ["A", "A"]),
        (aggregation("title", "MAX"), "D"),
        (aggregation("title", "MIN"), "A"),
        (aggregation("title", "APPROX_UNIQUE_COUNT", k=10), 3),
        (aggregation("title", "UNIQUE_COUNT"), 3),
        (aggregation("lengths", "AVERAGE"), 8.0),
        (aggregation("lengths", "AVERAGE", buckets=["title"]), {"A": 5.5, "B": 6.0, "H": 1.0}),
        (aggregation("words", "HISTOGRAM", k=2), {"A": 4, "B": 2}),
        (aggregation("scores", "AVERAGE"), {"A": 3.0, "B": 1.0, "D": 3.0, None: 2.0}),
        (aggregation("vectors", "SUM", element_wise=True), [12.0, 14.0]),
    ]
    types = {column: parse_type(kind) for column, kind in schema.items()}
    answer = Oracle([definition for definition, _ in expected], types).at(rows, query=6)
    assert_same(list(answer.values()), [value for _, value in expected])
