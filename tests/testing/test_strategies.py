"""What the strategies draw is valid; and the oracle's ways of seeing rows agree with each other."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon.base.time import DAY_MS, floor
from chronon.base.types import BINARY, BOOLEAN, FLOATS, INTEGERS, STRING, ListType, MapType, StructType
from chronon.testing.columns import Shape
from chronon.testing.formulas import FORMULAS
from chronon.testing.strategies import SHAPES, definitions, histories, scenarios
from chronon.testing.tolerance import assert_same

few = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_of(value, kind):
    """Whether a value is one of its type; null is of every type."""
    if value is None:
        return True
    if isinstance(kind, ListType):
        return isinstance(value, list) and all(is_of(item, kind.element) for item in value)
    if isinstance(kind, MapType):
        return isinstance(value, dict) and all(is_of(k, kind.key) and is_of(v, kind.value) for k, v in value.items())
    if isinstance(kind, StructType):
        return isinstance(value, tuple) and all(is_of(v, k) for v, (_, k) in zip(value, kind.fields, strict=True))
    if kind in INTEGERS:
        bits = {"byte": 8, "short": 16, "int": 32, "long": 64}[str(kind)]
        return type(value) is int and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
    if kind in FLOATS:
        return isinstance(value, float)
    return type(value) is {STRING: str, BINARY: bytes, BOOLEAN: bool}[kind]


@pytest.mark.parametrize("operation", FORMULAS)
def test_every_operation_is_drawn_valid_and_answers_in_its_type(operation):
    @few
    @given(scenarios(operations=[operation]))
    def check(scenario):
        for row in scenario.rows:
            assert all(is_of(cell, scenario.definition.schema[name]) for name, cell in row.values.items())
        for query in scenario.queries:
            answer = scenario.oracle.at(scenario.rows, query)
            for name, kind in scenario.oracle.outputs.items():
                assert is_of(answer[name], kind), (name, kind, answer[name])

    check()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_can_be_asked_for(shape):
    @few
    @given(definitions(operations=["SUM", "COUNT"], shapes=[shape]))
    def check(definition):
        for column in definition.oracle.columns:
            assert column.bucket == "bucket" if shape == "BUCKET" else column.shape is shape

    check()


@few
@given(scenarios(), st.randoms(use_true_random=False))
def test_arrival_order_never_matters(scenario, shuffler: random.Random):
    shuffled = shuffler.sample(scenario.rows, len(scenario.rows))
    for query in scenario.queries:
        assert_same(scenario.oracle.at(scenario.rows, query), scenario.oracle.at(shuffled, query))


@few
@given(scenarios(), st.sampled_from([0, 1, DAY_MS, 2 * DAY_MS]))
def test_serving_a_complete_stream_is_the_backfill(scenario, age):
    for query in scenario.queries:
        end = query - age
        served = scenario.oracle.visible(scenario.rows, scenario.rows, end, query)
        assert_same(scenario.oracle.at(scenario.rows, query), served)


@few
@given(scenarios(windows=["1d", "7d", "13d", None]))
def test_a_daily_result_is_the_one_at_midnight(scenario):
    for query in scenario.queries:
        midnight = floor(query, DAY_MS)
        assert_same(scenario.oracle.at(scenario.rows, midnight), scenario.oracle.snapshot(scenario.rows, midnight))


@few
@given(st.data())
def test_some_rows_reverse_others_if_asked_for(data):
    definition = data.draw(definitions(operations=["COUNT", "MAX"], shapes=[Shape.DIRECT], windows=[None]))
    rows = data.draw(histories(definition.schema, reversals=True))
    added = [row for row in rows if not row.is_before]
    every, kept = definition.oracle.at(rows, 2**50), definition.oracle.at(added, 2**50)
    for column in definition.oracle.columns:
        reversed_cells = [row for row in rows if row.is_before and row.values[column.input] is not None]
        if column.formula.reversible and reversed_cells:
            assert every[column.name] == (kept[column.name] or 0) - len(reversed_cells)
        else:
            assert_same(kept[column.name], every[column.name])
