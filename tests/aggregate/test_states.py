"""The states of one key: merging changes nothing that is merged, and any split of the values gives the same result."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate.cell import Cell
from chronon.aggregate.kernel import quantiles
from chronon.aggregate.sketches import estimates
from chronon.base.types import DOUBLE, INT, LONG, STRING
from chronon.testing import Row, assert_same
from chronon.testing.algebra import Algebra, plain
from chronon.testing.formulas import rank_error
from chronon.testing.shorthand import ORIGIN, aggregation
from chronon.testing.strategies import OPERATIONS, definitions, histories

each_operation = pytest.mark.parametrize("operation", OPERATIONS)


@st.composite
def lifted(draw, operation):
    """The column of one aggregation, its rows, and the state of each row."""
    definition = draw(definitions([operation], windows=(None,), max_aggregations=1))
    rows = draw(histories(definition.schema, tensors=definition.tensors, max_rows=8))
    algebra = Algebra(definition.aggregations, definition.schema)
    cell = Cell(algebra.aggregator.parts[0].base)
    serving = algebra.aggregator.serving()
    cells = [serving.read_row(encoded) for encoded in algebra.stream(rows)]
    return definition, rows, cell, [cell.lift(c, r.ts, r.sequence) for c, r in zip(cells, rows, strict=True)]


def outcome(definition, cell, state):
    ((name, kind),) = definition.oracle.outputs.items()
    return {name: plain(cell.result(state), kind)}


@each_operation
@settings(max_examples=15)
@given(data=st.data())
def test_any_grouping_of_the_states_gives_the_same_result(operation, data):
    definition, rows, cell, states = data.draw(lifted(operation))
    order = data.draw(st.permutations(range(len(states))))
    cut = data.draw(st.integers(0, len(states)))
    halves = [[states[i] for i in order[:cut]], [states[i] for i in order[cut:]]]
    merged = cell.merge([cell.merge(half) for half in halves])
    at_once = cell.merge(states)
    latest = max((row.ts for row in rows), default=ORIGIN) + 1
    expected = definition.oracle.at(rows, latest)
    assert_same(expected, outcome(definition, cell, merged))
    assert_same(expected, outcome(definition, cell, at_once))


@each_operation
@settings(max_examples=15)
@given(data=st.data())
def test_merging_never_changes_what_is_merged(operation, data):
    _, _, cell, states = data.draw(lifted(operation))
    before = copy.deepcopy(states)
    one = cell.merge(states[: len(states) // 2])
    kept = copy.deepcopy(one)
    total = cell.merge([one, *states])
    cell.result(total)
    cell.merge([total, one])
    assert repr(states) == repr(before)
    assert repr(one) == repr(kept)


@each_operation
def test_finalising_a_state_leaves_it_as_it_is(operation):
    arguments = {"k": 2} if operation in ("FIRST_K", "LAST_K", "TOP_K", "BOTTOM_K") else {}
    kind = STRING if operation == "HISTOGRAM" else DOUBLE
    algebra = Algebra([aggregation("x", operation, **arguments)], {"x": kind})
    cell = Cell(algebra.aggregator.parts[0].base)
    values = ["a", "b", "a"] if kind == STRING else [1.0, 5.0, 3.0]
    state = cell.merge([cell.lift({"x": value}, i, 0) for i, value in enumerate(values)])
    before = copy.deepcopy(state)
    assert cell.result(state) == cell.result(state)
    assert state == before


# ---- sketches beyond their exact regime


def rows_of(values):
    return [Row(ORIGIN - len(values) + i, {"x": value}) for i, value in enumerate(values)]


def splits(algebra, rows):
    """The same rows as one backfill, as a batch alone, as a stream alone, and half and half."""
    yield algebra.at(rows, ORIGIN)
    for batch_end in (ORIGIN, ORIGIN - 86_400_000, rows[len(rows) // 2].ts):
        yield algebra.visible(rows, rows, batch_end, ORIGIN)


def test_distinct_counts_do_not_depend_on_the_split():
    values = [i * 7919 for i in range(1000)] * 2
    algebra = Algebra([aggregation("x", "APPROX_UNIQUE_COUNT"), aggregation("x", "UNIQUE_COUNT")], {"x": LONG})
    for answer in splits(algebra, rows_of(values)):
        assert answer == {"x_approx_unique_count": answer["x_approx_unique_count"], "x_unique_count": 1000}
        assert answer["x_approx_unique_count"] == next(splits(algebra, rows_of(values)))["x_approx_unique_count"]


@pytest.mark.parametrize("lg_k", [4, 8, 12, 20])
def test_distinct_counts_are_those_of_the_reference_library(lg_k):
    from datasketches import cpc_sketch, cpc_union

    values = list(range(300))
    sketch, union = cpc_sketch(lg_k), cpc_union(lg_k)
    for value in values:
        sketch.update(value)
    union.update(sketch)
    expected = int(union.get_result().get_estimate())
    algebra = Algebra([aggregation("x", "APPROX_UNIQUE_COUNT", k=lg_k)], {"x": LONG})
    for answer in splits(algebra, rows_of(values)):
        assert answer == {"x_approx_unique_count": expected}
    assert estimates(lg_k, frozenset({0}))[0] == 0


def test_percentiles_beyond_k_values_stay_within_their_bound_for_every_split():
    values = list(range(5000))
    random.Random(7).shuffle(values)
    algebra = Algebra([aggregation("x", "APPROX_PERCENTILE", percentiles=[0, 0.1, 0.5, 0.9, 1])], {"x": INT})
    for answer in splits(algebra, rows_of(values)):
        (found,) = answer.values()
        assert (found[0], found[-1]) == (0.0, 4999.0)
        for p, value in zip((0.1, 0.5, 0.9), found[1:-1], strict=True):
            assert abs(value / 5000 - p) <= rank_error(128)


def test_percentiles_are_the_same_in_every_run():
    values = [i * 37 % 1009 for i in range(3000)]
    algebra = Algebra([aggregation("x", "APPROX_PERCENTILE", percentiles=[0.25, 0.5])], {"x": INT})
    assert len({str(algebra.at(rows_of(values), ORIGIN)) for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", [INT, STRING, DOUBLE])
def test_frequent_values_stay_within_their_error_for_every_split(kind):
    make = {INT: int, STRING: str, DOUBLE: float}[kind]
    numbers = [n for n in range(300) for _ in range(1 + 900 // (n + 1))]
    random.Random(3).shuffle(numbers)
    rows = rows_of([make(n) for n in numbers])
    definition = [aggregation("x", "APPROX_HISTOGRAM_K", k=5)]
    algebra = Algebra(definition, {"x": kind})
    from chronon.testing import Oracle

    expected = Oracle(definition, {"x": kind}).at(rows, ORIGIN)
    assert expected["x_approx_histogram_k"].error > 0
    for answer in splits(algebra, rows):
        assert_same(expected, answer)


def test_as_many_frequent_values_are_given_where_all_are_equally_frequent():
    """The original gave none here."""
    rows = rows_of(list(range(200)))
    algebra = Algebra([aggregation("x", "APPROX_HISTOGRAM_K", k=5)], {"x": INT})
    for answer in splits(algebra, rows):
        assert len(answer["x_approx_histogram_k"]) == 5


def test_frequent_values_are_carried_over_chunks_within_their_error(monkeypatch):
    from chronon.aggregate import chunks
    from chronon.testing import Oracle

    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 50)
    numbers = [i % (3 + i // 40) if i % 2 else 1000 + i for i in range(1200)]
    rows = rows_of([float(n) for n in numbers])
    definition = [aggregation("x", "APPROX_HISTOGRAM_K", k=3), aggregation("x", "APPROX_PERCENTILE")]
    asked = [(0, ORIGIN - 900), (0, ORIGIN - 400), (0, ORIGIN)]
    oracle = Oracle(definition, {"x": DOUBLE})
    answers = Algebra(definition, {"x": DOUBLE}).run({0: rows}, asked, cuts=range(0, 1200, 25))
    assert_same([oracle.at(rows, at) for _, at in asked], answers)


@pytest.mark.parametrize("k", [8, 20, 128])
def test_sketches_of_any_number_of_values_are_merged(k):
    """A sketch that held one item too many could not be read again."""
    algebra = Algebra([aggregation("x", "APPROX_PERCENTILE", k=k)], {"x": INT})
    for count in (*range(1, 40, 3), *range(60, 3000, 197)):
        rows = rows_of([i * 7919 % count for i in range(count)])  # each number once
        (found,) = algebra.visible(rows, rows, rows[count // 2].ts, ORIGIN).values()
        assert abs(found[0] / count - 0.5) <= max(rank_error(k), 1 / count)


@pytest.mark.parametrize("width", [129, 700, 5000, 30_000])
def test_percentiles_of_moving_windows_stay_within_their_bound(width):
    """Wide windows overlap: what leaves at the back must not stay in the sketch, what comes in front must count."""
    random_numbers = np.random.default_rng(width)
    values = (random_numbers.normal(size=60_000) + np.arange(60_000) / 9_000).astype(np.float32)
    values[random_numbers.random(60_000) < 0.1] = np.nan
    ends = np.sort(random_numbers.integers(1, 60_000, 300))
    starts = np.maximum(ends - width, 0)
    starts[200:] = np.maximum(starts[200:], 45_000)  # and windows that have nothing in common with the one before
    asked = np.array([0.9, 0.0, 0.5, 1.0])
    found, seen = np.zeros((300, 4), np.float32), np.zeros(300, np.uint8)
    quantiles.sliding(values, 128, asked, starts, np.maximum(ends, starts), found, seen)
    for low, high, there, row in zip(starts, ends, seen, found, strict=True):
        inside = np.sort(values[low:high][~np.isnan(values[low:high])])
        assert there == (len(inside) > 0)
        if there:
            assert (row[1], row[3]) == (inside[0], inside[-1])
            ranks = np.searchsorted(inside, row[[0, 2]]) / len(inside)
            assert (abs(ranks - asked[[0, 2]]) <= rank_error(128) + 1 / len(inside)).all()


def test_percentiles_are_carried_over_chunks(monkeypatch):
    from chronon.aggregate import chunks

    monkeypatch.setattr(chunks, "ROWS_AT_ONCE", 100)
    rows = rows_of([i * 7919 % 5000 for i in range(5000)])
    asked = [(0, ORIGIN - back) for back in (4900, 3000, 1234, 0)]
    algebra = Algebra([aggregation("x", "APPROX_PERCENTILE")], {"x": INT})
    for (_, query), answer in zip(asked, algebra.run({0: rows}, asked, cuts=range(0, 5000, 50)), strict=True):
        seen = sorted(row.values["x"] for row in rows if row.ts < query)
        rank = sum(value < answer["x_approx_percentile"][0] for value in seen)
        assert abs(rank / len(seen) - 0.5) <= rank_error(128)
