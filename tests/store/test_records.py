"""Rows of final values as bytes."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from chronon.base.arrow import to_arrow
from chronon.base.errors import DataError
from chronon.base.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    StructType,
)
from chronon.store.records import decode_row, encode_rows

NOON, BEFORE = datetime(2024, 1, 10, 12), datetime(1969, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
PERSON = StructType({"name": STRING, "born": DATE})


@pytest.mark.parametrize(
    "kind, values",
    [
        (LONG, [1, -(2**63), 2**63 - 1, None]),
        (INT, [1, None]),
        (DOUBLE, [0.1, float("inf"), -0.0, None]),
        (FLOAT, [0.5, None]),
        (BOOLEAN, [True, False, None]),
        (STRING, ["é\0", "", None]),
        (BINARY, [b"\0\xff", b"", None]),
        (DATE, [date(1969, 12, 31), date(9999, 12, 31), None]),
        (TIMESTAMP, [BEFORE, NOON, None]),
        (ListType(LONG), [[1, None, 3], [], None]),
        (ListType(DATE), [[date(2024, 1, 10), None], None]),
        (MapType(STRING, LONG), [{"a": 1, "b": None}, {}, None]),
        (MapType(LONG, ListType(TIMESTAMP)), [{7: [NOON], 8: None}, None]),
        (PERSON, [("Ada", date(1815, 12, 10)), (None, None), None]),
        (ListType(PERSON), [[("Ada", date(1815, 12, 10)), None], None]),
        (MapType(STRING, PERSON), [{"first": ("Ada", None)}, None]),
    ],
)
def test_values_come_back_as_they_were(kind, values):
    records = encode_rows([pa.array([_for_arrow(v, kind) for v in values], to_arrow(kind))])
    assert [decode_row(record, [kind])[0] for record in records.to_pylist()] == values
    assert [type(decode_row(record, [kind])[0]) for record in records.to_pylist()] == [type(v) for v in values]


def _for_arrow(value, kind):
    if isinstance(kind, StructType) and value is not None:
        return dict(zip(dict(kind.fields), value, strict=True))
    if isinstance(kind, ListType) and value is not None:
        return [_for_arrow(item, kind.element) for item in value]
    if isinstance(kind, MapType) and value is not None:
        return [(key, _for_arrow(item, kind.value)) for key, item in value.items()]
    return value


def test_a_record_holds_the_columns_in_order():
    records = encode_rows([pa.array(["FR", None]), pa.chunked_array([[31], [32]])])
    assert [decode_row(r, [STRING, LONG]) for r in records.to_pylist()] == [["FR", 31], [None, 32]]


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x01", b"\x91\x01", b"\x92\x01\x02trailing"])
def test_other_bytes_are_refused(data):
    with pytest.raises(DataError):
        decode_row(data, [STRING, LONG])
