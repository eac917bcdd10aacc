"""Scans as DuckDB SQL: which files, which columns, which conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chronon.base import types as t
from chronon.base.time import Partitions
from chronon.engine.duckdb.connection import identifier, literal
from chronon.engine.tables.files import Files
from chronon.plan.scans import ENTITIES, EVENTS, Scan

TS, DS = '"__ts"', '"__ds"'
"""What the time (ms) and the partition of a row are called in our own queries."""

TYPES = {
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
    t.NULL: "INTEGER",
}


def type_sql(kind: t.DataType) -> str:
    """DuckDB's name of a type."""
    if isinstance(kind, t.ListType):
        return f"{type_sql(kind.element)}[]"
    if isinstance(kind, t.MapType):
        return f"MAP({type_sql(kind.key)}, {type_sql(kind.value)})"
    if isinstance(kind, t.StructType):
        return f"STRUCT({', '.join(f'{identifier(name)} {type_sql(inner)}' for name, inner in kind.fields)})"
    return TYPES[kind]


@dataclass(frozen=True)
class Source:
    """A table as DuckDB reads it.

    Parameters
    ----------
    files:
        Its files.
    schema:
        Its columns and logical types.
    replaced:
        Columns that are cast first, because they are stored in a type that we do not use, with that cast.
    stored:
        The columns and their types in DuckDB, where the files differ in them: whichever files are read, they come out.
    query:
        What a view stands for, as DuckDB SQL; ``None`` for a table.
    """

    files: Files
    schema: t.Schema
    replaced: dict[str, str]
    stored: dict[str, str]
    query: str | None = None

    def paths(self, days: Sequence[str] | None, column: str | None, *, latest: bool = False) -> list[str]:
        """The files that hold some partitions (all if ``None``); with ``latest`` of each day only its last hour."""
        wanted = None if days is None else set(days)
        chosen = [
            f
            for f in self.files.files
            if wanted is None or column is None or column not in f.partition or f.partition[column] in wanted
        ]
        return [f.path for f in (self.files.latest(chosen) if latest else chosen)]

    def relation(self, days: Sequence[str] | None, column: str | None, *, latest: bool = False) -> str:
        """The rows of some partitions (of all if ``None``) as something to select from; ``latest`` as for ``paths``."""
        if self.query is not None:
            among = "" if days is None or column is None else f" WHERE {_among(column, days)}"
            return f"(SELECT * FROM ({self.query}){among})"
        inside = self.paths(days, column, latest=latest)
        empty = not inside
        alike = self.files.format == "parquet" and not self.stored
        text = read(self.files, inside or [f.path for f in self.files.files][:1], self.stored, alike=alike)
        if self.stored and self.files.schema is None:
            typed = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in self.stored.items())
            text = f"(SELECT {typed} WHERE false UNION ALL BY NAME SELECT * FROM {text})"
        star = "*"
        if self.replaced:
            star = "* REPLACE (" + ", ".join(f"{cast} AS {identifier(n)}" for n, cast in self.replaced.items()) + ")"
        conditions: list[str] = []
        if empty:
            conditions.append("false")
        if days is not None and column is not None and column not in self.files.partition_columns:
            conditions.append(_among(column, days))
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = f"(SELECT {star} FROM {text}{where})"
        if self.files.arrived is None:
            return rows
        from chronon.sql import time_to_duckdb

        arrival, as_of = self.files.arrived
        return f"(SELECT * FROM {rows} WHERE {time_to_duckdb(arrival, self.schema)} <= {as_of})"


def _among(column: str, days: Sequence[str]) -> str:
    return f"{identifier(column)} IN ({', '.join(literal(ds) for ds in days) or 'NULL'})"


def read(files: Files, paths: Sequence[str], stored: Mapping[str, str], *, alike: bool = False) -> str:
    """The call that reads files.

    Parameters
    ----------
    files:
        The table.
    paths:
        Those of its files that are read.
    stored:
        Columns and DuckDB's types, for a table that keeps its schema apart from its files.
    alike:
        The files have the same columns in the same order: DuckDB need not open all of them first.
    """
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    hive = "true, hive_types_autocast = false" if files.partition_columns and files.hive else "false"
    columns = "union_by_name = false" if alike else "union_by_name = true"
    if files.schema is not None:
        entries = (
            f"{files.ids.get(name) or literal(name)}: "
            f"{{name: {literal(name)}, type: {literal(kind)}, default_value: NULL}}"
            for name, kind in stored.items()
            if not files.hive or name not in files.partition_columns
        )
        columns = f"schema = MAP {{{', '.join(entries)}}}"
    return f"read_{files.format}({listed}, {columns}, hive_partitioning = {hive})"


def scan_sql(
    source: Source,
    scan: Scan,
    spec: Partitions,
    *,
    days: Sequence[str] | None,
    types: t.Schema,
    between: tuple[int | None, int | None] = (None, None),
) -> str:
    """The rows of a scan: its columns, then their time and partition.

    Parameters
    ----------
    source:
        The table that is scanned.
    scan:
        What is read.
    spec:
        How partitions are named.
    days:
        The partitions to read; all if ``None``.
    types:
        The types that the columns shall have.
    between:
        Only rows whose time is at or after the first and before the second instant (ms). Rows without a time are
        left out if either is given.
    """
    from chronon.sql import parse, time_to_duckdb

    columns = [
        f"{_cast(parse(text).to_duckdb(scan.schema), scan.types[name], types[name])} AS {identifier(name)}"
        for name, text in scan.selects.items()
    ]
    partition = identifier(scan.partition) if scan.partition is not None else "NULL::VARCHAR"
    if scan.time is not None:
        time = time_to_duckdb(scan.time, scan.schema)
    elif scan.kind == EVENTS:
        named = source.files.own or spec
        time = f"({day_start(partition, named)} + {named.span - 1})"
    else:
        time = "NULL::BIGINT"
    conditions = [f"({parse(where).to_duckdb(scan.schema)})" for where in scan.wheres]
    conditions += [f"{identifier(name)} = {literal(value)}" for name, value in scan.subs.items()]
    first, last = between
    if first is not None:
        conditions.append(f"{time} >= {first}")
    if last is not None:
        conditions.append(f"{time} < {last}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    own = source.files.own
    if own is not None:
        partition = day_name(f"{day_start(partition, own)} + {own.span - 1}", spec)
    listed = ", ".join([*columns, f"{time} AS {TS}", f"{partition} AS {DS}"])
    relation = source.relation(days, scan.partition, latest=scan.kind == ENTITIES)
    return f"SELECT {listed} FROM {relation} AS s{where}"


def day_start(partition: str, spec: Partitions) -> str:
    """The first instant (ms) of the day or hour that an SQL text names."""
    return f"epoch_ms(strptime({partition}, {literal(spec.strptime)}))"


def day_name(instant: str, spec: Partitions) -> str:
    """The partition that holds an instant (ms) given as SQL."""
    return f"strftime(make_timestamp(({instant}) * 1000), {literal(spec.strptime)})"


def _cast(text: str, present: t.DataType, wanted: t.DataType) -> str:
    return text if present == wanted else f"CAST({text} AS {type_sql(wanted)})"
