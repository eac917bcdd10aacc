"""A join on DuckDB: left rows with numbers, each part answered in one pass and put back by those numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.time import DAY_MS
from chronon.engine.duckdb.answers import answer
from chronon.engine.duckdb.changes import changed
from chronon.engine.duckdb.connection import BATCH_ROWS, identifier, readable_errors
from chronon.engine.duckdb.derive import derive
from chronon.engine.duckdb.given import covered, stand_beside
from chronon.engine.duckdb.left import LEFT, Left
from chronon.engine.duckdb.scan import DS, TS, day_name, day_start, type_sql
from chronon.engine.duckdb.sorted import KEY, KEYS, NEVER, Reader, greatest, quoted
from chronon.engine.protocol import JoinOutput, LeftRows
from chronon.plan.join import AsOf, PartPlan
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator
    from chronon.plan.group_by import GroupByPlan

ASKED = '"__asked"'
ROW = '"__row"'
QUERY = '"__query"'


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
        self._parts: dict[str, pa.ChunkedArray] = {}
        given = output.given
        self._beside: dict[str, t.DataType] = {**output.left_columns, **given.columns}
        self.told = stand_beside(reader, given, output.left_columns) if given.columns or given.tables else {}
        self.left = self._measure()

    def _measure(self) -> LeftRows:
        found = self._connection.sql(
            f"SELECT count(*), min({TS}), max({TS}), count(*) FILTER (WHERE {TS} IS NULL) FROM {LEFT}"
        ).fetchall()
        count, earliest, latest, without = found[0]
        return LeftRows(count, earliest, latest, without if self._left.timed else 0)

    def answer(self, part: PartPlan) -> None:
        """Compute a part for all left rows and keep its columns."""
        with readable_errors(f"computing {part.plan.name}"):
            features = self._aggregated(part) if part.plan.aggregator is not None else self._looked_up(part)
            if part.plan.derivations is not None:
                features = self._derived(part, features)
        for name, column in part.columns.items():
            self._parts[column] = features.column(name)

    # ---- who asks, and as of when

    def _ask(self, part: PartPlan) -> list[str]:
        """Write down the left rows that can have an answer; returns the columns that say whose rows they ask for."""
        keys = [
            f"CAST({identifier(left)} AS {type_sql(part.plan.keys[key])}) AS {identifier(key)}"
            for key, left in part.keys.items()
        ]
        spec, named = self._reader.spec, list(part.keys)
        midnight = f"({TS} - ((({TS} % {DAY_MS}) + {DAY_MS}) % {DAY_MS}))"
        query = {
            AsOf.INSTANT: TS,
            AsOf.MIDNIGHT: midnight,
            AsOf.DAY_END: f"({day_start(DS, spec)} + {DAY_MS})",
        }[part.as_of]
        columns = [f"rowid AS {ROW}", *keys, f"{query} AS {QUERY}"]
        if part.plan.kind == ENTITIES:
            day = DS if part.as_of is AsOf.DAY_END else day_name(f"{midnight} - {DAY_MS}", spec)
            columns.append(f"{day} AS {DS}")
            named.append("__ds")
        present = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in [*named, "__query"])
        rows = f"SELECT {', '.join(columns)} FROM {LEFT}"
        if self._output.given.tables and part.prefix in self._output.given.needs:
            rows += f" WHERE NOT {covered(part.prefix)}"
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {ASKED} AS SELECT * FROM ({rows}) WHERE {present}")
        return named

    def _bounds(self) -> tuple[int, int] | None:
        first, last = self._connection.sql(f"SELECT min({QUERY}), max({QUERY}) FROM {ASKED}").fetchall()[0]
        return None if first is None else (first, last)

    # ---- a group-by with aggregations

    def _aggregated(self, part: PartPlan) -> pa.Table:
        import pyarrow as pa

        plan, aggregator = part.plan, part.plan.aggregator
        assert aggregator is not None  # noqa: S101 - the caller asked
        named = self._ask(part)
        bounds = self._bounds()
        if bounds is None:
            return self._nothing(plan.raw_outputs)
        if part.changes:
            found = list(changed(self._reader, part, ASKED))
            return self._put_back(
                pa.concat_tables([features for features, _ in found]),
                pa.chunked_array([chunk for _, rows in found for chunk in rows.chunks], pa.int64()),
            )
        self._reader.number_keys(f"SELECT * FROM {ASKED}", named)
        match = " AND ".join(f"a.{quoted(name)} = k.{quoted(name)}" for name in named)
        queries = self._connection.sql(
            f"SELECT k.{KEY} AS __key, a.{QUERY} AS ts, a.{ROW} AS row FROM {ASKED} AS a JOIN {KEYS} AS k ON {match} "
            "ORDER BY 1, 2, 3"
        ).to_arrow_table()
        union = self._reader.union(plan, [*plan.keys, *aggregator.inputs], *self._reach(plan, aggregator, bounds))
        events = self._reader.events(plan, union, named)
        rule = plan.snapshot_rule if plan.kind == ENTITIES else None
        asked = queries.select(["__key", "ts"]).to_batches(max_chunksize=BATCH_ROWS)
        results = answer(aggregator, events, asked, rule, self._threads)
        return self._put_back(results, queries.column("row"))

    def _reach(
        self, plan: GroupByPlan, aggregator: Aggregator, bounds: tuple[int, int]
    ) -> tuple[tuple[str | None, str | None], tuple[int | None, int | None]]:
        """The partitions and the times of rows that the queries between ``bounds`` can see."""
        spec = self._reader.spec
        if plan.kind == ENTITIES:
            return (spec.of(bounds[0] - DAY_MS), spec.of(bounds[1] - DAY_MS)), (None, NEVER if plan.has_time else None)
        return (first_partition(bounds[0], aggregator.widest_window, spec), None), (None, bounds[1])

    # ---- a group-by whose columns are the features

    def _looked_up(self, part: PartPlan) -> pa.Table:
        plan = part.plan
        named = self._ask(part)
        bounds = self._bounds()
        if bounds is None:
            return self._nothing(plan.raw_outputs)
        spec = self._reader.spec
        days = spec.of(bounds[0] - DAY_MS), spec.of(bounds[1] - DAY_MS)
        union = self._reader.union(plan, [*plan.keys, *plan.selected], days, (None, None))
        features = [identifier(name) for name in plan.raw_outputs]
        one = greatest([quoted(name) for name in named], plan.raw_outputs)
        match = " AND ".join(f"a.{quoted(name)} = e.{quoted(name)}" for name in named)
        found = self._connection.sql(
            f"SELECT a.{ROW} AS row, {', '.join(f'e.{f}' for f in features)} FROM {ASKED} AS a "
            f"JOIN (SELECT * FROM ({union}) QUALIFY {one}) AS e ON {match}"
        ).to_arrow_table()
        return self._put_back(found.drop_columns(["row"]), found.column("row"))

    # ---- columns beside the left rows

    def _put_back(self, answers: pa.Table, rows: pa.ChunkedArray) -> pa.Table:
        """The answers as columns parallel to the left rows; null where a row asked nothing or found nothing."""
        import numpy as np
        import pyarrow as pa

        where = np.full(self.left.count, -1, dtype=np.int64)
        where[rows.to_numpy()] = np.arange(len(rows))
        indices = pa.array(where, mask=where < 0)
        columns = [column.combine_chunks().take(indices) for column in answers.columns]
        return pa.table(columns, schema=answers.schema)

    def _nothing(self, outputs: t.Schema) -> pa.Table:
        return schema_to_arrow(outputs).empty_table().take(_nulls(self.left.count))

    def _derived(self, part: PartPlan, features: pa.Table) -> pa.Table:
        """A group-by's derivations; rows that ask nothing, such as those without a key, have none of them."""
        import numpy as np
        import pyarrow as pa

        plan = part.plan
        left = self._left_table([*part.keys.values()])
        for key, column in part.keys.items():
            features = features.append_column(key, left.column(column).cast(schema_to_arrow(plan.keys).field(key).type))
        schema: dict[str, t.DataType] = {**plan.raw_outputs, **plan.keys}
        rows = self._connection.sql(f"SELECT {ROW} AS row, {QUERY} AS ts FROM {ASKED}").to_arrow_table()
        if "ts" not in schema:
            times = rows.select(["ts"])
            own = part.as_of is not AsOf.DAY_END and "ts" in self._output.left_columns
            column = self._left_table(["ts"]) if own else self._put_back(times, rows.column("row"))
            features = features.append_column("ts", column.column("ts"))
            schema["ts"] = t.LONG
        if "ds" not in schema:
            features = features.append_column("ds", self._days())
            schema["ds"] = t.STRING
        derived = derive(self._reader, features, plan.derivations or {}, schema, plan.outputs)
        asked = np.zeros(self.left.count, dtype=bool)
        asked[rows.column("row").to_numpy()] = True
        return pa.table(
            [compute().if_else(pa.array(asked), column, None) for column in derived.columns], schema=derived.schema
        )

    # ---- what comes out

    def rows(self) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        """Each day with its finished rows, in left order; rows that were given come as if they were of one day."""
        table = self._left_table(list(self._beside))
        for name, column in self._parts.items():
            if name in table.column_names:
                kept = compute().coalesce(table.column(name), column)
                table = table.set_column(table.column_names.index(name), name, kept)
            else:
                table = table.append_column(name, column)
        days = self._days()
        if self._output.expressions is not None:
            schema: dict[str, t.DataType] = {**self._output.features, **self._beside}
            if "ds" not in schema:
                table = table.append_column("ds", days)
                schema["ds"] = t.STRING
            table = derive(self._reader, table, self._output.expressions, schema, self._output.outputs)
        else:
            table = table.select(list(self._output.outputs))
        at = 0
        for ds, count in self._day_counts():
            yield ds, iter(table.slice(at, count).to_batches())
            at += count

    def _left_table(self, columns: Sequence[str]) -> pa.Table:
        listed = ", ".join(TS + " AS ts" if self._is_time(name) else identifier(name) for name in columns)
        found = self._connection.sql(f"SELECT {listed or TS} FROM {LEFT}").to_arrow_table()
        return found.cast(schema_to_arrow({n: self._beside[n] for n in columns})) if columns else found

    def _is_time(self, name: str) -> bool:
        return name == "ts" and self._left.timed

    def _days(self) -> pa.ChunkedArray:
        return self._connection.sql(f"SELECT {DS} AS ds FROM {LEFT}").to_arrow_table().column("ds")

    def _day_counts(self) -> list[tuple[str, int]]:
        if not self._left.daily:
            return [("", self.left.count)]
        return self._connection.sql(f"SELECT {DS}, count(*) FROM {LEFT} GROUP BY 1 ORDER BY 1").fetchall()


def _nulls(count: int) -> pa.Array:
    import pyarrow as pa

    return pa.nulls(count, pa.int64())
