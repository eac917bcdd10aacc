"""Derivations on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow
from chronon.engine.duckdb.connection import identifier
from chronon.engine.duckdb.sorted import Reader

if TYPE_CHECKING:
    import pyarrow as pa


def derive(
    reader: Reader, table: pa.Table, expressions: Mapping[str, str], schema: t.Schema, outputs: t.Schema
) -> pa.Table:
    """Expressions over the rows of a table, in their order; the reader's connection may be streaming meanwhile."""
    from chronon.sql import parse

    listed = ", ".join(f"{parse(text).to_duckdb(schema)} AS {identifier(n)}" for n, text in expressions.items())
    cursor = reader.connection.cursor()
    try:
        cursor.register("__rows", table)
        sql = reader.macros.ready_for(f"SELECT {listed} FROM __rows")
        found = cursor.sql(sql).to_arrow_table()
    finally:
        cursor.close()
    return found.cast(schema_to_arrow({name: outputs[name] for name in expressions}))
