"""Typing the expressions of a query: the row language, with the names of a scope, aggregates, windows, sub-queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chronon.base import types as t
from chronon.base.types import Schema
from chronon.sql.casts import cast
from chronon.sql.coercion import compared, is_atomic
from chronon.sql.queries.aggregates import NAMED, PICKS, chosen, ignores
from chronon.sql.queries.scope import Scope
from chronon.sql.queries.windows import WINDOWS, frame
from chronon.sql.tree import Call, Column, Function, Literal, Node, Refusal, Rule, Typed, call
from chronon.sql.types import Typer


@dataclass(frozen=True)
class Columns:
    """A query as DuckDB text, and its columns in order."""

    sql: str
    schema: dict[str, t.DataType]


Inner = Callable[[Any, Scope], Columns]
"""Translates a sub-query that sees a scope."""
Keep = Callable[[str, t.DataType], Node]
"""Keeps the DuckDB text of a sub-query and gives the node that stands for it."""


class QueryTyper(Typer):
    """Types the expressions of one SELECT.

    Parameters
    ----------
    scope:
        The names that can be seen.
    inner, keep:
        For sub-queries.
    aliases:
        The outputs typed so far, which later ones may name.
    named_windows:
        The windows of the WINDOW clause.
    """

    def __init__(
        self,
        scope: Scope,
        inner: Inner,
        keep: Keep,
        aliases: dict[str, Node],
        named_windows: dict[str, Any],
    ) -> None:
        super().__init__(scope.schema())
        self.scope = scope
        self.inner = inner
        self.keep = keep
        self.aliases = aliases
        self.named_windows = named_windows

    def node(self, tree: Any) -> Node:
        from sqlglot import exp

        if isinstance(tree, exp.Column) and len(tree.parts) > 1 and tree.parts[0].name not in self.variables:
            return self._qualified([part.name for part in tree.parts])
        if isinstance(tree, exp.Window):
            return self._window(tree)
        if isinstance(tree, exp.Subquery):
            return self._scalar(tree)
        if isinstance(tree, exp.Exists):
            return self.keep(f"EXISTS ({self.inner(tree.this, self.scope).sql})", t.BOOLEAN)
        if isinstance(tree, exp.In) and tree.args.get("query") is not None:
            return self._in(tree)
        found = aggregate_call(tree)
        if found is not None:
            return self.aggregate(*found)
        return super().node(tree)

    def column(self, name: str) -> Node:
        found = self.scope.resolve([name])
        if found is not None:
            return found[0]
        if name.lower() in self.aliases:
            return self.aliases[name.lower()]
        return super().column(name)

    def aggregate(self, tree: Any, present: bool, condition: Any) -> Node:
        """An aggregate, where one may stand."""
        del present, condition
        raise Refusal(
            f"{tree.sql('spark')} is an aggregate, which cannot stand here",
            expected="aggregates in the SELECT list, in HAVING and in ORDER BY",
        )

    def _qualified(self, parts: Sequence[str]) -> Node:
        found = self.scope.resolve(parts)
        if found is None:
            return super().column(".".join(parts))
        node, fields = found
        for field in fields:
            node = call("field", node, Literal(field, t.STRING))
        return node

    def _scalar(self, tree: Any) -> Node:
        found = self.inner(tree.this, self.scope)
        if len(found.schema) != 1:
            raise Refusal(f"{tree.sql('spark')} gives {len(found.schema)} columns", expected="one value")
        return self.keep(f"({found.sql})", next(iter(found.schema.values())))

    def _in(self, tree: Any) -> Node:
        found = self.inner(tree.args["query"].this, self.scope)
        node = self.node(tree.this)
        if len(found.schema) != 1:
            raise Refusal(f"{tree.sql('spark')} gives {len(found.schema)} columns", expected="one column")
        ((name, kind),) = found.schema.items()
        meet = compared(node.type, kind)
        rows = f"SELECT {text_of(cast(Column(name, kind), meet))} FROM ({found.sql})"
        return applied("in", f"({{0}} IN ({self.placeholder(rows)}))", [cast(node, meet)], t.BOOLEAN)

    def placeholder(self, sql: str) -> str:
        """The text by which a kept sub-query is named."""
        return text_of(self.keep(sql, t.NULL))

    # ---- windows

    def _window(self, tree: Any) -> Node:
        from sqlglot import exp

        spec = self._spec(tree)
        function, ignore = (tree.this.this, True) if isinstance(tree.this, exp.IgnoreNulls) else (tree.this, False)
        found = aggregate_call(tree.this)
        name = str(function.this).lower() if isinstance(function, exp.Anonymous) else ""
        if name in WINDOWS:
            return self._ranked(name, function, spec, ignore)
        if found is not None:
            return aggregated(self, *found, over=spec)
        raise Refusal(f"{tree.this.sql('spark')} is no window function", expected=", ".join(sorted(WINDOWS)))

    def _ranked(self, name: str, tree: Any, spec: _Over, ignore: bool) -> Node:
        window = WINDOWS[name]
        if window.ordered and not spec.ordered:
            raise Refusal(f"{name} needs an order", mend=f"{name.upper()}() OVER (... ORDER BY ...)")
        args = [self.node(arg) for arg in tree.expressions]
        ignoring = ignore or (window.duckdb in ("first_value", "last_value") and ignores(args))
        typed = _checked(name, window.rule, args)
        listed = ", ".join(f"{{{at}}}" for at in range(len(typed.args)))
        plain = f"{window.duckdb}({listed}{' IGNORE NULLS' if ignoring else ''})"
        text = window.form.replace("$", plain + spec.text(len(typed.args)))
        return applied(name, text, [*typed.args, *spec.nodes], typed.type)

    def _spec(self, tree: Any) -> _Over:
        named = self.named_windows.get(tree.text("alias").lower()) if tree.args.get("alias") else None
        if tree.args.get("alias") and named is None:
            raise Refusal(f"there is no window {tree.text('alias')}", expected="a name of the WINDOW clause")
        by = (tree.args.get("partition_by") or []) or (named.args.get("partition_by") or [] if named else [])
        order = tree.args.get("order") or (named.args.get("order") if named else None)
        spec = tree.args.get("spec") or (named.args.get("spec") if named else None)
        partition = [self.node(each) for each in by]
        ordered = [(self.node(each.this), direction(each)) for each in (order.expressions if order else [])]
        for node, _ in ordered:
            orderable(node)
        return _Over(partition, ordered, frame(spec))


@dataclass(frozen=True)
class _Over:
    """What stands in OVER."""

    partition: list[Node]
    order: list[tuple[Node, str]]
    frame: str

    @property
    def ordered(self) -> bool:
        return bool(self.order)

    @property
    def nodes(self) -> list[Node]:
        return [*self.partition, *(node for node, _ in self.order)]

    def text(self, first: int) -> str:
        """The template; its nodes are the arguments from ``first`` on."""
        by = ", ".join(f"{{{first + at}}}" for at in range(len(self.partition)))
        first += len(self.partition)
        order = ", ".join(f"{{{first + at}}} {how}" for at, (_, how) in enumerate(self.order))
        parts = [f"PARTITION BY {by}" if by else "", f"ORDER BY {order}" if order else ""]
        return f" OVER ({' '.join(part for part in parts if part)}{self.frame})"


def aggregate_call(tree: Any) -> tuple[Any, bool, Any] | None:
    """An aggregate as its call, whether nulls are passed over, and its condition; ``None`` for anything else."""
    from sqlglot import exp

    condition, present = None, False
    if isinstance(tree, exp.Filter):
        tree, condition = tree.this, tree.expression.this
    if isinstance(tree, exp.IgnoreNulls):
        tree, present = tree.this, True
    if isinstance(tree, exp.Anonymous) and str(tree.this).lower() in NAMED:
        return tree, present, condition
    return None


def holds_aggregate(tree: Any) -> bool:
    """Whether an expression of a SELECT list is computed over groups of rows."""
    return any(aggregate_call(each) is not None for each in _own(tree, over=True))


def _own(tree: Any, *, over: bool) -> Iterator[Any]:
    """The parts of an expression without its sub-queries, and without calls that have an OVER."""
    from sqlglot import exp

    if isinstance(tree, exp.Query):
        return
    if isinstance(tree, exp.Window) and over:
        function = tree.this.this if isinstance(tree.this, exp.Filter | exp.IgnoreNulls) else tree.this
        children = [*function.expressions, *(x for x in tree.iter_expressions() if x is not tree.this)]
    else:
        yield tree
        children = list(tree.iter_expressions())
    for child in children:
        yield from _own(child, over=over)


def aggregated(typer: QueryTyper, tree: Any, present: bool, condition: Any, over: _Over | None = None) -> Node:
    """The node of an aggregate whose arguments ``typer`` types."""
    from sqlglot import exp

    name = str(tree.this).lower()
    refused = NAMED[name].refused
    if refused is not None:
        raise Refusal(f"the function {name} is refused: {refused[0]}", mend=f"use {refused[1]}")
    trees = list(tree.expressions)
    distinct = len(trees) == 1 and isinstance(trees[0], exp.Distinct)
    trees = list(trees[0].expressions) if distinct else trees
    if name == "count" and len(trees) == 1 and isinstance(trees[0], exp.Star):
        args: list[Node] = []
        typed = Typed(args, t.LONG)
    else:
        args = [typer.node(each) for each in trees]
        typed = _checked(name, NAMED[name].rule, args)
    present = present or (NAMED[name].duckdb in PICKS and ignores(args))
    function = chosen(name, typed.type, present=present)
    nodes = list(typed.args)
    listed = ", ".join(f"{{{at}}}" for at in range(len(nodes))) or "*"
    if name == "count" and len(nodes) > 1:
        # several columns count where none of them is null
        present_all = " AND ".join(f"{{{at}}} IS NOT NULL" for at in range(len(nodes)))
        listed = f"CASE WHEN {present_all} THEN row({listed}) END"
    after = ""
    if condition is not None:
        after = f" FILTER (WHERE {{{len(nodes)}}})"
        nodes.append(boolean(typer.node(condition)))
    if over is not None:
        after += over.text(len(nodes))
        nodes += over.nodes
    return applied(name, function.text(listed, distinct=distinct, after=after), nodes, typed.type)


def _checked(name: str, rule: Rule, args: Sequence[Node]) -> Typed:
    try:
        return rule(args)
    except Refusal as refusal:
        raise Refusal(f"{name}: {refusal.reason}", expected=refusal.expected, mend=refusal.mend) from None


def applied(name: str, template: str, args: Sequence[Node], kind: t.DataType) -> Node:
    """A call that DuckDB says by a template."""

    def rule(_: Sequence[Node]) -> Typed:
        return Typed(args, kind)

    return Call(Function(name, rule, template), tuple(args), kind)


def boolean(node: Node) -> Node:
    """A condition."""
    if node.type not in (t.BOOLEAN, t.NULL):
        raise Refusal(f"the condition is a {node.type}", expected="something true or false")
    return node


def orderable(node: Node) -> None:
    """Refuse an order that the engines do not share."""
    if not is_atomic(node.type) and node.type != t.NULL:
        raise Refusal(f"rows are ordered by a {node.type}", expected="plain values")


def direction(ordered: Any) -> str:
    """``ASC NULLS FIRST`` and so on; where nothing is said, nulls are the smallest, as in Spark."""
    desc = bool(ordered.args.get("desc"))
    return f"{'DESC' if desc else 'ASC'} NULLS {'FIRST' if ordered.args.get('nulls_first') else 'LAST'}"


def text_of(node: Node) -> str:
    """The DuckDB text of a node."""
    from chronon.sql.duckdb import render

    return render(node)


def columns_text(schema: Schema, prefix: str = "") -> str:
    """The names of columns as DuckDB reads them."""
    from chronon.sql.duckdb_types import quoted

    return ", ".join(prefix + quoted(name) for name in schema)
