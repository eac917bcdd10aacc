"""Operators and forms with a grammar of their own, and the table of every kind of node that an expression may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.sql.calls import SIGNS, applied, function_call, transform
from chronon.sql.literals import literal, negative, typed_cast
from chronon.sql.tree import Literal, Node, Refusal, call

if TYPE_CHECKING:
    from chronon.sql.types import Typer


def _star(_typer: Typer, _tree: Any) -> Node:
    raise Refusal("* stands for several columns", expected="the name of one column")


def _column(typer: Typer, tree: Any) -> Node:
    from sqlglot import exp

    if isinstance(tree.this, exp.Star):
        return _star(typer, tree)
    first, *rest = [part.name for part in tree.parts]
    if first in typer.variables:
        node: Node = typer.variables[first]
    else:
        node = typer.column(first)
    for name in rest:
        node = call("field", node, Literal(name, t.STRING))
    return node


def _dot(typer: Typer, tree: Any) -> Node:
    from sqlglot import exp

    if not isinstance(tree.expression, exp.Identifier):
        raise Refusal(f"{tree.sql('spark')} is not a field")
    return call("field", typer.node(tree.this), Literal(tree.expression.name, t.STRING))


def _identifier(typer: Typer, tree: Any) -> Node:
    return typer.variables[tree.name] if tree.name in typer.variables else typer.column(tree.name)


def _binary(name: str) -> Callable[[Typer, Any], Node]:
    def handle(typer: Typer, tree: Any) -> Node:
        return applied(SIGNS.get(name, name.upper()), name, [typer.node(tree.this), typer.node(tree.expression)])

    return handle


def _shifting(name: str) -> Callable[[Typer, Any], Node]:
    plain = _binary(name)

    def handle(typer: Typer, tree: Any) -> Node:
        from sqlglot import exp

        intervals = _terms(tree.expression)
        if not any(isinstance(side, exp.Interval) for side in (tree.this, *intervals)):
            return plain(typer, tree)
        if isinstance(tree.this, exp.Interval):
            if name != "add":
                raise Refusal("something is subtracted from an interval", expected="x - INTERVAL 1 DAY")
            return _shift(typer.node(tree.expression), tree.this, 1)
        node = typer.node(tree.this)
        for interval in intervals:
            node = _shift(node, interval, 1 if name == "add" else -1)
        return node

    return handle


def _terms(tree: Any) -> list[Any]:
    """The intervals of ``INTERVAL 1 DAY 2 HOURS``, which arrive as a sum."""
    from sqlglot import exp

    return [*_terms(tree.this), *_terms(tree.expression)] if isinstance(tree, exp.Add) else [tree]


def _shift(node: Node, interval: Any, sign: int) -> Node:
    from sqlglot import exp

    if not isinstance(interval, exp.Interval):
        raise Refusal("an interval is added to something else")
    size = interval.this.name if interval.this is not None else ""
    negative = isinstance(interval.this, exp.Neg)
    if not size.lstrip("+-").isdigit() or interval.unit is None:
        raise Refusal(f"the interval {interval.sql('spark')}", expected="a whole number and a unit: INTERVAL 3 DAYS")
    unit = interval.unit.name.lower()
    unit = unit if unit == "s" else unit.removesuffix("s")
    amount = sign * int(size) * (-1 if negative else 1)
    return call("shift", node, Literal(amount, t.LONG), Literal(unit, t.STRING))


def _unary(name: str) -> Callable[[Typer, Any], Node]:
    return lambda typer, tree: call(name, typer.node(tree.this))


def _is(typer: Typer, tree: Any) -> Node:
    from sqlglot import exp

    node, other = typer.node(tree.this), tree.expression
    if isinstance(other, exp.Null):
        return call("isnull", node)
    if isinstance(other, exp.Boolean):
        return call("is_true" if other.this else "is_false", node)
    raise Refusal(f"IS {other.sql('spark')}", expected="IS NULL, IS TRUE or IS FALSE")


def _negated(typer: Typer, tree: Any, node: Node) -> Node:
    del typer
    return call("not", node) if tree.args.get("negate") else node


def _between(typer: Typer, tree: Any) -> Node:
    node, low, high = (typer.node(tree.args[name]) for name in ("this", "low", "high"))
    return _negated(typer, tree, call("and", call("at_least", node, low), call("at_most", node, high)))


def _in(typer: Typer, tree: Any) -> Node:
    if tree.args.get("query") is not None:
        raise Refusal("IN has a sub-query, and an expression sees one row", mend="use a join part or a staging query")
    if not tree.expressions:
        raise Refusal("the list of IN is empty")
    return _negated(typer, tree, call("in", typer.node(tree.this), *map(typer.node, tree.expressions)))


def _like(name: str) -> Callable[[Typer, Any], Node]:
    def handle(typer: Typer, tree: Any) -> Node:
        return _negated(typer, tree, call(name, typer.node(tree.this), typer.node(tree.expression)))

    return handle


def _escape(typer: Typer, tree: Any) -> Node:
    inner = tree.this
    node = call("like", typer.node(inner.this), typer.node(inner.expression), typer.node(tree.expression))
    return _negated(typer, inner, node)


def _case(typer: Typer, tree: Any) -> Node:
    given: list[Node] = []
    value = typer.node(tree.this) if tree.this is not None else None
    for branch in tree.args["ifs"]:
        condition = typer.node(branch.this)
        given += [condition if value is None else call("equals", value, condition), typer.node(branch.args["true"])]
    default = tree.args.get("default")
    return call("case", *given, typer.node(default) if default is not None else Literal(None, t.NULL))


def _bracket(typer: Typer, tree: Any) -> Node:
    if len(tree.expressions) != 1:
        raise Refusal(f"{tree.sql('spark')} has several indexes", expected="a[0] or m['key']")
    return call("index", typer.node(tree.this), typer.node(tree.expressions[0]))


def _trim(typer: Typer, tree: Any) -> Node:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(tree.args.get("position") or "").upper(), "trim")
    chars = tree.expression
    trimmed = [typer.node(tree.this)]
    if chars is None:
        return call(name, *trimmed)
    if not tree.args.get("position"):
        # TRIM(a, b) removes the characters a from b; the grammar has taken them in the order of FROM
        return call(name, *_trim_pair(typer, tree))
    return call(name, typer.node(chars), *trimmed)


def _trim_pair(typer: Typer, tree: Any) -> tuple[Node, Node]:
    return typer.node(tree.expression), typer.node(tree.this)


def _position(typer: Typer, tree: Any) -> Node:
    start = tree.args.get("position")
    given = [typer.node(tree.args["substr"]), typer.node(tree.this)]
    return call("locate", *given, *([typer.node(start)] if start is not None else []))


def _overlay(typer: Typer, tree: Any) -> Node:
    parts = [tree.this, tree.expression, tree.args["from_"], tree.args.get("for_")]
    return call("overlay", *(typer.node(part) for part in parts if part is not None))


def _extract(typer: Typer, tree: Any) -> Node:
    return call("extract", Literal(tree.this.name, t.STRING), typer.node(tree.expression))


def _aggregate(_typer: Typer, tree: Any) -> Node:
    raise Refusal(
        f"{tree.sql('spark')} is computed over several rows, and an expression sees one row",
        mend="use an Aggregation of a group-by",
    )


def _subquery(_typer: Typer, tree: Any) -> Node:
    raise Refusal(
        f"{tree.sql('spark')} is a query, and an expression sees one row", mend="use a join part or a staging query"
    )


NOT_OF_ONE_ROW = {"Placeholder": "a value in its place: templates are filled in before an expression is read"}


@cache
def handlers() -> Mapping[str, Callable[[Typer, Any], Node]]:
    """By the name of sqlglot's class, what makes a typed node of one."""
    return {
        "Column": _column,
        "Identifier": _identifier,
        "Star": _star,
        "Dot": _dot,
        "Literal": literal,
        "RawString": lambda _typer, tree: Literal(tree.this, t.STRING),
        "HexString": lambda _typer, tree: Literal(
            bytes.fromhex(tree.this.zfill(len(tree.this) + len(tree.this) % 2)), t.BINARY
        ),
        "Boolean": lambda _typer, tree: Literal(bool(tree.this), t.BOOLEAN),
        "Null": lambda _typer, _tree: Literal(None, t.NULL),
        "Paren": lambda typer, tree: typer.node(tree.this),
        "Neg": negative,
        "Cast": typed_cast,
        "TryCast": typed_cast,
        "Anonymous": function_call,
        "Add": _shifting("add"),
        "Sub": _shifting("subtract"),
        "Mul": _binary("multiply"),
        "Div": _binary("divide"),
        "Mod": _binary("mod"),
        "IntDiv": _binary("div"),
        "EQ": _binary("equals"),
        "NEQ": _binary("differs"),
        "GT": _binary("greater"),
        "GTE": _binary("at_least"),
        "LT": _binary("less"),
        "LTE": _binary("at_most"),
        "NullSafeEQ": _binary("equal_null"),
        "NullSafeNEQ": lambda typer, tree: call("not", _binary("equal_null")(typer, tree)),
        "And": _binary("and"),
        "Or": _binary("or"),
        "Not": _unary("not"),
        "BitwiseAnd": _binary("bitand"),
        "BitwiseOr": _binary("bitor"),
        "BitwiseXor": _binary("bitxor"),
        "BitwiseNot": _unary("bitnot"),
        "BitwiseLeftShift": _binary("shiftleft"),
        "BitwiseRightShift": _binary("shiftright"),
        "DPipe": _binary("concat"),
        "Concat": lambda typer, tree: call("concat", *map(typer.node, tree.expressions)),
        "Is": _is,
        "Between": _between,
        "In": _in,
        "Like": _like("like"),
        "ILike": _like("ilike"),
        "RegexpLike": _like("rlike"),
        "Escape": _escape,
        "Case": _case,
        "Bracket": _bracket,
        "Trim": _trim,
        "StrPosition": _position,
        "Extract": _extract,
        "Overlay": _overlay,
        "Transform": transform,
        "Window": _aggregate,
        "IgnoreNulls": _aggregate,
        "Filter": _aggregate,
        "Distinct": _aggregate,
        "Select": _subquery,
        "Subquery": _subquery,
        "Union": _subquery,
        "Exists": _subquery,
    }
