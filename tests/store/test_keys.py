"""Keys of entities as bytes: one table of cases for the encoding of one row and of whole columns."""

from __future__ import annotations

import math
import struct
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.base.arrow import to_arrow
from chronon.base.errors import ConfigError, RequestError
from chronon.base.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    ListType,
)
from chronon.store import keys

CASES = [
    ([7], [LONG], "10 80 00 00 00 00 00 00 07"),
    ([7], [INT], "10 80 00 00 00 00 00 00 07"),
    ([-1], [BYTE], "10 7f ff ff ff ff ff ff ff"),
    ([0.0], [DOUBLE], "18 80 00 00 00 00 00 00 00"),
    ([-0.0], [DOUBLE], "18 80 00 00 00 00 00 00 00"),
    ([1.5], [FLOAT], "18 bf f8 00 00 00 00 00 00"),
    ([-1.5], [DOUBLE], "18 40 07 ff ff ff ff ff ff"),
    ([math.nan], [DOUBLE], None),
    (["u1"], [STRING], "20 75 31 00 01"),
    ([""], [STRING], "20 00 01"),
    (["a\0b"], [STRING], "20 61 00 ff 62 00 01"),
    (["é"], [STRING], "20 c3 a9 00 01"),
    (["e\u0301"], [STRING], "20 65 cc 81 00 01"),  # text as given: no normal form is chosen
    ([b"\x00\x01"], [BINARY], "28 00 ff 01 00 01"),
    ([True], [BOOLEAN], "08 01"),
    ([False], [BOOLEAN], "08 00"),
    ([date(1970, 1, 2)], [DATE], "30 80 00 00 00 00 00 00 01"),
    ([None], [LONG], None),
    (["u1", 7], [STRING, LONG], "20 75 31 00 01 10 80 00 00 00 00 00 00 07"),
    (["u1", None], [STRING, LONG], None),
    ([None, 7], [STRING, LONG], None),
]


@pytest.mark.parametrize("values, types, expected", CASES)
def test_a_key_has_these_bytes(values, types, expected):
    wanted = bytes.fromhex(expected) if expected is not None else None
    assert keys.encode(values, types) == wanted
    columns = [pa.array([value], to_arrow(kind), from_pandas=False) for value, kind in zip(values, types, strict=True)]
    assert keys.encode_columns(columns, types).to_pylist() == [wanted]


VALUES = {
    LONG: st.integers(-(2**63), 2**63 - 1),
    INT: st.integers(-(2**31), 2**31 - 1),
    DOUBLE: st.floats(),
    FLOAT: st.floats(width=32),
    STRING: st.text(st.characters(codec="utf-8"), max_size=4) | st.text("\0\x01\xff", max_size=3),
    BINARY: st.binary(max_size=4) | st.binary(min_size=1, max_size=3).map(lambda b: b"\0" * len(b)),
    BOOLEAN: st.booleans(),
    DATE: st.dates(),
}


@st.composite
def tables(draw):
    types = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3))
    rows = draw(st.lists(st.tuples(*(st.none() | VALUES[kind] for kind in types)), max_size=6))
    return types, rows


@given(tables())
@settings(max_examples=150, deadline=None)
def test_columns_are_encoded_as_rows_are(table):
    types, rows = table
    columns = [pa.array([row[i] for row in rows], to_arrow(kind)) for i, kind in enumerate(types)]
    assert keys.encode_columns(columns, types).to_pylist() == [keys.encode(row, types) for row in rows]


@given(tables())
@settings(max_examples=150, deadline=None)
def test_keys_differ_sort_and_never_begin_with_each_other(table):
    types, rows = table
    encoded = {row: key for row in rows if (key := keys.encode(row, types)) is not None}
    for row, key in encoded.items():
        for other, other_key in encoded.items():
            assert (key == other_key) == (row == other)
            assert key == other_key or not other_key.startswith(key)
            if row < other:
                assert key < other_key


def test_a_chunked_column_and_one_of_another_width_are_the_same_keys():
    column = pa.chunked_array([pa.array([1, None], pa.int32()), pa.array([3], pa.int32())])
    assert keys.encode_columns([column], [LONG]).to_pylist() == [keys.encode([v], [LONG]) for v in (1, None, 3)]


@pytest.mark.parametrize("kind", [DECIMAL, TIMESTAMP, ListType(LONG)])
def test_these_types_are_no_keys(kind):
    with pytest.raises(ConfigError, match="cannot be a key"):
        keys.check_types([kind])


# ---- keys too long for a store


def test_a_long_key_is_stored_as_its_beginning_and_a_hash():
    short, long, other = (keys.encode([text], [STRING]) for text in ("u" * 397, "u" * 398, "u" * 397 + "v"))
    assert keys.shorten(short) == short
    assert len(keys.shorten(long)) == 317
    assert keys.shorten(long)[1:301] == long[:300]
    assert keys.shorten(long) != keys.shorten(other)


def test_the_whole_key_is_kept_beside_the_value_and_compared():
    long, other = b"\x20" + b"u" * 500, b"\x20" + b"w" * 500
    stored = keys.stored_value(long, b"value")
    assert keys.own_value(long, stored) == b"value"
    assert keys.own_value(other, stored) is None
    assert keys.own_value(b"short", keys.stored_value(b"short", b"value")) == b"value"


# ---- requests


@pytest.mark.parametrize(
    "value, kind, expected",
    [
        (7, LONG, 7),
        (7.0, LONG, 7),
        ("7", LONG, 7),
        ("-007", INT, -7),
        ("+7", LONG, 7),
        (7, DOUBLE, 7.0),
        ("7.5", DOUBLE, 7.5),
        ("1e3", DOUBLE, 1000.0),
        (0.1, FLOAT, struct.unpack("<f", struct.pack("<f", 0.1))[0]),
        ("u1", STRING, "u1"),
        (7, STRING, "7"),
        (True, BOOLEAN, True),
        ("2024-01-31", DATE, date(2024, 1, 31)),
        (b"\x00", BINARY, b"\x00"),
        ("AAE=", BINARY, b"\x00\x01"),
        (None, LONG, None),
    ],
)
def test_a_value_of_a_request_becomes_one_of_the_declared_type(value, kind, expected):
    found = keys.cast(value, kind)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "value, kind",
    [
        ("abc", LONG),
        ("7.0", LONG),
        ("1_000", LONG),
        (" 7", LONG),
        ("\u0667", LONG),  # a seven, but not in base 10 as we write it
        (7.5, LONG),
        (math.inf, LONG),
        (True, LONG),
        (2**63, LONG),
        (128, BYTE),
        ("9" * 5000, LONG),
        ("nan", DOUBLE),
        (math.nan, DOUBLE),
        ("1_0", DOUBLE),
        (True, DOUBLE),
        (1e300, FLOAT),
        (10**400, DOUBLE),
        (1.5, STRING),
        (True, STRING),
        ("\ud800", STRING),
        (1, BOOLEAN),
        ("true", BOOLEAN),
        ("2024-1-31", DATE),
        ("not base64!", BINARY),
        ([1], LONG),
        ({"a": 1}, STRING),
        (1, ListType(LONG)),
    ],
)
def test_anything_else_is_an_error_of_the_request(value, kind):
    with pytest.raises(RequestError, match="cannot be a key of type"):
        keys.cast(value, kind)
