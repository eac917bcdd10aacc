"""Argument rules from which the table of functions is made: how many arguments, of which types, giving which type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType
from chronon.sql import coercion
from chronon.sql.casts import cast, castable
from chronon.sql.coercion import is_atomic, is_decimal, is_numeric
from chronon.sql.tree import Lambda, Literal, Node, Refusal, Rule, Typed

MANY = 1_000
"""From here on the number of arguments has no limit."""

Result = DataType | Callable[[Sequence[Node]], DataType]


def counted(args: Sequence[Node], least: int, most: int | None = None) -> None:
    """Refuse a wrong number of arguments."""
    highest = least if most is None else most
    if least <= len(args) <= highest:
        return
    wanted = str(least) if least == highest else f"{least} to {highest}" if highest < MANY else f"at least {least}"
    raise Refusal(f"it is given {len(args)} arguments", expected=f"{wanted} of them")


def implied(node: Node, target: DataType) -> Node:
    """The argument converted to what a function takes, as Spark does it without being asked."""
    source = node.type
    if source in (target, t.NULL):
        return cast(node, target)
    numeric = is_numeric(source) and is_numeric(target)
    texts = (source == t.STRING and is_atomic(target) and target not in (t.BOOLEAN, t.BINARY)) or (
        target == t.STRING and is_atomic(source) and source != t.BINARY
    )
    times = {source, target} == {t.DATE, t.TIMESTAMP}
    if (numeric or texts or times) and castable(source, target):
        return cast(node, target)
    raise Refusal(f"an argument is a {source}", expected=f"a {target}", mend=f"CAST(... AS {target})")


def takes(result: Result, *kinds: DataType, optional: int = 0) -> Rule:
    """Arguments of these types, the last ``optional`` of which may be left out."""

    def rule(args: Sequence[Node]) -> Typed:
        counted(args, len(kinds) - optional, len(kinds))
        given = [implied(arg, kind) for arg, kind in zip(args, kinds, strict=False)]
        return Typed(given, result if isinstance(result, DataType) else result(given))

    return rule


def same(result: DataType | None = None, *, least: int = 1, what: str = "its arguments", text: bool = True) -> Rule:
    """Any number of arguments that meet in one type, which is the result's unless another is named."""

    def rule(args: Sequence[Node]) -> Typed:
        counted(args, least, 10_000)
        meet = coercion.common([arg.type for arg in args], what, text=text)
        return Typed([cast(arg, meet) for arg in args], result or meet)

    return rule


def literal(args: Sequence[Node], place: int, what: str) -> Any:
    """The value of an argument that must be a constant; None where it is not given."""
    if place >= len(args):
        return None
    arg = args[place]
    if not isinstance(arg, Literal) or arg.value is None:
        raise Refusal(f"the {what} must be a constant", expected="a literal in the expression")
    return arg.value


def listed(node: Node) -> ListType:
    """The list type of an argument."""
    if not isinstance(node.type, ListType):
        raise Refusal(f"an argument is a {node.type}", expected="a list")
    return node.type


def mapped(node: Node) -> MapType:
    """The map type of an argument."""
    if not isinstance(node.type, MapType):
        raise Refusal(f"an argument is a {node.type}", expected="a map")
    return node.type


def plain_elements(kind: DataType, *, floats: bool = True) -> None:
    """Refuse elements whose equality or order the engines do not share."""
    if not is_atomic(kind) or is_decimal(kind):
        raise Refusal(f"elements are {kind}", expected="plain values: the engines compare nested ones differently")
    if not floats and kind in t.FLOATS:
        raise Refusal(
            f"elements are {kind}, and the engines treat NaN and -0.0 in lists differently",
            expected="elements other than floats",
        )


def function_of(node: Node) -> Lambda:
    """The lambda of an argument."""
    if not isinstance(node, Lambda):
        raise Refusal("the last argument is not a function", expected="a lambda such as x -> x + 1")
    return node
