"""One SELECT: its columns, grouping, order and limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.sql.duckdb_types import quoted
from chronon.sql.queries.scope import Scope
from chronon.sql.queries.sources import GENERATORS, From
from chronon.sql.queries.typer import (
    Columns,
    QueryTyper,
    aggregated,
    boolean,
    columns_text,
    direction,
    holds_aggregate,
    orderable,
    text_of,
)
from chronon.sql.tree import Column, Node, Refusal

if TYPE_CHECKING:
    from chronon.sql.queries.translate import Statement

REFUSED = {
    "qualify": ("QUALIFY is not in Spark", "a condition on a sub-query"),
    "into": ("SELECT INTO", None),
    "match": ("MATCH_RECOGNIZE", None),
    "kind": ("SELECT AS STRUCT", None),
}
IGNORED = "hint, sort, cluster and distribute: how Spark lays rows out, without a meaning for the result"


class GroupedTyper(QueryTyper):
    """Types what is computed over groups of rows.

    Parameters
    ----------
    rows:
        Types what is computed on single rows.
    groups:
        The DuckDB texts of the expressions of GROUP BY, and the columns that hold them.
    """

    def __init__(self, rows: QueryTyper, groups: dict[str, Column]) -> None:
        super().__init__(rows.scope, rows.inner, rows.keep, rows.aliases, rows.named_windows)
        self.rows = rows
        self.groups = groups

    def node(self, tree: Any) -> Node:
        from sqlglot import exp

        if not isinstance(tree, exp.Literal | exp.Subquery):
            group = self._group(tree)
            if group is not None:
                return group
        return super().node(tree)

    def column(self, name: str) -> Node:
        found = super().column(name)
        return self._outside_of_groups(name, found)

    def _qualified(self, parts: Sequence[str]) -> Node:
        return self._outside_of_groups(".".join(parts), super()._qualified(parts))

    def _outside_of_groups(self, name: str, node: Node) -> Node:
        if self.scope.is_outer(node):
            return node
        raise Refusal(f"{name} is neither grouped nor aggregated", mend=f"GROUP BY {name}, or MAX({name})")

    def _group(self, tree: Any) -> Column | None:
        if holds_aggregate(tree):
            return None
        try:
            return self.groups.get(text_of(self.rows.node(tree)))
        except Refusal:
            return None

    def aggregate(self, tree: Any, present: bool, condition: Any) -> Node:
        return aggregated(self.rows, tree, present, condition)


@dataclass
class Select:
    """Translates one SELECT.

    Parameters
    ----------
    statement:
        Knows tables and sub-queries.
    tree:
        The SELECT.
    outer:
        What it sees of the query around it.
    """

    statement: Statement
    tree: Any
    outer: Scope | None

    def columns(self) -> Columns:
        """The SELECT as DuckDB text, and its columns."""
        for name, (problem, mend) in REFUSED.items():
            if self.tree.args.get(name):
                raise Refusal(problem, mend=mend)
        source = From(self.statement, self.outer)
        source.read(self.tree)
        source.join_all(self.tree)
        items = list(self._items(source))
        windows = {w.this.name.lower(): w for w in self.tree.args.get("windows") or []}
        rows = self.statement.typer(source.scope, windows)
        where = self.tree.args.get("where")
        condition = text_of(boolean(rows.node(where.this))) if where is not None else None
        text = f" FROM {source.text}" if source.text else ""
        text += f" WHERE {condition}" if condition else ""
        order = order_of(self.tree, len(items))
        having = self.tree.args.get("having")
        grouping = self.tree.args.get("group")
        typer = rows
        if grouping is not None or any(holds_aggregate(tree) for tree in self._computed(items, having, order)):
            groups = self._groups(grouping, items, rows)
            typer, text = self._grouped(rows, groups, text)
        nodes = self._typed(items, typer)
        if having is not None:
            text += f" HAVING {text_of(boolean(typer.node(having.this)))}"
        return self._ordered(nodes, order, typer, text)

    # ---- the list

    def _items(self, source: From) -> Iterator[tuple[str, Any]]:
        """The outputs: their names, and their trees or nodes; generators become columns of FROM."""
        from sqlglot import exp

        for tree in self.tree.expressions:
            if isinstance(tree, exp.Star):
                yield from self._star(source.scope.star(), tree)
            elif isinstance(tree, exp.Column) and isinstance(tree.this, exp.Star):
                owner = ".".join(part.name for part in tree.parts[:-1])
                yield from self._star(source.scope.star(owner), tree.this)
            else:
                inner = tree.this if isinstance(tree, exp.Alias | exp.Aliases) else tree
                if isinstance(inner, exp.Anonymous) and str(inner.this).lower().removesuffix("_outer") in GENERATORS:
                    names = [tree.alias] if isinstance(tree, exp.Alias) else [each.name for each in tree.expressions]
                    named = names if tree is not inner else []
                    for column in source.explode(inner, "", named, outer=False):
                        yield column.name.rpartition(".")[2], column
                elif isinstance(tree, exp.Aliases):
                    raise Refusal(f"{tree.sql('spark')} has several names", expected="one, but for EXPLODE")
                else:
                    yield self._name(tree), inner

    @staticmethod
    def _star(columns: Iterator[tuple[str, Node]], tree: Any) -> Iterator[tuple[str, Node]]:
        left_out = {each.name.lower() for each in tree.args.get("except_") or []}
        yield from ((name, node) for name, node in columns if name.lower() not in left_out)

    @staticmethod
    def _name(tree: Any) -> str:
        return tree.alias_or_name or tree.sql("spark")

    def _typed(self, items: Sequence[tuple[str, Any]], typer: QueryTyper) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name, tree in items:
            if name.lower() in {other.lower() for other in found}:
                raise Refusal(f"two columns are named {name}", mend="name one of them by AS, or leave it out: * EXCEPT")
            node = self._node(tree, typer)
            found[name] = node
            typer.aliases.setdefault(name.lower(), node)
        return found

    @staticmethod
    def _node(tree: Any, typer: QueryTyper) -> Node:
        if not isinstance(tree, Column):
            return typer.node(tree)
        if isinstance(typer, GroupedTyper):
            group = typer.groups.get(text_of(tree))
            if group is None:
                name = tree.name.rpartition(".")[2]
                raise Refusal(f"{name} is neither grouped nor aggregated", mend=f"GROUP BY {name}")
            return group
        return tree

    # ---- groups

    @staticmethod
    def _computed(items: Sequence[tuple[str, Any]], having: Any, order: Sequence[Any]) -> Iterator[Any]:
        yield from (tree for _, tree in items if not hasattr(tree, "type") or hasattr(tree, "sql"))
        if having is not None:
            yield having
        yield from order

    def _groups(self, grouping: Any, items: Sequence[tuple[str, Any]], rows: QueryTyper) -> list[Node]:
        if grouping is None:
            return []
        for name in ("rollup", "cube", "grouping_sets"):
            if grouping.args.get(name):
                raise Refusal(f"GROUP BY with {name.upper().replace('_', ' ')}", mend="UNION ALL of several GROUP BYs")
        if grouping.args.get("all"):
            return [self._node(tree, rows) for _, tree in items if not self._over_groups(tree)]
        return [self._group(tree, items, rows) for tree in grouping.expressions]

    @staticmethod
    def _over_groups(tree: Any) -> bool:
        return not isinstance(tree, Column) and holds_aggregate(tree)

    def _group(self, tree: Any, items: Sequence[tuple[str, Any]], rows: QueryTyper) -> Node:
        from sqlglot import exp

        if isinstance(tree, exp.Literal) and tree.this.isdigit():
            at = int(tree.this)
            if not 1 <= at <= len(items):
                raise Refusal(f"GROUP BY {at}, but there are {len(items)} columns")
            return self._node(items[at - 1][1], rows)
        if isinstance(tree, exp.Column) and len(tree.parts) == 1 and rows.scope.resolve([tree.name]) is None:
            for name, item in items:
                if name.lower() == tree.name.lower():
                    return self._node(item, rows)
        return rows.node(tree)

    @staticmethod
    def _grouped(rows: QueryTyper, groups: Sequence[Node], text: str) -> tuple[GroupedTyper, str]:
        held = {text_of(node): Column(f"group {at}", node.type) for at, node in enumerate(groups, 1)}
        listed = "".join(f", {own} AS {quoted(column.name)}" for own, column in held.items())
        by = ", ".join(quoted(column.name) for column in held.values())
        inside = f" FROM (SELECT *{listed}{text})" if text else f" FROM (SELECT 1{listed})"
        return GroupedTyper(rows, held), inside + (f" GROUP BY {by}" if by else "")

    # ---- order and limit

    def _ordered(self, nodes: dict[str, Node], order: Sequence[Any], typer: QueryTyper, text: str) -> Columns:
        schema = {name: node.type for name, node in nodes.items()}
        distinct = "DISTINCT " if self.tree.args.get("distinct") is not None else ""
        outputs = [f"{text_of(node)} AS {quoted(name)}" for name, node in nodes.items()]
        hidden: list[str] = []
        keys: list[str] = []
        for each in order:
            key = self._output(each.this, schema)
            if key is None:
                if distinct:
                    raise Refusal(f"ORDER BY {each.this.sql('spark')} after DISTINCT", expected="an output column")
                node = typer.node(each.this)
                orderable(node)
                hidden.append(f"{text_of(node)} AS {quoted(f'order {len(hidden) + 1}')}")
                key = quoted(f"order {len(hidden)}")
            keys.append(f"{key} {direction(each)}")
        sql = f"SELECT {distinct}{', '.join([*outputs, *hidden])}{text}"
        if keys:
            sql = f"SELECT {columns_text(schema)} FROM ({sql}) ORDER BY {', '.join(keys)}"
        return Columns(sql + limit(self.tree), schema)

    def _output(self, tree: Any, schema: dict[str, t.DataType]) -> str | None:
        """The text of an order by outputs; ``None`` if it is by something else."""
        return ordered_output(self.statement, tree, schema)


def order_of(tree: Any, width: int) -> list[Any]:
    """What a query of ``width`` columns is ordered by; ``ORDER BY ALL`` is by each of them."""
    from sqlglot import exp

    order = list(tree.args["order"].expressions) if tree.args.get("order") else []
    if len(order) == 1 and isinstance(order[0].this, exp.Var) and order[0].this.name.upper() == "ALL":
        return [exp.Ordered(**{**order[0].args, "this": exp.Literal.number(at + 1)}) for at in range(width)]
    return order


def ordered_output(statement: Statement, tree: Any, schema: dict[str, t.DataType]) -> str | None:
    """The text of an order that reads output columns only: a number, or an expression over them."""
    from sqlglot import exp

    if isinstance(tree, exp.Literal) and tree.this.isdigit():
        at = int(tree.this)
        if not 1 <= at <= len(schema):
            raise Refusal(f"ORDER BY {at}, but there are {len(schema)} columns")
        return quoted(list(schema)[at - 1])
    scope = Scope()
    try:
        node = statement.typer(scope, aliases={n.lower(): Column(n, kind) for n, kind in schema.items()}).node(tree)
    except Refusal:
        return None
    orderable(node)
    return text_of(node)


def limit(tree: Any) -> str:
    """LIMIT and OFFSET of a query."""
    found = ""
    for name in ("limit", "offset"):
        part = tree.args.get(name)
        if part is None:
            continue
        value = part.expression
        if not str(value.this).isdigit():
            raise Refusal(f"{name.upper()} {value.sql('spark')}", expected="a whole number")
        found += f" {name.upper()} {value.this}"
    return found
