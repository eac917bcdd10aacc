"""Texts that are made for reading: formats, cases, masks; and texts by parts."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.sql.coercion import is_atomic, is_decimal
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.runtime import writing
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Typed, call, define

S, I = t.STRING, t.INT  # noqa: E741

define("initcap", takes(S, S), BY_ROW, "initcap({0})")
define("soundex", takes(S, S), BY_ROW, "soundex({0})")
define("quote", takes(S, S), BY_ROW, "quote({0})")
define("luhn_check", takes(t.BOOLEAN, S), BY_ROW, "luhn_check({0})")
define("find_in_set", takes(I, S, S), BY_ROW, "find_in_set({0}, {1})")
define("split_part", takes(S, S, S, I), BY_ROW, "split_part({0}, {1}, {2})", nullable=True)


def _overlay(args: Sequence[Node]) -> Typed:
    counted(args, 3, 4)
    length = args[3] if len(args) > 3 else Literal(-1, I)
    return Typed([implied(args[0], S), implied(args[1], S), implied(args[2], I), implied(length, I)], S)


define("overlay", _overlay, BY_ROW, "overlay({0}, {1}, {2}, {3})")


def _elt(args: Sequence[Node]) -> Typed:
    counted(args, 2, 10_000)
    place = implied(args[0], I)
    given: list[Node] = []
    for number, arg in enumerate(args[1:], 1):
        given += [call("equals", place, Literal(number, I)), implied(arg, S)]
    return Typed((), S, call("case", *given, Literal(None, S)))


define("elt", _elt, "")


def _mask(args: Sequence[Node]) -> Typed:
    counted(args, 1, 5)
    signs = ["X", "x", "n", None]
    for place in range(1, len(args)):
        given = args[place]
        if given.type != t.NULL and len(str(literal(args, place, "replacement"))) != 1:
            raise Refusal("a replacement is not one character", expected="one character, or NULL to keep them")
        signs[place - 1] = given.value if isinstance(given, Literal) else None
    return Typed([implied(args[0], S), *(Literal(sign, S) for sign in signs)], S)


define("mask", _mask, BY_ROW, "None if {0} is None else mask({0}, {1}, {2}, {3}, {4})", strict=False)


def _format_number(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    if is_decimal(args[0].type):
        raise Refusal("a decimal is formatted", mend="CAST(x AS DOUBLE)")
    if args[1].type == S:
        raise Refusal("the format is a text", expected="a number of digits")
    kind = t.LONG if args[0].type in t.INTEGERS else t.DOUBLE
    return Typed([implied(args[0], kind), implied(args[1], I)], S)


define("format_number", _format_number, BY_ROW, "format_number({0}, {1})", nullable=True)


def _format_string(args: Sequence[Node]) -> Typed:
    pattern = str(literal(args, 0, "format"))
    for (conversion, _), arg in zip(_fields(pattern, args), _asked(pattern, args), strict=True):
        wanted = writing.TAKES[conversion.lower()]
        if not is_atomic(arg.type) or is_decimal(arg.type) or arg.type in (t.BINARY, t.DATE, t.TIMESTAMP):
            raise Refusal(f"a {arg.type} is formatted", mend="CAST(... AS STRING)")
        if wanted is not None and arg.type not in (*wanted, t.NULL):
            raise Refusal(f"%{conversion} of a {arg.type}", expected=" or ".join(sorted(map(str, wanted))))
    return Typed(args, S)


def _fields(pattern: str, args: Sequence[Node]) -> list[tuple[str, int]]:
    return [(piece.conversion, piece.place) for piece in writing.pieces(pattern, len(args) - 1) if piece.conversion]


def _asked(pattern: str, args: Sequence[Node]) -> list[Node]:
    return [args[1 + place] for _, place in _fields(pattern, args)]


def _format_python(node: Call, keep: Constants) -> str:
    pattern = node.args[0]
    shown = str(pattern.value) if isinstance(pattern, Literal) else ""
    kinds = [arg.type for arg in node.args[1:]]
    made = keep(writing.formatter(shown, kinds))
    return f"{made}({', '.join(f'{{{at}}}' for at in range(1, len(node.args)))})"


define("format_string printf", _format_string, BY_ROW, _format_python, strict=False, never_null=True)
