"""Staging queries: tables and views that a query in Spark SQL makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.inspect import sub_partitions
from chronon.api.naming import output_table
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.clock import SystemClock
from chronon.base.errors import ChrononError, ConfigError, MissingDataError, SchemaError, raise_all
from chronon.offline.adopt import adopt
from chronon.offline.join import STEP_DAYS
from chronon.offline.partitions import Inputs, requested, some, stamp, todo, with_stamp
from chronon.offline.publish import Publisher
from chronon.offline.result import Backfill, Progress, Silent
from chronon.plan.hashes import output_hash
from chronon.plan.ranges import steps
from chronon.plan.staging import END, LATEST, START, clustered_by, fill, require_meaning

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.clock import Clock
    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine

SIGNALS = "chronon_signal_partitions"
"""The table of a namespace that says on which days its views were made."""


def backfill_staging_query(
    staging_query: structs.StagingQuery,
    engine: Engine,
    *,
    start: str | None = None,
    end: str,
    step_days: int = STEP_DAYS,
    run_first_hole: bool = False,
    keep_outdated: bool = False,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Backfill:
    """Run a staging query for the days that its table lacks.

    The query is run once for each step, and each partition that it gives is published as a whole. A day for which it
    gives no rows is filled with none, if all that it reads is there: every table with partitions has that day. Else it
    stays missing, and is tried again by the next run: what is read may not have come yet.

    Without a first day the query is run once, and replaces the partitions that it gives, or the whole table if it has
    no partition column. With ``createView`` it becomes a view, and a row of ``chronon_signal_partitions`` beside it
    says so.

    Parameters
    ----------
    staging_query:
        With its name and output namespace.
    engine:
        Where it runs.
    start, end:
        The first and last day. Without ``start`` the query's own ``start_partition``.
    step_days:
        How many days are computed at once: what ``{{ start_date }}`` and ``{{ end_date }}`` bound.
    run_first_hole:
        Fill also what lies before the first partition that is there.
    keep_outdated:
        Partitions that another query has made stay, from now on as if this one had made them.
    progress:
        Told of each step.
    clock:
        Says when a view was made.

    Raises
    ------
    ChrononError
        A step that fails ends its run of days, but not those after it; all errors are raised together.
    """
    require_meaning(staging_query)
    job = _Job(staging_query, engine, output_table(staging_query), end, Backfill(output_table(staging_query)))
    if staging_query.setups:
        job.result.notes.append("setups are statements of another engine; they are not run")
    with engine.warehouse.writing(job.table):
        if keep_outdated:
            job.result.notes += adopt(job.table, output_hash(staging_query), engine)
        if staging_query.createView:
            job.view(clock or SystemClock())
        elif staging_query.startPartition is None:
            (progress or Silent()).step("the whole query", 0, 1)
            job.whole()
        else:
            job.days(start, step_days, run_first_hole, progress or Silent())
    return job.result


def text_of(staging_query: structs.StagingQuery, engine: Engine, days: Sequence[str], end: str) -> str:
    """The query with its macros filled in, for some days of a job until ``end``; without days, for all at once."""

    def max_date(written: str, column: str | None) -> str:
        table = written.partition("/")[0]
        found = engine.partitions(table, column or engine.partitions_spec.column, sub_partitions(written))
        if not found:
            raise MissingDataError(f"No partitions exist for table {written} to calculate max_date")
        return found[-1]

    step = {START: days[0], END: days[-1]} if days else {}
    return fill(staging_query, {**step, LATEST: end}, max_date)


@dataclass
class _Job:
    """One run of a staging query, whose table is locked."""

    definition: structs.StagingQuery
    engine: Engine
    table: str
    end: str
    result: Backfill

    def days(self, start: str | None, step_days: int, run_first_hole: bool, watch: Progress) -> None:
        """Run the query for the days that are missing."""
        first = start or self.definition.startPartition
        if (self.definition.metaData or structs.MetaData()).historicalBackfill is False:
            first = self.end
        days = requested(self.definition, first, self.end, (), None, self.engine)
        work = todo(self.definition, self.table, days, None, self.engine, run_first_hole=run_first_hole)
        self.result.present = work.present
        if work.outdated:
            self.result.notes.append(f"{len(work.outdated)} partitions were made by another query and are replaced")
        problems: list[ChrononError] = []
        failed_until = ""
        for piece in steps(work.days, step_days, self.engine.partitions_spec):
            if failed_until and self.engine.partitions_spec.shift(failed_until, 1) == piece[0]:
                failed_until = piece[-1]
                continue
            watch.step(f"{piece[0]} to {piece[-1]}", len(self.result.filled), len(work.days))
            try:
                self._step(piece, work.outdated, all_replaced=work.present == 0)
            except ChrononError as problem:
                problems.append(problem.at(place_of(self.definition, "query")))
                failed_until = piece[-1]
        raise_all(problems)

    def _step(self, days: Sequence[str], outdated: dict[str, str], *, all_replaced: bool) -> None:
        text = text_of(self.definition, self.engine, days, self.end)
        query = self.engine.translate(text)
        schema = self._columns(query.schema)
        if not all_replaced:
            self._require_same_types(schema)
        lacking = self._lacking(query.tables, days)
        filled = self._publish(text, schema, query.tables, outdated, [ds for ds in days if not lacking[ds]])
        unit = self.engine.partitions_spec.unit
        for table in dict.fromkeys(table for ds in days if ds not in filled for table in lacking[ds]):
            empty = [ds for ds in days if ds not in filled and table in lacking[ds]]
            self.result.notes.append(
                f"the query gives no rows for {len(empty)} of the {unit}s ({some(empty)}), and {table} has no "
                "partition of them; they stay missing"
            )
        others = len(filled - set(days))
        if others:
            self.result.notes.append(f"the query gives {others} {unit}s that were not asked for, too")

    def _lacking(self, tables: Iterable[str], days: Sequence[str]) -> dict[str, list[str]]:
        """For each day, the tables that the query reads which have partitions, and none of that day."""
        column = self.engine.partitions_spec.column
        read = [table for table in tables if column in self.engine.columns(table)]
        there = {table: set(self.engine.partitions(table, column)) for table in read}
        return {ds: [table for table in there if ds not in there[table]] for ds in days}

    def whole(self) -> None:
        """Run the query once for everything."""
        text = text_of(self.definition, self.engine, (), self.end)
        query = self.engine.translate(text)
        if self.engine.partitions_spec.column in query.schema:
            self._publish(text, self._columns(query.schema), query.tables, {})
            return
        inputs = self._inputs(query.tables)
        stamped = with_stamp(query.schema, stamp(self.definition, self.end, inputs, self.engine))
        batches = (batch.cast(stamped) for batch in self.engine.query(text))
        rows = inputs.still(batches, None, self.engine)
        self.result.rows = self.engine.warehouse.publish(self.table, None, rows, stamped)
        self.result.filled.append("the whole table")

    def view(self, clock: Clock) -> None:
        """Make the view, then say so in the table of signals."""
        from chronon.engine.tables.view import View

        text = text_of(self.definition, self.engine, (), self.end)
        inputs = self._inputs(self.engine.translate(text).tables)  # also checks that the query can be read
        marks = stamp(self.definition, self.end, inputs, self.engine)
        self.engine.warehouse.publish_view(self.table, View(text, marks))
        self.result.filled.append("the view")
        signal(self.engine, self.table, self.end, clock)

    def _columns(self, found: Schema) -> Schema:
        """The columns of the query but the partition column, which must be there."""
        column = self.engine.partitions_spec.column
        schema = dict(found)
        if schema.pop(column, None) != t.STRING:
            raise SchemaError(
                f"the query gives no text {column}, the partition of each row",
                place=place_of(self.definition, "query"),
                expected=f"a column {column} among {', '.join(found)}",
                mend=f"SELECT ..., {column} FROM ..., or CAST(... AS STRING) AS {column}",
            )
        return schema

    def _require_same_types(self, schema: Schema) -> None:
        """Columns may come and go; one that stays keeps its type."""
        if not self.engine.warehouse.exists(self.table):
            return
        present = self.engine.columns(self.table)
        moved = {name: kind for name, kind in schema.items() if present.get(name, kind) != kind}
        raise_all(
            SchemaError(
                f"Existing columns cannot be modified: {name} of {self.table} is a {present[name]}, now a {kind}",
                place=place_of(self.definition, "query"),
                mend="cast it in the query, or give the new column another name",
            )
            for name, kind in moved.items()
        )

    def _inputs(self, tables: Iterable[str]) -> Inputs:
        column = self.engine.partitions_spec.column
        return Inputs.named(((table, column, None) for table in tables), self.engine)

    def _publish(
        self,
        text: str,
        schema: Schema,
        tables: Iterable[str],
        outdated: dict[str, str],
        days: Sequence[str] = (),
    ) -> set[str]:
        """Publish each partition that the query gives, and ``days`` for which it gives no rows; returns all of them."""
        column = self.engine.partitions_spec.column
        clusters = clustered_by(self.definition)
        unknown = [name for name in clusters if name not in schema]
        if unknown:
            raise ConfigError(
                f"the query gives no {', '.join(unknown)}",
                place=place_of(self.definition, "metaData.customJson"),
                expected=f"additional_partition_cols among {', '.join(schema)}",
            )
        order = ", ".join(f"`{name}`" for name in (column, *clusters))
        inputs = self._inputs(tables)
        publisher = Publisher(self.definition, self.table, schema, inputs, outdated, self.result, self.engine)
        before = len(self.result.filled)
        rows = self.engine.query(f"SELECT * FROM ({text}\n) AS staged ORDER BY {order}")
        read = _when_sorted(rows, lambda: inputs.require_same(None, self.engine))
        publisher.given(by_partition(read, column, with_stamp(schema, {}), self.result))
        publisher.given((ds, iter(())) for ds in days if ds not in self.result.filled[before:])
        self.result.filled[before:] = sorted(self.result.filled[before:])
        return set(self.result.filled[before:])


def _when_sorted(rows: Iterable[pa.RecordBatch], check: Callable[[], None]) -> Iterator[pa.RecordBatch]:
    """The rows of a query that sorts them; once the first ones are there it has read everything, which is checked."""
    checked = False
    for batch in rows:
        if not checked:
            check()
        checked = True
        yield batch
    if not checked:
        check()


def by_partition(
    rows: Iterable[pa.RecordBatch], column: str, schema: pa.Schema, result: Backfill
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """Rows that come in the order of their partitions, as partitions; each must be read before the next.

    Rows without a partition are left out and counted.
    """
    from chronon.base.arrow import compute

    waiting: list[pa.RecordBatch] = []

    def slices() -> Iterator[tuple[str | None, pa.RecordBatch]]:
        for batch in rows:
            days = batch.column(column)
            first = 0
            for day, count in zip(*(part.to_pylist() for part in compute().value_counts(days).flatten()), strict=True):
                yield day, batch.slice(first, count)
                first += count

    def of_day(ds: str, pieces: Iterator[tuple[str | None, pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
        yield waiting.pop().select(schema.names).cast(schema)
        for day, piece in pieces:
            if day != ds:
                waiting.append(piece)
                return
            yield piece.select(schema.names).cast(schema)

    pieces = slices()
    for day, piece in pieces:
        if day is None:
            result.count(f"rows without {column} (left out)", piece.num_rows)
            continue
        waiting.append(piece)
        break
    while waiting:
        (ds,) = set(waiting[0].column(column).to_pylist()[:1])
        yield ds, of_day(ds, pieces)


def signal(engine: Engine, table: str, ds: str, clock: Clock) -> None:
    """Write down that a view was made: a row of its namespace's table of signals, one for each day and view."""
    import pyarrow as pa

    namespace, _, name = table.partition(".")
    signals = f"{namespace}.{SIGNALS}"
    schema = with_stamp({"created_at": t.STRING, "table_name": t.STRING}, {})
    with engine.warehouse.writing(signals):
        others: list[dict[str, str]] = []
        if engine.warehouse.exists(signals):
            found = engine.query(f"SELECT created_at, table_name FROM {signals} WHERE ds = '{ds}'")
            others = [row for row in found.read_all().to_pylist() if row["table_name"] != name]
        made = {"created_at": datetime.fromtimestamp(clock.now() / 1000, UTC).isoformat(), "table_name": name}
        rows = sorted([*others, made], key=lambda row: row["table_name"])
        batches = pa.Table.from_pylist(rows, schema).to_batches()
        engine.warehouse.publish(signals, (engine.partitions_spec.column, ds), batches, schema)
