"""From which columns of which tables a query computes each of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from sqlglot import exp
from sqlglot.lineage import Node, to_node
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import ensure_schema

from chronon.base.errors import ExpressionError
from chronon.repo.table_lineage.attribution import attribute_columns
from chronon.repo.table_lineage.records import ColumnName, Inputs

SPARK = "spark"
Sql = str | exp.Expr


def parsed(sql: Sql) -> exp.Query:
    """A query, parsed as Spark reads it."""
    return cast("exp.Query", exp.maybe_parse(sql, dialect=SPARK))


def build_lineage(
    output_table: str,
    sql: Sql,
    sources: Mapping[str, Sql] | None = None,
    schema: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[ColumnName, Inputs]:
    """The columns that each column of a query is computed from.

    Parameters
    ----------
    output_table:
        Where the query's result goes.
    sql:
        The query.
    sources:
        Queries that stand for tables which it names.
    schema:
        The columns of tables with their types, which ``*`` is expanded by.

    >>> build_lineage("shop.big", "SELECT price * 2 AS price FROM raw.orders")
    {('shop.big', 'price'): {(('raw.orders', 'price'), ('Mul',))}}
    """
    query = parsed(sql).copy()
    if sources:
        query = exp.expand(query, {name: parsed(text) for name, text in sources.items()}, dialect=SPARK)
    known = ensure_schema(cast("dict[str, object]", schema or {}), dialect=SPARK)
    attribute_columns(query, known)
    qualified = qualify(query, dialect=SPARK, schema=known, validate_qualify_columns=False, identify=False)
    query = cast("exp.Query", qualified)
    scope = build_scope(query)
    if scope is None:
        raise ExpressionError(f"{output_table} is not written by a query", expected="a SELECT")
    found: dict[ColumnName, Inputs] = {}
    for name in [one for one in query.named_selects if one != "*"]:
        node = to_node(normalize_identifiers(name, dialect=SPARK).name, scope, SPARK, known, trim_selects=False)
        found[output_table, name] = set(_leaves(node, append_transform([], get_transform(node.expression))))
    return found


def find_all_tables(sql: Sql) -> set[str]:
    """The names of the tables that a query reads."""
    scope = build_scope(parsed(sql))
    return {
        source.name
        for part in (scope.traverse() if scope else ())
        for source in part.sources.values()
        if isinstance(source, exp.Table)
    }


def get_transform(expression: exp.Expr) -> str | None:
    """What an expression does to its column; nothing, if it only names it."""
    inner = expression.this
    if not inner:
        return None
    if isinstance(inner, exp.Anonymous):
        return inner.alias_or_name
    if isinstance(inner, exp.Agg):
        return "AGG"  # a function of its own to a newer sqlglot
    if isinstance(inner, exp.Column):
        return None if isinstance(expression, exp.Alias) else type(expression).__name__
    return type(inner).__name__


def append_transform(transforms: Sequence[str], transform: str | None) -> list[str]:
    """Transforms and one more; the same twice in a row is once.

    >>> append_transform(["Add"], "Add"), append_transform(["Add"], "Mul"), append_transform(["Add"], None)
    (['Add'], ['Add', 'Mul'], ['Add'])
    """
    return [*transforms, transform] if transform and list(transforms[-1:]) != [transform] else list(transforms)


def _leaves(node: Node, transforms: list[str]) -> Iterator[tuple[ColumnName, tuple[str, ...]]]:
    """The columns of tables below a node, each with the transforms on the way there."""
    for below in node.downstream:
        if isinstance(below.expression, exp.Table):
            yield _column(below, node), tuple(transforms)
        yield from _leaves(below, append_transform(transforms, get_transform(below.expression)))


def _column(leaf: Node, above: Node) -> ColumnName:
    """The table and the column of a leaf; of a struct with the path to its field."""
    table = leaf.expression.copy()
    table.set("alias", None)
    column = leaf.name.rpartition(".")[2]
    if isinstance(above.expression.this, exp.Dot):
        column = above.expression.this.sql(SPARK).partition(".")[2]
    return table.sql(SPARK), column.replace('"', "").replace("`", "")
