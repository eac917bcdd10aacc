"""FROM: tables, sub-queries, joins, and rows made of lists and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.types import ListType, MapType, StructType
from chronon.sql.duckdb_types import quoted
from chronon.sql.queries.scope import Relation, Scope
from chronon.sql.queries.typer import Columns, boolean, columns_text, text_of
from chronon.sql.tree import Column, Node, Refusal, call

if TYPE_CHECKING:
    from chronon.sql.queries.translate import Statement

GENERATORS = {"explode", "posexplode", "inline"}


class From:
    """The FROM of one SELECT, as text, with the scope that grows with each relation.

    Parameters
    ----------
    statement:
        Knows tables and sub-queries.
    outer:
        What the SELECT sees of the query around it.
    """

    def __init__(self, statement: Statement, outer: Scope | None) -> None:
        self.statement = statement
        self.scope = Scope(outer=outer)
        self.text = ""

    def read(self, tree: Any) -> None:
        """Take the relations of a SELECT."""
        from_ = tree.args.get("from_")
        if from_ is not None:
            self._first(from_.this)
        for lateral in tree.args.get("laterals") or []:
            self._view(lateral)

    def _first(self, tree: Any) -> None:
        self.text = self._relation(tree)
        for join in self._joins_of(tree):
            self._join(join)

    def join_all(self, tree: Any) -> None:
        """Take the joins that a SELECT adds to its FROM."""
        for join in tree.args.get("joins") or []:
            self._join(join)

    @staticmethod
    def _joins_of(tree: Any) -> list[Any]:
        return list(tree.args.get("joins") or [])

    # ---- one relation

    def _relation(self, tree: Any) -> str:
        from sqlglot import exp

        if tree.args.get("sample") is not None:
            raise Refusal("TABLESAMPLE gives other rows each time", mend="a condition on a hash: MD5(key) < '1'")
        if tree.args.get("pivots"):
            raise Refusal("PIVOT and UNPIVOT are not translated", mend="SUM(CASE WHEN ... THEN ... END)")
        if isinstance(tree, exp.Table):
            return self._table(tree)
        if isinstance(tree, exp.Subquery):
            found = self.statement.query(tree.this, None)
            return self._named(found, tree, [])
        if isinstance(tree, exp.Values):
            return self._values(tree)
        raise Refusal(f"{tree.sql('spark')} in FROM", expected="a table, a sub-query, or VALUES")

    def _table(self, tree: Any) -> str:
        from sqlglot import exp

        if not isinstance(tree.this, exp.Identifier):
            raise Refusal(f"{tree.sql('spark')} is a function that gives a table", expected="a table or a sub-query")
        parts = [part.name for part in tree.parts]
        if len(parts) == 1:
            known = self.statement.common(parts[0])
            if known is None:
                raise Refusal(f"{parts[0]} is no table", expected="namespace.table, or a name of WITH")
            return self._named(known, tree, parts)
        table = ".".join(parts)
        schema = self.statement.columns(table)
        found = Columns(f"SELECT {columns_text(schema)} FROM {self.statement.relation(table)}", dict(schema))
        return self._named(found, tree, [parts[-1], table])

    def _values(self, tree: Any) -> str:
        from sqlglot import exp

        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in tree.expressions]
        typer = self.statement.typer(Scope())
        nodes = [[typer.node(value) for value in row] for row in rows]
        if len({len(row) for row in nodes}) != 1:
            raise Refusal("the rows of VALUES differ in length")
        found = self.statement.rows(nodes, [f"col{at + 1}" for at in range(len(nodes[0]))])
        return self._named(found, tree, [])

    def _named(self, found: Columns, tree: Any, names: list[str]) -> str:
        alias = tree.args.get("alias")
        own = alias.name if alias is not None and alias.name else None
        given = [each.name for each in alias.columns] if alias is not None else []
        if given and len(given) != len(found.schema):
            raise Refusal(f"{own} names {len(given)} columns of {len(found.schema)}")
        called = given or list(found.schema)
        columns = dict(zip(called, found.schema.values(), strict=True))
        prefix = self.statement.unique(own or (names[0] if names else "query"))
        bound = {name: Column(f"{prefix}.{name}", kind) for name, kind in columns.items()}
        lowered = [own.lower()] if own else [name.lower() for name in names]
        self.scope.relations.append(Relation(tuple(lowered), bound))
        listed = ", ".join(
            f"{quoted(inside)} AS {quoted(bound[name].name)}" for inside, name in zip(found.schema, called, strict=True)
        )
        return f"(SELECT {listed or '1'} FROM ({found.sql}))"

    # ---- joins

    def _join(self, tree: Any) -> None:
        side, kind, method = (str(tree.args.get(name) or "").upper() for name in ("side", "kind", "method"))
        if method:
            raise Refusal(f"{method} JOIN", mend="name the columns: USING (a, b)")
        left = Scope(list(self.scope.relations), dict(self.scope.merged), self.scope.outer)
        lateral = type(tree.this).__name__ == "Lateral"
        if lateral:
            raise Refusal("a join with LATERAL", mend="LATERAL VIEW EXPLODE(x) t AS y")
        right = self._relation(tree.this)
        joins = self._joins_of(tree.this)
        if joins:
            raise Refusal("joins inside parentheses", mend="a sub-query")
        added = Scope(self.scope.relations[len(left.relations) :])
        condition = self._condition(tree, left, added, side)
        if kind in ("SEMI", "ANTI"):
            self.text = f"{self.text} {kind} JOIN {right} ON {condition or 'true'}"
            self.scope.relations = left.relations
            return
        if condition is None:
            if side:
                raise Refusal(f"{side} JOIN without ON")
            self.text = f"{self.text} CROSS JOIN {right}"
            return
        self.text = f"{self.text} {side or 'INNER'} JOIN {right} ON {condition}"

    def _condition(self, tree: Any, left: Scope, right: Scope, side: str) -> str | None:
        using = tree.args.get("using")
        if using:
            pairs = [self._pair(each.name, left, right) for each in using]
            for each, (one, other) in zip(using, pairs, strict=True):
                self.scope.merged[each.name.lower()] = {
                    "RIGHT": other,
                    "FULL": call("coalesce", one, other),
                }.get(side, one)
            return " AND ".join(text_of(call("equals", *pair)) for pair in pairs)
        on = tree.args.get("on")
        return text_of(boolean(self.statement.typer(self.scope).node(on))) if on is not None else None

    @staticmethod
    def _pair(name: str, left: Scope, right: Scope) -> tuple[Node, Node]:
        sides = [scope.resolve([name]) for scope in (left, right)]
        if sides[0] is None or sides[1] is None:
            raise Refusal(f"{name} is not a column of both sides", expected="columns of both in USING")
        return sides[0][0], sides[1][0]

    # ---- rows made of lists and maps

    def _view(self, tree: Any) -> None:
        names = [each.name for each in tree.args["alias"].columns]
        self.explode(tree.this, tree.args["alias"].name, names, outer=bool(tree.args.get("outer")))

    def explode(self, tree: Any, alias: str, names: list[str], *, outer: bool) -> list[Column]:
        """Add the columns that a generator makes of each row; returns them."""
        written = str(tree.this).lower()
        name = written.removesuffix("_outer")
        if name not in GENERATORS or len(tree.expressions) != 1:
            raise Refusal(f"{tree.sql('spark')}", expected="EXPLODE, POSEXPLODE or INLINE of one list or map")
        node = self.statement.typer(self.scope).node(tree.expressions[0])
        made = _made(name, node)
        if names and len(names) != len(made):
            raise Refusal(f"{written} gives {len(made)} columns, {len(names)} are named")
        prefix = self.statement.unique(alias or name)
        columns = {
            own: Column(f"{prefix}.{own}", kind)
            for own, (_, _, kind) in zip(names or [each[0] for each in made], made, strict=True)
        }
        listed = ", ".join(
            f"{text} AS {quoted(c.name)}" for (_, text, _), c in zip(made, columns.values(), strict=True)
        )
        join = "LEFT" if outer or written.endswith("_outer") else "INNER"
        self.text = f"{self.text or '(SELECT 1)'} {join} JOIN LATERAL (SELECT {listed}) ON true"
        self.scope.relations.append(Relation((alias.lower(),) if alias else (), columns))
        return list(columns.values())


def _made(name: str, node: Node) -> list[tuple[str, str, t.DataType]]:
    """The columns of a generator: name, DuckDB text, type."""
    text, kind = text_of(node), node.type
    if name == "inline":
        if not (isinstance(kind, ListType) and isinstance(kind.element, StructType)):
            raise Refusal(f"inline is given a {kind}", expected="a list of structs")
        return [
            (field, f"unnest(list_transform({text}, lambda x: x.{quoted(field)}))", inside)
            for field, inside in kind.element.fields
        ]
    position = [("pos", f"CAST(unnest(range(len({text}))) AS INTEGER)", t.INT)] if name == "posexplode" else []
    if isinstance(kind, MapType):
        return [
            *(("pos", f"CAST(unnest(range(cardinality({text}))) AS INTEGER)", t.INT) for _ in position),
            ("key", f"unnest(map_keys({text}))", kind.key),
            ("value", f"unnest(map_values({text}))", kind.value),
        ]
    if isinstance(kind, ListType):
        return [*position, ("col", f"unnest({text})", kind.element)]
    raise Refusal(f"{name} is given a {kind}", expected="a list or a map")
