"""Functions of real numbers: trigonometry, roots, logarithms, rounding to even; and arithmetic that gives null."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import DataType
from chronon.sql.casts import cast
from chronon.sql.coercion import is_decimal
from chronon.sql.duckdb_types import duckdb_type
from chronon.sql.functions.numbers import rounded
from chronon.sql.functions.operators import DOUBLE_MEND, number, operands
from chronon.sql.rules import counted, implied, takes
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Rule, Typed, call, define

_ONE, _TWO = takes(t.DOUBLE, t.DOUBLE), takes(t.DOUBLE, t.DOUBLE, t.DOUBLE)

_REAL = "acos asin atan cos sin tan cosh sinh tanh acosh asinh atanh cot csc sec cbrt expm1 rint"
for _name in _REAL.split():
    define(_name, _ONE, BY_ROW, f"{_name}({{0}})")
define("log1p", _ONE, BY_ROW, "log1p({0})", nullable=True)
define("atan2", _TWO, BY_ROW, "atan2({0} + 0.0, {1} + 0.0)")
define("hypot", _TWO, BY_ROW, "hypot({0}, {1})")
define("factorial", takes(t.LONG, t.INT), BY_ROW, "factorial({0})", nullable=True)


def _constant(value: float) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 0)
        return Typed((), t.DOUBLE, Literal(value, t.DOUBLE))

    return rule


define("e", _constant(2.718281828459045), "")
define("pi", _constant(3.141592653589793), "")


def _bround_python(node: Call, _keep: Constants) -> str:
    digits = node.args[1]
    shown = digits.value if isinstance(digits, Literal) else 0
    if node.type in t.INTEGERS:
        return f"wrap_{node.type}(round_integer_even({{0}}, {shown}))"
    exact = f"round_float_even({{0}}, {shown})"
    return f"to_float32({exact})" if node.type == t.FLOAT else exact


define("bround", rounded, BY_ROW, _bround_python)
define(
    "width_bucket",
    takes(t.LONG, t.DOUBLE, t.DOUBLE, t.DOUBLE, t.LONG),
    BY_ROW,
    "width_bucket({0}, {1}, {2}, {3})",
    nullable=True,
)


def _checked(sign: str) -> Rule:
    """Integers whose result fits; other numbers as the operator has them."""

    def rule(args: Sequence[Node]) -> Typed:
        left, right, kind = operands(args)
        if is_decimal(kind):
            raise Refusal("the engines check decimals for other limits", mend=DOUBLE_MEND)
        if kind not in t.INTEGERS:
            return Typed((), kind, call({"+": "add", "-": "subtract", "*": "multiply"}[sign], left, right))
        return Typed([cast(left, kind), cast(right, kind)], kind)

    return rule


_BITS: dict[DataType, int] = {t.BYTE: 8, t.SHORT: 16, t.INT: 32, t.LONG: 64}


def _define_checked(name: str, sign: str) -> None:
    define(
        name,
        _checked(sign),
        lambda node: f"TRY_CAST(CAST({{0}} AS HUGEINT) {sign} {{1}} AS {duckdb_type(node.type)})",
        lambda node, _keep: f"within({{0}} {sign} {{1}}, {_BITS[node.type]})",
        nullable=True,
    )


_define_checked("try_add", "+")
_define_checked("try_subtract", "-")
_define_checked("try_multiply", "*")


def _other(name: str) -> Rule:
    """The function that does the same and is never an error here."""
    return lambda args: Typed((), t.NULL, call(name, *args))


define("try_divide", _other("divide"), "")
define("try_mod", _other("mod"), "")


def _null_if_zero(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed((), t.NULL, call("nullif", number(args[0]), Literal(0, t.INT)))


def _zero_if_null(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed((), t.NULL, call("coalesce", implied(args[0], args[0].type), Literal(0, t.INT)))


define("nullifzero", _null_if_zero, "")
define("zeroifnull", _zero_if_null, "")
