"""What each operation gives for a list of values (sections 12.1 and 12.6 of the original's rules)."""

from __future__ import annotations

import math

import pytest

from chronon.base.types import parse_type
from chronon.testing.algebra import Algebra
from chronon.testing.oracle import Oracle, Row
from chronon.testing.shorthand import aggregation
from chronon.testing.tolerance import assert_same

NAN = math.nan
INF = math.inf
SMALLEST, LARGEST = -(2**63), 2**63 - 1
GRIN, WIDE_BANG = "\U0001f600", "\uff01"
P = "percentiles"


def ask(kind, operation, cells, **arguments):
    """The result over a column of cells, one row each; the oracle's, which is the kernel's too."""
    rows = [Row(ts, {"x": cell}) for ts, cell in enumerate(cells, 1)]
    definition, schema = [aggregation("x", operation, **arguments)], {"x": parse_type(kind)}
    (answer,) = Oracle(definition, schema).at(rows, query=1_000_000).values()
    (compiled,) = Algebra(definition, schema).at(rows, query=1_000_000).values()
    assert_same(answer, compiled)
    return answer


@pytest.mark.parametrize(
    "kind, operation, cells, expected",
    [
        # whole numbers add up in 64 bits and wrap; floats are widened first
        pytest.param("int", "SUM", [2147483647, 1], 2147483648, id="A1"),
        pytest.param("long", "SUM", [LARGEST, 1], SMALLEST, id="A2"),
        pytest.param("float", "SUM", [0.1, 0.1, 0.1], 0.30000000447034836, id="A3"),
        pytest.param("double", "SUM", [0.1, 0.1, 0.1], 0.30000000000000004, id="A4"),
        pytest.param("double", "SUM", [1.0, NAN], None, id="A5"),
        pytest.param("double", "SUM", [1.0, INF], None, id="A6"),
        pytest.param("double", "SUM", [INF, -INF], None, id="opposite infinities"),
        pytest.param("double", "SUM", [1e16, 1.0, -1e16], 1.0, id="nothing is lost on the way"),
        pytest.param("boolean", "SUM", [True, False, True, None], 2, id="A7"),
        # nothing usable is null, also for a count
        pytest.param("long", "SUM", [None, None], None, id="A8"),
        pytest.param("long", "COUNT", [None, None], None, id="A9"),
        pytest.param("long", "COUNT", [None, 3], 1, id="A10"),
        pytest.param("byte", "COUNT", [1, 2], 2, id="count takes bytes"),
        pytest.param("long", "AVERAGE", [None, 3, 4], 3.5, id="A11"),
        pytest.param("long", "AVERAGE", [9007199254740993], 9007199254740992.0, id="A12"),
        pytest.param("float", "AVERAGE", [0.1, 0.2], 0.15000000223517418, id="A13"),
        # moments are of the population
        pytest.param("double", "VARIANCE", [1, 2, 3, 4], 1.25, id="A14"),
        pytest.param("double", "VARIANCE", [7], 0.0, id="A15"),
        pytest.param("double", "VARIANCE", [7, NAN], None, id="A16"),
        pytest.param("int", "VARIANCE", [2, 4, 4, 4, 5, 5, 7, 9], 4.0, id="A17"),
        pytest.param("double", "VARIANCE", [0.1, 0.2, 0.4], 0.015555555555555557, id="A19"),
        pytest.param("double", "SKEW", [1, 2, 4], 0.3818017741606063, id="A20"),
        pytest.param("double", "SKEW", [1, 2], None, id="A21"),
        pytest.param("double", "SKEW", [1, 1, 1], None, id="A22"),
        pytest.param("int", "SKEW", [2, 4, 4, 4, 5, 5, 7, 9], 0.6562500000000001, id="A23"),
        pytest.param("double", "SKEW", [1, 2, 4, 8], 0.6568077344996993, id="A24"),
        pytest.param("double", "KURTOSIS", [1, 2, 4, 8], -1.098979206049149, id="A25"),
        pytest.param("double", "KURTOSIS", [1, 2, 4], None, id="A27"),
        pytest.param("double", "KURTOSIS", [1.1, 2.2, 3.3, 4.4, 5.5], -1.3, id="A28"),
        pytest.param("int", "KURTOSIS", [2, 4, 4, 4, 5, 5, 7, 9], -0.21875, id="A29"),
        # extremes: NaN wins and becomes null, -0.0 is below 0.0, text goes by UTF-16 units
        pytest.param("double", "MAX", [1, NAN, 2], None, id="A30"),
        pytest.param("double", "MIN", [1, NAN, 2], None, id="A31"),
        pytest.param("double", "MIN", [0.0, -0.0], -0.0, id="A32"),
        pytest.param("double", "MAX", [-0.0, 0.0], 0.0, id="A32 max"),
        pytest.param("double", "MIN", [-INF, 2], None, id="A33"),
        pytest.param("string", "MAX", ["a", "B", ""], "a", id="A34"),
        pytest.param("short", "MIN", [3, 2], 2, id="A35"),
        pytest.param("string", "MIN", [GRIN, WIDE_BANG], GRIN, id="A36"),
        # exact distinct counts: NaN is NaN, -0.0 is not 0.0, binary goes by content
        pytest.param("double", "UNIQUE_COUNT", [0.0, -0.0, NAN, NAN, 1.0, None], 4, id="A37"),
        pytest.param("string", "UNIQUE_COUNT", ["a", "a", "", "A"], 3, id="A38"),
        pytest.param("binary", "UNIQUE_COUNT", [b"b", b"b", bytes([98])], 1, id="A39"),
    ],
)
def test_plain_operations(kind, operation, cells, expected):
    assert_same(ask(kind, operation, cells), expected)


@pytest.mark.parametrize(
    "kind, cells, arguments, expected",
    [
        pytest.param("string", "aba", {"k": 3}, 2, id="A40"),
        pytest.param("string", "abc", {"k": 3}, 3, id="A41 at k"),
        pytest.param("string", "abcd", {"k": 3}, 3, id="A41 beyond k"),
        pytest.param("int", range(1, 21), {}, 8, id="A42"),
        pytest.param("string", "1234567", {"k": 5}, 5, id="A43"),
        pytest.param("string", "abbc", {"k": 3}, 3, id="A44"),
        pytest.param("binary", [b"x", b"x", b"y"], {"k": 3}, 2, id="binary by content"),
    ],
)
def test_bounded_unique_count_stops_at_k(kind, cells, arguments, expected):
    assert ask(kind, "BOUNDED_UNIQUE_COUNT", cells, **arguments) == expected


@pytest.mark.parametrize(
    "cells, arguments, expected",
    [
        pytest.param(["a", "b", "a", None], {}, {"a": 2, "b": 1}, id="A46"),
        pytest.param("aaabbc", {"k": 2}, {"a": 3, "b": 2}, id="A47"),
        pytest.param("abccccc", {"k": 2}, {"c": 5, "a": 1}, id="A48"),
        pytest.param([GRIN, WIDE_BANG], {"k": 1}, {GRIN: 1}, id="ties go by UTF-16 units"),
        pytest.param("aab", {"k": -1}, {"a": 2, "b": 1}, id="no k, no limit"),
    ],
)
def test_histogram_keeps_the_k_most_frequent_and_breaks_ties_by_key(cells, arguments, expected):
    assert ask("string", "HISTOGRAM", cells, **arguments) == expected


@pytest.mark.parametrize(
    "kind, operation, cells, k, expected",
    [
        pytest.param("int", "TOP_K", [7, 8, 9, 1, None], 2, [9, 8], id="B23"),
        pytest.param("int", "TOP_K", [7, 7, 9, 1], 3, [9, 7, 7], id="B24"),
        pytest.param("string", "BOTTOM_K", ["b", "a", "c", "a"], 2, ["a", "a"], id="B25"),
        pytest.param("float", "TOP_K", [1.5, 2.5, 0.5], 2, [2.5, 1.5], id="B26"),
        pytest.param("double", "TOP_K", [1, NAN, 2, 3], 2, [3.0, 2.0], id="B27"),
        pytest.param("double", "TOP_K", [NAN], 2, None, id="NaN counts as null"),
        pytest.param("double", "BOTTOM_K", [0.0, -0.0, INF], 5, [-0.0, 0.0, INF], id="infinities stay in lists"),
    ],
)
def test_top_and_bottom_k_leave_nan_out(kind, operation, cells, k, expected):
    assert_same(ask(kind, operation, cells, k=k), expected)


@pytest.mark.parametrize(
    "kind, cells, arguments, expected",
    [
        pytest.param("double", [1, 2, 3, 4], {P: "[0.5]"}, [3.0], id="F1"),
        pytest.param("double", [5, 4, 3, 2, 1], {P: "[0.5]"}, [3.0], id="F2"),
        pytest.param(
            "double",
            [1, 2, 3, 4],
            {P: "[0, 0.25, 0.26, 0.5, 0.51, 0.75, 0.99, 1]"},
            [1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0],
            id="F3",
        ),
        pytest.param(
            "int",
            range(1, 101),
            {P: "[0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99]"},
            [2.0, 6.0, 11.0, 51.0, 91.0, 96.0, 100.0],
            id="F4",
        ),
        pytest.param("double", [1, 2, 3], {P: "[0.9, 0.1]"}, [3.0, 1.0], id="F5"),
        pytest.param("double", [NAN], {P: "[0.5]"}, None, id="F6 only NaN"),
        pytest.param("double", [NAN, 1, 2, 3], {P: "[0.5]"}, [2.0], id="F6"),
        pytest.param("long", [16777217], {P: "[0.5]"}, [16777216.0], id="F7"),
        pytest.param("double", [INF], {P: "[0.5]"}, [INF], id="F8"),
        pytest.param("double", [1e300], {P: "[0.5]"}, [INF], id="beyond 32-bit floats"),
        pytest.param("int", range(1, 129), {P: "[0.25, 0.5, 0.75]", "k": 128}, [33.0, 65.0, 97.0], id="F9"),
        pytest.param("double", [1, 2], {"k": 128}, [2.0], id="F10"),
        pytest.param("double", [1, 2], {}, [2.0], id="F10 without arguments"),
    ],
)
def test_percentiles_are_exact_up_to_k_values(kind, cells, arguments, expected):
    answer = ask(kind, "APPROX_PERCENTILE", cells, **arguments)
    assert answer == expected
    assert_same(answer, expected)


def test_percentiles_beyond_k_values_come_with_their_bounds():
    median, most = ask("int", "APPROX_PERCENTILE", range(1000), percentiles="[0.5, 1]", k=128)
    assert (median, median.low, median.high) == (500.0, 458.0, 541.0)
    assert most.low == most.high == 999.0


@pytest.mark.parametrize(
    "kind, cells, expected",
    [
        pytest.param("long", range(1, 38), 37, id="F11"),
        pytest.param("long", range(1, 201), 206, id="merged estimator, 200"),
        pytest.param("long", range(1, 1001), 1020, id="F13"),
        pytest.param("string", [""], 0, id="F14 only empty"),
        pytest.param("string", ["a", "b", "c", "a", ""], 3, id="F14"),
        pytest.param("double", [0.0, -0.0, NAN, NAN], 2, id="F15"),
        pytest.param("binary", [b"", b"a", b"\xff", b"a"], 2, id="binary"),
        pytest.param(
            "long", [-912539124373, -847814253494, -568878496162, -484788510072, -408644880589], 5, id="negative"
        ),
        pytest.param("long", [None], None, id="null"),
    ],
)
def test_approximate_distinct_counts_are_those_of_the_merged_sketch(kind, cells, expected):
    assert ask(kind, "APPROX_UNIQUE_COUNT", cells) == expected


def repeated(counts):
    return [key for key, count in counts.items() for _ in range(count)]


@pytest.mark.parametrize(
    "kind, cells, arguments, expected",
    [
        pytest.param("int", [1, 2, 1, None], {"k": 3}, {"1": 2, "2": 1}, id="F16"),
        pytest.param(
            "double",
            [1.0, 2.5, 1e7, 1e-4, NAN],
            {"k": 5},
            {"1.0": 1, "2.5": 1, "1.0E7": 1, "1.0E-4": 1, "NaN": 1},
            id="F17",
        ),
        pytest.param("float", [0.1, 0.1], {"k": 3}, {"0.10000000149011612": 2}, id="F18"),
        pytest.param(
            "string", repeated({"1": 1, "2": 2, "3": 3, "4": 4}), {"k": 3}, {"2": 2, "3": 3, "4": 4}, id="F19"
        ),
        pytest.param("int", repeated({5: 5, 4: 8, 2: 4, 1: 2, 6: 6}), {"k": 3}, {"4": 8, "6": 6, "5": 5}, id="F20"),
        pytest.param("int", repeated({4: 4, 2: 4, 3: 3}), {"k": 3}, {"2": 4, "4": 4, "3": 3}, id="F21"),
        pytest.param("int", repeated({5: 5, 3: 3, 2: 4, 1: 1}), {"k": 3}, {"5": 5, "2": 4, "3": 3}, id="F22"),
        pytest.param(
            "string",
            repeated({str(i): i for i in range(1, 25)}),
            {},
            {str(i): i for i in range(17, 25)},
            id="F23",
        ),
    ],
)
def test_frequent_keys_are_exact_and_written_as_the_original_writes_numbers(kind, cells, arguments, expected):
    assert ask(kind, "APPROX_HISTOGRAM_K", cells, **arguments) == expected


def test_frequent_keys_beyond_the_counters_come_with_their_error():
    answer = ask("int", "APPROX_HISTOGRAM_K", [*range(65), *range(65), 7], k=1)
    assert answer == {"7": 3}
    assert answer.error == 2
    assert answer.accepts({"7": 5})
    assert not answer.accepts({"7": 6})
