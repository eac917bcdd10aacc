"""Calls of functions by their name, and the lambdas among their arguments."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.sql import user
from chronon.sql.casts import cast
from chronon.sql.functions import lambdas, refused
from chronon.sql.tree import FUNCTIONS, Function, Lambda, Literal, Node, Refusal, Variable, apply

if TYPE_CHECKING:
    from chronon.sql.types import Typer

_TYPE_NAMES = {
    "boolean": t.BOOLEAN, "tinyint": t.BYTE, "byte": t.BYTE, "smallint": t.SHORT, "short": t.SHORT, "int": t.INT,
    "integer": t.INT, "bigint": t.LONG, "long": t.LONG, "float": t.FLOAT, "real": t.FLOAT, "double": t.DOUBLE,
    "string": t.STRING, "binary": t.BINARY, "date": t.DATE, "timestamp": t.TIMESTAMP,
}  # fmt: skip
_CALLS = frozenset(_TYPE_NAMES) - {"byte", "short", "integer", "long", "real"}
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "mod": "%", "equals": "=", "differs": "<>",
    "greater": ">", "at_least": ">=", "less": "<", "at_most": "<=", "equal_null": "<=>",
}  # fmt: skip
INTERNAL = frozenset(SIGNS) - {"mod"} | {
    "negative", "bitand", "bitor", "bitxor", "bitnot", "case", "in", "and", "or", "is_true", "is_false", "index",
    "map_value", "field", "concat_lists", "reverse_text", "read_timestamp", "shift", "shift_micros", "shift_months",
    "read_json", "json_at", "extract", "whole_seconds",
}  # fmt: skip


def public_names() -> list[str]:
    """The functions that an expression may name."""
    return [name for name in FUNCTIONS if name not in INTERNAL and not name.startswith("_")]


def function_call(typer: Typer, tree: Any) -> Node:
    """A function of the table, by the name that was written."""
    name = str(tree.this).lower()
    if name in _CALLS and len(tree.expressions) == 1:
        return cast(typer.node(tree.expressions[0]), _TYPE_NAMES[name])
    why = refused.reason(name)
    if why is not None:
        raise Refusal(f"the function {name} is refused: {why[0]}", mend=why[1])
    own = user.known(name)
    if own is not None:
        return _applied(name, own, _arguments(typer, name, tree.expressions))
    known = _WITH_UNIT.get(name, name) if len(tree.expressions) > 2 else name
    function = FUNCTIONS.get("named_struct" if name == "struct" else known)
    if function is None or name in INTERNAL or name.startswith("_"):
        near = difflib.get_close_matches(name, [*public_names(), *user.names()], n=1)
        raise Refusal(
            f"the function {name} is not known here",
            expected="one of the functions with one meaning in all engines",
            mend=f"did you mean {near[0]}?" if near else "compute it in the source or in a staging query",
        )
    if name == "struct":
        nodes = [each for at, arg in enumerate(tree.expressions) for each in _named(typer, arg, at)]
    else:
        nodes = _arguments(typer, name, tree.expressions)
    return _applied(name, function, nodes)


def applied(written: str, name: str, nodes: Sequence[Node]) -> Node:
    """A call whose refusal names the function as it was written."""
    return _applied(written, FUNCTIONS[name], nodes)


def _applied(written: str, function: Function, nodes: Sequence[Node]) -> Node:
    try:
        return apply(function, nodes)
    except Refusal as refusal:
        raise Refusal(f"{written}: {refusal.reason}", expected=refusal.expected, mend=refusal.mend) from None


_WITH_UNIT = {
    "dateadd": "timestampadd", "date_add": "timestampadd", "timestampadd": "timestampadd",
    "datediff": "timestampdiff", "date_diff": "timestampdiff", "timestampdiff": "timestampdiff",
}  # fmt: skip
"""Functions whose first of three arguments is the word for a unit, and what they are then."""


def _arguments(typer: Typer, name: str, trees: list[Any]) -> list[Node]:
    from sqlglot import exp

    if name in ("date_add", "date_sub", "dateadd") and len(trees) > 1 and isinstance(trees[1], exp.Interval):
        raise Refusal("an interval is added", mend="write x + INTERVAL 1 DAY, or DATE_ADD(x, 1)")
    if name in _WITH_UNIT and len(trees) > 2:
        return [Literal(trees[0].name.lower(), t.STRING), *map(typer.node, trees[1:])]
    nodes: list[Node] = []
    for tree in trees:
        nodes.append(_lambda(typer, name, tree, nodes) if isinstance(tree, exp.Lambda) else typer.node(tree))
    return nodes


def _lambda(typer: Typer, function: str, tree: Any, before: Sequence[Node]) -> Lambda:
    if function not in lambdas.GIVEN or not before:
        raise Refusal(f"{function} takes no function", expected=f"a lambda in one of {', '.join(lambdas.GIVEN)}")
    names = [str(each.name) for each in tree.expressions]
    given = lambdas.GIVEN[function](before, len(names))
    if len(names) != len(given):
        raise Refusal(f"the lambda of {function} has {len(names)} arguments", expected=f"{len(given)}")
    for name in names:
        if not (name.isidentifier() and name.isascii()):
            raise Refusal(f"{name!r} names an argument", expected="letters, digits and _")
    variables = tuple(map(Variable, names, given))
    outer = dict(typer.variables)
    typer.variables.update(zip(names, variables, strict=True))
    try:
        body = typer.node(tree.this)
    finally:
        typer.variables = outer
    return Lambda(variables, body, body.type)


def transform(typer: Typer, tree: Any) -> Node:
    """``TRANSFORM``, which has a grammar of its own."""
    return applied("transform", "transform", _arguments(typer, "transform", [tree.this, tree.expression]))


def _named(typer: Typer, tree: Any, at: int) -> list[Node]:
    from sqlglot import exp

    inner = tree.this if isinstance(tree, exp.Alias) else tree
    name = tree.alias if isinstance(tree, exp.Alias) else tree.name if isinstance(tree, exp.Column) else f"col{at + 1}"
    return [Literal(name, t.STRING), typer.node(inner)]
