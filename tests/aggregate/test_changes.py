"""Changes of entities: what a fetch and a backfill make of reversals and new images."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.base.errors import DataError, RequestError
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import DOUBLE, LONG, STRING, ListType, MapType
from chronon.testing import Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation, at, change, events
from chronon.testing.strategies import definitions, histories


def algebra(kind, *aggregations):
    return Algebra(aggregations, {"x": kind})


@st.composite
def changed(draw):
    """A definition, a snapshot, changes with their own times, and instants of the day to ask at."""
    definition = draw(definitions())
    snapshot = draw(histories(definition.schema, tensors=definition.tensors, max_rows=6))
    images = draw(histories(definition.schema, tensors=definition.tensors, reversals=True, max_rows=8))
    lengths = {
        c: {len(r.values[c]) for r in [*snapshot, *images] if r.values[c] is not None} for c in definition.tensors
    }
    for column, found in lengths.items():
        if len(found) > 1:  # the two were drawn apart; lists of two lengths are another test's subject
            snapshot = [Row(r.ts, {**r.values, column: None}, r.sequence) for r in snapshot]
    made = st.sampled_from([-1, 0, 1, HOUR_MS, 5 * HOUR_MS, DAY_MS - 1])
    changes = [Row(r.ts, r.values, r.sequence, mutation_ts=ORIGIN + draw(made), is_before=r.is_before) for r in images]
    queries = draw(
        st.lists(made.filter(lambda t: t >= 0).map(lambda t: ORIGIN + t), min_size=1, max_size=3, unique=True)
    )
    return definition, snapshot, changes, sorted(queries)


@settings(max_examples=80)
@given(world=changed())
def test_a_fetch_and_a_backfill_of_changes_are_the_oracle(world):
    definition, snapshot, changes, queries = world
    compiled = Algebra(definition.aggregations, definition.schema)
    expected = [definition.oracle.mutations(snapshot, changes, ORIGIN, at) for at in queries]
    assert_same(expected, [compiled.mutations(snapshot, changes, ORIGIN, at) for at in queries])
    assert_same(expected, compiled.point_in_time(snapshot, changes, ORIGIN, queries))


@settings(max_examples=40)
@given(world=changed(), at_once=st.integers(1, 5), cuts=st.lists(st.integers(0, 24), max_size=5))
def test_keys_are_answered_apart_and_batches_may_be_cut_anywhere(world, at_once, cuts):
    definition, snapshot, made, queries = world
    snapshots, changes = {2: snapshot, 5: snapshot}, {1: made, 2: made}
    asked = [(key, at) for key in (1, 2, 3, 5) for at in queries]
    oracle = definition.oracle
    expected = [oracle.mutations(snapshots.get(key, []), changes.get(key, []), ORIGIN, at) for key, at in asked]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chronon.aggregate.changes.ROWS_AT_ONCE", at_once)
        patch.setattr("chronon.aggregate.uploads.ROWS_AT_ONCE", at_once)
        answers = Algebra(definition.aggregations, definition.schema).change_run(
            snapshots, changes, ORIGIN, asked, cuts=cuts
        )
    assert_same(expected, answers)


@pytest.mark.parametrize("when", ["-1ms", "+2d+1ms"])
def test_an_instant_that_the_snapshot_cannot_answer_is_refused(when):
    total = algebra(LONG, aggregation("x", "SUM", "7d"))
    with pytest.raises(RequestError, match="snapshot"):
        total.point_in_time(events({"-3d": 4}), [], at("+0s"), [at(when)])


def test_an_update_takes_the_old_image_back_and_adds_the_new_one():
    totals = algebra(LONG, aggregation("x", "SUM"), aggregation("x", "COUNT"), aggregation("x", "AVERAGE"))
    snapshot = events({"-3d": 4, "-2d": 5})
    update = [change("-2d", 5, "+2h", is_before=True), change("-2d", 9, "+2h")]
    assert totals.mutations(snapshot, update, at("+0s"), at("+2h")) == {"x_sum": 9, "x_count": 2, "x_average": 4.5}
    assert totals.mutations(snapshot, update, at("+0s"), at("+3h")) == {"x_sum": 13, "x_count": 2, "x_average": 6.5}


def test_what_has_no_inverse_ignores_reversals_until_the_next_batch():
    kept = algebra(LONG, aggregation("x", "MAX"), aggregation("x", "LAST"), aggregation("x", "UNIQUE_COUNT"))
    reversal = [change("-2d", 5, "+2h", is_before=True)]
    answer = kept.mutations(events({"-3d": 4, "-2d": 5}), reversal, at("+0s"), at("+3h"))
    assert answer == {"x_max": 5, "x_last": 5, "x_unique_count": 2}


def test_a_reversal_without_its_row_counts_below_zero():
    totals = algebra(LONG, aggregation("x", "SUM"), aggregation("x", "COUNT"), aggregation("x", "AVERAGE"))
    reversal = [change("-2d", 5, "+2h", is_before=True)]
    assert totals.mutations([], reversal, at("+0s"), at("+3h")) == {"x_sum": -5, "x_count": -1, "x_average": 5.0}


def test_an_infinity_that_is_taken_back_is_gone():
    totals = algebra(DOUBLE, aggregation("x", "SUM"))
    snapshot = events({"-3d": 4.0, "-2d": float("inf")})
    reversal = [change("-2d", float("inf"), "+2h", is_before=True)]
    assert totals.mutations(snapshot, reversal, at("+0s"), at("+1h")) == {"x_sum": None}
    assert totals.mutations(snapshot, reversal, at("+0s"), at("+3h")) == {"x_sum": 4.0}


def test_an_infinity_taken_back_without_its_row_is_one_below_zero():
    by_shop = Algebra([aggregation("x", "SUM", buckets=["shop"])], {"x": DOUBLE, "shop": STRING})
    reversal = Row(at("-2d"), {"x": float("inf"), "shop": "a"}, mutation_ts=at("+2h"), is_before=True)
    answer = by_shop.mutations([], [reversal], at("+0s"), at("+3h"))
    assert answer == {"x_sum_by_shop": {"a": float("-inf")}}


def test_a_histogram_drops_what_comes_to_nothing():
    counts = algebra(STRING, aggregation("x", "HISTOGRAM"))
    snapshot = events({"-3d": "a", "-2d": "b"})
    reversal = [change("-3d", "a", "+2h", is_before=True), change("-3d", "c", "+2h", is_before=True)]
    assert counts.mutations(snapshot, reversal, at("+0s"), at("+3h")) == {"x_histogram": {"b": 1, "c": -1}}


def test_reversals_of_maps_and_positions_ignore_what_has_no_inverse():
    greatest = algebra(MapType(STRING, LONG), aggregation("x", "MAX"))
    reversal = [change("-2d", {"a": 5}, "+2h", is_before=True)]
    assert greatest.mutations(events({"-2d": {"a": 5}}), reversal, at("+0s"), at("+3h")) == {"x_max": {"a": 5}}
    totals = algebra(ListType(LONG), aggregation("x", "SUM", element_wise=True))
    reversal = [change("-2d", [5, 6], "+2h", is_before=True)]
    assert totals.mutations([], reversal, at("+0s"), at("+3h")) == {"x_sum": [-5, -6]}


def test_a_reversal_leaves_the_window_with_its_row():
    count = algebra(LONG, aggregation("x", "COUNT", "7d"))
    snapshot, reversal = events({"-7d+30m": 1, "-1d": 1}), [change("-7d+30m", 1, "+30m", is_before=True)]
    assert count.mutations(snapshot, reversal, at("+0s"), at("+30m")) == {"x_count_7d": 2}
    assert count.mutations(snapshot, reversal, at("+0s"), at("+30m+1ms")) == {"x_count_7d": 1}
    assert count.mutations(snapshot, reversal, at("+0s"), at("+2h")) == {"x_count_7d": 1}


def test_a_change_of_a_future_row_counts_from_its_time_on():
    total = algebra(LONG, aggregation("x", "SUM"))
    insert = [change("+10h", 3, "+2h")]
    assert total.mutations([], insert, at("+0s"), at("+10h")) == {"x_sum": None}
    assert total.mutations([], insert, at("+0s"), at("+11h")) == {"x_sum": 3}
    answers = total.point_in_time([], insert, at("+0s"), [at("+3h"), at("+9h"), at("+11h")])
    assert answers == [{"x_sum": None}, {"x_sum": None}, {"x_sum": 3}]


def test_a_reversal_of_a_list_of_another_length_is_refused():
    totals = algebra(ListType(LONG), aggregation("x", "SUM", element_wise=True))
    reversal = [change("-2d", [5], "+2h", is_before=True)]
    with pytest.raises(DataError, match="2 and of 1 items"):
        totals.mutations(events({"-2d": [5, 6]}), reversal, at("+0s"), at("+3h"))
