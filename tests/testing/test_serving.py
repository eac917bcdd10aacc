"""What a fetch answers from a batch, a stream and mutations (sections 12.10 to 12.12)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chronon.base.errors import RequestError
from chronon.base.time import DAY_MS
from chronon.testing.oracle import Row
from chronon.testing.shorthand import aggregation, at, change, events
from chronon.testing.tolerance import assert_same

from .both import oracle

B = at("+0s")


def fetch(definition, batch, stream, query, *, kind="long", **options):
    answer = oracle(definition, x=kind).visible(events(batch), events(stream), B, at(query), **options)
    values = list(answer.values())
    return values[0] if len(values) == 1 else values


@pytest.mark.parametrize("query, expected", [("+0s", 7), ("+10m", 31), ("+1h", 28)])
def test_a_row_exactly_at_the_start_of_the_window_counts(query, expected):  # J5 with Q7
    batch, stream = {"-7d": 1, "-7d+1ms": 2, "-1ms": 4}, {"+0s": 8, "+5m": 16}
    assert fetch(aggregation("x", "SUM", "7d"), batch, stream, query) == expected


@pytest.mark.parametrize("query, expected", [("+0s", [7, 7]), ("+10m", [31, 31]), ("+1h", [28, 31])])
def test_windows_do_not_influence_each_other(query, expected):  # J6
    batch, stream = {"-7d": 1, "-7d+1ms": 2, "-1ms": 4}, {"+0s": 8, "+5m": 16}
    assert fetch(aggregation("x", "SUM", "7d", "8d"), batch, stream, query) == expected


def test_a_request_before_the_batch_end_is_refused():  # J7
    with pytest.raises(RequestError, match="before the end of the batch"):
        fetch(aggregation("x", "SUM", "7d"), {}, {}, "-1ms")


@pytest.mark.parametrize(
    "definition, batch, stream, query, expected",
    [
        pytest.param(
            aggregation("x", "COUNT", "7d", None),
            {},
            {"-1ms": 1, "+0s": 1, "+9m": 1, "+10m": 1},
            "+10m",
            [2, 2],
            id="J8",
        ),
        pytest.param(aggregation("x", "SUM", "1h", None), {}, {"+0s": 1, "+9m": 1}, "+10m", [2, 2], id="J10"),
        pytest.param(
            aggregation("x", "COUNT", "1h", "1d"), {}, {"+0s": 1, "+2h": 1, "+3h": 1}, "+3h7m", [1, 3], id="J11"
        ),
        pytest.param(aggregation("x", "COUNT"), {"+5h": 1}, {}, "+6h", None, id="J17"),
    ],
)
def test_the_stream_counts_from_the_batch_end_and_the_batch_before_it(definition, batch, stream, query, expected):
    assert fetch(definition, batch, stream, query) == expected


@pytest.mark.parametrize("query, expected", [("+6h", 26), ("+6h4m", 58), ("+6h5m", 56)])
def test_batch_and_stream_leave_the_window_alike(query, expected):  # J12
    batch, stream = {"-6h": 1, "-5h": 2, "-5h-1ms": 4, "-1ms": 8}, {"+5h": 16, "+6h": 32}
    assert fetch(aggregation("x", "SUM", "11h"), batch, stream, query) == expected


DAILY = [f"{day:+}d+1h" for day in range(-10, 6)]
DAYS_BEFORE = {offset: 1 for offset in DAILY if offset.startswith("-")}
DAYS_AFTER = {offset: 1 for offset in DAILY if offset.startswith("+")}
DAILY_QUERIES = ("+12h", "+36h", "+48h", "+60h", "+84h", "+120h")


@pytest.mark.parametrize(
    "window, stale_after, expected",
    [
        pytest.param("7d", 2 * DAY_MS, [7, 7, 7, None, None, None], id="J13 null once it would be wrong"),
        pytest.param("7d", 5 * DAY_MS, [7, 7, 7, 7, 7, 7], id="J13 kept long enough"),
        pytest.param("1d", 2 * DAY_MS, [1, 1, 1, 1, 1, 1], id="J14 a short window needs no batch"),
    ],
)
def test_an_old_batch_never_answers_a_wider_window(window, stale_after, expected):
    counts = [
        fetch(aggregation("x", "COUNT", window), DAYS_BEFORE, DAYS_AFTER, query, stale_after=stale_after)
        for query in DAILY_QUERIES
    ]
    assert counts == expected


@pytest.mark.parametrize(
    "query, expected", [("+0s", 15), ("+23h59m59s999ms", 15), ("+1d", 14), ("+2d", 12), ("+3d", None)]
)
def test_a_window_that_moves_by_days_grows_stale_by_days(query, expected):  # J15
    batch = {"-30d+1ms": 1, "-29d": 2, "-28d": 4, "-1ms": 8}
    assert fetch(aggregation("x", "SUM", "30d"), batch, {}, query) == expected


def test_the_whole_history_is_never_stale():
    assert fetch(aggregation("x", "SUM"), {"-30d": 1}, {"+1d": 2}, "+90d") == 3


# ---- mutations

FEATURES = [aggregation("x", name) for name in ("AVERAGE", "COUNT", "SUM", "LAST", "MAX", "UNIQUE_COUNT")]
SNAPSHOT = {"-3d": 4, "-2d": 5}
REVERSED = {"is_before": True}


def changed(snapshot, changes, query, definitions=FEATURES, kind="long"):
    """The changes arrive after the snapshot."""
    rows = events(snapshot)
    later = [replace(row, sequence=i) for i, row in enumerate(changes, len(rows))]
    return list(oracle(*definitions, x=kind).mutations(rows, later, B, at(query)).values())


UPDATE = [change("-2d", 5, "+2h", **REVERSED), change("-2d", 9, "+2h")]


@pytest.mark.parametrize(
    "snapshot, changes, query, expected",
    [
        pytest.param(SNAPSHOT, [change("+2h", 2, "+2h")], "+2h", [4.5, 2, 9, 5, 5, 2], id="K1 not yet"),
        pytest.param(SNAPSHOT, [change("+2h", 2, "+2h")], "+2h1ms", [11 / 3, 3, 11, 2, 5, 3], id="K1"),
        # the old image stays in MAX and UNIQUE_COUNT until the next batch; of both images LAST takes the later one
        pytest.param(SNAPSHOT, UPDATE, "+3h", [6.5, 2, 13, 9, 9, 3], id="K2"),
        pytest.param(SNAPSHOT, UPDATE[::-1], "+3h", [6.5, 2, 13, 9, 9, 3], id="K3"),
        pytest.param(SNAPSHOT, UPDATE[:1], "+3h", [4.0, 1, 4, 5, 5, 2], id="K4"),
        pytest.param(
            SNAPSHOT,
            [change("-2d", 5, "+2h", **REVERSED), change("-3d", 4, "+2h", **REVERSED)],
            "+3h",
            [None, 0, 0, 5, 5, 2],
            id="K5",
        ),
        pytest.param({}, UPDATE[:1], "+3h", [5.0, -1, -5, None, None, None], id="K6"),
        pytest.param({}, [change("+10h", 3, "+2h")], "+9h", [None] * 6, id="K7, K9: a row of the future"),
        pytest.param({}, [change("+10h", 3, "+2h")], "+11h", [3.0, 1, 3, 3, 3, 1], id="K7 to K9: its time has come"),
        pytest.param({}, [change("-1h", 3, "-1h")], "+1h", [None] * 6, id="K12"),
        pytest.param({}, [change("+0s", 3, "+1h")], "+1h", [None] * 6, id="K13 not yet"),
        pytest.param({}, [change("+0s", 3, "+1h")], "+1h1ms", [3.0, 1, 3, 3, 3, 1], id="K13"),
        pytest.param({}, [change("+1ms", 3, "-1ms")], "+1h", [None] * 6, id="K14"),
    ],
)
def test_changes_count_once_made_and_once_their_row_has_happened(snapshot, changes, query, expected):
    assert_same(changed(snapshot, changes, query), expected)


@pytest.mark.parametrize(
    "definition, kind, snapshot, changes, queries",
    [
        pytest.param(
            aggregation("x", "COUNT", "1h"), "long", {}, [change("+30m", 3, "+30m")], {"+1h": 1, "+20h": None},
            id="K10, K11",
        ),
        pytest.param(
            aggregation("x", "SUM", "7d"), "long", {"-6d+1h": 5},
            [change("-6d+1h", 5, "+1h", **REVERSED), change("-6d+1h", 6, "+1h")],
            {"+0s": 5, "+2h": 6, "+23h": 6},
            id="K15",
        ),
        pytest.param(
            aggregation("x", "HISTOGRAM", "2d"), "string", [("-1h", "a"), ("-1h", "b")],
            [change("-1h", "a", "+1ms", **REVERSED)], {"+10ms": {"b": 1}},
            id="K16",
        ),
        pytest.param(
            aggregation("x", "COUNT", "7d"), "long", {"-7d": 1}, [change("-7d", 1, "+1ms", **REVERSED)], {"+10m": 0},
            id="K17",
        ),
        pytest.param(
            aggregation("x", "COUNT", "7d"), "long", {"-7d+30m": 1, "-1d": 1},
            [change("-7d+30m", 1, "+1h", **REVERSED)], {"+30m": 2, "+2h": 1},
            id="K18",
        ),
        pytest.param(
            aggregation("x", "MAX"), "map<string,long>", {"-1d": {"a": 5}},
            [change("-1d", {"a": 5}, "+1h", **REVERSED)], {"+2h": {"a": 5}},
            id="K19",
        ),
        pytest.param(
            aggregation("x", "AVERAGE", "4d"), "long", {"-5d+1h40m": 3, "-4d+3h40m": 3, "-3d+3h45m": 4},
            [
                change("+5h45m", 2, "+5h45m"),
                change("+5h45m", 2, "+7h", **REVERSED),
                change("+5h45m", 5, "+7h"),
            ],
            {"+1h30m": 3.5, "+4h30m": 4.0, "+6h30m": 3.0, "+8h30m": 4.5},
            id="K20",
        ),
        pytest.param(
            aggregation("x", "AVERAGE"), "long", {"-4d": 4, "-3d": 5, "-2d": 4, "-1d": 5}, [change("+2h", 2, "+2h")],
            {"+1h": 4.5, "+2h30m": 4.0},
            id="K21",
        ),
        pytest.param(
            aggregation("x", "AVERAGE", "4d"), "long", {},
            [
                change("+30m", 5, "+30m"),
                change("+4h30m", 2, "+4h30m"),
                change("+4h30m", 2, "+12h30m", **REVERSED),
                change("+4h30m", 4, "+12h30m"),
            ],
            {"+7m": None, "+1h7m": 5.0, "+5h": 3.5, "+23h": 4.5},
            id="K22",
        ),
        pytest.param(
            aggregation("x", "AVERAGE"), "long", {"-4d": 4, "-3d": 4, "-2d": 4, "-1d": 5},
            [change("-1d", 5, "+30m", **REVERSED)], {"+1h": 4.0},
            id="K23, the old key",
        ),
        pytest.param(
            aggregation("x", "AVERAGE"), "long", {"-4d": 3, "-3d": 3, "-2d": 3},
            [change("-1d", 5, "+30m"), change("+10h", 3, "+10h")], {"+2h30m": 3.5, "+23h": 3.4},
            id="K23, the new key",
        ),
    ],
)  # fmt: skip
def test_each_query_sees_the_changes_for_itself(definition, kind, snapshot, changes, queries):
    for query, expected in queries.items():
        (answer,) = changed(snapshot, changes, query, [definition], kind)
        assert_same(answer, expected)


def test_serving_sees_mutations_as_the_backfill_does():
    snapshot, features = events(SNAPSHOT), oracle(*FEATURES, x="long")
    for query in (at("+1h"), at("+3h")):
        assert features.visible(snapshot, UPDATE, B, query) == features.mutations(snapshot, UPDATE, B, query)


# ---- what tiles, element-wise columns and shared states must not change

FIVE_MINUTES = {"+0s": 1, "+4m": 2, "+5m": 4, "+62m": 8, "+63m": 16, "+64m": 32}


@pytest.mark.parametrize(
    "query, windows, expected",
    [
        pytest.param("+63m30s", ("1h", "1d"), [31, 31], id="L1"),
        pytest.param("+60m", ("1h",), 7, id="L3"),
        pytest.param("+60m1ms", ("1h",), 7, id="L3 later"),
    ],
)
def test_the_leading_edge_is_exact(query, windows, expected):
    assert fetch(aggregation("x", "SUM", *windows), {}, FIVE_MINUTES, query) == expected


@pytest.mark.parametrize("operation, expected", [("SUM", [9.0, 12.0]), ("AVERAGE", [3.0, 4.0])])
def test_element_wise_is_honoured_under_windows(operation, expected):  # M1, M2
    rows = events({"-2d": [1, 2], "-1d": [3, 4], "+1m": [5, 6]})
    each = oracle(aggregation("x", operation, "7d", element_wise=True), x="list<double>")
    assert_same(list(each.at(rows, at("+2m")).values()), [expected])
    assert_same(list(each.visible(rows, rows, B, at("+2m")).values()), [expected])


def frequent(first, second):
    return [Row(at(first), {"x": "a"}) for _ in range(2)] + [Row(at(second), {"x": key}) for key in "pqrs" * 3]


def test_windows_do_not_add_to_each_others_counts():  # M3
    counts = oracle(aggregation("x", "APPROX_HISTOGRAM_K", "12d", "13d", "14d", k=3), x="string")
    answers = list(counts.at(frequent("-5d", "-4d"), at("+0s")).values())
    assert answers == [{"p": 3, "q": 3, "r": 3}] * 3


def test_a_second_fetch_answers_the_same():  # M4, J16
    counts = oracle(aggregation("x", "APPROX_HISTOGRAM_K", "7d", k=3), x="string")
    batch, stream = frequent("-6d", "-5d-12h"), events({"+1m": "a", "+2m": "p"})
    answers = [counts.visible(batch, stream, B, at("+3m")) for _ in range(4)]
    assert answers == [{"x_approx_histogram_k_7d": {"p": 4, "a": 3, "q": 3}}] * 4
