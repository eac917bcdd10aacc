"""From sqlglot's tree and a schema to the typed tree: names resolved, conversions made explicit, types inferred.

This is done once per expression and schema. Every way to evaluate an expression starts from its result.
"""

from __future__ import annotations

import datetime as dt
import decimal
import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, Schema, StructType
from chronon.sql import functions
from chronon.sql.casts import cast
from chronon.sql.coercion import Decimal
from chronon.sql.functions import refused
from chronon.sql.runtime import moments
from chronon.sql.tree import FUNCTIONS, Column, Lambda, Literal, Node, Refusal, Variable, call

_TYPE_NAMES = {
    "boolean": t.BOOLEAN, "tinyint": t.BYTE, "byte": t.BYTE, "smallint": t.SHORT, "short": t.SHORT, "int": t.INT,
    "integer": t.INT, "bigint": t.LONG, "long": t.LONG, "float": t.FLOAT, "real": t.FLOAT, "double": t.DOUBLE,
    "string": t.STRING, "binary": t.BINARY, "date": t.DATE, "timestamp": t.TIMESTAMP,
}  # fmt: skip
_CALLS = frozenset(_TYPE_NAMES) - {"byte", "short", "integer", "long", "real"}
_ = functions


class Typer:
    """Types one tree against one schema.

    Parameters
    ----------
    schema:
        The columns that may be named.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.lower = {name.lower(): name for name in reversed(list(schema))}
        self.variables: dict[str, Variable] = {}

    def node(self, tree: Any) -> Node:
        """The typed node of a sqlglot node."""
        handler = _handlers().get(type(tree).__name__)
        if handler is None:
            raise Refusal(
                f"{tree.sql('spark')} ({type(tree).__name__}) is not part of the expressions of one row",
                expected=_WHY.get(type(tree).__name__),
            )
        return handler(self, tree)

    def column(self, name: str) -> Node:
        """A column by its name; without regard to case if it is not there as written."""
        own = name if name in self.schema else self.lower.get(name.lower())
        if own is not None:
            return Column(own, self.schema[own])
        found = refused.reason(name.lower())
        if found is not None and name.lower() in refused.CLOCK:
            raise Refusal(f"{name} is refused: {found[0]}", mend=found[1])
        near = difflib.get_close_matches(name, list(self.schema), n=1, cutoff=0.6)
        known = ", ".join(list(self.schema)[:20]) or "none"
        raise Refusal(
            f"there is no column {name!r}",
            expected=f"one of the columns {known}",
            mend=f"did you mean {near[0]!r}?" if near else None,
        )


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


def number(text: str) -> Literal:
    """A number as written: int, long or decimal by its size, double with an exponent.

    >>> number("5").type, number("5000000000").type, number("1e3").type
    (int, long, double)
    """
    if "e" in text.lower():
        return Literal(float(text), t.DOUBLE)
    if "." not in text:
        value = int(text)
        if -(2**31) <= value < 2**31:
            return Literal(value, t.INT)
        if -(2**63) <= value < 2**63:
            return Literal(value, t.LONG)
    exact = decimal.Decimal(text)
    _, digits, exponent = exact.as_tuple()
    scale = -int(exponent)
    return Literal(exact, Decimal(max(len(digits), scale), scale))


def _literal(_typer: Typer, tree: Any) -> Node:
    return Literal(tree.this, t.STRING) if tree.is_string else number(tree.this)


def _negative(typer: Typer, tree: Any) -> Node:
    from sqlglot import exp

    inner = tree.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return number(f"-{inner.this}")
    if isinstance(inner, exp.TryCast) and isinstance(inner.this, exp.Literal) and not inner.this.is_string:
        return _suffixed(typer, f"-{inner.this.this}", _type_of(inner.args["to"]))
    return call("negative", typer.node(inner))


def _suffixed(_typer: Typer, text: str, target: DataType) -> Node:
    if target in t.INTEGERS and "." not in text and "e" not in text.lower():
        return Literal(int(text), target)
    return Literal(float(text), t.DOUBLE) if target == t.DOUBLE else cast(number(text), target)


def _cast(typer: Typer, tree: Any) -> Node:
    from sqlglot import exp

    inner, target = tree.this, _type_of(tree.args["to"])
    if isinstance(inner, exp.Literal):
        # also 1L and 1.5D, which arrive as casts of the number
        if not inner.is_string:
            return _suffixed(typer, inner.this, target)
        if type(tree) is exp.Cast and target in (t.DATE, t.TIMESTAMP):
            return _moment(inner.this, target)
        if isinstance(target, Decimal):
            return number(inner.this if "." in inner.this else f"{inner.this}.")
    return cast(typer.node(inner), target)


def _moment(text: str, target: DataType) -> Literal:
    value: dt.date | None = moments.text_to_date(text) if target == t.DATE else moments.text_to_timestamp(text)
    if value is None:
        raise Refusal(f"{text!r} is no {target}", expected="like 2024-01-31" if target == t.DATE else None)
    return Literal(value, target)


def _type_of(tree: Any) -> DataType:
    from sqlglot import exp

    plain = {
        exp.DType.BOOLEAN: t.BOOLEAN, exp.DType.TINYINT: t.BYTE, exp.DType.SMALLINT: t.SHORT, exp.DType.INT: t.INT,
        exp.DType.BIGINT: t.LONG, exp.DType.FLOAT: t.FLOAT, exp.DType.DOUBLE: t.DOUBLE, exp.DType.TEXT: t.STRING,
        exp.DType.VARCHAR: t.STRING, exp.DType.BINARY: t.BINARY, exp.DType.DATE: t.DATE,
        exp.DType.TIMESTAMP: t.TIMESTAMP, exp.DType.TIMESTAMPTZ: t.TIMESTAMP, exp.DType.TIMESTAMPLTZ: t.TIMESTAMP,
    }  # fmt: skip
    kind, inside = tree.this, tree.expressions
    if kind == exp.DType.DECIMAL:
        sizes = [int(size.name) for size in inside]
        return Decimal(sizes[0] if sizes else 10, sizes[1] if len(sizes) > 1 else 0)
    if kind in plain and not (kind == exp.DType.VARCHAR and inside):
        return plain[kind]
    if kind == exp.DType.ARRAY and inside:
        return ListType(_type_of(inside[0]))
    if kind == exp.DType.MAP and len(inside) == 2:  # noqa: PLR2004
        return MapType(_type_of(inside[0]), _type_of(inside[1]))
    if kind == exp.DType.STRUCT:
        return StructType(tuple((field.name, _type_of(field.args["kind"])) for field in inside))
    raise Refusal(f"the type {tree.sql('spark')} has no meaning that all engines share")


def _anonymous(typer: Typer, tree: Any) -> Node:
    name = str(tree.this).lower()
    if name in _CALLS and len(tree.expressions) == 1:
        return cast(typer.node(tree.expressions[0]), _TYPE_NAMES[name])
    why = refused.reason(name)
    if why is not None:
        raise Refusal(f"the function {name} is refused: {why[0]}", mend=why[1])
    function = FUNCTIONS.get("named_struct" if name == "struct" else name)
    if function is None or name in _INTERNAL:
        near = difflib.get_close_matches(name, [known for known in FUNCTIONS if known not in _INTERNAL], n=1)
        raise Refusal(
            f"the function {name} is not known here",
            expected="one of the functions with one meaning in all engines",
            mend=f"did you mean {near[0]}?" if near else "compute it in the source or in a staging query",
        )
    if name == "struct":
        nodes = [each for at, arg in enumerate(tree.expressions) for each in _named(typer, arg, at)]
    else:
        nodes = _arguments(typer, name, tree.expressions)
    return _applied(name, function.name, nodes)


def _applied(written: str, name: str, nodes: Sequence[Node]) -> Node:
    """A call whose refusal names the function as it was written."""
    try:
        return call(name, *nodes)
    except Refusal as refusal:
        raise Refusal(f"{written}: {refusal.reason}", expected=refusal.expected, mend=refusal.mend) from None


def _arguments(typer: Typer, name: str, trees: list[Any]) -> list[Node]:
    from sqlglot import exp

    if name in ("date_add", "date_sub", "dateadd") and len(trees) > 1 and isinstance(trees[1], exp.Interval):
        raise Refusal("an interval is added", mend="write x + INTERVAL 1 DAY, or DATE_ADD(x, 1)")
    if name in ("dateadd", "datediff", "date_diff", "timestampadd", "timestampdiff") and len(trees) > 2:  # noqa: PLR2004
        raise Refusal("a unit is given", expected="two arguments, counted in days")
    nodes: list[Node] = []
    for tree in trees:
        lambdas = isinstance(tree, exp.Lambda)
        nodes.append(_lambda(typer, tree, nodes[0]) if lambdas and nodes else typer.node(tree))
    return nodes


def _lambda(typer: Typer, tree: Any, over: Node) -> Lambda:
    if not isinstance(over.type, ListType):
        raise Refusal(f"a function is applied to a {over.type}", expected="a list")
    names = [each.name for each in tree.expressions]
    if len(names) != 1:
        raise Refusal("the function has several arguments", expected="x -> ...")
    name = str(names[0])
    if not (name.isidentifier() and name.isascii()):
        raise Refusal(f"{name!r} names an argument", expected="letters, digits and _")
    variable = Variable(name, over.type.element)
    outer = dict(typer.variables)
    typer.variables[name] = variable
    try:
        body = typer.node(tree.this)
    finally:
        typer.variables = outer
    return Lambda(variable, body, body.type)


def _transform(typer: Typer, tree: Any) -> Node:
    return _applied("transform", "transform", _arguments(typer, "transform", [tree.this, tree.expression]))


def _named(typer: Typer, tree: Any, at: int) -> list[Node]:
    from sqlglot import exp

    inner = tree.this if isinstance(tree, exp.Alias) else tree
    name = tree.alias if isinstance(tree, exp.Alias) else tree.name if isinstance(tree, exp.Column) else f"col{at + 1}"
    return [Literal(name, t.STRING), typer.node(inner)]


def _binary(name: str) -> Callable[[Typer, Any], Node]:
    def handle(typer: Typer, tree: Any) -> Node:
        return _applied(_SIGNS.get(name, name.upper()), name, [typer.node(tree.this), typer.node(tree.expression)])

    return handle


_SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "mod": "%", "equals": "=", "differs": "<>",
    "greater": ">", "at_least": ">=", "less": "<", "at_most": "<=", "equal_null": "<=>",
}  # fmt: skip
_INTERNAL = frozenset(_SIGNS) - {"mod"} | {
    "negative", "bitand", "bitor", "bitxor", "bitnot", "case", "in", "and", "or", "is_true", "is_false", "index",
    "map_value", "field", "concat_lists", "reverse_text", "read_timestamp", "shift", "shift_micros", "shift_months",
    "read_json", "json_at", "extract", "whole_seconds",
}  # fmt: skip


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


_WHY = {"Placeholder": "a value in its place: templates are filled in before an expression is read"}


@cache
def _handlers() -> Mapping[str, Callable[[Typer, Any], Node]]:
    return {
        "Column": _column,
        "Identifier": _identifier,
        "Star": _star,
        "Dot": _dot,
        "Literal": _literal,
        "RawString": lambda _typer, tree: Literal(tree.this, t.STRING),
        "HexString": lambda _typer, tree: Literal(
            bytes.fromhex(tree.this.zfill(len(tree.this) + len(tree.this) % 2)), t.BINARY
        ),
        "Boolean": lambda _typer, tree: Literal(bool(tree.this), t.BOOLEAN),
        "Null": lambda _typer, _tree: Literal(None, t.NULL),
        "Paren": lambda typer, tree: typer.node(tree.this),
        "Neg": _negative,
        "Cast": _cast,
        "TryCast": _cast,
        "Anonymous": _anonymous,
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
        "Transform": _transform,
        "Window": _aggregate,
        "IgnoreNulls": _aggregate,
        "Filter": _aggregate,
        "Distinct": _aggregate,
        "Select": _subquery,
        "Subquery": _subquery,
        "Union": _subquery,
        "Exists": _subquery,
    }
