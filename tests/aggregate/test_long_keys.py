"""A key with more rows than are worked on at once: its windows are held by hops, and the answers are the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate import chunks, uploads
from chronon.aggregate.rule import WindowRule
from chronon.base.errors import DataError
from chronon.base.time import DAY_MS, HOUR_MS, MINUTE_MS
from chronon.base.types import BINARY, DOUBLE, LONG, STRING, ListType, MapType
from chronon.testing import Oracle, Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation
from chronon.testing.strategies import OPERATIONS, SHAPES, definitions, histories, input_types, instants

COMBINATIONS = [(operation, shape) for operation in OPERATIONS for shape in SHAPES if input_types(operation, shape)]
each_combination = pytest.mark.parametrize(
    "operation, shape", [pytest.param(o, s, id=f"{o}-{getattr(s, 'name', s)}") for o, s in COMBINATIONS]
)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each chunk had."""
    sizes: list[int] = []
    make = chunks.Pass._chunk

    def watched(self, table):
        sizes.append(table.num_rows)
        return make(self, table)

    monkeypatch.setattr(chunks.Pass, "_chunk", watched)
    return sizes


@each_combination
@settings(max_examples=3)
@given(data=st.data(), rows_at_once=st.integers(1, 5), threads=st.sampled_from([1, 1, 2]))
def test_every_operation_in_every_shape_gives_what_the_oracle_gives(operation, shape, data, rows_at_once, threads):
    definition = data.draw(definitions([operation], [shape], max_aggregations=2))
    some = [data.draw(histories(definition.schema, tensors=definition.tensors, max_rows=16)) for _ in range(2)]
    rows = {0: some[0] if definition.tensors else some[0] + some[1], 1: some[1][:3]}
    asked = [(key, at) for key in (0, 1, 2) for at in data.draw(instants(definition.oracle, rows.get(key, [])))]
    cuts = range(0, 64, data.draw(st.integers(1, 3)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS_AT_ONCE", rows_at_once)
        patch.setattr(chunks, "QUERIES_AT_ONCE", 3)
        algebra = Algebra(definition.aggregations, definition.schema)
        answers = algebra.run(rows, asked, cuts=cuts, query_cuts=(1, 4), threads=threads)
    assert_same([definition.oracle.at(rows.get(key, []), at) for key, at in asked], answers)


@each_combination
@settings(max_examples=3)
@given(data=st.data(), rows_at_once=st.integers(1, 5))
def test_an_upload_that_takes_a_key_in_pieces_is_fetched_as_ever(operation, shape, data, rows_at_once):
    definition = data.draw(definitions([operation], [shape], max_aggregations=2))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors, max_rows=16))
    at = ORIGIN + data.draw(st.sampled_from([0, 1, HOUR_MS, DAY_MS, 2 * DAY_MS]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "ROWS_AT_ONCE", rows_at_once)
        answer = Algebra(definition.aggregations, definition.schema).visible(rows, rows, ORIGIN, at)
    assert_same(definition.oracle.visible(rows, rows, ORIGIN, at), answer)


def test_only_a_key_that_is_too_long_is_uploaded_in_pieces(monkeypatch):
    """Always of as many rows, so that its record does not depend on how batches are cut."""
    monkeypatch.setattr(uploads, "ROWS_AT_ONCE", 10)
    keys = [*[1] * 7, *[2] * 8, *[3] * 25, *[4] * 2]
    table = pa.table({"__key": keys, "ts": range(len(keys))})
    for step in (1, 4, 50):
        pieces = [
            (piece["__key"].to_pylist(), goes_on)
            for piece, goes_on in uploads.key_pieces(table.to_batches(max_chunksize=step), 10)
        ]
        assert [key for some, _ in pieces for key in some] == keys
        assert [len(some) for some, goes_on in pieces if goes_on] == [10, 10]
        assert all(some == [3] * 10 for some, goes_on in pieces if goes_on)


EVERYTHING = [
    *(
        aggregation(column, operation, "1h", "1d", "7d", "30d", "2147483647d", **arguments)
        for column, operation, arguments in [
            ("x", "SUM", {}),
            ("x", "COUNT", {}),
            ("x", "MAX", {}),
            ("x", "AVERAGE", {}),
            ("x", "KURTOSIS", {}),
            ("x", "VARIANCE", {}),
            ("x", "LAST", {}),
            ("x", "FIRST_K", {"k": 3}),
            ("x", "LAST_K", {"k": 3}),
            ("x", "TOP_K", {"k": 3}),
            ("x", "UNIQUE_COUNT", {}),
            ("x", "APPROX_UNIQUE_COUNT", {}),
            ("x", "APPROX_PERCENTILE", {"percentiles": [0, 0.1, 0.5, 1]}),
            ("b", "HISTOGRAM", {}),
            ("b", "APPROX_HISTOGRAM_K", {"k": 2}),
            ("raw", "BOUNDED_UNIQUE_COUNT", {"k": 4}),
            ("m", "SUM", {}),
            ("m", "LAST_K", {"k": 2}),
        ]
    ),
    aggregation("x", "SUM", "1d", "30d", buckets=["b"]),
    aggregation("x", "UNIQUE_COUNT", "7d", buckets=["b"]),
    aggregation("t", "MAX", "1d", "13d", element_wise=True),
    aggregation("t", "APPROX_PERCENTILE", "1d", element_wise=True),
]
KINDS = {
    "x": LONG,
    "b": STRING,
    "raw": BINARY,
    "m": MapType(STRING, DOUBLE),
    "t": ListType(DOUBLE),
}


def history(count: int, step: int) -> list[Row]:
    """Rows up to ``ORIGIN``, one every ``step`` ms, some of them two at a time, some without values."""
    return [
        Row(
            ORIGIN - (count - i - i % 2) * step,
            {
                "x": None if i % 13 == 0 else i * 7919 % 101,
                "b": None if i % 5 == 0 else "pqrstuvw"[i * i % 8],
                "raw": bytes([i * i % 7]),
                "m": {"k": i / 4, "pqr"[i % 3]: float(i)} if i % 4 else None,
                "t": [float(i % 11), -float(i)],
            },
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(
    "step, rows_at_once, threads", [(5 * MINUTE_MS, 60, 1), (37 * MINUTE_MS, 40, 2), (7 * HOUR_MS, 7, 1)]
)
def test_of_a_long_key_as_many_rows_are_held_as_are_worked_on(monkeypatch, held, step, rows_at_once, threads):
    """However many the widest window has: each chunk is new rows, and at most as many carried ones."""
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", rows_at_once)
    rows = history(600, step)
    asked = [(0, row.ts + 1) for row in rows[3::29]] + [(0, ORIGIN + 40 * DAY_MS), (1, ORIGIN)]
    answers = Algebra(EVERYTHING, KINDS).run({0: rows}, asked, cuts=range(0, 600, 5), threads=threads)
    oracle = Oracle(EVERYTHING, KINDS)
    assert_same([oracle.at(rows if key == 0 else [], at) for key, at in asked], answers)
    assert max(held) <= 2 * rows_at_once + 10
    assert len(held) > 600 / (2 * rows_at_once)


@pytest.mark.parametrize("rule", [WindowRule.ALL, WindowRule.SAWTOOTH])
def test_rows_of_one_instant_are_held_only_where_their_order_decides(monkeypatch, held, rule):
    """A source without a time has all rows of a day at one instant."""
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 20)
    rows = [Row(ORIGIN, {"x": i * 7 % 50}) for i in range(400)]
    sums = Algebra([aggregation("x", "SUM", "1d"), aggregation("x", "TOP_K", "1d", k=3)], {"x": LONG})
    (found,) = sums.run({0: rows}, [(0, ORIGIN + 1)], rule=rule, cuts=range(0, 400, 10))
    assert found == {"x_sum_1d": sum(r.values["x"] for r in rows), "x_top3_1d": [49, 49, 49]}
    assert max(held) <= 50
    held.clear()
    last = Algebra([aggregation("x", "LAST_K", "1d", k=2)], {"x": LONG})
    assert last.run({0: rows}, [(0, ORIGIN + 1)], rule=rule, cuts=range(0, 400, 10)) == [{"x_last2_1d": [49, 49]}]
    assert max(held) >= 200


def test_rows_of_one_instant_are_not_torn_apart_by_their_order(monkeypatch):
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 1)
    counts = Algebra([aggregation("x", "UNIQUE_COUNT", "1d", buckets=["b"])], {"x": LONG, "b": STRING})
    rows = [Row(ORIGIN, {"x": x, "b": "a"}) for x in (7, 5, 6, 5)]
    assert counts.run({0: rows}, [(0, ORIGIN + 1)], cuts=range(4)) == [{"x_unique_count_1d_by_b": {"a": 3}}]


def test_sketches_and_summaries_of_hops_stay_within_their_errors(monkeypatch):
    """Beyond what they know exactly: hops have more values than a sketch holds."""
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 300)
    random = np.random.default_rng(3)
    numbers = np.where(random.random(3000) < 0.3, random.integers(0, 5, 3000), random.integers(0, 3000, 3000))
    rows = [Row(ORIGIN - (3000 - i) * 20 * MINUTE_MS, {"x": int(n)}) for i, n in enumerate(numbers)]
    definition = [
        aggregation("x", "APPROX_HISTOGRAM_K", "1d", "7d", "30d", k=4),
        aggregation("x", "APPROX_PERCENTILE", "1d", "7d", "30d", percentiles=[0.1, 0.5, 0.9]),
        aggregation("x", "APPROX_UNIQUE_COUNT", "7d", "30d", k=10),
    ]
    asked = [(0, row.ts + 1) for row in rows[200::211]]
    answers = Algebra(definition, {"x": LONG}).run({0: rows}, asked, cuts=range(0, 3000, 100))
    oracle = Oracle(definition, {"x": LONG})
    assert_same([oracle.at(rows, at) for _, at in asked], answers)


def test_lists_of_two_lengths_in_one_hop_are_an_error_only_for_a_query_that_sees_them(monkeypatch):
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 4)
    totals = Algebra([aggregation("x", "SUM", "1d", element_wise=True)], {"x": ListType(LONG)})
    half_past_twelve = 50
    rows = {0: [Row(ORIGIN + i * 15 * MINUTE_MS, {"x": [1] * (1 if i < half_past_twelve else 2)}) for i in range(160)]}
    fine = [(0, ORIGIN + 12 * HOUR_MS + 30 * MINUTE_MS), (0, ORIGIN + 37 * HOUR_MS)]
    assert totals.run(rows, fine, cuts=range(160)) == [{"x_sum_1d": [50]}, {"x_sum_1d": [96, 96]}]
    for hour in (13, 20, 36):
        with pytest.raises(DataError, match="1 and of 2 items"):
            totals.run(rows, [(0, ORIGIN + hour * HOUR_MS)], cuts=range(160))
