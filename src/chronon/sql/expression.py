"""An expression: parsed once, then asked for its columns, its type, and its form in each engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chronon.base import types as t
from chronon.base.errors import ExpressionError, Place, raise_all
from chronon.base.types import DataType, Schema
from chronon.sql import dialect
from chronon.sql.casts import cast
from chronon.sql.coercion import is_decimal
from chronon.sql.tree import Node, Refusal, call

_DECIMAL_MEND = "CAST(... AS DOUBLE), or write a constant as 0.1D instead of 0.1"


@dataclass(frozen=True)
class Expression:
    """A Spark SQL expression of one row.

    Parameters
    ----------
    text:
        As the user wrote it.
    place:
        Where it was written, for errors.
    """

    text: str
    place: Place | None = field(default=None, compare=False)
    tree: Any = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> frozenset[str]:
        """The names of the columns that are read; of ``a.b.c`` the first.

        >>> sorted(parse("a.b + c['k'] + size(transform(d, x -> x + e))").columns)
        ['a', 'c', 'd', 'e']
        """
        return frozenset(_columns(self.tree, frozenset()))

    def type(self, schema: Schema) -> DataType:
        """The type of the result.

        >>> parse("price / 2").type({"price": t.LONG})
        double
        """
        return self.typed(schema).type

    def typed(self, schema: Schema) -> Node:
        """The typed tree; a result that cannot be stored is refused."""
        from chronon.sql.types import Typer

        try:
            node = Typer(schema).node(self.tree)
            _refuse_decimal(node.type)
        except Refusal as refusal:
            raise self.error(refusal) from None
        return node

    def to_duckdb(self, schema: Schema) -> str:
        """The DuckDB expression of the same value and type; its macros come from ``duckdb_setup``.

        >>> parse("price / 2").to_duckdb({"price": t.LONG})
        '(CAST("price" AS DOUBLE) / nullif(2.0e0, 0))'
        """
        from chronon.sql.duckdb import render

        node = self.typed(schema)
        try:
            return render(node)
        except Refusal as refusal:
            raise self.error(refusal) from None

    def to_spark(self) -> str:
        """The expression in Spark's words, written in one way.

        >>> parse("IF( a>1,'x' ,b )").to_spark()
        "IF(a > 1, 'x', b)"
        """
        return self.tree.sql(dialect=dialect.dialect(), normalize_functions="upper")

    def replaced(self, columns: Mapping[str, str]) -> str:
        """The text with some columns replaced by expressions.

        >>> parse("a.b + c + size(transform(d, a -> a + c))").replaced({"a": "x", "c": "y + 1"})
        '(x).b + (y + 1) + SIZE(TRANSFORM(d, a -> a + (y + 1)))'
        """
        from sqlglot import exp

        def into(tree: Any, bound: frozenset[str]) -> Any:
            if isinstance(tree, exp.Lambda):
                inside = bound | {each.name for each in tree.expressions}
                tree.set("this", into(tree.this, inside))
                return tree
            column = isinstance(tree, exp.Column)
            if column or (isinstance(tree, exp.Identifier) and tree.parent is not None and _is_operand(tree)):
                first, *fields = tree.parts if column else [tree]
                if first.name in bound or first.name not in columns:
                    return tree
                found: Any = exp.Paren(this=dialect.parse_tree(columns[first.name], self.place))
                for each in fields:
                    found = exp.Dot(this=found, expression=each.copy())
                return found
            for child in list(tree.iter_expressions()):
                new = into(child, bound)
                if new is not child:
                    child.replace(new)
            return tree

        return into(self.tree.copy(), frozenset()).sql(dialect=dialect.dialect(), normalize_functions="upper")

    def error(self, refusal: Refusal) -> ExpressionError:
        """A refusal as an error that names the expression."""
        return ExpressionError(
            f"in `{self.text}`: {refusal.reason}", place=self.place, expected=refusal.expected, mend=refusal.mend
        )


def parse(text: str, *, place: Place | None = None) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text:
        Spark SQL of one row: no aggregates, no sub-queries.
    place:
        Where it stands, for errors.

    >>> parse("price * quantity").columns == {"price", "quantity"}
    True
    """
    return Expression(text, place, dialect.parse_tree(text, place))


def _columns(tree: Any, bound: frozenset[str]) -> set[str]:
    from sqlglot import exp

    if isinstance(tree, exp.Column):
        first = tree.parts[0].name
        return set() if first in bound else {first}
    if isinstance(tree, exp.Lambda):
        inside = bound | {each.name for each in tree.expressions}
        return _columns(tree.this, inside)
    if isinstance(tree, exp.Identifier) and tree.parent is not None and _is_operand(tree):
        return set() if tree.name in bound else {tree.name}
    found: set[str] = set()
    for child in tree.iter_expressions():
        found |= _columns(child, bound)
    return found


def _is_operand(tree: Any) -> bool:
    """Whether a bare identifier is a value: the argument of a lambda is no column in the tree."""
    from sqlglot import exp

    return not isinstance(tree.parent, exp.Alias | exp.Dot | exp.Column | exp.DataType | exp.ColumnDef)


def _refuse_decimal(kind: DataType) -> None:
    if _holds_decimal(kind):
        raise Refusal(f"its result is a {kind}, and decimals are not stored", mend=_DECIMAL_MEND)


def _holds_decimal(kind: DataType) -> bool:
    if isinstance(kind, t.ListType):
        return _holds_decimal(kind.element)
    if isinstance(kind, t.MapType):
        return _holds_decimal(kind.key) or _holds_decimal(kind.value)
    if isinstance(kind, t.StructType):
        return any(_holds_decimal(part) for _, part in kind.fields)
    return is_decimal(kind)


def _typed_all(texts: Mapping[str, str], schema: Schema) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    problems: list[ExpressionError] = []
    for name, text in texts.items():
        place = Place(field=name)
        try:
            expression = parse(text, place=place)
            nodes[name] = expression.typed(schema)
            expression.to_duckdb(schema)
        except ExpressionError as problem:
            problems.append(problem)
    raise_all(problems)
    return nodes


def compile_rows(texts: Mapping[str, str], schema: Schema) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """One function that evaluates several expressions on a row.

    Parameters
    ----------
    texts:
        Output names and their expressions; all problems are reported together.
    schema:
        The columns of a row. A column that a row lacks is null.

    >>> compile_rows({"total": "price * n"}, {"price": t.DOUBLE, "n": t.INT})({"price": 2.5, "n": 4})
    {'total': 10.0}
    """
    from chronon.sql.rows import compile_outputs

    return compile_outputs(_typed_all(texts, schema))


def compile_filter(texts: Sequence[str], schema: Schema) -> Callable[[Mapping[str, Any]], bool]:
    """One function that says whether all conditions are true of a row; null is not true.

    >>> keep = compile_filter(["price > 1", "n IS NOT NULL"], {"price": t.DOUBLE, "n": t.INT})
    >>> keep({"price": 2.5, "n": 4}), keep({"price": None, "n": 4})
    (True, False)
    """
    from chronon.sql.rows import compile_condition

    nodes = _typed_all({f"condition {at}": text for at, text in enumerate(texts, 1)}, schema)
    for text, node in zip(texts, nodes.values(), strict=True):
        if node.type not in (t.BOOLEAN, t.NULL):
            raise ExpressionError(f"the condition {text!r} is a {node.type}", expected="a boolean")
    return compile_condition(list(nodes.values()))


def _time(text: str, schema: Schema) -> tuple[Expression, Node]:
    expression = parse(text)
    node = expression.typed(schema)
    if node.type in t.INTEGERS:
        return expression, cast(node, t.LONG)
    if node.type in (t.TIMESTAMP, t.DATE):
        return expression, call("unix_millis", cast(node, t.TIMESTAMP))
    raise expression.error(
        Refusal(
            f"a time is a {node.type}",
            expected="milliseconds since 1970 as a long, a timestamp or a date",
            mend="TO_TIMESTAMP(x, 'yyyy-MM-dd HH:mm:ss'), or CAST(x AS LONG)",
        )
    )


def compile_time(text: str, schema: Schema) -> Callable[[Mapping[str, Any]], int | None]:
    """One function that gives the time of a row in milliseconds: a whole number as it is, others as UTC.

    >>> import datetime
    >>> compile_time("d", {"d": t.DATE})({"d": datetime.date(1970, 1, 2)})
    86400000
    """
    from chronon.sql.rows import compile_value

    return compile_value(_time(text, schema)[1])


def time_to_duckdb(text: str, schema: Schema) -> str:
    """The DuckDB expression, a BIGINT, of the same time.

    >>> time_to_duckdb("d", {"d": t.DATE})
    'chronon_floor_div(epoch_us(CAST("d" AS TIMESTAMP)), 1000)'
    """
    from chronon.sql.duckdb import render

    expression, node = _time(text, schema)
    try:
        return render(node)
    except Refusal as refusal:
        raise expression.error(refusal) from None
