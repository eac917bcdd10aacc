"""Bytes that were written for another definition: columns are found by what they mean, or cannot be answered."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate.layout import Layout
from chronon.aggregate.serving import Unknown
from chronon.base.errors import DataError
from chronon.base.time import DAY_MS
from chronon.base.types import DOUBLE, LONG, STRING
from chronon.testing import Row, assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation, at
from chronon.testing.strategies import OPERATIONS, SHAPES, definitions, histories

UNKNOWN = Unknown.COLUMN
SCHEMA = {"x": LONG, "y": DOUBLE, "shop": STRING}
ROWS = [
    Row(at(when), {"x": x, "y": y, "shop": shop})
    for when, x, y, shop in [("-20d", 8, 0.5, "a"), ("-3d", 1, 1.5, "a"), ("-1h", 2, 2.5, "b"), ("+1h", 4, 3.5, "a")]
]
OLD = Algebra([aggregation("x", "SUM", "1d", "7d"), aggregation("x", "LAST_K", k=2)], SCHEMA)


def ask(now, before, *, record=True, stream=True, tiles=False, learned=True, generation=None):
    """A fetch by one definition of what another has stored."""
    serving = now.aggregator.serving()
    if learned:
        serving.learn(before.aggregator.layout.description)
    after = [row for row in ROWS if row.ts >= ORIGIN]
    return serving.fetch(
        before.record(ROWS, ORIGIN) if record else None,
        before.stream(after) if stream and not tiles else [],
        ORIGIN,
        at("+2h"),
        tiles=before.tiles(after) if tiles else [],
        generation=generation,
    )


def test_columns_that_both_have_are_answered_in_any_order():
    now = Algebra([aggregation("x", "LAST_K", k=2), aggregation("x", "SUM", "7d")], SCHEMA)
    assert ask(now, OLD) == [[4, 2], 7]


@pytest.mark.parametrize(
    "other",
    [
        aggregation("x", "SUM", "30d"),
        aggregation("x", "SUM"),
        aggregation("x", "MAX", "7d"),
        aggregation("x", "LAST_K", k=3),
        aggregation("x", "SUM", "7d", buckets=["shop"]),
        aggregation("y", "SUM", "7d"),
    ],
    ids=["another window", "no window", "another operation", "other arguments", "a bucket", "another input"],
)
def test_a_column_that_the_batch_has_not_cannot_be_answered_and_is_not_null(other):
    now = Algebra([other, aggregation("x", "SUM", "7d")], SCHEMA)
    assert ask(now, OLD, stream=False) == [UNKNOWN, 3]


def test_a_column_of_another_type_is_another_column():
    now = Algebra([aggregation("x", "SUM", "7d"), aggregation("shop", "LAST")], {**SCHEMA, "x": DOUBLE})
    assert ask(now, OLD) == [UNKNOWN, UNKNOWN]


def test_a_row_answers_every_aggregation_of_its_inputs():
    now = Algebra([aggregation("x", "MAX", "1d"), aggregation("y", "SUM", "7d")], SCHEMA)
    assert ask(now, OLD, record=False) == [4, UNKNOWN]


def test_a_tile_answers_every_window_of_its_bases():
    now = Algebra([aggregation("x", "SUM", "2d", None), aggregation("x", "MAX", "1d")], SCHEMA)
    assert ask(now, OLD, record=False, tiles=True) == [4, 4, UNKNOWN]


def test_a_tile_that_is_too_wide_for_a_window_cannot_answer_it():
    now = Algebra([aggregation("x", "SUM", "1h", "1d")], SCHEMA)
    assert ask(now, OLD, record=False, tiles=True) == [UNKNOWN, 4]


def test_a_key_without_a_batch_record_has_nothing_in_the_columns_that_the_generation_had():
    now = Algebra([aggregation("x", "SUM", "7d", "30d")], SCHEMA)
    assert ask(now, OLD, record=False, generation=OLD.aggregator.layout.hash) == [4, UNKNOWN]
    assert ask(now, OLD, record=False) == [4, 4]


def test_bytes_of_a_layout_that_was_not_learned_are_refused():
    now = Algebra([aggregation("y", "SUM", "7d")], SCHEMA)
    for what in ({"stream": False}, {"record": False}, {"record": False, "tiles": True}):
        with pytest.raises(DataError, match="upload again"):
            ask(now, OLD, learned=False, **what)
    with pytest.raises(DataError, match="upload again"):
        ask(OLD, OLD, generation=17)


def test_a_description_names_its_columns_and_is_small():
    description = OLD.aggregator.layout.description
    assert b'["x","LAST_K",[["k",2]],null,"DIRECT","long"]' in description
    assert len(description) < 300


@pytest.mark.parametrize("damaged", [b"", b"\xc1", b"\x93\x01\x90", msgspec.msgpack.encode([2, [], []])])
def test_a_damaged_description_is_refused(damaged):
    with pytest.raises(DataError, match="description of a layout"):
        Layout.read(damaged)


def test_an_operation_that_this_version_does_not_know_is_refused():
    unheard = msgspec.msgpack.encode([1, [['["x","MEDIAN",[],null,"DIRECT","long"]', None]], [["x", "long"]]])
    with pytest.raises(DataError, match="does not know"):
        Layout.read(unheard)


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=6)
@given(data=st.data())
def test_a_layout_comes_back_from_its_description(operation, data):
    definition = data.draw(definitions([operation], SHAPES))
    layout = Algebra(definition.aggregations, definition.schema).aggregator.layout
    read = Layout.read(layout.description)
    assert (read.hash, read.row_hash, read.tile_hash) == (layout.hash, layout.row_hash, layout.tile_hash)
    assert (read.inputs, read.widths, read.hop_widths) == (layout.inputs, layout.widths, layout.hop_widths)
    assert [part.base.output for part in read.parts] == [part.base.output for part in layout.parts]


@settings(max_examples=40)
@given(data=st.data(), days=st.integers(0, 2))
def test_what_both_definitions_have_is_answered_as_if_nothing_had_changed(data, days):
    old = data.draw(definitions(max_aggregations=4))
    rows = data.draw(histories(old.schema, tensors=old.tensors))
    kept = data.draw(st.permutations(old.aggregations))[: data.draw(st.integers(1, len(old.aggregations)))]
    before, now = Algebra(old.aggregations, old.schema), Algebra(kept, old.schema)
    later = Algebra([*kept, aggregation("new", "SUM", "7d")], {**old.schema, "new": LONG})
    query = ORIGIN + days * DAY_MS
    stream = [row for row in rows if row.ts is not None and row.ts >= ORIGIN]
    loose, tiled = stream[::2], stream[1::2]
    stored = before.record(rows, ORIGIN), before.stream(loose), before.tiles(tiled)
    expected = old.oracle.visible(rows, rows, ORIGIN, query)
    for algebra in (now, later):
        serving = algebra.aggregator.serving()
        serving.learn(before.aggregator.layout.description)
        record, rows_, tiles = stored
        if serving.inexact(tiles, query):
            tiles, rows_ = [], before.stream(stream)
        values = serving.fetch(record, rows_, ORIGIN, query, tiles=tiles, generation=before.aggregator.layout.hash)
        if values is None:
            continue
        stale = serving.stale(ORIGIN, query)
        *known, last = [None if name in stale else v for name, v in zip(serving_names(serving), values, strict=True)]
        known = known if algebra is later else [*known, last]
        assert (last is UNKNOWN) == (algebra is later)
        names = [name for name in algebra.outputs if name in expected]
        answered = algebra.answers([*known, None] if algebra is later else known)
        assert_same({name: expected[name] for name in names}, {name: answered[name] for name in names})


def serving_names(serving):
    return [part.name for part in serving.parts]
