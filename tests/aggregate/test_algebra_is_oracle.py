"""The compiled algebra gives what the oracle gives: every operation, in every shape, over every window, everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.api import structs
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.columns import Shape
from chronon.testing.formulas import FORMULAS
from chronon.testing.shorthand import ORIGIN, window
from chronon.testing.strategies import (
    OPERATIONS,
    SHAPES,
    WINDOWS,
    Definition,
    definitions,
    histories,
    instants,
)

COMBINATIONS = [
    pytest.param(operation, shape, id=f"{operation}-{getattr(shape, 'name', shape)}")
    for operation in OPERATIONS
    for shape in SHAPES
    if shape in (Shape.DIRECT, "BUCKET") or not FORMULAS[operation].timed
]
each_combination = pytest.mark.parametrize("operation, shape", COMBINATIONS)


@st.composite
def every_window(draw, operation, shape, windows=WINDOWS):
    """One aggregation over all windows at once."""
    drawn = draw(definitions([operation], [shape], max_aggregations=1))
    (aggregation,) = drawn.aggregations
    wide = structs.Aggregation(
        inputColumn=aggregation.inputColumn,
        operation=aggregation.operation,
        argMap=aggregation.argMap,
        windows=[window(text) for text in windows if text is not None] + [window("2147483647d")] * (None in windows),
        buckets=aggregation.buckets,
        elementWise=aggregation.elementWise,
    )
    return Definition((wide,), drawn.schema, drawn.tensors)


def compiled(definition):
    return Algebra(definition.aggregations, definition.schema)


@each_combination
@settings(max_examples=10)
@given(data=st.data())
def test_a_backfill_point_in_time(operation, shape, data):
    definition = data.draw(every_window(operation, shape))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors))
    queries = data.draw(instants(definition.oracle, rows, max_size=4))
    answers = compiled(definition).run({0: rows}, [(0, at) for at in queries])
    assert_same([definition.oracle.at(rows, at) for at in queries], answers)


@each_combination
@settings(max_examples=4)
@given(data=st.data())
def test_a_snapshot_of_events(operation, shape, data):
    definition = data.draw(every_window(operation, shape, (None, "1d", "2d", "7d", "12d", "13d")))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors))
    ends = [ORIGIN, ORIGIN + DAY_MS]
    answers = compiled(definition).run({0: rows}, [(0, end) for end in ends])
    assert_same([definition.oracle.snapshot(rows, end) for end in ends], answers)


@each_combination
@settings(max_examples=4)
@given(data=st.data(), windows=st.sampled_from([WINDOWS, (None,)]))
def test_a_snapshot_of_entities(operation, shape, data, windows):
    definition = data.draw(every_window(operation, shape, windows))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors))
    assert_same(definition.oracle.entities(rows, ORIGIN), compiled(definition).entities(rows, ORIGIN))


@each_combination
@settings(max_examples=8)
@given(data=st.data(), stale_after=st.sampled_from([0, HOUR_MS, 2 * DAY_MS, 5 * DAY_MS]))
def test_a_fetch(operation, shape, data, stale_after):
    definition = data.draw(every_window(operation, shape))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors))
    after = st.sampled_from([0, 1, HOUR_MS - 1, HOUR_MS, DAY_MS, 2 * DAY_MS, 2 * DAY_MS + 1, 5 * DAY_MS, 9 * DAY_MS])
    at = ORIGIN + data.draw(after)
    algebra = compiled(definition)
    expected = definition.oracle.visible(rows, rows, ORIGIN, at, stale_after=stale_after)
    assert_same(expected, algebra.visible(rows, rows, ORIGIN, at, stale_after=stale_after))
