"""The compiled algebra gives what the oracle gives: every operation, in every shape, over every window, everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate import Aggregator
from chronon.api import structs
from chronon.api.enums import Operation
from chronon.base.errors import ChrononError
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import STRING, ListType, MapType
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.columns import Shape
from chronon.testing.formulas import FORMULAS
from chronon.testing.shorthand import ORIGIN, aggregation, window
from chronon.testing.strategies import (
    OPERATIONS,
    SHAPES,
    WINDOWS,
    Definition,
    definitions,
    histories,
    input_types,
    instants,
)

COMBINATIONS = [(operation, shape) for operation in OPERATIONS for shape in SHAPES if input_types(operation, shape)]
each_combination = pytest.mark.parametrize(
    "operation, shape", [pytest.param(o, s, id=f"{o}-{getattr(s, 'name', s)}") for o, s in COMBINATIONS]
)
each_type = pytest.mark.parametrize(
    "operation, shape, kind",
    [
        pytest.param(o, s, kind, id=f"{o}-{getattr(s, 'name', s)}-{kind}")
        for o, s in COMBINATIONS
        for kind in input_types(o, s)
    ],
)


@st.composite
def every_window(draw, operation, shape, windows=WINDOWS, kinds=None):
    """One aggregation over all windows at once."""
    drawn = draw(definitions([operation], [shape], kinds=kinds, max_aggregations=1))
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


@each_type
@settings(max_examples=3)
@given(data=st.data())
def test_a_backfill_point_in_time(operation, shape, kind, data):
    definition = data.draw(every_window(operation, shape, kinds=[kind]))
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


def test_these_are_all_the_combinations_that_a_definition_can_have():
    """Whatever the algebra accepts of the types that have a shape of their own is among the combinations."""
    payloads = {kind for _, shape, kind in combinations() if shape is Shape.DIRECT}
    offered = {Shape.DIRECT: payloads, "BUCKET": payloads}
    offered[Shape.FLATTENED] = offered[Shape.ELEMENT_WISE] = {ListType(kind) for kind in payloads}
    offered[Shape.PER_KEY] = {MapType(STRING, kind) for kind in payloads}
    accepted = {
        (operation, shape, kind)
        for operation in OPERATIONS
        for shape, kinds in offered.items()
        for kind in kinds
        if is_accepted(operation, shape, kind)
    }
    missing = accepted - combinations()
    assert not missing
    assert len({operation for operation, _, _ in combinations()}) == len(Operation) == 20
    assert all(is_accepted(*each) for each in combinations())


def combinations():
    return {(operation, shape, kind) for operation, shape in COMBINATIONS for kind in input_types(operation, shape)}


def is_accepted(operation, shape, kind):
    """Whether the algebra takes it, and in that very shape."""
    k = {"k": 8} if FORMULAS[operation].k else {}
    options = {"buckets": ["b"]} if shape == "BUCKET" else {"element_wise": True} if shape is Shape.ELEMENT_WISE else {}
    try:
        made = Aggregator([aggregation("x", operation, *WINDOWS[1:], **k, **options)], {"x": kind, "b": STRING})
    except ChrononError:
        return False
    names = {"DIRECT": Shape.DIRECT, "FLATTENED": Shape.FLATTENED, "MAPPED": Shape.PER_KEY}
    base = made.parts[0].base
    if base.bucket is not None:
        return shape == "BUCKET" and base.shape.name == "DIRECT"
    return names.get(base.shape.name, Shape.ELEMENT_WISE) is shape
