"""Functions that make a list of lists: sets, putting in, taking out, ranges."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import ListType, StructType
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.functions.containers import storable
from chronon.sql.rules import counted, implied, listed, plain_elements
from chronon.sql.tree import BY_ROW, Call, Column, Constants, Literal, Node, Refusal, Rule, Typed, call, define

I, B = t.INT, t.BOOLEAN  # noqa: E741


def _meet(args: Sequence[Node]) -> list[Node]:
    """Two lists, their elements of one plain type."""
    counted(args, 2)
    left, right = listed(args[0]), listed(args[1])
    meet = coercion.tightest(left.element, right.element)
    if meet is None or coercion.is_decimal(meet):
        raise Refusal(f"a {left} meets a {right}", mend="cast the elements to one type")
    plain_elements(meet)
    return [cast(arg, ListType(meet)) for arg in args]


def _sets(args: Sequence[Node]) -> Typed:
    given = _meet(args)
    return Typed(given, given[0].type)


for _name in ("array_union", "array_intersect", "array_except"):
    define(_name, _sets, BY_ROW, f"{_name}({{0}}, {{1}})")
define("arrays_overlap", lambda args: Typed(_meet(args), B), BY_ROW, "arrays_overlap({0}, {1})", nullable=True)


def _with_one(*, plain: bool = False) -> Rule:
    """A list and a value that may be an element of it."""

    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 2)
        kind = listed(args[0])
        meet = coercion.tightest(kind.element, args[1].type)
        if meet is None or coercion.is_decimal(meet):
            raise Refusal(f"a {args[1].type} joins {kind.element}", mend=f"CAST(... AS {kind.element})")
        if plain:
            plain_elements(meet)
        return Typed([cast(args[0], ListType(meet)), cast(args[1], meet)], ListType(meet))

    return rule


define("array_append", _with_one(), BY_ROW, "None if {0} is None else [*{0}, {1}]", strict=False)
define("array_prepend", _with_one(), BY_ROW, "None if {0} is None else [{1}, *{0}]", strict=False)
define("array_remove", _with_one(plain=True), BY_ROW, "array_remove({0}, {1})")


def _insert(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    given = _with_one()([args[0], args[2]])
    return Typed([given.args[0], implied(args[1], I), given.args[1]], given.type)


define("array_insert", _insert, BY_ROW, "array_insert({0}, {1}, {2})", strict=False)


def _compact(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed(args, listed(args[0]))


define("array_compact", _compact, BY_ROW, "[each for each in {0} if each is not None]")


def _repeat(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([args[0], implied(args[1], I)], ListType(storable(args[0].type)))


define("array_repeat", _repeat, BY_ROW, "None if {1} is None else array_repeat({0}, {1})", strict=False)


def _get(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    listed(args[0])
    return Typed((), t.NULL, call("index", *args))


define("get", _get, "")


def _zip(args: Sequence[Node]) -> Typed:
    counted(args, 1, 10_000)
    names = [_own_name(arg, at) for at, arg in enumerate(args)]
    fields = tuple((name, listed(arg).element) for name, arg in zip(names, args, strict=True))
    return Typed(args, ListType(StructType(fields)))


def _own_name(node: Node, at: int) -> str:
    """A column's or a field's own name; else its place."""
    if isinstance(node, Column):
        return node.name
    if isinstance(node, Call) and node.function.name == "field" and isinstance(node.args[1], Literal):
        return str(node.args[1].value)
    return str(at)


def _zip_python(node: Call, keep: Constants) -> str:
    kind = node.type.element if isinstance(node.type, ListType) else node.type
    names = tuple(name for name, _ in kind.fields) if isinstance(kind, StructType) else ()
    return f"arrays_zip({keep(names)}, {', '.join(f'{{{at}}}' for at in range(len(node.args)))})"


define("arrays_zip", _zip, BY_ROW, _zip_python)


def _sequence(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    if any(arg.type in (t.DATE, t.TIMESTAMP) for arg in args):
        if len(args) > 2 or any(arg.type != t.DATE for arg in args):
            raise Refusal("moments are counted, or with a step", expected="SEQUENCE(first date, last date)")
        return Typed(args, ListType(t.DATE))
    for arg in args:
        if arg.type not in (*t.INTEGERS, t.NULL):
            raise Refusal(f"an argument is a {arg.type}", expected="whole numbers or dates")
    kind = coercion.common([arg.type for arg in args], "the bounds")
    return Typed([cast(arg, kind) for arg in args], ListType(kind))


def _sequence_python(node: Call, _keep: Constants) -> str:
    if node.args[0].type == t.DATE:
        return "day_sequence({0}, {1})"
    return f"sequence({', '.join(f'{{{at}}}' for at in range(len(node.args)))})"


define("sequence", _sequence, BY_ROW, _sequence_python, nullable=True)
