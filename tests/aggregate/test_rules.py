"""Rules that hold for many operations or shapes at once, each in every way in which a value is computed."""

from __future__ import annotations

import math
from datetime import date

import pytest

from chronon.aggregate.cell import Cell
from chronon.base.errors import DataError
from chronon.base.time import DAY_MS
from chronon.base.types import parse_type
from chronon.testing import Oracle, Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation, at

HUGE = (1e300, -1e300, 1.7e308, -1.7e308, 1e160, 2.5, 0.0)
SHAPES = {
    "a value a row": ("double", lambda x: {"x": x}, {}),
    "a list": ("list<double>", lambda x: {"x": [x]}, {}),
    "a map": ("map<string,double>", lambda x: {"x": {"a": x}}, {}),
    "buckets": ("double", lambda x: {"x": x, "b": "a"}, {"buckets": ["b"]}),
    "positions": ("list<double>", lambda x: {"x": [x, 1.0]}, {"element_wise": True}),
}


def every_way(definitions, schema, cells, query=ORIGIN):
    """The answers of a backfill, from a batch record, stream rows and tiles; all of them are the oracle's."""
    rows = [Row(query - len(cells) + i, cell, sequence=i) for i, cell in enumerate(cells)]
    algebra, oracle = Algebra(definitions, schema), Oracle(definitions, schema)
    start = query - 20 * DAY_MS
    expected = oracle.at(rows, query)
    assert_same(expected, algebra.at(rows, query))
    assert_same(expected, algebra.visible(rows, [], query, query))
    assert_same(expected, algebra.visible([], rows, start, query, stale_after=30 * DAY_MS))
    half = rows[len(rows) // 2].ts if rows else query
    assert_same(expected, algebra.visible(rows, rows, half, query))
    assert_same(expected, algebra.visible([], [], start, query, stale_after=30 * DAY_MS, tiled=[[row] for row in rows]))
    return expected


def typed(**columns):
    return {name: parse_type(kind) for name, kind in columns.items()}


# ---- numbers beyond what a double holds


@pytest.mark.parametrize("operation", ["VARIANCE", "SKEW", "KURTOSIS", "SUM", "AVERAGE"])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_beyond_the_largest_double_is_the_same_in_every_shape(operation, shape):
    kind, cell, options = SHAPES[shape]
    schema = typed(x=kind, b="string")
    definitions = [aggregation("x", operation, "1d", None, **options)]
    for cut in range(1, len(HUGE)):
        for some in (HUGE[:cut], HUGE[cut:]):
            every_way(definitions, schema, [cell(x) for x in some])


def test_a_variance_beyond_the_largest_double_is_infinite_and_higher_moments_are_undefined():
    schema = typed(x="map<string,double>")
    cells = [{"x": {"a": x}} for x in (1e300, -1e300, 1e300, 0.0, 1.0)]
    definitions = [aggregation("x", operation) for operation in ("VARIANCE", "SKEW", "KURTOSIS")]
    variance, skew, kurtosis = every_way(definitions, schema, cells).values()
    assert variance == {"a": math.inf}
    assert math.isnan(skew["a"])
    assert math.isnan(kurtosis["a"])
    plain = [{"x": cell["x"]["a"]} for cell in cells]
    assert set(every_way(definitions, typed(x="double"), plain).values()) == {None}


# ---- what can be stored


@pytest.mark.parametrize(
    "kind, values",
    [
        ("long", [4, 1, 3, 2, 1]),
        ("float", [0.5, 0.1, math.nan, 2.0]),
        ("binary", [b"", b"\xff", b"a", b"b"]),
        ("string", ["c", "a", "b", "a"]),
    ],
)
def test_a_bounded_count_beyond_k_is_stored_for_every_type(kind, values):
    cells = [{"x": value} for value in values]
    answer = every_way([aggregation("x", "BOUNDED_UNIQUE_COUNT", "1d", k=2)], typed(x=kind), cells)
    assert answer == {"x_bounded_unique_count_1d": 2}


def test_counters_have_64_bits():
    definitions = [aggregation("x", "AVERAGE"), aggregation("x", "VARIANCE"), aggregation("x", "COUNT")]
    average, variance, count = (Cell(p.base) for p in Algebra(definitions, typed(x="double")).aggregator.parts)
    states = [cell.merge([cell.lift({"x": x}, 0, 0) for x in (1.0, 3.0)]) for cell in (average, variance, count)]
    for _ in range(33):
        states = [cell.merge([s, s]) for cell, s in zip((average, variance, count), states, strict=True)]
    found = [cell.result(s) for cell, s in zip((average, variance, count), states, strict=True)]
    assert found == [2.0, 1.0, 2**34]


def test_lists_with_nulls_are_stored():
    cells = [{"x": [1, None], "y": {"a": None}}, {"x": [None], "y": {}}]
    definitions = [aggregation("x", "LAST_K", k=2), aggregation("y", "FIRST", "1d")]
    answer = every_way(definitions, typed(x="list<int>", y="map<string,int>"), cells)
    assert answer == {"x_last2": [[None], [1, None]], "y_first_1d": {"a": None}}


@pytest.mark.parametrize("kind", ["map<string,int>", "map<int,double>", "list<map<string,int>>"])
def test_a_null_key_of_a_map_is_refused(kind):
    serving = Algebra([aggregation("x", "LAST")], typed(x=kind)).aggregator.serving()
    with pytest.raises(DataError, match="x"):
        serving.encode_row(0, [{None: 1} if kind.startswith("map") else [{None: 1}]])


# ---- values that no operation looks into


@pytest.mark.parametrize(
    "kind, cells, rows",
    [
        ("list<date>", [[date(2024, 1, 1), None], []], 2),
        ("struct<a:date>", [(date(2024, 1, 1),), None], 1),
        ("map<binary,long>", [{b"\x00": 1}, {}], 2),
        ("map<int,list<byte>>", [{1: [1]}], 1),
    ],
)
def test_of_values_without_a_shape_rows_are_counted_and_picked_whole(kind, cells, rows):
    definitions = [aggregation("x", "COUNT", "7d"), aggregation("x", "LAST"), aggregation("x", "FIRST_K", k=9)]
    found = every_way(definitions, typed(x=kind), [{"x": cell} for cell in cells])
    kept = [cell for cell in cells if cell is not None]
    assert list(found.values()) == [rows, kept[-1], kept]


# ---- lists that cannot be aggregated element by element


@pytest.mark.parametrize("bad", [[1, None], [1, 2, 3]])
def test_a_bad_list_stops_only_those_who_see_it(bad):
    totals = Algebra([aggregation("x", "SUM", "1h", element_wise=True)], typed(x="list<int>"))
    rows = [Row(at("-5h"), {"x": [1, 2]}), Row(at("-4h"), {"x": bad}), Row(at("-4h+1m"), {"x": [7, 7]})]
    rows.append(Row(at("-1m"), {"x": [3, 4]}))
    asked = [(0, at("-4h")), (0, at("+0s")), (1, at("+0s"))]
    assert [list(a.values()) for a in totals.run({0: rows, 1: rows[3:]}, asked)] == [[[1, 2]], [[3, 4]], [[3, 4]]]
    with pytest.raises(DataError, match="element by element"):
        totals.run({0: rows}, [(0, at("-3h-30m"))])
    assert totals.visible(rows, rows, at("-1d"), at("+0s")) == {"x_sum_1h": [3, 4]}


# ---- arguments


def test_arguments_that_an_operation_does_not_know_are_ignored():
    cells = [{"x": x} for x in (1, 2, 2)]
    definitions = [aggregation("x", "SUM", k="none", percentiles="?"), aggregation("x", "TOP_K", k=1, other="x")]
    assert every_way(definitions, typed(x="int"), cells) == {"x_sum": 5, "x_top1": [2]}


def test_percentiles_come_in_the_order_asked_and_as_often():
    cells = [{"x": x} for x in (3, 1, 2)]
    definition = aggregation("x", "APPROX_PERCENTILE", percentiles="[1, 0, 1, 0.5]")
    assert every_way([definition], typed(x="int"), cells) == {"x_approx_percentile": [3.0, 1.0, 3.0, 2.0]}
