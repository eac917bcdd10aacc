"""Bootstrap parts of a join: which left rows they know, which columns they fill, which parts they make superfluous."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chronon.api import structs
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, Place, SchemaError
from chronon.plan.given import BootstrapTable, Need
from chronon.plan.scans import Scan, ScanPlanner, Tables

SCHEMA_HASH = "schema_hash"
"""The column of a flattened log that says which fields a row has."""

GIVEN = "__given_"
"""Begins the inside name of a derived column as bootstrap tables have it."""


@dataclass(frozen=True)
class Fillable:
    """A column that bootstrap tables may fill.

    Parameters
    ----------
    target:
        Its name inside; ``None`` for what is accepted and not used.
    kind:
        Its type.
    """

    target: str | None
    kind: t.DataType


def bootstrap_tables(
    join: structs.Join, tables: Tables, fillable: Mapping[str, Fillable], left_columns: t.Schema
) -> tuple[list[BootstrapTable], list[ChrononError]]:
    """The bootstrap parts of a join in their order, and everything that is wrong with them."""
    found: list[BootstrapTable] = []
    problems: list[ChrononError] = []
    for number, part in enumerate(join.bootstrapParts or []):
        try:
            found.append(_table(join, part, number, tables, fillable, left_columns))
        except ChrononError as problem:
            problems.append(problem)
    return found, problems


def needs_of(
    columns: Sequence[str], expressions: Mapping[str, str] | None, derived_as: Mapping[str, str]
) -> tuple[Need, ...]:
    """What must be given of a part with ``columns`` so that it need not be computed.

    Without derivations all its columns; else, for each derived column that reads some of them, that column itself or
    what it reads.

    Parameters
    ----------
    columns:
        Of the part.
    expressions:
        The derivations of the join; ``None`` if it has none.
    derived_as:
        Derived columns and their names where tables fill them.
    """
    from chronon.sql import parse

    if expressions is None:
        return ((frozenset(columns),),)
    own = frozenset(columns)
    needs: list[Need] = []
    for name, text in expressions.items():
        read = parse(text).columns & own
        if read:
            needs.append((frozenset(read), *([frozenset({derived_as[name]})] if name in derived_as else [])))
    return tuple(needs)


def _table(
    join: structs.Join,
    part: structs.BootstrapPart,
    number: int,
    tables: Tables,
    fillable: Mapping[str, Fillable],
    left_columns: t.Schema,
) -> BootstrapTable:
    field = f"bootstrapParts[{number}]"
    place = place_of(join, field)
    partition = tables.partitions_spec.column
    keys = list(part.keyColumns or join.rowIds or [])
    if not keys:
        raise ConfigError(
            f"Bootstrap's join key for bootstrap is NOT set for join {place.definition}",
            place=place,
            mend="key_columns of the bootstrap part, or row_ids of the join",
        )
    named = [key for key in keys if key != partition]
    query = part.query or structs.Query()
    source = structs.Source(entities=structs.EntitySource(snapshotTable=part.table, query=query))
    planner = ScanPlanner(tables, place_of(join))
    scan = planner.scan(source, field, [key for key in named if key != "ts"])
    for problem in planner.problems:
        raise problem.at(place)
    assert scan is not None  # noqa: S101 - a scan that is missing is a problem
    if scan.partition is None:
        raise SchemaError(
            f"{scan.table} has no partition column {query.partitionColumn or partition}",
            place=place,
            mend="name the table's own by partition_column in the query",
        )
    _check_keys(scan, named, left_columns, place)
    logged = dict(tables.logged(scan.table)) if query.selects is None else {}
    columns = [name for name in scan.selects if name not in named and name not in ("ts", partition)]
    if logged:
        fills = {name: target for name in columns if (target := _same(fillable.get(name), scan.types[name]))}
        by_hash = {key: frozenset(_filled(fills, schema, fillable)) for key, schema in logged.items()}
    else:
        fills, by_hash = dict(_checked(scan, columns, fillable, place)), None
    return BootstrapTable(scan, {**{key: key for key in named}, partition: partition}, fills, by_hash)


def _filled(fills: Mapping[str, str], schema: t.Schema, fillable: Mapping[str, Fillable]) -> Iterator[str]:
    for name, target in fills.items():
        if name in schema and _same(fillable[name], schema[name]):
            yield target


def _same(column: Fillable | None, kind: t.DataType) -> str | None:
    return column.target if column is not None and fits(kind, column.kind) else None


def fits(given: t.DataType, wanted: t.DataType) -> bool:
    """Whether a stored type is the declared one, or a narrower one of the same family."""
    if given in (wanted, t.NULL):
        return True
    order = (t.BYTE, t.SHORT, t.INT, t.LONG), (t.FLOAT, t.DOUBLE)
    return any(given in kinds and wanted in kinds and kinds.index(given) < kinds.index(wanted) for kinds in order)


def _check_keys(scan: Scan, keys: Sequence[str], left_columns: t.Schema, place: Place) -> None:
    for key in keys:
        kind = left_columns.get(key)
        stored = t.LONG if key == "ts" and scan.time is not None else scan.types.get(key)
        if kind is None:
            raise SchemaError(
                f"the row id {key} is not selected on the left",
                place=place,
                expected=f"one of {', '.join(left_columns)}",
                mend="select it on the left side",
            )
        if stored is None or not (fits(stored, kind) or fits(kind, stored)):
            raise SchemaError(
                f"the row id {key} is a {kind} on the left, {'a ' + str(stored) if stored else 'absent'} "
                f"in {scan.table}",
                place=place,
                mend="cast it in the query of the bootstrap part",
            )


def _checked(
    scan: Scan, columns: Sequence[str], fillable: Mapping[str, Fillable], place: Place
) -> Iterator[tuple[str, str]]:
    """The columns of a table that fill something; all of them must be known, of the same type."""
    wrong: list[str] = []
    for name in columns:
        column = fillable.get(name)
        if column is None:
            wrong.append(f"{name} ({scan.types[name]}) is no column that is computed")
        elif not fits(scan.types[name], column.kind):
            wrong.append(f"{name} is a {scan.types[name]}, computed it is a {column.kind}")
        elif column.target is not None:
            yield name, column.target
    if wrong:
        raise SchemaError(
            f"Validation failed for bootstrapInfo construction for join {place.definition}: "
            f"{scan.table}: {'; '.join(wrong)}",
            place=place,
            expected=f"columns among {', '.join(fillable)}",
            mend="select only those in the query of the bootstrap part, cast to these types",
        )
