"""A result depends on the rows that a query sees and on nothing else: batches, threads, order, other queries."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate import chunks
from chronon.base.time import DAY_MS
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN
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
@given(world=worlds(), data=st.data(), rows_at_once=st.integers(1, 6), queries_at_once=st.integers(1, 4))
def test_cutting_rows_and_queries_into_batches_changes_nothing(world, data, rows_at_once, queries_at_once):
    definition, rows, asked = world
    cuts = data.draw(st.lists(st.integers(0, 24), max_size=6))
    query_cuts = data.draw(st.lists(st.integers(0, 12), max_size=3))
    expected = [definition.oracle.at(rows.get(key, []), at) for key, at in asked]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS_AT_ONCE", rows_at_once)
        patch.setattr(chunks, "QUERIES_AT_ONCE", queries_at_once)
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
