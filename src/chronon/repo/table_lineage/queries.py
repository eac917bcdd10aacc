"""The queries of a definition's stages, as far as columns go: select, aggregate, derive, join.

Operations stand in them as functions ``AGG_<OPERATION>``.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from chronon.api import structs
from chronon.api.enums import Operation
from chronon.api.naming import aggregation_columns, part_prefix, sanitize
from chronon.repo.output_columns import (
    FeatureDisplayKeys,
    get_group_by_output_columns,
    get_join_output_columns,
    get_pre_derived_group_by_columns,
    get_pre_derived_join_features,
    get_pre_derived_source_keys,
)
from chronon.repo.table_lineage.columns import SPARK

Selects = Iterable[tuple[str, str]]
"""Names, each with its expression."""


def select(table: str, selects: Selects, filter_expr: str | None = None) -> exp.Select:
    """The query that reads a source."""
    columns = [_named(_unquoted(name), str(expression)) for name, expression in selects]
    return exp.Select(expressions=columns).from_(table, dialect=SPARK).where(filter_expr or None, dialect=SPARK)


def aggregate(table: str, gb: structs.GroupBy, selects: Selects | None = None) -> exp.Select:
    """The query that aggregates what a group-by selects; without aggregations the selected columns pass."""
    columns: list[exp.Expr] = [exp.column(key) for key in gb.keyColumns or []]
    for one in gb.aggregations or []:
        function = f"AGG_{Operation(one.operation or 0).name}"
        for name in aggregation_columns(one):
            value = exp.column(one.inputColumn or "*", quoted=True)
            columns.append(exp.alias_(exp.Anonymous(this=function, expressions=[value]), name))
    if not gb.aggregations:
        columns += [exp.column(name) for name, _ in selects or []]
    return exp.Select(expressions=sorted(columns, key=lambda one: one.sql(SPARK))).from_(table, dialect=SPARK)


def derive_group_by(table: str, gb: structs.GroupBy) -> exp.Select:
    """The query of a group-by's derivations."""
    return _derive(table, get_pre_derived_group_by_columns(gb), gb.derivations or [], get_group_by_output_columns(gb))


def derive_join(table: str, join: structs.Join) -> exp.Select:
    """The query of a join's derivations."""
    columns = get_join_output_columns(join)
    left = columns[FeatureDisplayKeys.LEFT_COLUMNS]
    before = [name for names in get_pre_derived_join_features(join).values() for name in names]
    after = columns.get(FeatureDisplayKeys.DERIVED_COLUMNS, [])
    return _derive(table, [*before, *left], join.derivations or [], [*left, *after])


def join_parts(join: structs.Join, table: str) -> exp.Select:
    """The query that joins the parts of a join to its left side, given the table of the join."""
    left = get_pre_derived_source_keys(join.left) if join.left is not None else []
    features = [name for names in get_pre_derived_join_features(join).values() for name in names]
    alias = sanitize((join.metaData or structs.MetaData()).name or "")
    columns = [exp.column(name, alias if name in left else None) for name in sorted([*features, *left])]
    query = exp.Select(expressions=columns).from_(f"{table}_bootstrap AS {alias}", dialect=SPARK)
    for part in join.joinParts or []:
        group_by, name = part.groupBy or structs.GroupBy(), part_prefix(part)
        keys = group_by.keyColumns or []
        mapped = {right: key for key, right in (part.keyMapping or {}).items() if key in {*left, *features}}
        values = [column for column in get_group_by_output_columns(group_by) if column not in keys]
        selects = [(key, key) for key in keys] + [(f"{name}_{column}", column) for column in values]
        on = [
            exp.EQ(this=exp.column(mapped.get(key, key), alias), expression=exp.column(key, f"gb_{name}"))
            for key in keys
        ]
        right = select(f"{table}_{name}", sorted(selects)).subquery(f"gb_{name}")
        query = query.join(right, on=exp.and_(*on), join_type="left")
    return query


def _derive(
    table: str, columns: Iterable[str], derivations: Iterable[structs.Derivation], outputs: Iterable[str]
) -> exp.Select:
    base = exp.Select(expressions=[exp.column(name) for name in sorted(columns)]).from_(table, dialect=SPARK)
    named = {one.name or "": one.expression or "" for one in derivations}
    derived = [_named(name, expression) for name, expression in named.items() if name != "*"]
    passed = [exp.column(name) for name in sorted(outputs) if name not in named]
    return exp.subquery(base, table).select().select(*derived, *passed)


def _named(name: str, expression: str) -> exp.Expr:
    """An expression under a name, in which names are quoted only where they must be."""
    parsed = exp.maybe_parse(expression, dialect=SPARK, copy=True)
    for identifier in parsed.find_all(exp.Identifier):
        identifier.set("quoted", bool(identifier.quoted and not exp.SAFE_IDENTIFIER_RE.match(identifier.name)))
    return exp.alias_(parsed, name)


def _unquoted(name: str) -> str:
    return name.replace("`", "")
