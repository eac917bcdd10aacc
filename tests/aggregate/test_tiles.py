"""Tiles: stream rows of one stretch of time as one state for each base, and what a fetch makes of them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chronon.aggregate.tiles import Tiles, read_tile, write_tile
from chronon.base.errors import ConfigError, DataError
from chronon.base.time import DAY_MS, HOUR_MS, MINUTE_MS
from chronon.base.types import LONG, STRING, ListType
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra
from chronon.testing.shorthand import ORIGIN, aggregation, at, change, events
from chronon.testing.strategies import OPERATIONS, definitions, histories

WIDTH = 5 * MINUTE_MS
each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def compiled(definition):
    return Algebra(definition.aggregations, definition.schema)


@st.composite
def worlds(draw, operation):
    """A definition, rows, and which of the stream's rows are in tiles, and of those in which partition's."""
    definition = draw(definitions([operation], max_aggregations=2))
    rows = draw(histories(definition.schema, tensors=definition.tensors, max_rows=16))
    rows = [row for row in rows if row.ts is not None]
    make = compiled(definition).aggregator.serving().tiles
    starts = sorted({make.start(row.ts) for row in rows})
    closed = draw(st.sets(st.sampled_from(starts))) if starts else set()
    places = [draw(st.sampled_from((1, 2) if make.start(row.ts) in closed else (0,))) for row in rows]
    fragments = [[row for row, place in zip(rows, places, strict=True) if place == number] for number in range(3)]
    return definition, rows, fragments


@each_operation
@settings(max_examples=10)
@given(data=st.data(), after=st.integers(0, 26 * 12))
def test_a_fetch_from_tiles_gives_what_it_gives_from_their_rows(operation, data, after):
    definition, rows, (loose, one, other) = data.draw(worlds(operation))
    query = ORIGIN + after * WIDTH
    algebra = compiled(definition)
    assume(not make_inexact(algebra, [*algebra.tiles(one), *algebra.tiles(other)], query))
    expected = definition.oracle.visible(rows, rows, ORIGIN, query, stale_after=5 * DAY_MS)
    assert_same(expected, algebra.visible(rows, loose, ORIGIN, query, stale_after=5 * DAY_MS, tiled=[one, other]))


def make_inexact(algebra, tiles, query):
    return algebra.aggregator.serving().inexact(tiles, query)


@each_operation
@settings(max_examples=8)
@given(data=st.data())
def test_tiles_come_back_as_they_went_and_merge_in_any_grouping(operation, data):
    definition = data.draw(definitions([operation], max_aggregations=2))
    rows = data.draw(histories(definition.schema, tensors=definition.tensors, max_rows=8))
    algebra = compiled(definition)
    serving = algebra.aggregator.serving()
    now = [type(row)(ORIGIN + i % 3, row.values, row.sequence) for i, row in enumerate(rows)]
    assume(now)
    place = st.integers(0, 2)
    groups = [[], [], []]
    for row in now:
        groups[data.draw(place)].append(row)
    fragments = [tile for group in groups for tile in algebra.tiles(group)]
    before = list(fragments)
    merged = serving.tiles.merge([serving.tiles.merge(fragments[:2]), *fragments[2:]])
    assert fragments == before
    whole = serving.tiles.merge(algebra.tiles(now))
    expected = definition.oracle.visible([], now, ORIGIN, at("+1h"))
    for tiles in ([merged], fragments, [whole]):
        found = serving.fetch(None, [], ORIGIN, at("+1h"), tiles=tiles)
        assert_same(expected, algebra.answers(found))
    states = read_tile(serving.layout, merged)
    assert write_tile(serving.layout, ORIGIN, serving.tiles.width, states) == merged


def total(*windows):
    return Algebra([aggregation("x", "SUM", *windows)], {"x": LONG})


STREAM = events({"+0s": 1, "+4m": 2, "+5m": 4, "+62m": 8, "+63m": 16, "+64m": 32})


def test_a_tile_counts_with_all_its_rows_and_the_answer_is_marked_inexact():
    """As in the original, which does not mark it. Rows of an open tile stay rows, so that this is rare."""
    algebra = total("1h", "1d")
    tiles = algebra.tiles(STREAM)
    serving = algebra.aggregator.serving()
    assert [serving.tiles.start(row.ts) - ORIGIN for row in STREAM[2:4]] == [WIDTH, HOUR_MS]
    assert serving.fetch(None, [], ORIGIN, at("+63m+30s"), tiles=tiles) == [63, 63]
    assert serving.inexact(tiles, at("+63m+30s"))
    assert serving.fetch(None, algebra.stream(STREAM), ORIGIN, at("+63m+30s")) == [31, 31]
    assert serving.fetch(None, [], ORIGIN, at("+60m"), tiles=tiles) == [7, 7]
    assert not serving.inexact(tiles, at("+60m"))


def test_a_tile_leaves_the_window_as_its_rows_do():
    algebra = total("1h")
    tiles = algebra.tiles(STREAM)
    fetch = algebra.aggregator.serving().fetch
    assert fetch(None, [], ORIGIN, at("+65m"), tiles=tiles) == [60]
    assert fetch(None, [], ORIGIN, at("+70m"), tiles=tiles) == [56]


def test_a_tile_before_the_batch_end_is_the_batchs():
    algebra = total("1d")
    fetch = algebra.aggregator.serving().fetch
    tiles = algebra.tiles(events({"-1h": 1, "+1h": 2}))
    assert fetch(None, [], ORIGIN, at("+3h"), tiles=tiles) == [2]


@pytest.mark.parametrize(
    "windows, width",
    [(["1h", "7d"], WIDTH), (["12h", "7d", None], HOUR_MS), (["12d", "30d"], DAY_MS), ([None], HOUR_MS)],
)
def test_a_tile_is_as_wide_as_the_windows_allow(windows, width):
    assert total(*windows).aggregator.serving().tiles.width == width


def test_a_width_that_cuts_a_window_is_refused():
    layout = total("12h").aggregator.layout
    assert Tiles(layout, WIDTH).width == WIDTH
    for width in (0, 7 * MINUTE_MS, DAY_MS):
        with pytest.raises(ConfigError, match="a tile of"):
            Tiles(layout, width)


def test_rows_of_several_tiles_and_reversals_are_refused():
    algebra = total("1h")
    make = algebra.aggregator.serving().tiles
    with pytest.raises(DataError, match="rows of 2 tiles"):
        make.make(algebra.stream(events({"+0s": 1, "+5m": 2})))
    with pytest.raises(DataError, match="reversal"):
        make.make(algebra.stream([change("+1m", 1, "+2m", is_before=True)]))
    one, two = algebra.tiles(events({"+0s": 1, "+5m": 2}))
    with pytest.raises(DataError, match="different stretches"):
        make.merge([one, two])


def test_tiles_of_another_version_or_cut_off_are_refused():
    algebra = Algebra([aggregation("x", "SUM", "1h"), aggregation("s", "LAST")], {"x": LONG, "s": STRING})
    (tile,) = algebra.tiles([type(STREAM[0])(ORIGIN, {"x": 1, "s": "a"})])
    fetch = algebra.aggregator.serving().fetch
    with pytest.raises(DataError, match="version 9 and kind 3"):
        fetch(None, [], ORIGIN, at("+1h"), tiles=[b"\x09" + tile[1:]])
    for keep in (20, 32, 40, 47, len(tile) - 1):
        with pytest.raises(DataError, match=r"ends before|has version"):
            fetch(None, [], ORIGIN, at("+1h"), tiles=[tile[:keep]])


def test_lists_of_two_lengths_cannot_be_one_tile():
    algebra = Algebra([aggregation("x", "SUM", element_wise=True)], {"x": ListType(LONG)})
    with pytest.raises(DataError, match="1 and of 2 items"):
        algebra.tiles(events({"+0s": [1], "+1m": [1, 2]}))
