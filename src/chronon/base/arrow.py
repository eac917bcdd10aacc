"""Logical types to Arrow types and back. The only place where the two are matched."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa


def compute() -> Any:
    """Arrow's compute functions; they are made at run time, so no type checker knows them."""
    import pyarrow.compute

    return pyarrow.compute


@cache
def to_arrow(kind: t.DataType) -> pa.DataType:
    """The Arrow type in which a logical type is stored and handed over."""
    import pyarrow as pa

    if isinstance(kind, t.ListType):
        return pa.list_(to_arrow(kind.element))
    if isinstance(kind, t.MapType):
        return pa.map_(to_arrow(kind.key), to_arrow(kind.value))
    if isinstance(kind, t.StructType):
        return pa.struct([(name, to_arrow(field)) for name, field in kind.fields])
    plain = {
        t.BOOLEAN: pa.bool_(),
        t.BYTE: pa.int8(),
        t.SHORT: pa.int16(),
        t.INT: pa.int32(),
        t.LONG: pa.int64(),
        t.FLOAT: pa.float32(),
        t.DOUBLE: pa.float64(),
        t.STRING: pa.string(),
        t.BINARY: pa.binary(),
        t.DATE: pa.date32(),
        t.TIMESTAMP: pa.timestamp("us"),
        t.NULL: pa.null(),
    }
    if kind not in plain:
        raise SchemaError(f"a {kind} cannot be stored", mend="cast it in the select, for example to double or string")
    return plain[kind]


def from_arrow(kind: pa.DataType) -> t.DataType:
    """The logical type of an Arrow column. Unsigned and 128-bit integers widen; times of any unit are timestamps."""
    import pyarrow as pa

    p = pa.types
    if p.is_list(kind) or p.is_large_list(kind) or p.is_fixed_size_list(kind):
        return t.ListType(from_arrow(kind.value_type))
    if p.is_map(kind):
        return t.MapType(from_arrow(kind.key_type), from_arrow(kind.item_type))
    if p.is_struct(kind):
        return t.StructType(tuple((kind.field(i).name, from_arrow(kind.field(i).type)) for i in range(kind.num_fields)))
    if p.is_dictionary(kind):
        return from_arrow(kind.value_type)
    tests = (
        (p.is_boolean, t.BOOLEAN),
        (p.is_int8, t.BYTE),
        (lambda k: p.is_int16(k) or p.is_uint8(k), t.SHORT),
        (lambda k: p.is_int32(k) or p.is_uint16(k), t.INT),
        (lambda k: p.is_int64(k) or p.is_uint32(k) or p.is_uint64(k), t.LONG),
        (lambda k: p.is_float32(k) or p.is_float16(k), t.FLOAT),
        (p.is_float64, t.DOUBLE),
        (lambda k: p.is_string(k) or p.is_large_string(k) or p.is_string_view(k), t.STRING),
        (
            lambda k: p.is_binary(k) or p.is_large_binary(k) or p.is_fixed_size_binary(k) or p.is_binary_view(k),
            t.BINARY,
        ),
        (p.is_date, t.DATE),
        (p.is_timestamp, t.TIMESTAMP),
        (p.is_decimal, t.DECIMAL),
        (p.is_null, t.NULL),
    )
    for test, logical in tests:
        if test(kind):
            return logical
    raise SchemaError(f"Arrow type {kind} has no logical type", mend="cast the column in the select")


def schema_from_arrow(schema: pa.Schema) -> dict[str, t.DataType]:
    """Column names and logical types of an Arrow schema, in order."""
    return {field.name: from_arrow(field.type) for field in schema}


def schema_to_arrow(schema: t.Schema) -> pa.Schema:
    """An Arrow schema of nullable columns."""
    import pyarrow as pa

    return pa.schema([(name, to_arrow(kind)) for name, kind in schema.items()])


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece that begins at its memory's beginning.

    >>> import pyarrow as pa
    >>> whole(pa.chunked_array([[1], [2]]).slice(1)).to_pylist()
    [2]
    """
    import pyarrow as pa

    found = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(found, pa.ChunkedArray):
        found = pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], found.type)
    return pa.concat_arrays([found]) if found.offset else found
