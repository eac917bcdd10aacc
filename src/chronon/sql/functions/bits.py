"""Functions of the bits of whole numbers, and whole numbers as texts in other bases."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.sql.casts import cast
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Typed, define

_WIDTHS = {t.BYTE: 8, t.SHORT: 16, t.INT: 32, t.LONG: 64}


def _shifted(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    kind = t.LONG if args[0].type == t.LONG else t.INT
    return Typed([implied(args[0], kind), implied(args[1], t.INT)], kind)


def _define_shift(name: str, body: str) -> None:
    def python(node: Call, _keep: Constants) -> str:
        bits = _WIDTHS[node.type]
        text = body.replace("MASK", str(2**bits - 1)).replace("BITS", str(bits - 1))
        return f"wrap_{node.type}({text})"

    define(name, _shifted, BY_ROW, python)


_define_shift("shiftleft", "{0} << ({1} & BITS)")
_define_shift("shiftright", "{0} >> ({1} & BITS)")
_define_shift("shiftrightunsigned", "({0} & MASK) >> ({1} & BITS)")


def _whole(node: Node) -> Node:
    if node.type in t.INTEGERS:
        return node
    if node.type in (t.BOOLEAN, t.NULL):
        return cast(node, t.LONG)
    raise Refusal(f"an argument is a {node.type}", expected="a whole number", mend="CAST(x AS LONG)")


def _bit_count(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed([cast(_whole(args[0]), t.LONG)], t.INT)


define("bit_count", _bit_count, BY_ROW, "({0} & 18446744073709551615).bit_count()")


def _bit_get(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    box, place = _whole(args[0]), literal(args, 1, "position")
    if not 0 <= place < _WIDTHS[box.type]:
        raise Refusal(f"bit {place} of a {box.type}", expected=f"0 to {_WIDTHS[box.type] - 1}")
    return Typed([box, Literal(int(place), t.INT)], t.BYTE)


define("bit_get getbit", _bit_get, BY_ROW, "({0} >> {1} & 1)")
define("bin", takes(t.STRING, t.LONG), BY_ROW, "format({0} & 18446744073709551615, 'b')")
define("conv", takes(t.STRING, t.STRING, t.INT, t.INT), BY_ROW, "conv({0}, {1}, {2})", nullable=True)
