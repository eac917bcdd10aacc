"""The rules one by one, each with the fewest rows that show it.

Every case is answered four ways that must agree: by a backfill, from a batch record, from stream rows, by the oracle.
"""

from __future__ import annotations

import math

import pytest

from chronon.base.errors import DataError
from chronon.base.time import DAY_MS
from chronon.base.types import parse_type
from chronon.testing import Oracle, Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation, at, events

NAN, INF = math.nan, math.inf
LARGEST, SMALLEST = 2**63 - 1, -(2**63)
GRIN, WIDE_BANG = "\U0001f600", "\uff01"


def every_way(definition, schema, rows, query):
    """The one answer that all ways give."""
    algebra, oracle = Algebra([definition], schema), Oracle([definition], schema)
    expected = oracle.at(rows, query)
    midnight = query // DAY_MS * DAY_MS
    assert_same(expected, algebra.at(rows, query))
    assert_same(expected, algebra.visible(rows, rows, midnight, query, stale_after=30 * DAY_MS))
    assert_same(expected, algebra.visible(rows, rows, midnight - 20 * DAY_MS, query, stale_after=30 * DAY_MS))
    assert_same(expected, algebra.visible(rows, [], query, query, stale_after=30 * DAY_MS))
    (answer,) = algebra.at(rows, query).values()
    return answer


def of(kind, operation, cells, **arguments):
    """The answer over a column of cells, in their order."""
    rows = [Row(ORIGIN - 1000 + i, {"x": cell}, sequence=i) for i, cell in enumerate(cells)]
    return every_way(aggregation("x", operation, **arguments), {"x": parse_type(kind)}, rows, ORIGIN)


def by_bucket(kind, operation, pairs, **arguments):
    """The answer over cells and their buckets."""
    rows = [Row(ORIGIN - 1000 + i, {"x": cell, "b": bucket}, sequence=i) for i, (cell, bucket) in enumerate(pairs)]
    schema = {"x": parse_type(kind), "b": parse_type("string")}
    return every_way(aggregation("x", operation, buckets=["b"], **arguments), schema, rows, ORIGIN)


def check(expected, actual):
    assert_same(expected, actual, relative=1e-12)


# ---- windows


@pytest.mark.parametrize(
    "window, query, first",
    [
        ("1h", "+0s", "-1h"),
        ("1h", "+7m30s", "-55m"),  # below twelve hours the start moves by five minutes
        ("11h", "+65m", "-9h-55m"),
        ("12h", "+7m30s", "-12h"),  # from twelve hours on by one hour
        ("1d", "+65m", "-23h"),
        ("24h", "+65m", "-23h"),  # the length counts, not its unit
        ("287h", "+65m", "-11d-22h"),
        ("288h", "+65m", "-12d"),  # from twelve days on by one day
        ("12d", "+1d+1ms", "-11d"),
        ("300h", "+1h", "-13d"),  # a start that is no whole day is rounded down
    ],
)
def test_a_window_starts_at_its_hop(window, query, first):
    definition, schema = aggregation("x", "COUNT", window), {"x": parse_type("long")}
    edges = [Row(at(first) + shift, {"x": 1}) for shift in (-1, 0, 1)]
    assert every_way(definition, schema, edges, at(query)) == 2


def test_a_row_at_the_query_is_not_seen():
    definition, schema = aggregation("x", "SUM"), {"x": parse_type("long")}
    assert every_way(definition, schema, events({"+1h": 1}), at("+1h")) is None
    assert every_way(definition, schema, events({"+1h": 1}), at("+1h+1ms")) == 1


def test_entity_snapshots_take_windows_to_the_millisecond():
    rows = events({"-1h-1ms": 1, "-1h": 2, "-1ms": 4, "+0s": 8})
    hour = Algebra([aggregation("x", "SUM", "1h", None)], {"x": parse_type("long")})
    assert hour.entities(rows, at("+0s")) == {"x_sum_1h": 6, "x_sum": 7}
    whole = Algebra([aggregation("x", "SUM")], {"x": parse_type("long")})
    assert whole.entities(rows, at("+0s")) == {"x_sum": 15}  # without any window even the rows of the future


def test_instants_before_1970_start_at_their_hop_too():
    rows = [Row(-3_900_001, {"x": 1}), Row(-3_900_000, {"x": 2})]
    assert every_way(aggregation("x", "SUM", "1h"), {"x": parse_type("long")}, rows, -1) == 2


# ---- nothing and nearly nothing


@pytest.mark.parametrize("operation", ["COUNT", "SUM", "AVERAGE", "VARIANCE", "MIN", "LAST", "UNIQUE_COUNT"])
def test_where_there_is_nothing_the_answer_is_null(operation):
    assert of("long", operation, []) is None
    assert of("long", operation, [None, None]) is None


def test_undefined_numbers_are_null_alone_and_stay_inside_maps_and_lists():
    assert of("double", "SUM", [1.0, NAN]) is None
    assert of("double", "SUM", [INF, -INF]) is None
    assert of("double", "LAST", [1.0, NAN]) is None
    assert of("long", "SKEW", [1, 2]) is None
    check({"a": NAN}, of("map<string,double>", "SUM", [{"a": NAN}]))
    check({"a": NAN}, by_bucket("long", "SKEW", [(1, "a")]))
    check([NAN, 1.0], of("list<double>", "MAX", [[NAN, 1.0]], element_wise=True))


# ---- numbers


@pytest.mark.parametrize(
    "kind, operation, cells, expected",
    [
        ("long", "SUM", [LARGEST, 1], SMALLEST),  # 64 bits wrap
        ("int", "SUM", [2**31 - 1, 1], 2**31),
        ("boolean", "SUM", [True, False, True], 2),
        ("double", "SUM", [1e16, 1.0, -1e16], 1.0),  # nothing is lost on the way
        ("double", "SUM", [1.7e308, 1.7e308, -1.7e308], 1.7e308),  # nor overflows
        ("float", "SUM", [0.1, 0.1, 0.1], 0.30000000447034836),  # floats are widened as they are
        ("long", "AVERAGE", [9007199254740993], 9007199254740992.0),
        ("double", "VARIANCE", [1, 2, 3, 4], 1.25),  # of the population
        ("double", "VARIANCE", [7], 0.0),
        ("double", "SKEW", [1, 2, 4], 0.3818017741606063),
        ("double", "KURTOSIS", [1, 2, 4, 8], -1.098979206049149),  # in excess of the normal distribution's
        ("double", "MAX", [1, NAN, 2], None),  # NaN wins
        ("double", "MIN", [0.0, -0.0], -0.0),
        ("double", "MAX", [-0.0, 0.0], 0.0),
        ("short", "MIN", [3, 2], 2),
        ("float", "MAX", [0.1], 0.10000000149011612),
        ("string", "MIN", [WIDE_BANG, GRIN], GRIN),  # text goes by UTF-16 units
        ("string", "MAX", ["a", "B", ""], "a"),
    ],
)
def test_numbers_and_extremes(kind, operation, cells, expected):
    check(expected, of(kind, operation, cells))


# ---- picks by time


def test_first_and_last_k_stand_oldest_and_newest_first():
    assert of("string", "FIRST_K", ["a", "b", "c"], k=2) == ["a", "b"]
    assert of("string", "LAST_K", ["a", None, "b", "c"], k=2) == ["c", "b"]
    assert of("string", "LAST_K", ["a"], k=5) == ["a"]
    assert of("list<int>", "LAST", [[1], [2, None]]) == [2, None]
    assert of("struct<a:int,b:string>", "FIRST", [(1, "x"), (2, "y")]) == (1, "x")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_rows_of_one_time_the_sequence_decides(order):
    rows = [Row(ORIGIN - 1, {"x": "cab"[i]}, sequence=i) for i in order]
    schema = {"x": parse_type("string")}
    assert every_way(aggregation("x", "FIRST"), schema, rows, ORIGIN) == "c"
    assert every_way(aggregation("x", "LAST"), schema, rows, ORIGIN) == "b"
    assert every_way(aggregation("x", "LAST_K", k=2), schema, rows, ORIGIN) == ["b", "a"]


@pytest.mark.parametrize(
    "kind, ascending",
    [
        ("long", [-1, 0, 5]),
        ("double", [-INF, -0.0, 0.0, 1.5]),
        ("string", ["", "a", "b", WIDE_BANG, GRIN]),  # by the bytes of UTF-8, unlike min and max
        ("binary", [b"", b"\x00", b"a", b"a\xff"]),
        ("boolean", [False, True]),
        ("list<int>", [[], [1], [1, 2], [3]]),
        ("struct<b:int,a:int>", [(1, 9), (2, 0)]),  # by the first field, not the first name
        ("map<string,int>", [{"a": 1}, {"b": 0, "a": 2}, {"a": 3, "b": 0}]),  # in the order of keys
    ],
)
def test_without_a_sequence_the_value_itself_decides(kind, ascending):
    if kind == "list<int>":
        ascending = [[], [1], [3], [1, 2]]  # packed bytes begin with the length
    for cells in (ascending, ascending[::-1]):
        rows = [Row(ORIGIN - 1, {"x": cell}) for cell in cells]
        schema = {"x": parse_type(kind)}
        assert_same(ascending, every_way(aggregation("x", "FIRST_K", k=9), schema, rows, ORIGIN))
        assert_same(ascending[::-1], every_way(aggregation("x", "LAST_K", k=9), schema, rows, ORIGIN))


def test_ties_are_ordered_within_each_bucket():
    rows = [Row(ORIGIN - 1, {"x": x, "b": b}) for x, b in [("b", "p"), ("d", "q"), ("a", "p"), ("c", "q"), ("e", "p")]]
    rows += [Row(ORIGIN - 2, {"x": x, "b": b}) for x, b in [("z", "q"), ("y", "p"), ("w", "p"), ("x", "q")]]
    schema = {"x": parse_type("string"), "b": parse_type("string")}
    picked = every_way(aggregation("x", "FIRST_K", buckets=["b"], k=9), schema, rows, ORIGIN)
    assert picked == {"p": ["w", "y", "a", "b", "e"], "q": ["x", "z", "c", "d"]}


# ---- picks by value


def test_top_and_bottom_k_keep_duplicates_and_leave_nan_out():
    assert of("int", "TOP_K", [7, 7, 9, 1], k=3) == [9, 7, 7]
    assert of("string", "BOTTOM_K", ["b", "a", "c", "a"], k=2) == ["a", "a"]
    assert of("double", "TOP_K", [1, NAN, 2, 3], k=2) == [3.0, 2.0]
    assert of("double", "TOP_K", [NAN], k=2) is None
    assert of("map<string,double>", "TOP_K", [{"a": NAN, "b": 1.0}], k=2) == {"b": [1.0]}
    assert of("list<double>", "TOP_K", [[NAN, 1.0], [NAN, 2.0]], element_wise=True, k=1) == [None, [2.0]]
    assert of("int", "TOP_K", [3, 1, 2], k=2**31 - 1) == [3, 2, 1]  # memory goes by what there is, not by k


# ---- counts of distinct values


def test_distinct_values():
    assert of("double", "UNIQUE_COUNT", [0.0, -0.0, NAN, NAN, 1.0]) == 4
    assert of("binary", "UNIQUE_COUNT", [b"b", bytes([98])]) == 1
    assert of("string", "BOUNDED_UNIQUE_COUNT", ["a", "b", "a"], k=3) == 2
    assert of("int", "BOUNDED_UNIQUE_COUNT", list(range(20))) == 8
    assert of("string", "APPROX_UNIQUE_COUNT", ["a", "b", "c", "a", ""]) == 3
    assert of("string", "APPROX_UNIQUE_COUNT", [""]) == 0  # the empty text is ignored by the sketch
    assert of("double", "APPROX_UNIQUE_COUNT", [0.0, -0.0, NAN, NAN]) == 2
    assert of("long", "APPROX_UNIQUE_COUNT", list(range(1, 201))) == 206  # of 256 rows, as merged sketches estimate
    assert of("long", "APPROX_UNIQUE_COUNT", [-1, 1, LARGEST, SMALLEST]) == 4


def test_histograms_keep_the_k_most_frequent_and_break_ties_by_value():
    assert of("string", "HISTOGRAM", ["a", "b", "a", None]) == {"a": 2, "b": 1}
    assert of("string", "HISTOGRAM", ["b", "a", "c", "c"], k=2) == {"c": 2, "a": 1}
    assert of("string", "HISTOGRAM", [WIDE_BANG, GRIN], k=1) == {GRIN: 1}
    assert of("int", "APPROX_HISTOGRAM_K", [2, 1, 10, 10], k=2) == {"10": 2, "1": 1}
    numbers = [1.0, 2.5, 1e7, 1e-4, NAN, INF, -INF, -0.0]
    texts = ["1.0", "2.5", "1.0E7", "1.0E-4", "NaN", "Infinity", "-Infinity", "-0.0"]
    assert of("double", "APPROX_HISTOGRAM_K", numbers, k=8) == dict.fromkeys(texts, 1)
    assert of("float", "APPROX_HISTOGRAM_K", [0.1, 0.1]) == {"0.10000000149011612": 2}


def test_percentiles_are_floats_of_32_bits_in_the_order_asked():
    p = "percentiles"
    assert of("int", "APPROX_PERCENTILE", [1, 2, 3, 4]) == [3.0]
    assert of("int", "APPROX_PERCENTILE", [1, 2, 3], **{p: "[0.9, 0.1]"}) == [3.0, 1.0]
    assert of("int", "APPROX_PERCENTILE", [4, 3, 2, 1], **{p: "[0, 0.25, 0.26, 0.99, 1]"}) == [1.0, 2.0, 2.0, 4.0, 4.0]
    assert of("long", "APPROX_PERCENTILE", [16777217]) == [16777216.0]
    assert of("double", "APPROX_PERCENTILE", [NAN, 1, 2, 3]) == [2.0]
    assert of("double", "APPROX_PERCENTILE", [NAN]) is None
    assert of("double", "APPROX_PERCENTILE", [INF]) == [INF]
    assert of("int", "APPROX_PERCENTILE", [1], **{p: "[]"}) == []


# ---- shapes


def test_items_of_a_list_are_values():
    assert of("list<int>", "AVERAGE", [[1, 2, 3], [3, 4], [5]]) == 3.0
    assert of("list<long>", "COUNT", [[1, None, 3], None, [], [None]]) == 2
    assert of("list<long>", "COUNT", [[], [None], None]) is None
    assert of("list<string>", "HISTOGRAM", [["a", "b", None, "a"]]) == {"a": 2, "b": 1}
    assert of("list<struct<a:int>>", "COUNT", [[(1,), (2,)], []]) == 2  # rows: these items are no scalars


def test_maps_are_aggregated_for_each_key():
    assert of("map<string,int>", "SUM", [{"a": 1, "b": None}, {"a": 2, "c": 5}]) == {"a": 3, "c": 5}
    assert of("map<string,int>", "SUM", [{}]) == {}
    assert of("map<string,int>", "SUM", [{"a": None}]) == {}
    assert of("map<string,int>", "SUM", [None]) is None
    assert of("map<string,int>", "LAST", [{"a": 1}, {"b": 2}]) == {"b": 2}
    assert of("map<string,string>", "HISTOGRAM", [{"a": "x"}, {"a": "x", "b": "y"}]) == {"a": {"x": 2}, "b": {"y": 1}}


def test_element_wise_aggregates_each_position():
    assert of("list<int>", "SUM", [[1, 2], None, [3, 4]], element_wise=True) == [4, 6]
    assert of("list<int>", "SUM", [[], []], element_wise=True) == []
    assert of("list<int>", "TOP_K", [[1, 2], [3, 1]], element_wise=True, k=1) == [[3], [2]]
    assert of("list<int>", "FIRST", [[1, 2], [3, 4]], element_wise=True) == [1, 2]  # picks by time take whole cells


@pytest.mark.parametrize("cells", [[[1], [3, 4]], [[3, 4], None, [1]], [[1, None]]])
def test_element_wise_needs_lists_of_one_length_without_nulls(cells):
    algebra = Algebra([aggregation("x", "SUM", element_wise=True)], {"x": parse_type("list<int>")})
    rows = [Row(ORIGIN - 10 + i, {"x": cell}) for i, cell in enumerate(cells)]
    for ask in (
        lambda: algebra.at(rows, ORIGIN),
        lambda: algebra.record(rows, ORIGIN),
        lambda: algebra.visible([], rows, ORIGIN - 10, ORIGIN),
        lambda: algebra.visible(rows[:1], rows, rows[1 % len(rows)].ts, ORIGIN),
    ):
        with pytest.raises(DataError, match="element by element"):
            ask()


def test_buckets_make_a_map_of_what_has_a_value_and_a_bucket():
    pairs = [(1, "a"), (2, "b"), (3, "a"), (4, None), (None, "c"), (5, "")]
    assert by_bucket("long", "SUM", pairs) == {"a": 4, "b": 2, "": 5}
    assert by_bucket("long", "SUM", [(1, None)]) is None
    assert by_bucket("long", "LAST_K", [(1, "a"), (2, "b"), (3, "a"), (4, "a")], k=2) == {"a": [4, 3], "b": [2]}
    assert by_bucket("list<long>", "SUM", [([1, 2], "a"), ([], "b"), ([None], "c"), ([5], "a")]) == {"a": 8}
    assert by_bucket("string", "HISTOGRAM", [("u", "a"), ("v", "b"), ("u", "a")]) == {"a": {"u": 2}, "b": {"v": 1}}


# ---- serving


def test_a_late_batch_never_answers_a_wider_window():
    week = Algebra([aggregation("x", "COUNT", "7d", "1d", None)], {"x": parse_type("long")})
    rows = events({f"{day:+d}d+1h": 1 for day in range(-10, 5)})
    names = ("x_count_7d", "x_count_1d", "x_count")
    for query, expected in (
        ("+12h", (7, 1, 11)),
        ("+2d", (7, 1, 12)),
        ("+2d+1h", (None, 1, 12)),
        ("+4d", (None, 1, 14)),
    ):
        assert week.visible(rows, rows, at("+0s"), at(query)) == dict(zip(names, expected, strict=True))


def test_a_row_exactly_at_the_start_of_the_window_counts_from_the_batch():
    week = Algebra([aggregation("x", "SUM", "7d")], {"x": parse_type("long")})
    rows = events({"-7d-1ms": 100, "-7d": 1, "-7d+1ms": 2, "-1ms": 4, "+0s": 8, "+5m": 16})
    answers = [week.visible(rows, rows, at("+0s"), at(query)) for query in ("+0s", "+10m", "+1h")]
    assert answers == [{"x_sum_7d": 7}, {"x_sum_7d": 31}, {"x_sum_7d": 28}]


def test_a_second_fetch_answers_the_same():
    counts = Algebra([aggregation("x", "APPROX_HISTOGRAM_K", "7d", k=3)], {"x": parse_type("string")})
    rows = [*events({"-6d": "a", "-6d+1ms": "a", "-5d-12h": "p", "-5d-11h": "q", "-5d-10h": "r", "-5d-9h": "s"})]
    record, stream = counts.record(rows, ORIGIN), counts.stream(events({"+1m": "a", "+2m": "p"}))
    serving = counts.aggregator.serving()
    answers = [serving.fetch(record, stream, ORIGIN, at("+1h")) for _ in range(4)]
    assert answers == [[{"a": 3, "p": 2, "q": 1}]] * 4
