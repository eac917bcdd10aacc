"""A result depends on the rows that a query sees and on nothing else: batches, threads, order, other queries."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate import chunks
from chronon.base.errors import DataError
from chronon.base.time import DAY_MS, MINUTE_MS
from chronon.base.types import DOUBLE, LONG, STRING, ListType, MapType
from chronon.testing import Oracle, Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation
from chronon.testing.strategies import definitions, histories, instants, scenarios


def compiled(definition):
    return Algebra(definition.aggregations, definition.schema)


@st.composite
def worlds(draw, **options):
    """A definition, rows of three keys, and queries of four, one of which has no rows."""
    definition = draw(definitions(**options))
    rows = {key: draw(histories(definition.schema, tensors=definition.tensors, max_rows=8)) for key in (1, 2, 5)}
    asked = [
        (key, at) for key in (1, 2, 3, 5) for at in draw(instants(definition.oracle, rows.get(key, []), max_size=3))
    ]
    return definition, rows, asked


@settings(max_examples=80)
@given(
    world=worlds(),
    data=st.data(),
    rows_at_once=st.integers(1, 6),
    queries_at_once=st.integers(1, 4),
    bytes_at_once=st.sampled_from([1, 100, 10_000]),
)
def test_cutting_rows_and_queries_into_batches_changes_nothing(
    world, data, rows_at_once, queries_at_once, bytes_at_once
):
    definition, rows, asked = world
    cuts = data.draw(st.lists(st.integers(0, 24), max_size=6))
    query_cuts = data.draw(st.lists(st.integers(0, 12), max_size=3))
    expected = [definition.oracle.at(rows.get(key, []), at) for key, at in asked]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS_AT_ONCE", rows_at_once)
        patch.setattr(chunks, "QUERIES_AT_ONCE", queries_at_once)
        patch.setattr("chronon.aggregate.answer.BYTES_AT_ONCE", bytes_at_once)
        assert_same(expected, compiled(definition).run(rows, asked, cuts=cuts, query_cuts=query_cuts))


@settings(max_examples=30)
@given(world=worlds(), cuts=st.lists(st.integers(0, 24), max_size=6), rule=st.sampled_from(list(chunks.WindowRule)))
def test_cutting_changes_nothing_under_any_rule(world, cuts, rule):
    definition, rows, asked = world
    whole = compiled(definition).run(rows, asked, rule=rule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS_AT_ONCE", 2)
        assert_same(whole, compiled(definition).run(rows, asked, rule=rule, cuts=cuts), relative=1e-9)


@settings(max_examples=30)
@given(world=worlds(), threads=st.integers(2, 4))
def test_threads_change_nothing(world, threads):
    definition, rows, asked = world
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS_AT_ONCE", 3)
        patch.setattr(chunks, "QUERIES_AT_ONCE", 2)
        answers = compiled(definition).run(rows, asked, threads=threads)
    assert_same([definition.oracle.at(rows.get(key, []), at) for key, at in asked], answers)


@settings(max_examples=60)
@given(scenario=scenarios(extremes=False), data=st.data())
def test_arrival_order_changes_nothing(scenario, data):
    shuffled = data.draw(st.permutations(scenario.rows))
    asked = [(0, at) for at in scenario.queries]
    algebra = compiled(scenario.definition)
    one, other = algebra.run({0: scenario.rows}, asked), algebra.run({0: shuffled}, asked)
    assert_same(one, other, relative=1e-9, absolute=1e-9)
    stale = 5 * DAY_MS
    fetched = algebra.visible(scenario.rows, scenario.rows, ORIGIN, ORIGIN + DAY_MS, stale_after=stale)
    again = algebra.visible(shuffled, shuffled, ORIGIN, ORIGIN + DAY_MS, stale_after=stale)
    assert_same(fetched, again, relative=1e-9, absolute=1e-9)


@settings(max_examples=60)
@given(scenario=scenarios())
def test_the_other_queries_of_a_job_change_nothing(scenario):
    algebra = compiled(scenario.definition)
    together = algebra.run({0: scenario.rows}, [(0, at) for at in scenario.queries])
    alone = [algebra.at(scenario.rows, at) for at in scenario.queries]
    for at, one, other in zip(scenario.queries, together, alone, strict=True):
        expected = scenario.oracle.at(scenario.rows, at)
        assert_same(expected, one)
        assert_same(expected, other)


@settings(max_examples=60)
@given(scenario=scenarios(), days=st.integers(0, 20))
def test_a_row_counts_the_same_from_the_batch_and_from_the_stream(scenario, days):
    """The batch may end at any midnight: what it does not hold, the stream does."""
    at = ORIGIN + DAY_MS
    values = compiled(scenario.definition).visible(
        scenario.rows, scenario.rows, at - days * DAY_MS, at, stale_after=20 * DAY_MS
    )
    assert_same(scenario.oracle.at(scenario.rows, at), values)


def test_of_a_long_key_only_the_widest_window_is_held(monkeypatch):
    """Columns over its whole history, buckets and maps among them, need a state of what has left."""
    held = []
    make = chunks.Pass._chunk

    def watched(self, table):
        held.append(table.num_rows)
        return make(self, table)

    monkeypatch.setattr(chunks.Pass, "_chunk", watched)
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 20)
    shapes = [
        aggregation("x", "SUM", "1h", "2147483647d"),
        aggregation("x", "LAST_K", k=3, buckets=["b"]),
        aggregation("x", "UNIQUE_COUNT", buckets=["b"]),
        aggregation("m", "HISTOGRAM"),
        aggregation("t", "MAX", element_wise=True),
    ]
    kinds = {"x": LONG, "b": STRING, "m": MapType(STRING, STRING), "t": ListType(DOUBLE)}
    rows = [
        Row(
            ORIGIN + i * MINUTE_MS,
            {"x": i % 7, "b": "pqr"[i % 3] if i % 5 else None, "m": {"k": str(i % 4)}, "t": [float(i % 11), -float(i)]},
        )
        for i in range(1000)
    ]
    asked = [(0, ORIGIN + at * MINUTE_MS) for at in range(0, 1001, 9)] + [(1, ORIGIN)]
    answers = Algebra(shapes, kinds).run({0: rows}, asked, cuts=range(0, 1000, 10))
    oracle = Oracle(shapes, kinds)
    assert_same([oracle.at(rows if key == 0 else [], at) for key, at in asked], answers)
    assert max(held) <= 150


def test_lists_of_two_lengths_are_an_error_only_for_a_query_that_sees_them(monkeypatch):
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 2)
    totals = Algebra([aggregation("x", "SUM", element_wise=True)], {"x": ListType(LONG)})
    rows = {0: [Row(ORIGIN + i, {"x": [1] * (1 if i < 4 else 2)}) for i in range(12)]}
    assert totals.run(rows, [(0, ORIGIN + 4), (1, ORIGIN)], cuts=range(12)) == [{"x_sum": [4]}, {"x_sum": None}]
    for at in (5, 12):
        with pytest.raises(DataError, match="1 and of 2 items"):
            totals.run(rows, [(0, ORIGIN + at)], cuts=range(12))


@pytest.mark.parametrize("rows_at_once", [500, 1 << 20])
def test_the_bytes_of_long_results_are_held_some_at_a_time(monkeypatch, rows_at_once):
    """A map of a thousand entries for each of a thousand queries would be a million entries at once."""
    monkeypatch.setattr("chronon.aggregate.answer.BYTES_AT_ONCE", 1 << 20)
    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", rows_at_once)
    rows = [Row(ORIGIN - 3000 + i, {"x": f"value {i % 1000}"}) for i in range(3000)]
    counts = Algebra([aggregation("x", "HISTOGRAM", None, "1d"), aggregation("x", "LAST_K", k=500)], {"x": STRING})
    events = counts.table({0: rows})
    asked = pa.record_batch({"__key": [0] * 1000, "ts": [ORIGIN - 999 + i for i in range(1000)]})
    batches = [events.slice(at, 100) for at in range(0, 3000, 100)]
    sizes = [batch.nbytes for batch in counts.aggregator.run(batches, [asked])]
    assert sum(sizes) > 20 * (1 << 20)
    assert max(sizes) < 2 * (1 << 20)
