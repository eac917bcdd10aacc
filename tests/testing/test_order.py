"""First and last values, and which of equal times counts (section 12.2; order as deviation Q13)."""

from __future__ import annotations

import math

import pytest

from chronon.base.types import parse_type
from chronon.testing.algebra import Algebra
from chronon.testing.oracle import Oracle, Row
from chronon.testing.shorthand import aggregation
from chronon.testing.tolerance import assert_same


def ask(kind, operation, rows, **arguments):
    """The oracle's answer, which is the kernel's too."""
    definition, schema = [aggregation("x", operation, **arguments)], {"x": parse_type(kind)}
    (answer,) = Oracle(definition, schema).at(rows, query=1_000_000).values()
    (compiled,) = Algebra(definition, schema).at(rows, query=1_000_000).values()
    assert_same(answer, compiled)
    return answer


def arriving(*pairs):
    """Rows from (ts, value) pairs; their order is their sequence."""
    return [Row(ts, {"x": value}, sequence) for sequence, (ts, value) in enumerate(pairs)]


def spelled(text):
    """Rows from a text like ``3a 1b``: digits are the ts, a letter the value."""
    return arriving(*((int(word[:-1]), word[-1]) for word in text.split()))


@pytest.mark.parametrize(
    "operation, k, rows, expected",
    [
        pytest.param("FIRST", None, "5a 5b 6c", "a", id="B1"),
        pytest.param("LAST", None, "5a 6b 6c", "c", id="B2"),
        pytest.param("FIRST", None, "5a 5b", "a", id="B3 first"),
        pytest.param("LAST", None, "5a 5b", "b", id="B3 last"),
        pytest.param("LAST_K", 3, "3a 1b 5c 2d 4e", "cea", id="B7"),
        pytest.param("FIRST_K", 3, "3a 1b 5c 2d 4e", "bda", id="B8"),
        pytest.param("LAST_K", 5, "3a 1b", "ab", id="B9"),
        pytest.param("LAST_K", 2, "3a 3b 3c", "cb", id="B10"),
        pytest.param("FIRST_K", 2, "3a 3b 3c", "ab", id="B11"),
        pytest.param("LAST_K", 3, "3a 3b 3c 3d 3e", "edc", id="B12"),
        pytest.param("LAST_K", 1, "3a 3b", "b", id="B13"),
        pytest.param("LAST_K", 4, "3a 2b 3c 2d", "cadb", id="B14"),
        pytest.param("LAST_K", 4, "1a 2b 2c 3d 2e 2f 3g", "gdfe", id="B15"),
        pytest.param("LAST_K", 2, "1a 4b 2c 3d", "bd", id="B16"),
        pytest.param("LAST_K", 2, "3a 3b 3c 3d", "dc", id="B17"),
        pytest.param("LAST_K", 3, "1a 2a 3a 4a", "aaa", id="B19"),
    ],
)
def test_rows_of_one_time_stand_in_order_of_their_sequence(operation, k, rows, expected):
    arguments = {} if k is None else {"k": k}
    assert ask("string", operation, spelled(rows), **arguments) == (expected if k is None else list(expected))


@pytest.mark.parametrize(
    "kind, operation, arguments, rows, expected",
    [
        pytest.param("string", "LAST", {}, arriving((5, "a"), (6, None)), "a", id="B4"),
        pytest.param("double", "LAST", {}, arriving((1, 1.0), (2, math.nan)), None, id="B5"),
        pytest.param("list<int>", "LAST", {}, arriving((1, [1, None])), [1, None], id="B6"),
        pytest.param("string", "LAST_K", {"k": 3}, arriving((1, "a"), (2, None), (3, "b")), ["b", "a"], id="B18"),
        pytest.param(
            "list<int>", "FIRST_K", {"k": 2}, arriving((1, [1, 2]), (2, [3]), (3, [4])), [[1, 2], [3]], id="B22"
        ),
        pytest.param(
            "struct<a:int,b:string>",
            "LAST",
            {},
            arriving((1, (1, "x")), (2, (2, None))),
            (2, None),
            id="struct",
        ),
        pytest.param("double", "LAST_K", {"k": 1}, arriving((1, math.nan)), [math.nan], id="NaN stays in lists"),
    ],
)
def test_nulls_are_never_picked_and_a_cell_is_taken_whole(kind, operation, arguments, rows, expected):
    assert_same(ask(kind, operation, rows, **arguments), expected)


@pytest.mark.parametrize(
    "kind, ascending",
    [
        pytest.param("int", [-2, 0, 1], id="numbers by value"),
        pytest.param("double", [-math.inf, -1.0, -0.0, 0.0, math.inf, math.nan], id="floats in total order"),
        pytest.param("string", ["", "B", "a", "\uff01", "\U0001f600"], id="text by its UTF-8 bytes"),
        pytest.param("boolean", [False, True], id="false before true"),
        pytest.param("binary", [b"", b"\x00", b"a", b"\xff"], id="binary by its bytes"),
        pytest.param("list<int>", [[], [1, 2], [1, 3]], id="lists by their packed bytes"),
        pytest.param("map<string,int>", [{"a": 1, "b": 2}, {"b": 2, "a": 3}], id="maps whatever their order"),
    ],
)
def test_without_a_sequence_the_payload_decides_and_arrival_never_does(kind, ascending):
    for arrival in (ascending, ascending[::-1]):
        rows = [Row(1, {"x": value}) for value in arrival]
        assert_same(ask(kind, "FIRST_K", rows, k=9), ascending)
        assert_same(ask(kind, "LAST_K", rows, k=9), ascending[::-1])
