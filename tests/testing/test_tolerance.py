"""What equal means, and how a difference is told."""

from __future__ import annotations

import math
import pickle

import pytest

from chronon.testing.near import Near, NearCounts
from chronon.testing.tolerance import assert_same, differences

NAN = math.nan


@pytest.mark.parametrize(
    "expected, actual",
    [
        (1, 1),
        (None, None),
        (NAN, NAN),
        (-0.0, -0.0),
        ("a", "a"),
        ([1, None], (1, None)),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
    ],
)
def test_the_same_is_the_same(expected, actual):
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    "expected, actual, told",
    [
        (1, 2, "$: expected 1, got 2"),
        (1, 1.0, "$: expected 1, got 1.0"),
        (1.0, 1, "$: expected 1.0, got 1"),
        (1, True, "$: expected 1, got True"),
        (0.0, -0.0, "$: expected 0.0, got -0.0"),
        (NAN, None, "$: expected nan, got None"),
        (1.0, NAN, "$: expected 1.0, got nan"),
        ("ab", ["a", "b"], "$: expected 'ab', got ['a', 'b']"),
        ([1, 2], [1], "$[1]: expected 2, got nothing"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "$.a.b: expected 1, got 2"),
        ({"a": 1}, {}, "$.a: expected 1, got nothing"),
        ({}, {"a": 1}, "$.a: expected nothing, got 1"),
        (b"a", "a", "$: expected b'a', got 'a'"),
    ],
)
def test_a_difference_says_where_and_what(expected, actual, told):
    assert [str(found) for found in differences(expected, actual)] == [told]


@pytest.mark.parametrize(
    "expected, actual, tolerance, equal",
    [
        (1.0, 1.0 + 1e-10, {"relative": 1e-9}, True),
        (1.0, 1.0 + 1e-8, {"relative": 1e-9}, False),
        (0.0, 1e-13, {"absolute": 1e-12}, True),
        (0.0, -0.0, {"relative": 1e-9}, True),
        ([1.0], [1.0 + 1e-10], {"relative": 1e-9}, True),
        (math.inf, 1e308, {"relative": 1e-9}, False),
        (math.inf, math.inf, {"relative": 1e-9}, True),
        (100, 101, {"relative": 0.5}, False),
    ],
)
def test_a_tolerance_is_for_floats_only(expected, actual, tolerance, equal):
    assert (differences(expected, actual, **tolerance) == []) is equal


@pytest.mark.parametrize(
    "near, other, good",
    [
        (Near.within(1.0, 0.5), 1.5, True),
        (Near.within(1.0, 0.5), 1.6, False),
        (Near.within(0.0, 0.0), -0.0, True),
        (Near.within(NAN, 1.0), NAN, True),
        (Near.within(NAN, 1.0), 1.0, False),
        (Near.within(math.inf, math.inf), math.inf, True),
        (Near.within(math.inf, math.inf), 1.0, False),
        (Near.within(1.0, 0.5), 1, False),
    ],
)
def test_a_near_number_brings_its_own_interval(near, other, good):
    assert (differences(near, other) == []) is good


def test_a_near_number_is_a_plain_float_to_everybody_else():
    near = Near.within(2.0, 0.5)
    assert near == 2.0
    assert near + 1 == 3.0
    assert repr(near) == "2.0 (or 1.5 to 2.5)"
    copied = pickle.loads(pickle.dumps(near))  # noqa: S301 - our own bytes
    assert (copied, copied.low, copied.high) == (2.0, 1.5, 2.5)


@pytest.mark.parametrize(
    "report, good",
    [
        ({"a": 5, "b": 3}, True),
        ({"a": 6, "c": 3}, True),
        ({"a": 4, "b": 3}, False),
        ({"a": 7, "b": 3}, False),
        ({"a": 5}, False),
        ({"b": 3, "c": 2}, False),
        ({"a": 5, "d": 1}, False),
    ],
)
def test_near_counts_accept_what_a_summary_may_report(report, good):
    top = NearCounts({"a": 5, "b": 3}, counts={"a": 5, "b": 3, "c": 2}, error=1)
    assert top.accepts(report) is good
    assert (differences(top, report) == []) is good


def test_an_assertion_lists_every_difference():
    with pytest.raises(AssertionError, match=r"\$\[0\]: expected 1, got 2\n\$\[1\]: expected 3, got 4"):
        assert_same([1, 3], [2, 4])
