"""Tables from literal rows, and what jobs made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.engine.duckdb import DuckDBEngine


def at(text: str) -> int:
    """``"01-05 09:30"`` of 2024 in ms; seconds and ms may follow, the time may be absent."""
    day, _, time = text.partition(" ")
    moment = datetime.fromisoformat(f"2024-{day}T{time or '00:00'}").replace(tzinfo=UTC)
    if day.startswith("12-"):
        moment = moment.replace(year=2023)
    return int(moment.timestamp() * 1000)


def day(text: str) -> str:
    """``"01-05"`` as a partition of 2024; December is of 2023."""
    return f"{2023 if text.startswith('12-') else 2024}-{text}"


class World:
    """A warehouse and its engine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = DuckDBEngine(root, threads=2)

    def table(self, name: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """Write a table. ``columns`` are names and Arrow types; the last value of each row is its day."""
        kinds = {
            "long": pa.int64(),
            "int": pa.int32(),
            "double": pa.float64(),
            "string": pa.string(),
            "timestamp": pa.timestamp("us"),
            "date": pa.date32(),
            "bool": pa.bool_(),
        }
        schema = pa.schema([(column, kinds[kind]) for column, kind in columns.items()])
        namespace, _, table = name.partition(".")
        for ds in {row[-1] for row in rows}:
            inside = [dict(zip(columns, row, strict=False)) for row in rows if row[-1] == ds]
            folder = self.root / namespace / table / f"ds={day(ds)}"
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(inside, schema), folder / "rows.parquet")

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in its own order."""
        found = self.engine.query(f"SELECT {', '.join(columns) or '*'} FROM {table}").read_all()
        return [tuple(row.values()) for row in found.to_pylist(maps_as_pydicts="strict")]

    def partitions(self, table: str) -> list[str]:
        """The partitions of a table, short."""
        return [ds[5:] for ds in self.engine.partitions(table, "ds")]

    def columns(self, table: str) -> list[str]:
        """The columns of a table but its partition."""
        return [name for name in self.engine.columns(table) if name != "ds"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty warehouse."""
    return World(tmp_path / "warehouse")
