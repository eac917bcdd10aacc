"""Which rows a query sees: point in time, daily, and snapshots of entities (sections 12.7 to 12.9)."""

from __future__ import annotations

import pytest

from chronon.base.errors import ConfigError
from chronon.base.time import MINUTE_MS
from chronon.base.types import parse_type
from chronon.testing.oracle import Oracle, Row
from chronon.testing.shorthand import aggregation, at, events
from chronon.testing.tolerance import assert_same

from .both import oracle


def offsets(*texts):
    return [Row(at(text), {"x": at(text)}) for text in texts]


@pytest.mark.parametrize(
    "rows, query, count, least, most",
    [
        pytest.param(
            ["-1h", "-55m-1ms", "-55m", "-52m-30s", "+0s", "+5m", "+7m29s999ms", "+7m30s", "+8m"],
            "+7m30s",
            5,
            "-55m",
            "+7m29s999ms",
            id="H1",
        ),
        pytest.param(["-1h-1ms", "-1h", "-1ms", "+0s"], "+0s", 2, "-1h", "-1ms", id="H2"),
    ],
)
def test_a_window_starts_at_its_hop_and_ends_before_the_query(rows, query, count, least, most):
    answer = oracle(*(aggregation("x", op, "1h") for op in ("COUNT", "MIN", "MAX")), x="long").at(
        offsets(*rows), at(query)
    )
    assert answer == {"x_count_1h": count, "x_min_1h": at(least), "x_max_1h": at(most)}


def test_a_row_at_the_query_is_not_seen():  # H3
    seen = oracle(aggregation("x", "COUNT"), x="long")
    assert seen.at(events({"+0s": 1}), at("+0s")) == {"x_count": None}
    assert seen.at(events({"+0s": 1}), at("+1ms")) == {"x_count": 1}


def test_nothing_in_the_window_is_null():  # H4, H5
    sums = oracle(
        aggregation("x", "COUNT", "7d"),
        aggregation("m", "SUM", "7d"),
        aggregation("x", "SUM", "7d", buckets=["b"]),
        x="long",
        m="map<string,int>",
        b="string",
    )
    old = [Row(at("-13d"), {"x": 1, "m": {"a": 1}, "b": "c"})]
    nothing = {"x_count_7d": None, "m_sum_7d": None, "x_sum_7d_by_b": None}
    assert sums.at(old, at("+0s")) == nothing
    assert sums.at([], at("+0s")) == nothing


@pytest.mark.parametrize("query, expected", [("+0s", [2, 3]), ("+5m", [3, 4]), ("+35m", [4])])
def test_the_front_of_a_window_moves_on(query, expected):  # H6
    first = oracle(aggregation("x", "FIRST_K", "1h", k=2), x="long")
    assert first.at(events({"-61m": 1, "-60m": 2, "-30m": 3, "-1m": 4}), at(query)) == {"x_first2_1h": expected}


@pytest.mark.parametrize(
    "query, expected", [("+0s", 15), ("+23h59m59s999ms", 15), ("+1d", 14), ("+2d", 12), ("+3d", 8)]
)
def test_a_window_of_thirty_days_moves_by_days(query, expected):  # H7
    rows = events({"-30d+1ms": 1, "-29d": 2, "-28d": 4, "-1ms": 8})
    assert oracle(aggregation("x", "SUM", "30d"), x="long").at(rows, at(query)) == {"x_sum_30d": expected}


def test_sums_of_doubles():  # H8
    rows = events({"-5h": 0.1, "-3h": 0.2, "-1h": 0.3})
    answer = oracle(aggregation("x", "SUM", "1d"), x="double").at(rows, at("+0s"))
    assert_same(answer, {"x_sum_1d": 0.6000000000000001})


@pytest.mark.parametrize(
    "query, expected",
    [
        pytest.param("+1m", (list("cba"), list("ab"), "c", "a"), id="H9"),
        pytest.param("+2m", (list("dcb"), list("ab"), "d", "a"), id="H10"),
        pytest.param("+2m1ms", (list("edc"), list("ab"), "e", "a"), id="H11"),
        pytest.param("+5d", (list("edc"), list("bc"), "e", "b"), id="H12"),
    ],
)
def test_picks_by_time_in_a_window(query, expected):
    picks = oracle(
        aggregation("x", "LAST_K", "7d", k=3),
        aggregation("x", "FIRST_K", "7d", k=2),
        aggregation("x", "LAST", "7d"),
        aggregation("x", "FIRST", "7d"),
        x="string",
    )
    rows = events({"-3d": "a", "-2d": "b", "-1d": "c", "+1m": "d", "+2m": "e"})
    assert tuple(picks.at(rows, at(query)).values()) == expected


def test_rows_of_one_time_in_their_sequence():  # H13
    picks = oracle(
        aggregation("x", "LAST_K", k=2),
        aggregation("x", "LAST"),
        aggregation("x", "FIRST"),
        aggregation("x", "FIRST_K", k=2),
        x="string",
    )
    rows = events([("+1m", "a"), ("+1m", "b"), ("+1m", "c")])
    assert list(picks.at(rows, at("+2m")).values()) == [["c", "b"], "c", "a", ["a", "b"]]


WINDOW_STARTS = {
    #         q = 0      +1ms       +7m30s     +65m       +1d1ms
    "1h": ("-1h", "-1h", "-55m", "+5m", "+23h"),
    "11h": ("-11h", "-11h", "-10h-55m", "-9h-55m", "+13h"),
    "12h": ("-12h", "-12h", "-12h", "-11h", "+12h"),
    "24h": ("-24h", "-24h", "-24h", "-23h", "+0s"),
    "1d": ("-24h", "-24h", "-24h", "-23h", "+0s"),
    "7d": ("-7d", "-7d", "-7d", "-6d-23h", "-6d"),
    "287h": ("-11d-23h", "-11d-23h", "-11d-23h", "-11d-22h", "-10d-23h"),
    "288h": ("-12d", "-12d", "-12d", "-12d", "-11d"),
    "12d": ("-12d", "-12d", "-12d", "-12d", "-11d"),
    "13d": ("-13d", "-13d", "-13d", "-13d", "-12d"),
    "300h": ("-13d", "-13d", "-13d", "-13d", "-12d"),
}


@pytest.mark.parametrize("length", WINDOW_STARTS)
def test_the_first_row_that_a_window_sees_on_a_grid_of_five_minutes(length):
    grid = [Row(ts, {"x": ts}) for ts in range(at("-14d"), at("+1d1h"), 5 * MINUTE_MS)]
    first = oracle(aggregation("x", "MIN", length), x="long")
    starts = [first.at(grid, at(query))[f"x_min_{length}"] for query in ("+0s", "+1ms", "+7m30s", "+65m", "+1d1ms")]
    assert starts == [at(text) for text in WINDOW_STARTS[length]]


def test_hours_that_are_not_whole_days_start_at_their_hop_too():  # H14, H15
    grid = [Row(ts, {"x": 1}) for ts in range(at("-20d"), at("+2h"), 5 * MINUTE_MS)]
    assert oracle(aggregation("x", "COUNT", "300h"), x="long").at(grid, at("+1h")) == {"x_count_300h": 3756}


def test_windows_before_1970_start_at_their_hop_too():
    hour = oracle(aggregation("x", "SUM", "1h"), x="long")
    rows = [Row(-3_900_001, {"x": 1}), Row(-3_900_000, {"x": 2}), Row(-1, {"x": 4})]
    assert hour.at(rows, query=-1) == {"x_sum_1h": 2}
    assert hour.at(rows, query=0) == {"x_sum_1h": 4}


# ---- one dataset for backfill, daily and serving (12.8)

SHARED_TYPES = {"x": "long", "s": "string", "l": "list<int>", "m": "map<string,int>", "f": "double"}
SHARED = [
    Row(at(offset), {"x": x, "s": s, "l": items, "m": m, "f": f})
    for offset, x, s, items, m, f in [
        ("-13d", 100, "old", [9], {"z": 9}, 9.0),
        ("-7d-1h", 1, "a", [1, 2], {"k": 1}, 1.5),
        ("-6d", 2, "b", [], {}, 2.5),
        ("-2d", 3, "a", [None, 4], {"k": 2, "j": 5}, None),
        ("-1d", 4, None, None, None, 4.0),
        ("-10m", 5, "b", [7], {"j": -1}, 8.0),
        ("+2m", 6, "a", [8], {"k": 10}, 16.0),
        ("+20m", None, "c", [1], {"k": None}, 32.0),
        ("+3h", 8, "b", None, None, 64.0),
    ]
]
QUERIES = ("+0s", "+2m", "+2m1ms", "+30m", "+4h")
QUARTERS = {"percentiles": "[0.25, 0.5, 0.75]"}
SHARED_CASES = [
    (aggregation("x", "SUM", "1h"), [5, 5, 11, 11, 8]),
    (aggregation("x", "SUM", "1d"), [9, 9, 15, 15, 19]),
    (aggregation("x", "SUM", "7d"), [14, 14, 20, 20, 28]),
    (aggregation("x", "SUM", "14d"), [115, 115, 121, 121, 129]),
    (aggregation("x", "SUM"), [115, 115, 121, 121, 129]),
    (aggregation("x", "COUNT", "1h"), [1, 1, 2, 2, 1]),
    (aggregation("x", "COUNT", "1d"), [2, 2, 3, 3, 3]),
    (aggregation("x", "COUNT", "7d"), [4, 4, 5, 5, 6]),
    (aggregation("x", "COUNT"), [6, 6, 7, 7, 8]),
    (
        aggregation("x", "SUM", "7d", buckets=["s"]),
        [{"a": 3, "b": 7}] * 2 + [{"a": 9, "b": 7}] * 2 + [{"a": 9, "b": 15}],
    ),
    (aggregation("s", "LAST", "7d"), ["b", "b", "a", "c", "b"]),
    (aggregation("x", "LAST_K", "7d", k=3), [[5, 4, 3], [5, 4, 3], [6, 5, 4], [6, 5, 4], [8, 6, 5]]),
    (aggregation("x", "FIRST_K", "7d", k=2), [[2, 3]] * 5),
    (aggregation("x", "TOP_K", "7d", k=2), [[5, 4], [5, 4], [6, 5], [6, 5], [8, 6]]),
    (aggregation("l", "SUM", "7d"), [11, 11, 19, 20, 20]),
    (aggregation("l", "COUNT", "7d"), [2, 2, 3, 4, 4]),
    (aggregation("m", "SUM", "7d"), [{"j": 4, "k": 2}] * 2 + [{"j": 4, "k": 12}] * 3),
    (aggregation("m", "MAX", "7d"), [{"j": 5, "k": 2}] * 2 + [{"j": 5, "k": 10}] * 3),
    (aggregation("s", "UNIQUE_COUNT", "7d"), [2, 2, 2, 3, 3]),
    (aggregation("s", "BOUNDED_UNIQUE_COUNT", "7d", k=2), [2, 2, 2, 2, 2]),
    (aggregation("s", "APPROX_UNIQUE_COUNT", "7d"), [2, 2, 2, 3, 3]),
    (
        aggregation("s", "HISTOGRAM", "7d"),
        [{"a": 1, "b": 2}] * 2 + [{"a": 2, "b": 2}, {"a": 2, "b": 2, "c": 1}, {"a": 2, "b": 3, "c": 1}],
    ),
    (aggregation("x", "APPROX_PERCENTILE", "7d", **QUARTERS), [[3.0, 4.0, 5.0]] * 4 + [[3.0, 5.0, 6.0]]),
    (aggregation("f", "AVERAGE", "14d"), [5.0, 5.0, 6.833333333333333, 10.428571428571429, 17.125]),
    (aggregation("f", "VARIANCE", "14d"), [8.9, 8.9, 24.222222222222218, 98.31632653061226, 399.921875]),
    (
        aggregation("f", "SKEW", "14d"),
        [0.2372769435882103] * 2 + [0.7356547303204732, 1.2774988992397536, 1.497106064344067],
    ),
    (
        aggregation("f", "KURTOSIS", "14d"),
        [-1.6690443125867946] * 2 + [-0.6392059801363521, 0.3925040899957968, 0.925952817951317],
    ),
]
SHARED_IDS = [
    next(iter(Oracle([definition], {c: parse_type(k) for c, k in SHARED_TYPES.items()}).outputs))
    for definition, _ in SHARED_CASES
]


@pytest.mark.parametrize("definition, expected", SHARED_CASES, ids=SHARED_IDS)
def test_the_shared_dataset_point_in_time(definition, expected):
    shared = oracle(definition, **SHARED_TYPES)
    assert_same([next(iter(shared.at(SHARED, at(query)).values())) for query in QUERIES], expected)


@pytest.mark.parametrize("definition, expected", SHARED_CASES, ids=SHARED_IDS)
def test_the_shared_dataset_served_gives_the_same(definition, expected):
    """Also for the row exactly at the window's start, which the original loses (Q7)."""
    shared = oracle(definition, **SHARED_TYPES)
    answers = [shared.visible(SHARED, SHARED[6:], at("+0s"), at(query)) for query in QUERIES]
    assert_same([next(iter(answer.values())) for answer in answers], expected)


@pytest.mark.parametrize(
    "definition, expected",
    [
        (aggregation("x", "SUM", "7d", buckets=["s"]), ({"a": 3, "b": 7}, {"a": 9, "b": 15})),
        (aggregation("s", "LAST", "7d"), ("b", "b")),
        (aggregation("x", "LAST_K", "7d", k=3), ([5, 4, 3], [8, 6, 5])),
        (aggregation("x", "FIRST_K", "7d", k=2), ([2, 3], [2, 3])),
        (aggregation("l", "SUM", "7d"), (11, 20)),
    ],
)
def test_the_shared_dataset_by_days(definition, expected):
    shared = oracle(definition, **SHARED_TYPES)
    assert tuple(next(iter(shared.snapshot(SHARED, at(end)).values())) for end in ("+0s", "+1d")) == expected


# ---- daily

DAILY = events({"-2d-1ms": 1, "-2d": 2, "-1ms": 4, "+0s": 8, "+1d-1ms": 16, "+1d": 32})


@pytest.mark.parametrize("end, expected", [("+1d", [24, 30, 31]), ("+2d", [32, 60, 63])])
def test_daily_results_are_those_at_the_end_of_the_day(end, expected):  # I1, I2
    sums = oracle(aggregation("x", "SUM", "1d", "3d", None), x="long")
    assert list(sums.snapshot(DAILY, at(end)).values()) == expected


def test_daily_windows_are_in_days():  # I3
    with pytest.raises(ConfigError, match="x_sum_24h: a window in hours at daily accuracy"):
        oracle(aggregation("x", "SUM", "24h"), x="long").snapshot(DAILY, at("+1d"))


def test_daily_results_are_for_midnights():
    with pytest.raises(ConfigError, match="not a midnight"):
        oracle(aggregation("x", "SUM", "1d"), x="long").snapshot(DAILY, at("+1h"))


def test_rows_after_the_day_leave_it_null():  # I4
    both = oracle(aggregation("x", "SUM", "1d"), aggregation("x", "COUNT"), x="long")
    assert both.snapshot(events({"+5d": 1}), at("+1d")) == {"x_sum_1d": None, "x_count": None}


ENTITIES = events({"-6h-1ms": 1, "-6h": 2, "-1ms": 4, "+0s": 8, "+1d-1ms": 16, "+1d": 32})


def test_windows_over_entities_are_exact_to_the_millisecond():  # I5
    sums = oracle(aggregation("x", "SUM", "1d", "30h", None), x="long")
    assert list(sums.entities(ENTITIES, at("+1d")).values()) == [24, 30, 31]


def test_entities_without_windows_count_whatever_their_time():  # I6
    sums = oracle(aggregation("x", "SUM"), x="long")
    assert sums.entities([*ENTITIES, Row(None, {"x": 64})], at("+1d")) == {"x_sum": 127}


def test_a_row_without_its_time_is_left_out():
    dated = oracle(aggregation("x", "COUNT"), x="long", ts="long")
    rows = [Row(None, {"x": 1}), Row(1, {"x": 1})]
    assert dated.at(rows, query=5) == dated.entities(rows, at("+1d")) == {"x_count": 1}


def test_first_and_last_of_one_instant():  # I8
    picks = oracle(aggregation("x", "LAST"), aggregation("x", "FIRST"), x="long")
    rows = events([("+1d-1ms", 1), ("+1d-1ms", 2)])
    assert picks.snapshot(rows, at("+1d")) == {"x_last": 2, "x_first": 1}
