"""Loading: rows of a file or of a frame become partitions of a table, by the day of their time."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.errors import ConfigError, DataError, MissingDataError, RequestError
from chronon.engine.registry import open_engine
from chronon.offline.frames import KINDS, frame_of
from chronon.offline.partitions import with_stamp
from chronon.offline.result import Backfill
from chronon.offline.staging_query import by_partition

if TYPE_CHECKING:
    from chronon.base.settings import Settings
    from chronon.engine.protocol import Engine

ROWS = "given.rows"
"""The table under which the engine reads what is loaded."""


def load(table: str, rows: Any, settings: Settings, *, time: str | None = None) -> Backfill:
    """Write rows into a table of the warehouse, each into the partition of its day.

    The partitions that the rows have are replaced, each in one step; others stay. So loading twice is loading once.

    Parameters
    ----------
    table:
        ``namespace.table``.
    rows:
        A CSV, JSON or Parquet file or a folder of them, by its path; or rows: an Arrow table or reader, a pandas or
        Polars frame, a DuckDB relation, a list of dicts.
    settings:
        Say where the warehouse is, and how its partitions are named.
    time:
        The time of a row in Spark SQL, such as ``at`` or ``to_timestamp(day, 'dd.MM.yyyy')``: ms, a timestamp or a
        date. ``None``: the partition column if the rows have one, else ``ts``.

    Returns
    -------
    What was written. Rows without a time belong to no day: they are left out and counted.

    Raises
    ------
    ConfigError
        If the name is no table's.
    DataError, ExpressionError
        If the rows cannot be read, or the time is none. Nothing is written then.
    """
    if table.count(".") != 1:
        raise ConfigError(f"{table!r} is no table", expected="namespace.table, such as data.purchases")
    with _file(rows) as file:
        engine = open_engine(replace(settings, tables={**settings.tables, ROWS: {"location": str(file)}}))
        return _load(table, engine, time)


@contextmanager
def _file(rows: Any) -> Generator[Path]:
    """The rows as a file or folder; a frame is written into one for as long as it is read."""
    if isinstance(rows, str | os.PathLike):
        path = Path(rows).expanduser().absolute()
        if not path.exists():
            raise MissingDataError(f"there is no {path}", expected=f"a file, a folder, or {KINDS}")
        yield path
        return
    import pyarrow.parquet as pq

    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(frame_of(rows).table, path)
        yield path


def _load(table: str, engine: Engine, time: str | None) -> Backfill:
    column = engine.partitions_spec.column
    schema = dict(engine.columns(ROWS))
    day = _day(schema, time, engine)
    kept = {name: kind for name, kind in schema.items() if name != column}
    listed = ", ".join(f"`{name}`" for name in kept)
    result = Backfill(table)
    with engine.warehouse.writing(table):
        _require_folder(table, engine)
        present = engine.warehouse.stamps(table, column) if engine.warehouse.exists(table) else {}
        found = engine.query(f"SELECT {listed}, {day} AS `{column}` FROM {ROWS} ORDER BY `{column}`")  # noqa: S608 - our names
        into = with_stamp(kept, {"engine": engine.name})
        for ds, batches in by_partition(found, column, into, result):
            result.rows += engine.warehouse.publish(table, (column, ds), batches, into)
            result.filled.append(ds)
    replaced = len(present.keys() & set(result.filled))
    if replaced:
        result.notes.append(f"{replaced} partitions that were there are replaced")
    return result


def _day(schema: t.Schema, time: str | None, engine: Engine) -> str:
    """The partition of a row, in Spark SQL."""
    from chronon.sql import parse, time_to_duckdb

    spec = engine.partitions_spec
    if time is None and spec.column in schema:
        if schema[spec.column] != t.STRING:
            return f"date_format(`{spec.column}`, '{spec.format}')"
        return f"`{spec.column}`"
    if time is None and "ts" not in schema:
        raise RequestError(
            f"the rows have neither {spec.column} nor ts, so nothing says of which {spec.unit} they are",
            expected=f"a time among {', '.join(schema)}",
            mend="time=... (--time), a column or an expression of Spark SQL",
        )
    text = time or "`ts`"
    time_to_duckdb(text, schema)  # refuses what is no time
    instant = f"timestamp_millis({text})" if parse(text).type(schema) in t.INTEGERS else text
    return f"date_format({instant}, '{spec.format}')"


def _require_folder(table: str, engine: Engine) -> None:
    """Raise where the table is a single file, which has no partitions."""
    if not engine.warehouse.exists(table):
        return
    single = [Path(file.path) for file in engine.warehouse.files(table).files if not file.partition]
    if single:
        raise DataError(
            f"{table} is there without partitions: {single[0]}",
            mend="load into another table, or move that file out of the warehouse and load it",
        )
