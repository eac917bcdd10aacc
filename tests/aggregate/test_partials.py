"""Partial aggregates by day give what their rows give, for every operation in every shape."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.aggregate.test_algebra_is_oracle import compiled, each_combination, every_window

from chronon.base.time import DAY_MS, floor
from chronon.base.types import LONG
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra, pieces
from chronon.testing.shorthand import ORIGIN, aggregation, at, events
from chronon.testing.strategies import histories, instants

DAYS = (None, "1d", "2d", "7d", "12d", "13d")
BY_DAYS = (None, "12d", "13d", "30d")


def asked(queries):
    keys, times = zip(*queries, strict=True) if queries else ((), ())
    return pa.record_batch({"__key": pa.array(keys, pa.int64()), "ts": pa.array(times, pa.int64())})


def answers(algebra, states, queries):
    partials, parts = algebra.aggregator.partials, algebra.aggregator.parts
    return [a for batch in partials.answer(parts, states, [asked(queries)]) for a in algebra.plain(batch)]


@each_combination
@settings(max_examples=3)
@given(data=st.data())
def test_at_midnights(operation, shape, data):
    definition = data.draw(every_window(operation, shape, DAYS))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors))
    ends = [ORIGIN - DAY_MS, ORIGIN, ORIGIN + DAY_MS]
    algebra = compiled(definition)
    events = algebra.table({0: rows})
    states = list(algebra.aggregator.partials.daily(pieces(events, [len(rows) // 2])))
    expected = [definition.oracle.snapshot(rows, end) for end in ends]
    assert_same(expected, answers(algebra, states, [(0, end) for end in ends]))


@each_combination
@settings(max_examples=3)
@given(data=st.data())
def test_at_an_instant_from_earlier_days_and_the_rows_since(operation, shape, data):
    definition = data.draw(every_window(operation, shape, BY_DAYS))
    rows = [row for row in data.draw(histories(definition.schema, tensors=definition.tensors)) if row.ts is not None]
    queries = data.draw(instants(definition.oracle, rows, max_size=3))
    since = floor(min(queries, default=ORIGIN), DAY_MS)
    algebra = compiled(definition)
    partials = algebra.aggregator.partials
    before = algebra.table({0: [row for row in rows if row.ts < since]})
    after = algebra.table({0: [row for row in rows if row.ts >= since]})
    states = [*partials.daily([before]), *partials.single([after])]
    assert_same([definition.oracle.at(rows, q) for q in queries], answers(algebra, states, [(0, q) for q in queries]))


def test_one_row_for_each_key_and_day():
    algebra = Algebra([aggregation("x", "SUM", "13d"), aggregation("x", "LAST")], {"x": LONG})
    rows = {0: events({"-2d": 1, "-47h": 2, "-1h": 4}), 3: events({"-1h": 8})}
    (made,) = algebra.aggregator.partials.daily([algebra.table(rows)])
    assert made.column("__key").to_pylist() == [0, 0, 3]
    assert made.column("ts").to_pylist() == [at("-2d"), at("-1d"), at("-1d")]


def test_keys_without_any_state_have_no_features():
    algebra = Algebra([aggregation("x", "SUM", "13d"), aggregation("x", "LAST")], {"x": LONG})
    states = list(algebra.aggregator.partials.daily([algebra.table({1: events({"-1h": 8})})]))
    found = answers(algebra, states, [(0, ORIGIN), (1, ORIGIN), (2, ORIGIN)])
    assert [a["x_sum_13d"] for a in found] == [None, 8, None]
