"""Bytes: what a batch record and a stream row hold, that they come back as they went, and what is refused."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.aggregate.record import header
from chronon.base.errors import DataError
from chronon.base.time import DAY_MS
from chronon.base.types import BINARY, BOOLEAN, BYTE, DOUBLE, FLOAT, LONG, SHORT, STRING, ListType, MapType, StructType
from chronon.testing import assert_same
from chronon.testing.algebra import Algebra, plain
from chronon.testing.shorthand import ORIGIN, aggregation, at, events
from chronon.testing.strategies import STRUCT, cells

KINDS = (
    *(BOOLEAN, BYTE, SHORT, LONG, FLOAT, DOUBLE, STRING, BINARY),
    *(ListType(FLOAT), ListType(STRING), MapType(STRING, DOUBLE), STRUCT, ListType(STRUCT)),
)


@settings(max_examples=80)
@given(data=st.data(), ts=st.integers(-(2**62), 2**62), seq=st.integers(-(2**63), 2**63 - 1), reversal=st.booleans())
def test_a_row_comes_back_as_it_went(data, ts, seq, reversal):
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=70))
    names = [f"x{i}" for i in range(len(kinds))]
    algebra = Algebra([aggregation(name, "LAST") for name in names], dict(zip(names, kinds, strict=True)))
    values = [data.draw(cells(kind)) for kind in kinds]
    serving = algebra.aggregator.serving()
    row = serving.encode_row(ts, values, seq=seq, reversal=reversal)
    assert header(row) == (reversal, ts, seq)
    found = serving.read_row(row)
    assert_same(values, [plain(found[name], kind) for name, kind in zip(names, kinds, strict=True)])


def test_a_row_is_stored_as_its_types_say():
    """A backfill rounds floats of 32 bits; the stream does too, or the two would differ."""
    algebra = Algebra(
        [aggregation("f", "SUM"), aggregation("l", "LAST"), aggregation("s", "LAST")],
        {"f": FLOAT, "l": ListType(DOUBLE), "s": StructType({"a": FLOAT})},
    )
    serving = algebra.aggregator.serving()
    row = serving.encode_row(0, [0.1, [1, None, 2], (0.1,)])
    assert serving.read_row(row) == {
        "f": 0.10000000149011612,
        "l": [1.0, None, 2.0],
        "s": {"a": 0.10000000149011612},
    }


def test_a_number_that_does_not_fit_its_column_is_refused():
    serving = Algebra([aggregation("x", "SUM")], {"x": LONG}).aggregator.serving()
    with pytest.raises(DataError, match="x"):
        serving.encode_row(0, [2**63])
    with pytest.raises(DataError, match="x"):
        serving.encode_row(0, ["12"])


# ---- what is refused

TOTAL = Algebra([aggregation("x", "SUM", "7d"), aggregation("x", "LAST")], {"x": LONG})
ROWS = events({"-1d": 1, "+1h": 2})
ASKED = at("+2h")


def fetch(algebra, record, stream, *, batch_end=ORIGIN, stale_after=2 * DAY_MS):
    return algebra.aggregator.serving(stale_after=stale_after).fetch(record, stream, batch_end, ASKED)


def test_bytes_of_this_layout_are_answered():
    assert fetch(TOTAL, TOTAL.record(ROWS, ORIGIN), TOTAL.stream(ROWS)) == [3, 2]


@pytest.mark.parametrize("version", [0, 2, 255])
def test_an_unknown_version_is_refused(version):
    record, stream = TOTAL.record(ROWS, ORIGIN), TOTAL.stream(ROWS)
    with pytest.raises(DataError, match=f"version {version} and kind 1"):
        fetch(TOTAL, bytes([version]) + record[1:], stream)
    with pytest.raises(DataError, match=f"version {version} and kind 2"):
        fetch(TOTAL, record, [stream[0], bytes([version]) + stream[1][1:]])


def test_a_row_is_no_batch_record_and_too_short_bytes_are_neither():
    record, stream = TOTAL.record(ROWS, ORIGIN), TOTAL.stream(ROWS)
    for wrong in (stream[0], b"", b"\x01", record[:31]):
        with pytest.raises(DataError, match="a stored record has version"):
            fetch(TOTAL, wrong, stream)
    for wrong in (record, b"", stream[0][:31]):
        with pytest.raises(DataError, match="a stored record has version"):
            fetch(TOTAL, record, [wrong])


@pytest.mark.parametrize(
    "other",
    [
        Algebra([aggregation("x", "SUM", "7d")], {"x": LONG}),
        Algebra([aggregation("x", "SUM", "8d"), aggregation("x", "LAST")], {"x": LONG}),
        Algebra([aggregation("x", "AVERAGE", "7d"), aggregation("x", "LAST")], {"x": LONG}),
        Algebra([aggregation("x", "SUM", "7d"), aggregation("x", "LAST")], {"x": DOUBLE}),
        Algebra([aggregation("y", "SUM", "7d"), aggregation("y", "LAST")], {"y": LONG}),
    ],
    ids=["fewer columns", "another window", "another operation", "another type", "another input"],
)
def test_another_layout_is_refused_and_says_what_to_do(other):
    with pytest.raises(DataError, match="upload again"):
        fetch(TOTAL, other.record([*ROWS, *events({"-1d": 1}, "y")], ORIGIN), [])


def test_rows_are_refused_if_their_inputs_are_others_but_not_for_other_operations_or_windows():
    for name, kind in (("x", DOUBLE), ("y", LONG)):
        with pytest.raises(DataError, match="upload again"):
            fetch(TOTAL, None, Algebra([aggregation(name, "SUM")], {name: kind}).stream(ROWS))
    wider = Algebra([aggregation("x", "AVERAGE", "30d")], {"x": LONG})
    assert fetch(TOTAL, None, wider.stream(ROWS)) == [2, 2]


def test_a_record_of_another_batch_is_refused():
    """Rows between the two batch ends would count twice, or not at all."""
    record = TOTAL.record(ROWS, ORIGIN)
    with pytest.raises(DataError, match="one generation"):
        fetch(TOTAL, record, [], batch_end=ORIGIN - DAY_MS)
    with pytest.raises(DataError, match="one generation"):
        fetch(TOTAL, record, [], stale_after=DAY_MS)


@pytest.mark.parametrize("keep", [33, 40, 56])
def test_a_record_that_was_cut_off_is_refused(keep):
    record = TOTAL.record(ROWS, ORIGIN)
    with pytest.raises(DataError, match="ends before"):
        fetch(TOTAL, record[:keep], [])


@pytest.mark.parametrize("keep", [33, 40, 47])
def test_a_row_that_was_cut_off_is_refused(keep):
    with pytest.raises(DataError, match="ends before"):
        fetch(TOTAL, None, [TOTAL.stream(ROWS)[0][:keep]])


@settings(max_examples=200)
@given(data=st.data())
def test_numbers_that_were_damaged_are_refused_or_answered_but_no_read_leaves_the_bytes(data):
    algebra = Algebra([aggregation("x", "SUM", "7d", "1h"), aggregation("x", "AVERAGE", "2d", None)], {"x": LONG})
    record, row = algebra.record(ROWS, ORIGIN), algebra.stream(ROWS)[0]
    for whole in (record, row):
        spot = data.draw(st.integers(32, len(whole) - 1))
        damaged = whole[:spot] + bytes([data.draw(st.integers(0, 255))]) + whole[spot + 1 :]
        with suppress(DataError):
            assert len(fetch(algebra, *((damaged, []) if whole is record else (None, [damaged])))) == 4


def test_a_tail_that_was_damaged_is_refused():
    record = TOTAL.record(ROWS, ORIGIN)
    for tail in (b"", b"\xc1", b"\x90", b"\xa2\xff\xfe"):
        with pytest.raises(DataError, match="damaged"):
            fetch(TOTAL, record[: int.from_bytes(record[8:16], "little")] + tail, [])


def test_equal_rows_give_equal_bytes():
    every = [
        aggregation("x", name, "7d", **({"k": 3} if name in ("FIRST_K", "LAST_K", "TOP_K", "BOTTOM_K") else {}))
        for name in ("SUM", "VARIANCE", "LAST_K", "TOP_K", "UNIQUE_COUNT", "APPROX_UNIQUE_COUNT", "APPROX_HISTOGRAM_K")
    ]
    algebra = Algebra(every, {"x": LONG})
    rows = events({f"-{i}h": i % 5 for i in range(1, 60)})
    assert algebra.record(rows, ORIGIN) == algebra.record(rows[::-1], ORIGIN)
    assert algebra.record(rows, ORIGIN)[32:] != algebra.record(rows[1:], ORIGIN)[32:]


def test_a_key_without_anything_to_remember_has_no_record():
    assert TOTAL.record(events({"+0s": 1}), ORIGIN) is None
    assert TOTAL.record(events({"-1d": None}), ORIGIN) is None
    assert TOTAL.aggregator.serving().fetch(None, [], ORIGIN, ASKED) is None


def test_a_float_keeps_every_bit():
    algebra = Algebra([aggregation("x", "LAST"), aggregation("x", "MIN")], {"x": DOUBLE})
    for number in (5e-324, -0.0, 1 / 3, 1.7976931348623157e308):
        first, second = fetch(algebra, None, algebra.stream(events({"+1h": number})))
        assert math.copysign(1, first) == math.copysign(1, number)
        assert first == second == number
