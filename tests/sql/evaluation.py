"""Evaluating one expression over typed rows in each engine."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from chronon import sql
from chronon.base import arrow
from chronon.base.types import DataType, MapType
from chronon.sql.batches import functions_of, install
from chronon.sql.duckdb_types import duckdb_type

INSTALLED = set()


def table_of(rows, schema):
    """The rows as an Arrow table with one more column, their number."""
    columns = [
        pa.array([_packed(row[name], kind) for row in rows], arrow.to_arrow(kind)) for name, kind in schema.items()
    ]
    numbers = pa.array(range(len(rows)), pa.int64())
    return pa.table([*columns, numbers], names=[*schema, "row number"])


def _packed(value: Any, kind: DataType) -> Any:
    if value is not None and isinstance(kind, MapType):
        return [(key, _packed(each, kind.value)) for key, each in value.items()]
    return value


def in_duckdb(connection, text, rows, schema):
    """The values, and the name of the result's type."""
    rendered = sql.parse(text).to_duckdb(schema)
    for function in functions_of(rendered):
        if (id(connection), function.name) not in INSTALLED:
            install(connection, function)
            INSTALLED.add((id(connection), function.name))
    connection.register("rows_of_test", table_of(rows, schema))
    query = f'SELECT x, typeof(x) FROM (SELECT {rendered} AS x, "row number" AS n FROM rows_of_test) ORDER BY n'
    found = connection.execute(query).fetchall()
    return [value for value, _ in found], found[0][1]


def in_rows(text, rows, schema):
    """The values by the row function."""
    evaluate = sql.compile_rows({"x": text}, schema)
    return [evaluate(row)["x"] for row in rows]


def type_in_duckdb(kind):
    return duckdb_type(kind).replace(", ", ", ")


def plain(value):
    """NaN compares by its text anyway; everything else as it is."""
    return value if not isinstance(value, float) or not math.isnan(value) else math.nan
