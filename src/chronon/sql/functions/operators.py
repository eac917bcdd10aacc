"""Operators: arithmetic, comparison, logic."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import DataType
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.coercion import Decimal, decimal_of, is_atomic, is_decimal, is_numeric
from chronon.sql.duckdb_types import duckdb_type
from chronon.sql.rules import counted, same
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Rule, Typed, define

_LIMITS = {
    t.BYTE: (-128, 127),
    t.SHORT: (-32768, 32767),
    t.INT: (-2147483648, 2147483647),
    t.LONG: (-9223372036854775808, 9223372036854775807),
}
DOUBLE_MEND = "use double: CAST(x AS DOUBLE), or write a constant as 0.1D instead of 0.1"


def number(node: Node) -> Node:
    """An operand of arithmetic: texts become doubles."""
    if node.type == t.STRING:
        return cast(node, t.DOUBLE)
    if is_numeric(node.type) or node.type == t.NULL:
        return node
    raise Refusal(f"an operand is a {node.type}", expected="numbers")


def operands(args: Sequence[Node]) -> tuple[Node, Node, DataType]:
    """Both operands, and the type in which they meet."""
    counted(args, 2)
    left, right = (number(arg) for arg in args)
    meet = coercion.common([left.type, right.type], "the operands")
    return left, right, t.DOUBLE if meet == t.NULL else meet


def wrapping(kind: DataType, duckdb: str, python: str) -> tuple[str, str]:
    """Both forms of an integer operation that wraps: one template each, over wide operands."""
    low, high = _LIMITS[kind]
    return (
        f"chronon_{kind}({duckdb})",
        f"(_ if {low} <= (_ := {python}) <= {high} else wrap_{kind}(_))",
    )


def wide(kind: DataType) -> str:
    """The DuckDB type in which sums and products of two integers fit."""
    return "HUGEINT" if kind == t.LONG else "BIGINT"


def _arithmetic(sign: str) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        left, right, kind = operands(args)
        if is_decimal(kind):
            a, b = decimal_of(left.type), decimal_of(right.type)
            if sign == "*":
                result = Decimal(a.precision + b.precision, a.scale + b.scale)
            else:
                scale = max(a.scale, b.scale)
                result = Decimal(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
            if sign != "*":
                a = b = result
            return Typed([cast(left, a), cast(right, b)], result)
        return Typed([cast(left, kind), cast(right, kind)], kind)

    return rule


def _define_arithmetic(name: str, sign: str) -> None:
    context = {"+": "add", "-": "subtract", "*": "multiply"}[sign]

    def duckdb(call: Call) -> str:
        kind = call.type
        if kind in t.INTEGERS:
            return f"chronon_{kind}(CAST({{0}} AS {wide(kind)}) {sign} {{1}})"
        if isinstance(kind, Decimal):
            return f"CAST(({{0}} {sign} {{1}}) AS DECIMAL({kind.precision}, {kind.scale}))"
        return f"({{0}} {sign} {{1}})"

    def python(call: Call, _keep: Constants) -> str:
        kind = call.type
        if kind in t.INTEGERS:
            return wrapping(kind, "", f"{{0}} {sign} {{1}}")[1]
        if is_decimal(kind):
            return f"exact.{context}({{0}}, {{1}})"
        return f"to_float32({{0}} {sign} {{1}})" if kind == t.FLOAT else f"({{0}} {sign} {{1}})"

    define(name, _arithmetic(sign), duckdb, python)


_define_arithmetic("add", "+")
_define_arithmetic("subtract", "-")
_define_arithmetic("multiply", "*")


def _doubles(args: Sequence[Node]) -> Typed:
    left, right, kind = operands(args)
    if is_decimal(kind):
        raise Refusal("the engines divide decimals to different numbers of digits", mend=DOUBLE_MEND)
    return Typed([cast(left, t.DOUBLE), cast(right, t.DOUBLE)], t.DOUBLE)


def _divides(call: Call, _keep: Constants) -> str:
    by = call.args[1]
    if isinstance(by, Literal) and by.value:
        return "({0} / {1})"
    return "({0} / {1} if {1} else None)"


define("divide", _doubles, "({0} / nullif({1}, 0))", _divides, nullable=True)


def _remainder(args: Sequence[Node]) -> Typed:
    left, right, kind = operands(args)
    if is_decimal(kind):
        raise Refusal("the engines take remainders of decimals to different numbers of digits", mend=DOUBLE_MEND)
    return Typed([cast(left, kind), cast(right, kind)], kind)


def _rem(call: Call, _keep: Constants) -> str:
    return "float_rem({0}, {1})" if call.type in t.FLOATS else "rem({0}, {1})"


define("mod", _remainder, "({0} % nullif({1}, 0))", _rem, nullable=True)


def _pmod_duckdb(call: Call) -> str:
    if call.type == t.DOUBLE:
        return "chronon_pmod({0}, {1})"
    if call.type == t.FLOAT:
        raise Refusal("PMOD of 32-bit floats is not supported", mend="CAST one side AS DOUBLE")
    if call.type in (t.INT, t.LONG):
        return f"chronon_pmod_{call.type}(CAST({{0}} AS HUGEINT), CAST({{1}} AS HUGEINT))"
    return f"CAST(chronon_pmod(CAST({{0}} AS BIGINT), {{1}}) AS {duckdb_type(call.type)})"


def _pmod(call: Call, _keep: Constants) -> str:
    if call.type == t.DOUBLE:
        return "float_pmod({0}, {1})"
    return f"pmod_{call.type}({{0}}, {{1}})" if call.type in (t.INT, t.LONG) else "pmod({0}, {1})"


define("pmod", _remainder, _pmod_duckdb, _pmod, nullable=True)


def _whole(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    for arg in args:
        if arg.type not in (*t.INTEGERS, t.NULL):
            raise Refusal(f"an operand is a {arg.type}", expected="whole numbers", mend="CAST(x AS LONG)")
    return Typed([cast(arg, t.LONG) for arg in args], t.LONG)


define("div", _whole, "chronon_div({0}, {1})", "div({0}, {1})", nullable=True)


def _one_number(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    one = number(args[0])
    if one.type == t.NULL:
        one = cast(one, t.DOUBLE)
    if one.type == t.DECIMAL:
        decimal_of(one.type)
    return Typed([one], one.type)


def _negative_duckdb(call: Call) -> str:
    kind = call.type
    return f"chronon_{kind}(-CAST({{0}} AS {wide(kind)}))" if kind in t.INTEGERS else "(-{0})"


def _negative(call: Call, _keep: Constants) -> str:
    return (
        wrapping(call.type, "", "-{0}")[1]
        if call.type in t.INTEGERS
        else ("{0}.copy_negate()" if is_decimal(call.type) else "(-{0})")
    )


define("negative", _one_number, _negative_duckdb, _negative)


def _abs_duckdb(call: Call) -> str:
    kind = call.type
    return f"chronon_{kind}(abs(CAST({{0}} AS {wide(kind)})))" if kind in t.INTEGERS else "abs({0})"


def _abs(call: Call, _keep: Constants) -> str:
    return (
        wrapping(call.type, "", "abs({0})")[1]
        if call.type in t.INTEGERS
        else ("{0}.copy_abs()" if is_decimal(call.type) else "abs({0})")
    )


define("abs", _one_number, _abs_duckdb, _abs)


def comparable(args: Sequence[Node]) -> list[Node]:
    """Both sides in the type in which Spark compares them."""
    counted(args, 2)
    kind = coercion.compared(args[0].type, args[1].type)
    if kind == t.NULL:
        kind = t.BOOLEAN
    if not is_atomic(kind):
        raise Refusal(f"a {kind} cannot be compared the same way everywhere", mend="compare its parts")
    if kind == t.DECIMAL:
        decimal_of(kind)
    return [cast(arg, kind) for arg in args]


def _equality(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    left, right = args
    if left.type == t.BOOLEAN and right.type in t.NUMBERS:
        left = cast(left, right.type)
    elif right.type == t.BOOLEAN and left.type in t.NUMBERS:
        right = cast(right, left.type)
    return Typed(comparable([left, right]), t.BOOLEAN)


def _order(args: Sequence[Node]) -> Typed:
    return Typed(comparable(args), t.BOOLEAN)


def _equals(call: Call, _keep: Constants) -> str:
    left, right = call.args
    if left.type not in t.FLOATS or isinstance(left, Literal) or isinstance(right, Literal):
        return "({0} == {1})" if not _nan_literal(call) else "({0} != {0} and {1} != {1})"
    return "({0} == {1} or ({0} != {0} and {1} != {1}))"


def _differs(call: Call, keep: Constants) -> str:
    return f"(not {_equals(call, keep)})"


def _nan_literal(call: Call) -> bool:
    return any(isinstance(arg, Literal) and arg.value != arg.value for arg in call.args)


def _above(call: Call, _keep: Constants) -> str:
    return "({0} > {1} or ({0} != {0} and {1} == {1}))" if call.args[0].type in t.FLOATS else "({0} > {1})"


def _at_least(call: Call, _keep: Constants) -> str:
    return "({0} >= {1} or {0} != {0})" if call.args[0].type in t.FLOATS else "({0} >= {1})"


def _below(call: Call, _keep: Constants) -> str:
    return "({0} < {1} or ({1} != {1} and {0} == {0}))" if call.args[0].type in t.FLOATS else "({0} < {1})"


def _at_most(call: Call, _keep: Constants) -> str:
    return "({0} <= {1} or {1} != {1})" if call.args[0].type in t.FLOATS else "({0} <= {1})"


define("equals", _equality, "({0} = {1})", _equals)
define("differs", _equality, "({0} <> {1})", _differs)
define("greater", _order, "({0} > {1})", _above)
define("at_least", _order, "({0} >= {1})", _at_least)
define("less", _order, "({0} < {1})", _below)
define("at_most", _order, "({0} <= {1})", _at_most)


def _equal_null(call: Call, keep: Constants) -> str:
    equal = _equals(call, keep)
    return f"(({{0}} is None and {{1}} is None) or ({{0}} is not None and {{1}} is not None and {equal}))"


define("equal_null", _equality, "({0} IS NOT DISTINCT FROM {1})", _equal_null, strict=False, never_null=True)


def boolean(node: Node) -> Node:
    """A condition; Spark takes nothing but booleans either."""
    if node.type in (t.BOOLEAN, t.NULL):
        return cast(node, t.BOOLEAN)
    raise Refusal(f"a condition is a {node.type}", expected="a boolean", mend="compare it, for example x <> 0")


def _logic(args: Sequence[Node]) -> Typed:
    return Typed([boolean(arg) for arg in args], t.BOOLEAN)


define("and", _logic, "({0} AND {1})", strict=False, lazy="and")
define("or", _logic, "({0} OR {1})", strict=False, lazy="or")
define("not", _logic, "(NOT {0})", "(not {0})")


def _any_one(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed(args, t.BOOLEAN)


define("isnull", _any_one, "({0} IS NULL)", "({0} is None)", strict=False, never_null=True)
define("isnotnull", _any_one, "({0} IS NOT NULL)", "({0} is not None)", strict=False, never_null=True)


def _one_condition(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return _logic(args)


define("is_true", _one_condition, "({0} IS TRUE)", "({0} is True)", strict=False, never_null=True)
define("is_false", _one_condition, "({0} IS FALSE)", "({0} is False)", strict=False, never_null=True)


def _among(args: Sequence[Node]) -> Typed:
    typed = same(t.BOOLEAN, least=2, what="the value and the list of IN")(args)
    kind = typed.args[0].type
    if not is_atomic(kind):
        raise Refusal(f"a {kind} cannot be compared the same way everywhere", mend="compare its parts")
    return typed


def _in_duckdb(call: Call) -> str:
    return f"({{0}} IN ({', '.join(f'{{{at}}}' for at in range(1, len(call.args)))}))"


def _in(call: Call, keep: Constants) -> str:
    others = call.args[1:]
    known = [other.value for other in others if isinstance(other, Literal)]
    if len(known) < len(others) or any(value != value for value in known):  # noqa: PLR0124 - NaN
        each = ", ".join(f"{{{at}}}" for at in range(len(call.args)))
        return f"None if {{0}} is None else among({each})"
    values = keep(frozenset(value for value in known if value is not None))
    found = "None" if None in known else "False"
    return f"None if {{0}} is None else (True if {{0}} in {values} else {found})"


define("in", _among, _in_duckdb, _in, strict=False)


def _bits(args: Sequence[Node]) -> Typed:
    for arg in args:
        if arg.type not in (*t.INTEGERS, t.NULL):
            raise Refusal(f"an operand is a {arg.type}", expected="whole numbers", mend="CAST(x AS LONG)")
    kind = coercion.common([arg.type for arg in args], "the operands")
    kind = t.INT if kind == t.NULL else kind
    return Typed([cast(arg, kind) for arg in args], kind)


define("bitand", _bits, "({0} & {1})", "({0} & {1})")
define("bitor", _bits, "({0} | {1})", "({0} | {1})")
define("bitxor", _bits, "xor({0}, {1})", "({0} ^ {1})")
define("bitnot", _bits, "(~{0})", "(~{0})")
