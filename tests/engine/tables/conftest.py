"""A warehouse whose tables are of one format, and what is needed to look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from chronon.engine.duckdb import DuckDBEngine
from chronon.engine.warehouse import Warehouse

WRITERS = ("parquet", "delta", "iceberg")
"""The formats that can be written; every one runs the same suite."""

SCHEMA = pa.schema([("user", pa.string()), ("amount", pa.int64())])


class Tables:
    """Tables of the namespace ``db``, all of one format."""

    def __init__(self, root: Path, form: str) -> None:
        self.form = form
        self.engine = DuckDBEngine(root, threads=2, tables={"db": {"format": form}})
        self.warehouse: Warehouse = self.engine.warehouse

    def publish(
        self,
        table: str,
        ds: str | None,
        rows: Sequence[dict[str, Any]],
        schema: pa.Schema = SCHEMA,
        stamp: dict[str, str] | None = None,
    ) -> int:
        stamped = schema.with_metadata({f"chronon.{key}": value for key, value in (stamp or {}).items()})
        batches = pa.Table.from_pylist(list(rows), stamped).to_batches()
        with self.warehouse.writing(table):
            return self.warehouse.publish(table, None if ds is None else ("ds", ds), batches, stamped)

    def rows(self, table: str, columns: str = "user, amount, ds") -> list[tuple[Any, ...]]:
        found = self.engine.query(f"SELECT {columns} FROM {table} ORDER BY ALL").read_all()
        return [tuple(row.values()) for row in found.to_pylist()]


@pytest.fixture(params=WRITERS)
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    """An empty warehouse for each format that can be written."""
    return Tables(tmp_path / "w", request.param)
