"""The embedded engine."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronon.base.errors import MissingDataError, Place, StorageError
from chronon.base.time import DAY_MS, Partitions
from chronon.base.types import Schema
from chronon.engine.duckdb.connection import BATCH_ROWS, Macros, connect, identifier, literal, readable_errors
from chronon.engine.duckdb.describe import describe
from chronon.engine.duckdb.glance import estimate, glance
from chronon.engine.duckdb.hours import require_hours
from chronon.engine.duckdb.join import DuckDBJoin
from chronon.engine.duckdb.left import read_left, take_left
from chronon.engine.duckdb.memory import shares
from chronon.engine.duckdb.onekey import rows_of_key
from chronon.engine.duckdb.partials import daily
from chronon.engine.duckdb.scan import Source
from chronon.engine.duckdb.scratch import Scratch
from chronon.engine.duckdb.snapshots import derived, records, snapshots
from chronon.engine.duckdb.sorted import Reader, key_table
from chronon.engine.duckdb.untimed import without_time
from chronon.engine.logged import log_schemas
from chronon.engine.protocol import Estimate, Glance, JoinOutput
from chronon.engine.tables.files import Files
from chronon.engine.tables.footers import Footers
from chronon.engine.tables.view import Views
from chronon.engine.warehouse import Warehouse
from chronon.plan.scans import Scan

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from chronon.plan.group_by import GroupByPlan
    from chronon.sql import Translated


class DuckDBEngine:
    """DuckDB over a warehouse folder, in this process.

    Parameters
    ----------
    warehouse:
        The folder of tables.
    partitions:
        How partitions are named.
    memory:
        The limit of the process, such as ``"2GB"``; what does not fit goes through files. Most of the machine's if
        ``None``.
    threads:
        For DuckDB and for the algebra; all cores if ``None``.
    temp:
        A folder for what does not fit into memory; inside the warehouse if ``None``.
    tables:
        What the settings say about tables, as for ``Warehouse``.
    as_of:
        Rows that arrived after this instant (ms) are not seen; ``None``: all are.
    """

    name = "duckdb"

    def __init__(
        self,
        warehouse: str | os.PathLike[str],
        *,
        partitions: Partitions | None = None,
        memory: str | None = None,
        threads: int | None = None,
        temp: str | os.PathLike[str] | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
        as_of: int | None = None,
    ) -> None:
        self.partitions_spec = partitions or Partitions()
        self.warehouse = Warehouse(warehouse, tables, as_of=as_of, partitions=self.partitions_spec)
        self._tables = tables
        self._memory = shares(memory)
        self._threads = threads or os.cpu_count() or 1
        self._scratch = Scratch(Path(temp or self.warehouse.root / ".temp").absolute())
        self._sources: dict[str, tuple[Files, Source]] = {}
        self._footers = Footers()
        self._opening: list[str] = []

    def known_at(self, as_of: int) -> DuckDBEngine:
        then = copy(self)
        then.warehouse = Warehouse(self.warehouse.root, self._tables, as_of=as_of, partitions=self.partitions_spec)
        then._sources, then._opening = {}, []  # noqa: SLF001 - one of us
        return then

    # ---- tables

    def columns(self, table: str) -> Schema:
        return self._source(table).schema

    def logged(self, table: str) -> Mapping[str, Schema]:
        return log_schemas(self.warehouse.stamps(table, self.partitions_spec.column).values())

    def partitions(self, table: str, column: str, subs: dict[str, str] | None = None) -> list[str]:
        return self._partitions(self._source(table), table, column, subs)

    def _partitions(self, source: Source, table: str, column: str, subs: dict[str, str] | None) -> list[str]:
        if {column, *(subs or {})} <= set(source.files.partition_columns):
            return require_hours(table, source.files.partitions(column, subs), self.partitions_spec)
        if column not in source.schema:
            raise MissingDataError(
                f"table {table} has no partition column {column}",
                expected=f"folders {column}=..., or a column of that name",
                mend="name the table's own by partition_column in the query; a table without partitions gets them by "
                "chronon load FILE TABLE --time COLUMN",
            )
        filters = [f"{identifier(name)} = {literal(value)}" for name, value in (subs or {}).items()]
        where = " AND ".join([f"{identifier(column)} IS NOT NULL", *filters])
        with self._connection(f"reading {table}") as connection:
            relation = source.relation(None, column)
            rows = connection.sql(f"SELECT DISTINCT {identifier(column)} FROM {relation} WHERE {where}").fetchall()
        return require_hours(table, sorted(value for (value,) in rows), self.partitions_spec)

    def _source(self, table: str) -> Source:
        files = self.warehouse.files(table)
        if not files.files:
            raise MissingDataError(f"table {table} has no files", mend=f"write some into {self.warehouse.root}")
        if files.format == Views.name:
            return self._view(table, files)
        known = self._sources.get(table)
        if known is not None and known[0] == files:
            return known[1]
        with self._connection(f"reading {table}") as connection:
            source = describe(connection, files, self.partitions_spec.column, self._footers)
        self._sources[table] = files, source
        return source

    def _view(self, table: str, files: Files) -> Source:
        """A view as a source; it is translated anew, because its tables may have changed."""
        if table in self._opening:
            raise MissingDataError(f"the view {table} reads itself", mend="remove its file, or change its query")
        self._opening.append(table)
        try:
            place = Place(definition=table, file=files.files[0].path)
            found = self._translated(self.warehouse.view(table).query, place)
        finally:
            self._opening.remove(table)
        return Source(files, found.schema, {}, {}, self._macros.ready_for(found.sql))

    def hours_lacking(self, table: str, days: Collection[str]) -> list[str]:
        return self._source(table).files.lacking(days) if self.partitions_spec.span == DAY_MS else []

    def without_time(self, scan: Scan, first: str | None, last: str | None) -> int:
        with self._connection(f"reading {scan.table}") as connection:
            return without_time(self._reader(connection), scan, (first, last))

    # ---- work

    @contextmanager
    def join(self, left: Scan, days: Sequence[str], outputs: JoinOutput) -> Generator[DuckDBJoin]:
        with self._connection(f"reading {left.table}") as connection:
            reader = self._reader(connection)
            with closing(DuckDBJoin(reader, read_left(reader, left, days), outputs, self._threads)) as work:
                yield work

    @contextmanager
    def join_rows(self, rows: pa.Table, outputs: JoinOutput) -> Generator[DuckDBJoin]:
        with self._connection("reading the given rows") as connection:
            reader = self._reader(connection)
            taken = take_left(reader, rows, outputs.left_columns)
            with closing(DuckDBJoin(reader, taken, outputs, self._threads)) as work:
                yield work

    def keys(self, plan: GroupByPlan, days: tuple[str | None, str | None], before: int | None) -> pa.Table:
        with self._connection(f"reading the keys of {plan.name}") as connection:
            reader = self._reader(connection)
            reader.number_keys(reader.union(plan, list(plan.keys), days, (None, before)), list(plan.keys), ordered=True)
            return key_table(reader, plan)

    def rows_of_key(
        self, plan: GroupByPlan, scan: Scan, key: Mapping[str, Any], days: tuple[str | None, str | None]
    ) -> pa.Table:
        with self._connection(f"reading {scan.table}") as connection:
            return rows_of_key(self._reader(connection), plan, scan, key, days)

    def glance(
        self,
        scan: Scan,
        days: tuple[str | None, str | None],
        limit: int,
        keys: Sequence[Mapping[str, Any]],
        named: Sequence[str],
    ) -> Glance:
        with self._connection(f"reading {scan.table}") as connection:
            return glance(self._reader(connection), scan, days, limit, keys, named)

    def estimate(self, scan: Scan, days: tuple[str | None, str | None]) -> Estimate:
        with self._connection(f"reading {scan.table}") as connection:
            return estimate(self._source(scan.table), scan, self._reader(connection).days(scan, days))

    def snapshots(self, plan: GroupByPlan, days: Sequence[str]) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        with self._connection(f"computing {plan.name}") as connection:
            reader = replace(self._reader(connection), partly=True)
            yield from derived(reader, plan, snapshots(reader, plan, days, self._threads))

    def partials(self, plan: GroupByPlan, ds: str) -> Iterator[pa.RecordBatch]:
        with self._connection(f"aggregating {ds} for {plan.name}") as connection:
            yield from daily(replace(self._reader(connection), partly=True), plan, ds)

    def upload(self, plan: GroupByPlan, ds: str, stale_after: int) -> Iterator[pa.RecordBatch]:
        with self._connection(f"uploading {plan.name}") as connection:
            yield from records(self._reader(connection), plan, ds, stale_after, self._threads)

    def translate(self, sql: str) -> Translated:
        return self._translated(sql)

    def _translated(self, sql: str, place: Place | None = None) -> Translated:
        from chronon.sql import translate

        source = cache(self._source)  # a query names a table more than once; it is listed once
        return translate(
            sql, lambda table: source(table).schema, lambda table: source(table).relation(None, None), place=place
        )

    def query(self, sql: str) -> pa.RecordBatchReader:
        import pyarrow as pa

        text = self._macros.ready_for(self.translate(sql).sql)
        connection = self._database.cursor()
        with readable_errors("running the query"):
            reader = connection.sql(text).to_arrow_reader(BATCH_ROWS)

        def batches() -> Iterator[pa.RecordBatch]:
            with readable_errors("running the query"):
                yield from reader
            connection.close()

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    def _reader(self, connection: duckdb.DuckDBPyConnection) -> Reader:
        self._scratch.prepare()
        source = cache(self._source)  # one piece of work lists the files of a table once

        def partitions(scan: Scan) -> list[str]:
            column = scan.partition or self.partitions_spec.column
            return self._partitions(source(scan.table), scan.table, column, dict(scan.subs))

        return Reader(
            connection,
            source,
            partitions,
            self.partitions_spec,
            self._macros,
            self._memory,
            self._scratch,
        )

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """Made once: preparing a database costs as much as sorting a hundred thousand rows."""
        return self._connect()

    @cached_property
    def _macros(self) -> Macros:
        return Macros(self._database)

    @contextmanager
    def _connection(self, what: str) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one piece of work, whose temporary tables nobody else sees."""
        connection = self._database.cursor()
        try:
            with readable_errors(what):
                yield connection
        finally:
            connection.close()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        temp = self._scratch.path
        try:
            return connect(memory=self._memory.duckdb, threads=self._threads, temp=str(temp))
        except OSError as error:
            raise StorageError(
                f"cannot use {temp}: {error.strerror or error}", mend="set another temp folder"
            ) from error
