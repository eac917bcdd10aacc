"""Names of types and constants in DuckDB."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.coercion import Decimal
from chronon.sql.tree import Refusal

_NAMES = {
    t.BOOLEAN: "BOOLEAN",
    t.BYTE: "TINYINT",
    t.SHORT: "SMALLINT",
    t.INT: "INTEGER",
    t.LONG: "BIGINT",
    t.FLOAT: "FLOAT",
    t.DOUBLE: "DOUBLE",
    t.STRING: "VARCHAR",
    t.BINARY: "BLOB",
    t.DATE: "DATE",
    t.TIMESTAMP: "TIMESTAMP",
}


def duckdb_type(kind: DataType) -> str:
    """The DuckDB type that stores a logical type.

    >>> duckdb_type(t.parse_type("map<string,list<long>>"))
    'MAP(VARCHAR, BIGINT[])'
    """
    if isinstance(kind, ListType):
        return f"{duckdb_type(kind.element)}[]"
    if isinstance(kind, MapType):
        return f"MAP({duckdb_type(kind.key)}, {duckdb_type(kind.value)})"
    if isinstance(kind, StructType):
        return f"STRUCT({', '.join(f'{quoted(name)} {duckdb_type(field)}' for name, field in kind.fields)})"
    if isinstance(kind, Decimal):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if kind not in _NAMES:
        raise Refusal(f"a {kind} has no type in DuckDB")
    return _NAMES[kind]


def quoted(name: str) -> str:
    """A column's or field's name as DuckDB reads it.

    >>> print(quoted('the "best" price'))
    "the ""best"" price"
    """
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text constant.

    >>> text("it's")
    "'it''s'"
    """
    if "\0" in value:
        raise Refusal("a text constant holds the character with number zero, which DuckDB cannot read")
    return "'" + value.replace("'", "''") + "'"


def constant(value: Any, kind: DataType) -> str:
    """A constant of exactly that type.

    >>> constant(5, t.LONG), constant(0.1, t.DOUBLE), constant(None, t.STRING)
    ('CAST(5 AS BIGINT)', '0.1e0', 'CAST(NULL AS VARCHAR)')
    """
    if value is None:
        return "NULL" if kind == t.NULL else f"CAST(NULL AS {duckdb_type(kind)})"
    if kind == t.STRING:
        return text(value)
    if kind == t.BOOLEAN:
        return "true" if value else "false"
    if kind == t.BINARY:
        return f"unhex('{value.hex()}')"
    if isinstance(value, dt.date):
        return f"CAST({text(str(value))} AS {duckdb_type(kind)})"
    if kind in t.FLOATS:
        return _float(value, kind)
    if isinstance(kind, Decimal):
        return f"CAST({text(str(value))} AS {duckdb_type(kind)})"
    return f"CAST({value} AS {duckdb_type(kind)})"


def _float(value: float, kind: DataType) -> str:
    if math.isnan(value) or math.isinf(value):
        return f"CAST('{value}' AS {duckdb_type(kind)})"
    digits = repr(value)
    number = digits if "e" in digits else f"{digits}e0"
    number = f"({number})" if digits.startswith("-") else number
    return number if kind == t.DOUBLE else f"CAST({number} AS FLOAT)"
