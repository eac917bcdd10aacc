"""What is read from one table: columns, conditions, time, partitions; checked against the table's schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from chronon.api import structs
from chronon.api.inspect import query_of, sub_partitions, underlying
from chronon.api.naming import output_table
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, ExpressionError, Place, SchemaError
from chronon.base.time import Partitions
from chronon.plan.functions import declare
from chronon.plan.run_day import with_run_day

EVENTS, ENTITIES = "events", "entities"


class Tables(Protocol):
    """What a plan asks of an engine."""

    partitions_spec: Partitions

    def columns(self, table: str) -> t.Schema:
        """Columns and types of a table, its partition column among them; ``MissingDataError`` where there is none."""
        ...

    def logged(self, table: str) -> Mapping[str, t.Schema]:
        """Of a flattened log, the schemas of its rows by their hash; empty for any other table."""
        ...


@dataclass(frozen=True)
class Scan:
    """Rows of one table.

    Parameters
    ----------
    table:
        ``namespace.table``.
    kind:
        ``EVENTS`` or ``ENTITIES``.
    selects:
        Output columns and their expressions.
    types:
        The types of the output columns.
    wheres:
        Conditions, all of which must hold.
    time:
        The expression of the rows' time; ``None`` where they have none: events are then at the last ms of their
        partition, entities at no time.
    schema:
        Columns and types of the table.
    partition:
        Its partition column; ``None`` if it has none.
    subs:
        Sub-partitions that are read, as column and value.
    start, end:
        The first and last partition to read; ``None`` for all.
    cumulative:
        Every partition holds all events so far, so only the last one is read.
    place:
        Where the source was written.
    """

    table: str
    kind: str
    selects: dict[str, str]
    types: dict[str, t.DataType]
    wheres: tuple[str, ...]
    time: str | None
    schema: t.Schema
    partition: str | None
    subs: Mapping[str, str] = field(default_factory=dict[str, str])
    start: str | None = None
    end: str | None = None
    cumulative: bool = False
    place: Place = field(default_factory=Place)

    def only(self, columns: Sequence[str]) -> Scan:
        """The same rows with those ``columns`` that it has, in that order."""
        kept = [name for name in columns if name in self.selects]
        return replace(self, selects={n: self.selects[n] for n in kept}, types={n: self.types[n] for n in kept})

    def with_time_as_column(self, selected: bool) -> Scan:
        """The same rows at no time; what was ``selected`` as their time is the column ``ts`` like any other."""
        from chronon.sql import parse

        if not selected or self.time is None:
            return replace(self, time=None)
        kind = parse(self.time).type(self.schema)
        return replace(self, selects={**self.selects, "ts": self.time}, types={**self.types, "ts": kind}, time=None)


def changed_columns(scan: Scan, names: Iterable[str]) -> Iterator[SchemaError]:
    """A problem for each column that some of a scan's columns read, if it changed its type so that it has none."""
    for text in dict.fromkeys(scan.selects[name] for name in names if name in scan.selects):
        yield from _changed(scan.table, text, scan.schema, scan.place)


def _changed(table: str, text: str, schema: t.Schema, place: Place) -> Iterator[SchemaError]:
    from chronon.sql import parse

    try:
        read = sorted(parse(text).columns)
    except ExpressionError:  # told where it is typed
        return
    for column in read:
        kind = schema.get(column)
        if isinstance(kind, t.ChangedType):
            yield SchemaError(
                f"column {column} of {table} is a {kind}",
                place=place,
                expected="one type, or types that widen to one",
                mend="write those partitions again, or read only the others: start_partition in the query",
            )


@dataclass
class ScanPlanner:
    """Plans scans and remembers what is wrong with them."""

    tables: Tables
    place: Place
    problems: list[ChrononError] = field(default_factory=list[ChrononError])

    def scan(
        self, source: structs.Source, where: str, keys: Sequence[str] = (), inputs: Sequence[str] = ()
    ) -> Scan | None:
        """A source as a scan; ``None`` if its table is not there, which is then among the problems.

        Parameters
        ----------
        source:
            Of events or entities.
        where:
            The path of the source in its definition, for messages.
        keys, inputs:
            Columns that are needed whether selected or not.
        """
        query = query_of(source)
        try:
            declare(query)
            inner = underlying(source)
            table, schema, subs = self._table(source, inner)
        except ChrononError as problem:
            self._problem(problem, where)
            return None
        self._bounds(query, where)
        partition = query.partitionColumn or self.tables.partitions_spec.column
        selects = dict(query.selects) if query.selects is not None else _all_columns(schema, partition, subs)
        own_time = selects.pop("ts", None)
        times = (query.timeColumn, own_time) if query.selects is None else (own_time, query.timeColumn)
        time = times[0] or times[1]
        for column in (*keys, *inputs):
            if column != "ts":
                selects.setdefault(column, f"`{column}`")
        kind = EVENTS if isinstance(inner, structs.EventSource) else ENTITIES
        cumulative = source.events is not None and bool(source.events.isCumulative)
        pinned = query.startPartition is not None and query.startPartition == query.endPartition
        fill = partial(with_run_day, partition=partition, one=kind == ENTITIES or cumulative or pinned)
        try:
            selects = {name: fill(text) for name, text in selects.items()}
            wheres = [fill(text) for text in query.wheres or []]
            time = fill(time) if time is not None else None
        except ConfigError as problem:
            self._problem(problem, f"{where}.query")
            return None
        return Scan(
            table=table,
            kind=kind,
            selects=selects,
            types=dict(self._types(selects, schema, table, where)),
            wheres=tuple(self._wheres(wheres, schema, table, where)),
            time=self._time(time, schema, where),
            schema=schema,
            partition=partition if partition in schema else None,
            subs=subs,
            start=query.startPartition,
            end=query.endPartition,
            cumulative=cumulative,
            place=self.place,
        )

    def _table(
        self, source: structs.Source, inner: structs.EventSource | structs.EntitySource
    ) -> tuple[str, t.Schema, dict[str, str]]:
        """The table of a source, its columns, and the sub-partitions that are meant; of a join, its output."""
        if source.joinSource is not None and source.joinSource.join is not None:
            from chronon.plan.chains import parent_schema  # what a join gives takes a plan of it, made of scans

            parent = source.joinSource.join
            return output_table(parent), parent_schema(parent, self.tables), {}
        written = (inner.table if isinstance(inner, structs.EventSource) else inner.snapshotTable) or ""
        table = written.partition("/")[0]
        return table, self.tables.columns(table), sub_partitions(written)

    def _bounds(self, query: structs.Query, where: str) -> None:
        """Where partitions are hours, a bound that is a day would not be what it looks like."""
        if self.tables.partitions_spec.unit == "day":
            return
        for field_name, bound in (("startPartition", query.startPartition), ("endPartition", query.endPartition)):
            try:
                self.tables.partitions_spec.start(bound) if bound is not None else None
            except ConfigError as problem:
                self._problem(problem, f"{where}.query.{field_name}")

    def _types(
        self, selects: Mapping[str, str], schema: t.Schema, table: str, where: str
    ) -> Iterator[tuple[str, t.DataType]]:
        from chronon.sql import parse

        for name, text in selects.items():
            try:
                yield name, parse(text).type(schema)
            except ExpressionError as problem:
                self._or_changed(problem, table, text, schema, f"{where}.query.selects[{name!r}]")

    def _wheres(self, conditions: Sequence[str], schema: t.Schema, table: str, where: str) -> Iterator[str]:
        from chronon.sql import parse

        for number, text in enumerate(conditions):
            try:
                kind = parse(text).type(schema)
            except ExpressionError as problem:
                self._or_changed(problem, table, text, schema, f"{where}.query.wheres[{number}]")
                continue
            if kind not in (t.BOOLEAN, t.NULL):
                wrong = ExpressionError(f"{text!r} is a {kind}", expected="a condition: something true or false")
                self._problem(wrong, f"{where}.query.wheres[{number}]")
            yield text

    def _time(self, text: str | None, schema: t.Schema, where: str) -> str | None:
        from chronon.sql import parse

        if text is None:
            return None
        try:
            kind = parse(text).type(schema)
        except ExpressionError as problem:
            self._problem(problem, f"{where}.query.timeColumn")
            return None
        if kind not in (t.LONG, t.INT, t.TIMESTAMP, t.DATE):
            wrong = SchemaError(
                f"the time {text!r} is a {kind}",
                expected="milliseconds since 1970 as a long, a timestamp, or a date",
                mend="convert it, for example time_column='unix_timestamp(created_at) * 1000'",
            )
            self._problem(wrong, f"{where}.query.timeColumn")
        return text

    def _or_changed(self, problem: ExpressionError, table: str, text: str, schema: t.Schema, where: str) -> None:
        """A problem of an expression; where it reads columns that have no type any more, they are."""
        for one in list(_changed(table, text, schema, Place())) or [problem]:
            self._problem(one, where)

    def _problem(self, problem: ChrononError, where: str) -> None:
        known = self.place
        self.problems.append(
            problem.at(Place(definition=known.definition, file=known.file, line=known.line, field=where))
        )


def _all_columns(schema: t.Schema, partition: str, subs: Mapping[str, str]) -> dict[str, str]:
    return {name: f"`{name}`" for name in schema if name != partition and name not in subs}


def common_type(kinds: Sequence[t.DataType]) -> t.DataType | None:
    """The type that holds values of all ``kinds``; ``None`` if there is none.

    >>> common_type([t.INT, t.DOUBLE]), common_type([t.STRING, t.LONG])
    (double, None)
    """
    order = [t.BYTE, t.SHORT, t.INT, t.LONG, t.FLOAT, t.DOUBLE]
    given = [kind for kind in kinds if kind != t.NULL]
    if not given or all(kind == given[0] for kind in given):
        return given[0] if given else t.NULL
    if not all(kind in order for kind in given):
        return None
    return max(given, key=order.index)
