"""A join on DuckDB: left rows with numbers, each part answered in one pass and put back by those numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.time import DAY_MS
from chronon.engine.duckdb.answers import ROW, Answers, Budget, Pieces, answer
from chronon.engine.duckdb.changes import changed
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier, readable_errors
from chronon.engine.duckdb.derive import derive
from chronon.engine.duckdb.given import covered, stand_beside
from chronon.engine.duckdb.hours import require_snapshots
from chronon.engine.duckdb.left import LEFT, Left
from chronon.engine.duckdb.partials import for_rows
from chronon.engine.duckdb.scan import DS, TS, day_name, day_start, type_sql
from chronon.engine.duckdb.sorted import KEY, KEYS, NEVER, Reader, greatest, quoted
from chronon.engine.protocol import JoinOutput, LeftRows
from chronon.plan.join import AsOf, PartPlan
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator
    from chronon.engine.duckdb.answers import Longs
    from chronon.plan.group_by import GroupByPlan

ASKED = '"__asked"'
INSIDE_DAY = "__ds"
QUERY = '"__query"'


@dataclass
class _Asked:
    """What the table of questions holds: parts that ask the same one after the other share it.

    Parameters
    ----------
    sql:
        Made the table.
    named:
        The columns that say whose rows are asked for.
    bounds:
        The first and last instant (ms); ``None`` where nobody asks.
    queries:
        The questions by key and time, if they are in memory and their keys are the numbered ones.
    """

    sql: str
    named: Sequence[str]
    bounds: tuple[int, int] | None
    queries: Sequence[pa.RecordBatch] | None = None


@dataclass
class _Answered:
    """A part and its answers."""

    part: PartPlan
    answers: Answers


class DuckDBJoin:
    """The left rows, and the columns of the parts that were answered for them.

    Parameters
    ----------
    reader:
        Reads tables, on the connection of this work, which holds the left rows.
    left:
        What is known of them.
    output:
        The columns that come out.
    threads:
        For the algebra.
    """

    def __init__(self, reader: Reader, left: Left, output: JoinOutput, threads: int) -> None:
        self._reader = reader
        self._connection = reader.connection
        self._output = output
        self._threads = threads
        self._left = left
        self._parts: list[_Answered] = []
        self._asked: _Asked | None = None
        self._last: tuple[int, pa.Table] | None = None
        self._budget = Budget(reader.memory.answer_bytes)
        given = output.given
        self._beside: dict[str, t.DataType] = {**output.left_columns, **given.columns}
        self.told = stand_beside(reader, given, output.left_columns) if given.columns or given.tables else {}
        self.left = self._measure()
        self._pieces = Pieces.of(self.left.count, {**output.features, **self._beside})

    def _measure(self) -> LeftRows:
        found = self._connection.sql(
            f"SELECT count(*), min({TS}), max({TS}), count(*) FILTER (WHERE {TS} IS NULL) FROM {LEFT}"
        ).fetchall()
        count, earliest, latest, without = found[0]
        return LeftRows(count, earliest, latest, without if self._left.timed else 0)

    def _day_counts(self) -> list[tuple[str, int]]:
        if not self._left.daily:
            return [("", self.left.count)]
        return self._connection.sql(f"SELECT {DS}, count(*) FROM {LEFT} GROUP BY 1 ORDER BY 1").fetchall()

    def answer(self, part: PartPlan) -> None:
        """Compute a part for all left rows and keep its columns."""
        answers = Answers(part.plan.raw_outputs, self._pieces, self._budget, self._reader.scratch)
        require_snapshots(self._reader, part)
        with readable_errors(f"computing {part.plan.name}"):
            asked = self._ask(part)
            if asked.bounds is not None:
                for rows, batch in self._found(part, asked, asked.bounds):
                    answers.add(rows, batch)
            answers.finish()
        self._parts.append(_Answered(part, answers))

    def _found(self, part: PartPlan, asked: _Asked, bounds: tuple[int, int]) -> Iterator[tuple[Longs, pa.RecordBatch]]:
        """Rows that have asked, and their features before derivations."""
        if part.plan.aggregator is None:
            return self._looked_up(part.plan, asked.named, bounds)
        if part.changes:
            asked.queries = None  # each day numbers its own keys
            return changed(self._reader, part, ASKED)
        if part.plan.partials is not None:
            queries, asked.queries = self._queries(asked), None
            at_ends = part.as_of is AsOf.PARTITION_END and self._reader.spec.span == DAY_MS
            midnights = at_ends or part.as_of is AsOf.MIDNIGHT
            return for_rows(self._reader, part.plan, queries, bounds, self._threads, midnights=midnights)
        return self._aggregated(part.plan, part.plan.aggregator, asked, bounds)

    # ---- who asks, and as of when

    def _ask(self, part: PartPlan) -> _Asked:
        """Write down the left rows that can have an answer."""
        keys = [
            f"CAST({identifier(left)} AS {type_sql(part.plan.keys[key])}) AS {identifier(key)}"
            for key, left in part.keys.items()
        ]
        spec, named = self._reader.spec, list(part.keys)
        midnight = f"({TS} - ((({TS} % {DAY_MS}) + {DAY_MS}) % {DAY_MS}))"
        query = {
            AsOf.INSTANT: TS,
            AsOf.MIDNIGHT: midnight,
            AsOf.PARTITION_END: f"({day_start(DS, spec)} + {spec.span})",
        }[part.as_of]
        columns = [f"rowid AS {ROW}", *keys, f"{query} AS {QUERY}"]
        if part.plan.kind == ENTITIES:
            day = DS if part.as_of is AsOf.PARTITION_END else day_name(f"{query} - {spec.span}", spec)
            columns.append(f"{day} AS {DS}")
            named.append("__ds")
        present = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in [*named, "__query"])
        rows = f"SELECT {', '.join(columns)} FROM {LEFT}"
        if self._output.given.tables and part.prefix in self._output.given.needs:
            rows += f" WHERE NOT {covered(part.prefix)}"
        sql = f"CREATE OR REPLACE TEMP TABLE {ASKED} AS SELECT * FROM ({rows}) WHERE {present}"
        if self._asked is None or self._asked.sql != sql:
            self._asked = None
            self._connection.execute(sql)
            self._asked = _Asked(sql, named, self._bounds())
        return self._asked

    def _bounds(self) -> tuple[int, int] | None:
        first, last = self._connection.sql(f"SELECT min({QUERY}), max({QUERY}) FROM {ASKED}").fetchall()[0]
        return None if first is None else (first, last)

    # ---- a group-by with aggregations

    def _aggregated(
        self, plan: GroupByPlan, aggregator: Aggregator, asked: _Asked, bounds: tuple[int, int]
    ) -> Iterator[tuple[Longs, pa.RecordBatch]]:
        queries = asked.queries or self._queries(asked)
        union = self._reader.union(plan, [*plan.keys, *aggregator.inputs], *self._reach(plan, aggregator, bounds))
        events = self._reader.events(plan, union, asked.named)
        rule = plan.snapshot_rule if plan.kind == ENTITIES else None
        at_once = self._reader.memory.rows_at_once
        return answer(aggregator, events, queries, rule, self._threads, at_once)

    def _queries(self, asked: _Asked) -> Iterable[pa.RecordBatch]:
        """Who asks and as of when, by key and time, each key with its number."""
        self._reader.number_keys(f"SELECT * FROM {ASKED}", asked.named)
        match = " AND ".join(f"a.{quoted(name)} = k.{quoted(name)}" for name in asked.named)
        found = self._reader.in_key_order(
            f"SELECT k.{KEY} AS __key, a.{QUERY} AS ts, a.{ROW} AS {ROW} FROM {ASKED} AS a JOIN {KEYS} AS k ON {match}"
        )
        asked.queries = found if isinstance(found, list) else None
        return found

    def _reach(
        self, plan: GroupByPlan, aggregator: Aggregator, bounds: tuple[int, int]
    ) -> tuple[tuple[str | None, str | None], tuple[int | None, int | None]]:
        """The partitions and the times of rows that the queries between ``bounds`` can see."""
        spec = self._reader.spec
        if plan.kind == ENTITIES:
            return (spec.before(bounds[0]), spec.before(bounds[1])), (None, NEVER if plan.has_time else None)
        return (first_partition(bounds[0], aggregator.widest_window, spec), None), (None, bounds[1])

    # ---- a group-by whose columns are the features

    def _looked_up(
        self, plan: GroupByPlan, named: Sequence[str], bounds: tuple[int, int]
    ) -> Iterator[tuple[Longs, pa.RecordBatch]]:
        spec = self._reader.spec
        days = spec.before(bounds[0]), spec.before(bounds[1])
        union = self._reader.union(plan, [*plan.keys, *plan.selected], days, (None, None))
        features = [identifier(name) for name in plan.raw_outputs]
        one = greatest([quoted(name) for name in named], plan.raw_outputs)
        match = " AND ".join(f"a.{quoted(name)} = e.{quoted(name)}" for name in named)
        schema = schema_to_arrow(plan.raw_outputs)
        found = self._connection.sql(
            f"SELECT a.{ROW}, {', '.join(f'e.{f}' for f in features)} FROM {ASKED} AS a "
            f"LEFT JOIN (SELECT * FROM ({union}) QUALIFY {one}) AS e ON {match}"
        ).to_arrow_reader(BATCH_ROWS)
        for batch in found:
            yield batch.column(0).to_numpy(), batch.select(list(plan.raw_outputs)).cast(schema)

    # ---- what comes out

    def rows(self) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        """Each day with its finished rows, in left order; rows that were given come as if they were of one day."""
        at = 0
        for day, count in self._day_counts():
            yield day, self._batches(at, at + count)
            at += count

    def _batches(self, first: int, end: int) -> Iterator[pa.RecordBatch]:
        for piece, start, stop in self._pieces.split(first, end):
            if self._last is None or self._last[0] != piece:
                self._last = None  # not two pieces at once
                self._last = piece, self._finished(piece)
            yield from self._last[1].slice(start - piece * self._pieces.rows, stop - start).to_batches()

    def _finished(self, number: int) -> pa.Table:
        """One piece of the output."""
        import pyarrow as pa

        with_day = self._left_piece(*self._pieces.range(number))
        days = with_day.column(INSIDE_DAY)
        columns = dict(zip(with_day.column_names, with_day.columns, strict=True))
        del columns[INSIDE_DAY]
        for answered in self._parts:
            features, asked = answered.answers.piece(number)
            if answered.part.plan.derivations is not None:
                features = self._derived(answered.part, features, asked, with_day)
            for name, column in answered.part.columns.items():
                found = features.column(name)
                columns[column] = compute().coalesce(columns[column], found) if column in columns else found
        table = pa.table(columns)
        if self._output.expressions is None:
            return table.select(list(self._output.outputs))
        schema: dict[str, t.DataType] = {**self._output.features, **self._beside}
        if "ds" not in schema:
            table = table.append_column("ds", days)
            schema["ds"] = t.STRING
        return derive(self._reader, table, self._output.expressions, schema, self._output.outputs)

    def _left_piece(self, first: int, end: int) -> pa.Table:
        """The left columns of some rows, and their partition."""
        columns = self._beside
        listed = [TS + " AS ts" if name == "ts" and self._left.timed else identifier(name) for name in columns]
        found = self._connection.sql(
            f"SELECT {', '.join([*listed, DS])} FROM {LEFT} WHERE rowid >= {first} AND rowid < {end} ORDER BY rowid"
        ).to_arrow_table()
        return found.cast(schema_to_arrow({**columns, INSIDE_DAY: t.STRING}))

    def _derived(self, part: PartPlan, features: pa.Table, asked: pa.Array, left: pa.Table) -> pa.Table:
        """A group-by's derivations; rows that ask nothing, such as those without a key, have none of them."""
        import pyarrow as pa

        plan = part.plan
        for key, column in part.keys.items():
            features = features.append_column(key, left.column(column).cast(schema_to_arrow(plan.keys).field(key).type))
        schema: dict[str, t.DataType] = {**plan.raw_outputs, **plan.keys}
        if "ts" not in schema:
            features = features.append_column("ts", self._times(part, left))
            schema["ts"] = t.LONG
        if "ds" not in schema:
            features = features.append_column("ds", left.column(INSIDE_DAY))
            schema["ds"] = t.STRING
        derived = derive(self._reader, features, plan.derivations or {}, schema, plan.outputs)
        return pa.table([compute().if_else(asked, column, None) for column in derived.columns], schema=derived.schema)

    def _times(self, part: PartPlan, left: pa.Table) -> pa.ChunkedArray | pa.Array:
        """The time of each left row; where it has none, the end of its partition."""
        import pyarrow as pa

        if part.as_of is not AsOf.PARTITION_END and "ts" in self._output.left_columns:
            return left.column("ts")
        days = left.column(INSIDE_DAY).combine_chunks().dictionary_encode()
        ends = [None if ds is None else self._reader.spec.end(ds) for ds in days.dictionary.to_pylist()]
        return pa.array(ends, pa.int64()).take(days.indices)

    def close(self) -> None:
        """Give back what is in files."""
        for answered in self._parts:
            answered.answers.close()
