"""Bootstrap tables and external fields on DuckDB: columns put beside the left rows before parts are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chronon.base import types as t
from chronon.base.errors import DataError
from chronon.engine.duckdb.connection import identifier, literal
from chronon.engine.duckdb.left import LEFT
from chronon.engine.duckdb.scan import DS, TS, scan_sql, type_sql
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.bootstrap import SCHEMA_HASH
from chronon.plan.given import BootstrapTable, Given, Kept, Need

TABLE = '"__beside"'


def covered(prefix: str) -> str:
    """The column that says that the part of a prefix is not computed for a row."""
    return identifier(f"__covered_{prefix}")


def stand_beside(reader: Reader, given: Given, left_columns: t.Schema) -> dict[str, int]:
    """Put what is given beside the left rows; returns how many rows share their row id, by reason."""
    told: dict[str, int] = {}
    days = reader.connection.sql(f"SELECT min({DS}), max({DS}) FROM {LEFT}").fetchall()[0]
    for number, table in enumerate(given.tables):
        _read(reader, table, number, days)
        ((same,),) = reader.connection.sql(f"SELECT coalesce(sum(__same - 1), 0) FROM {_name(number)}").fetchall()
        _count(told, f"rows of {table.scan.table} with the row id of another (the latest is taken)", same)
    for keys in {tuple(table.keys) for table in given.tables}:
        _count(told, f"left rows with the {', '.join(keys)} of another (each is bootstrapped)", _doubled(reader, keys))
    if given.kept is not None:
        _keep(reader, given.kept)
    joins = " ".join(_joined(reader, table, number) for number, table in enumerate(given.tables))
    joins += _KEPT_JOIN if given.kept is not None else ""
    replaced = [f"{_filled(given, name, True)} AS {identifier(name)}" for name in left_columns if _has(given, name)]
    star = f"l.* REPLACE ({', '.join(replaced)})" if replaced else "l.*"
    added = [
        f"CAST({_filled(given, name, False)} AS {type_sql(kind)}) AS {identifier(name)}"
        for name, kind in given.columns.items()
    ]
    marks = [f"{_covering(given, needs)} AS {covered(prefix)}" for prefix, needs in given.needs.items() if given.tables]
    sql = f"SELECT {', '.join([star, *added, *marks])} FROM {LEFT} AS l {joins} ORDER BY l.rowid"
    if given.contextual:
        both = [
            f"coalesce({identifier(bare)}, {identifier(shown)}) AS {identifier(column)}"
            for bare, shown in given.contextual.items()
            for column in (bare, shown)
        ]
        sql = f"SELECT * REPLACE ({', '.join(both)}) FROM ({sql})"
    reader.connection.execute(f"CREATE TEMP TABLE {TABLE} AS {sql}")
    reader.connection.execute(f"DROP TABLE {LEFT}")
    reader.connection.execute(f"ALTER TABLE {TABLE} RENAME TO {LEFT}")
    return told


def _count(told: dict[str, int], reason: str, rows: int) -> None:
    if rows:
        told[reason] = told.get(reason, 0) + int(rows)


def _name(number: int) -> str:
    return f'"__boot_{number}"'


def _read(reader: Reader, table: BootstrapTable, number: int, days: tuple[str | None, str | None]) -> None:
    """One row for each row id: the latest, then the greatest by its values."""
    scan = table.scan
    sql = scan_sql(reader.source_of(scan.table), scan, reader.spec, days=reader.days(scan, days), types=scan.types)
    keys = ", ".join(_key(reader, name) for name in table.keys)
    present = " AND ".join(f"{_key(reader, name)} IS NOT NULL" for name in table.keys)
    columns = [*table.fills, *([SCHEMA_HASH] if table.logged is not None else [])]
    order = ", ".join([f"{TS} DESC NULLS LAST", *(f"{identifier(name)} DESC NULLS LAST" for name in columns)])
    listed = ", ".join([keys, *map(identifier, columns)])
    reader.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_name(number)} AS SELECT {listed}, true AS __matched, "
        f"count(*) OVER (PARTITION BY {keys}) AS __same FROM ({reader.macros.ready_for(sql)}) WHERE {present} "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
    )


_KEPT = '"__kept"'
_PLACES = '"__places"'
_KEPT_JOIN = f" JOIN {_PLACES} AS p ON p.__row = l.rowid JOIN {_KEPT} AS k ON k.{DS} = l.{DS} AND k.__place = p.__place"


def _keep(reader: Reader, kept: Kept) -> None:
    """Make ready the columns of an older output, each row with its place in its day, as the left rows have one."""
    source, column = reader.source_of(kept.table), reader.spec.column
    listed = ", ".join([f"{identifier(column)} AS {DS}", *map(identifier, kept.columns)])
    run = reader.connection.execute
    place = f"row_number() OVER (PARTITION BY {DS} ORDER BY rowid) AS __place"
    run(f"CREATE OR REPLACE TEMP TABLE old AS SELECT {listed} FROM {source.relation(list(kept.days), column)}")
    run(f"CREATE OR REPLACE TEMP TABLE {_KEPT} AS SELECT *, {place} FROM old")
    run("DROP TABLE old")
    run(f"CREATE OR REPLACE TEMP TABLE {_PLACES} AS SELECT rowid AS __row, {place} FROM {LEFT}")
    counts = [
        reader.connection.sql(f"SELECT {DS}, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall()
        for table in (LEFT, _KEPT)
    ]
    if counts[0] != counts[1]:
        raise DataError(
            f"{kept.table} has not one row for each left row, though it was made of the same input",
            mend="move its partitions away, so that they are computed anew",
        )


def _key(reader: Reader, name: str) -> str:
    return {reader.spec.column: DS, "ts": TS}.get(name) or identifier(name)


def _joined(reader: Reader, table: BootstrapTable, number: int) -> str:
    match = " AND ".join(
        f"l.{_key(reader, left)} = b{number}.{_key(reader, name)}" for name, left in table.keys.items()
    )
    return f"LEFT JOIN {_name(number)} AS b{number} ON {match}"


def _doubled(reader: Reader, keys: Sequence[str]) -> int:
    columns = [_key(reader, name) for name in keys]
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    ((count,),) = reader.connection.sql(
        f"SELECT count(*) - count(DISTINCT ({', '.join(columns)},)) FROM {LEFT} WHERE {present}"
    ).fetchall()
    return count


def _has(given: Given, column: str) -> bool:
    return any(column in table.fills.values() for table in given.tables)


def _filled(given: Given, column: str, on_left: bool) -> str:
    """What the left side has of a column, then each table in its order."""
    found = [f"l.{identifier(column)}"] if on_left else []
    for number, table in enumerate(given.tables):
        for name, target in table.fills.items():
            if target == column:
                value = f"b{number}.{identifier(name)}"
                some = _of_schemas(table, number, column)
                found.append(value if some is None else f"CASE WHEN {some} THEN {value} END")
    if given.kept is not None and column in given.kept.columns:
        found.append(f"k.{identifier(column)}")
    return f"coalesce({', '.join(found)})" if found else "NULL"


def _of_schemas(table: BootstrapTable, number: int, column: str) -> str | None:
    """For a log: whether the row has a schema with a column."""
    if table.logged is None:
        return None
    hashes = sorted(key for key, columns in table.logged.items() if column in columns)
    return f"b{number}.{identifier(SCHEMA_HASH)} IN ({', '.join(map(literal, hashes)) or 'NULL'})"


def _covering(given: Given, needs: Sequence[Need]) -> str:
    """Whether the tables that know a row give all that is needed of a part."""
    known = " OR ".join(f"b{number}.__matched" for number in range(len(given.tables)))
    return f"coalesce({' AND '.join([f'({known})', *(_met(given, need) for need in needs)])}, false)"


def _met(given: Given, need: Need) -> str:
    either = (" AND ".join(_provided(given, column) for column in sorted(one)) for one in need)
    return "(" + " OR ".join(f"({one})" for one in either) + ")"


def _provided(given: Given, column: str) -> str:
    return "(" + (" OR ".join(_providers(given, column)) or "false") + ")"


def _providers(given: Given, column: str) -> Iterator[str]:
    for number, table in enumerate(given.tables):
        if column in table.fills.values():
            some = _of_schemas(table, number, column)
            yield f"coalesce(b{number}.__matched{'' if some is None else ' AND ' + some}, false)"
