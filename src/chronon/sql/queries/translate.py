"""The entrance: a text of Spark SQL, the columns of its tables, and what DuckDB is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chronon.base import types as t
from chronon.base.errors import ExpressionError, Place
from chronon.base.types import Schema
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.dialect import described, dialect
from chronon.sql.duckdb_types import quoted
from chronon.sql.queries.scope import Scope
from chronon.sql.queries.select import Select, limit, order_of, ordered_output
from chronon.sql.queries.typer import Columns, QueryTyper, columns_text, direction, text_of
from chronon.sql.tree import Column, Node, Refusal


@dataclass(frozen=True)
class Translated:
    """A query for DuckDB.

    Parameters
    ----------
    sql:
        Its text, for a connection prepared by ``duckdb_setup``.
    schema:
        The columns that come out, and their types.
    tables:
        The tables that it reads.
    """

    sql: str
    schema: Schema
    tables: tuple[str, ...]


def translate(
    text: str,
    columns: Callable[[str], Schema],
    relation: Callable[[str], str] | None = None,
    *,
    place: Place | None = None,
) -> Translated:
    """One query of Spark SQL as DuckDB runs it.

    Parameters
    ----------
    text:
        A SELECT, with its WITH; its tables are called ``namespace.table``.
    columns:
        The columns of a table; raises where there is none.
    relation:
        What DuckDB selects from to read a table; its name if absent.
    place:
        Where the query is written, for errors.

    Raises
    ------
    ExpressionError
        If it does not parse, names what is not there, or has no meaning here.

    >>> found = translate("SELECT a / b AS x FROM db.t", lambda table: {"a": t.INT, "b": t.INT})
    >>> found.schema, found.tables
    ({'x': double}, ('db.t',))
    """
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        trees = [each for each in dialect()().parse(text) if each is not None]
    except ParseError as error:
        raise _unreadable(error.errors, place) from None
    except TokenError as error:
        raise ExpressionError(
            f"cannot read the query: {str(error).splitlines()[0]}", place=place, mend="close every quote and comment"
        ) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise ExpressionError("the text is not one query", place=place, expected="one SELECT of Spark SQL")
    statement = Statement(columns, relation or (lambda table: ".".join(map(quoted, table.split(".")))))
    try:
        found = statement.query(trees[0], None)
    except Refusal as refusal:
        raise ExpressionError(
            f"in the query: {refusal.reason}", place=place, expected=refusal.expected, mend=refusal.mend
        ) from None
    return Translated(statement.finished(found.sql), found.schema, tuple(statement.tables))


class Statement:
    """What is known all over one statement: tables, names that are taken, WITH, sub-queries inside expressions."""

    def __init__(self, columns: Callable[[str], Schema], relation: Callable[[str], str]) -> None:
        self._columns = columns
        self.relation = relation
        self.tables: dict[str, None] = {}
        self._taken: set[str] = set()
        self._common: dict[str, Columns] = {}
        self._kept: dict[str, str] = {}

    def columns(self, table: str) -> Schema:
        """The columns of a table, which is remembered as read."""
        self.tables[table] = None
        return self._columns(table)

    def unique(self, name: str) -> str:
        """A name for a relation that no other has in this statement."""
        found, number = name, 1
        while found.lower() in self._taken:
            number += 1
            found = f"{name} {number}"
        self._taken.add(found.lower())
        return found

    def common(self, name: str) -> Columns | None:
        """A query of WITH by its name."""
        return self._common.get(name.lower())

    def typer(
        self, scope: Scope, windows: dict[str, Any] | None = None, aliases: dict[str, Node] | None = None
    ) -> QueryTyper:
        """Types expressions that see a scope."""
        return QueryTyper(scope, self.query, self.keep, aliases if aliases is not None else {}, windows or {})

    def keep(self, sql: str, kind: t.DataType) -> Node:
        """A column that stands for the text of a sub-query until the statement is finished."""
        name = f"\x00{len(self._kept)}"
        self._kept[quoted(name)] = sql
        return Column(name, kind)

    def finished(self, sql: str) -> str:
        """The text with its sub-queries."""
        while any(name in sql for name in self._kept):
            for name, text in self._kept.items():
                sql = sql.replace(name, text)
        return sql

    def query(self, tree: Any, outer: Scope | None) -> Columns:
        """A SELECT, a union, or a query in parentheses."""
        from sqlglot import exp

        before = dict(self._common)
        try:
            prefix = self._with(tree.args.get("with_"))
            if isinstance(tree, exp.Select):
                found = Select(self, tree, outer).columns()
            elif isinstance(tree, exp.SetOperation):
                found = self._together(tree, outer)
            elif isinstance(tree, exp.Subquery):
                found = self._limited(tree, self.query(tree.this, outer))
            elif isinstance(tree, exp.Values):
                found = Select(self, exp.select("*").from_(tree), outer).columns()
            else:
                raise Refusal(f"{tree.sql('spark')} is no query that is read here")
        finally:
            self._common = before
        return Columns(prefix + found.sql, found.schema) if prefix else found

    def rows(self, rows: Sequence[Sequence[Node]], names: Sequence[str]) -> Columns:
        """VALUES."""
        kinds = [coercion.common([row[at].type for row in rows], "the values of a column") for at in range(len(names))]
        texts = [", ".join(text_of(cast(node, kind)) for node, kind in zip(row, kinds, strict=True)) for row in rows]
        listed = ", ".join(f"({text})" for text in texts)
        called = ", ".join(map(quoted, names))
        schema = dict(zip(names, kinds, strict=True))
        return Columns(f"SELECT * FROM (VALUES {listed}) AS rows({called})", schema)

    def _with(self, tree: Any) -> str:
        if tree is None:
            return ""
        if tree.args.get("recursive"):
            raise Refusal("WITH RECURSIVE", expected="queries that do not name themselves")
        texts: list[str] = []
        for each in tree.expressions:
            found = self.query(each.this, None)
            given = [column.name for column in each.args["alias"].columns]
            if given and len(given) != len(found.schema):
                raise Refusal(f"{each.alias} names {len(given)} columns of {len(found.schema)}")
            schema = dict(zip(given or found.schema, found.schema.values(), strict=True))
            name = quoted(self.unique(each.alias))
            called = f"({', '.join(map(quoted, schema))})"
            texts.append(f"{name}{called} AS ({found.sql})")
            self._common[each.alias.lower()] = Columns(f"SELECT {columns_text(schema)} FROM {name}", schema)
        return f"WITH {', '.join(texts)} "

    def _together(self, tree: Any, outer: Scope | None) -> Columns:
        if tree.args.get("by_name"):
            raise Refusal("UNION BY NAME", mend="the columns in the same order on both sides")
        sides = [self.query(side, outer) for side in (tree.this, tree.expression)]
        names, others = (list(side.schema) for side in sides)
        if len(names) != len(others):
            raise Refusal(f"the sides of {tree.key.upper()} have {len(names)} and {len(others)} columns")
        pairs = zip(names, *(side.schema.values() for side in sides), strict=True)
        schema = {name: coercion.common([a, b], f"the sides of {name}") for name, a, b in pairs}
        texts: list[str] = []
        for side in sides:
            given = zip(side.schema.items(), schema.items(), strict=True)
            listed = (f"{text_of(cast(Column(*own), kind))} AS {quoted(name)}" for own, (name, kind) in given)
            texts.append(f"(SELECT {', '.join(listed)} FROM ({side.sql}))")
        word = tree.key.upper() + ("" if tree.args.get("distinct") else " ALL")
        return self._limited(tree, Columns(f" {word} ".join(texts), schema))

    def _limited(self, tree: Any, found: Columns) -> Columns:
        order = order_of(tree, len(found.schema))
        if not order and not limit(tree):
            return found
        keys: list[str] = []
        for each in order:
            key = ordered_output(self, each.this, found.schema)
            if key is None:
                raise Refusal(f"ORDER BY {each.this.sql('spark')}", expected="a column of the result")
            keys.append(f"{key} {direction(each)}")
        by = f" ORDER BY {', '.join(keys)}" if keys else ""
        return Columns(f"SELECT * FROM ({found.sql}){by}{limit(tree)}", found.schema)


def syntax_problem(text: str) -> str | None:
    """Why a text is no query of Spark SQL, as far as can be told without its tables; ``None`` if it is one."""
    from sqlglot import exp
    from sqlglot import parse as parsed
    from sqlglot.errors import ParseError, TokenError

    try:
        trees = [tree for tree in parsed(text, dialect="spark") if tree is not None]
    except ParseError as error:
        return _unreadable(error.errors, None).problem
    except TokenError as error:
        return f"cannot read the query: {str(error).splitlines()[0]}"
    return None if any(isinstance(tree, exp.Query) for tree in trees) else "the query is no SELECT"


def _unreadable(errors: list[dict[str, Any]], place: Place | None) -> ExpressionError:
    found: dict[str, Any] = errors[0] if errors else {}
    where = f" at line {found['line']}, column {found['col']}" if found.get("line") else ""
    near = str(found.get("highlight") or "")
    return ExpressionError(
        f"cannot read the query: {described(str(found.get('description') or 'it is no query'))}{where}"
        + (f", near {near!r}" if near else ""),
        place=place,
        expected="a SELECT of Spark SQL",
    )
