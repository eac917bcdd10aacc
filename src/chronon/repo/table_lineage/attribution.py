"""Whose a column is that is written without a table, where the columns of one table are not known.

sqlglot leaves such columns open. Here they belong to the one table whose columns are not known, unless another source
has them, or an earlier column of the same select has that name. ``a.b`` where there is no table ``a`` is a field of a
struct.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import Schema


def attribute_columns(query: exp.Expr, schema: Schema) -> None:
    """Write the table before columns, in place.

    >>> from sqlglot.schema import MappingSchema
    >>> query = exp.maybe_parse("SELECT a + 1 AS b, b * 2 AS c FROM t, (SELECT d FROM u) AS v WHERE d > 0")
    >>> attribute_columns(query, MappingSchema())
    >>> query.sql()
    'SELECT t.a + 1 AS b, (t.a + 1) * 2 AS c FROM t, (SELECT u.d FROM u) AS v WHERE d > 0'
    """
    for scope in traverse_scope(query):
        if isinstance(scope.expression, exp.Select):
            _attribute(scope, scope.expression, schema)


def _attribute(scope: Scope, select: exp.Select, schema: Schema) -> None:
    columns = {name: _columns(source, schema) for name, (_, source) in scope.selected_sources.items()}
    unknown = [name for name, names in columns.items() if not names or "*" in names]
    if len(unknown) != 1 or not unknown[0]:
        return
    known = {name for names in columns.values() for name in names}
    free = [column for column in scope.columns if not column.table and column.name not in known]
    owner = exp.to_identifier(unknown[0])
    tables = _tables(scope)
    for column in [one for one in scope.columns if one.table and one.parts[0].name not in tables]:
        root, *path = (part.copy() for part in column.parts)
        column.replace(exp.Dot.build([exp.Column(this=root, table=owner.copy()), *path]))
    aliases: dict[str, exp.Expr] = {}
    for projection in select.selects:
        for column in [one for one in free if one is projection or one.find_ancestor(exp.Alias) is projection]:
            if column.name in aliases:
                column.replace(exp.paren(aliases[column.name].copy()))
            else:
                column.set("table", owner.copy())
        if isinstance(projection, exp.Alias):
            aliases[projection.alias] = projection.this
    for column in free:
        if not column.table:
            column.set("table", owner.copy())


def _tables(scope: Scope | None) -> set[str]:
    """The names that tables have in a select and in those around it."""
    found: set[str] = set()
    while scope is not None:
        found |= {*scope.selected_sources, *(table.db for table in scope.tables), *(t.catalog for t in scope.tables)}
        scope = scope.parent
    return found


def _columns(source: exp.Expr | Scope, schema: Schema) -> list[str]:
    if isinstance(source, exp.Table):
        return list(schema.column_names(source))
    query = source.expression if isinstance(source, Scope) else source
    return list(query.named_selects) if isinstance(query, exp.Query) else []
