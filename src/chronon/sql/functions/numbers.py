"""Functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.sql.casts import cast
from chronon.sql.coercion import is_decimal
from chronon.sql.functions.operators import number, wrapping
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Typed, define

_MOST_DIGITS = 15
_MOST_ZEROS = {t.BYTE: 2, t.SHORT: 4, t.INT: 9, t.LONG: 18}


def rounded(args: Sequence[Node]) -> Typed:
    """A number and to how many digits it is rounded."""
    counted(args, 1, 2)
    digits = int(literal(args, 1, "number of digits") or 0)
    one = number(args[0])
    if one.type == t.NULL:
        one = cast(one, t.DOUBLE)
    if is_decimal(one.type):
        raise Refusal("a decimal is rounded to another type", mend="ROUND(CAST(x AS DOUBLE), digits)")
    if one.type in t.INTEGERS and digits >= 0:
        return Typed((), one.type, one)
    if one.type in t.FLOATS and not 0 <= digits <= _MOST_DIGITS:
        raise Refusal(f"{digits} digits of a {one.type}", expected=f"0 to {_MOST_DIGITS} digits")
    if one.type in t.INTEGERS and -digits > _MOST_ZEROS[one.type]:
        raise Refusal(f"{digits} digits of a {one.type}", expected=f"at least {-_MOST_ZEROS[one.type]} digits")
    return Typed([one, Literal(digits, t.INT)], one.type)


def _digits(call: Call) -> int:
    chosen = call.args[1]
    return int(chosen.value) if isinstance(chosen, Literal) else 0


def _round_duckdb(call: Call) -> str:
    digits = _digits(call)
    if call.type in t.INTEGERS:
        unit = 10**-digits
        return f"chronon_{call.type}(chronon_round_integer(CAST({{0}} AS HUGEINT), CAST({unit} AS HUGEINT)))"
    limit, scale = f"1e{17 - digits}", digits + 18
    wide = "CAST({0} AS DOUBLE)" if call.type == t.FLOAT else "{0}"
    shown = f"CAST(CAST({wide} AS VARCHAR) AS DECIMAL(38, {scale}))"
    exact = f"CAST(CAST(round({shown}, {digits}) AS VARCHAR) AS DOUBLE)"
    back = f"CAST({exact} AS FLOAT)" if call.type == t.FLOAT else exact
    return f"(CASE WHEN abs({wide}) < {limit} THEN {back} ELSE {{0}} END)"


def _round_python(call: Call, _keep: Constants) -> str:
    digits = _digits(call)
    if call.type in t.INTEGERS:
        return wrapping(call.type, "", f"round_integer({{0}}, {digits})")[1]
    exact = f"round_float({{0}}, {digits})"
    return f"to_float32({exact})" if call.type == t.FLOAT else exact


define("round", rounded, _round_duckdb, _round_python)


def _whole(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    one = args[0]
    if one.type == t.LONG:
        return Typed((), t.LONG, one)
    if is_decimal(one.type):
        raise Refusal("of a decimal it gives a decimal", mend="CAST(x AS DOUBLE)")
    return Typed([implied(one, t.DOUBLE)], t.LONG)


define("floor", _whole, "chronon_cut_long(floor({0}))", "floor_long({0})")
define("ceil ceiling", _whole, "chronon_cut_long(ceil({0}))", "ceil_long({0})")

_DOUBLE = takes(t.DOUBLE, t.DOUBLE)
define("sqrt", _DOUBLE, "sqrt({0})", "sqrt({0})")
define("exp", _DOUBLE, "exp({0})", "exp({0})")
define("ln", _DOUBLE, "chronon_ln({0})", "log({0})", nullable=True)
define("log10", _DOUBLE, "chronon_log10({0})", "log10({0})", nullable=True)
define("log2", _DOUBLE, "(chronon_ln({0}) / 0.6931471805599453e0)", "log2({0})", nullable=True)
define("pow power", takes(t.DOUBLE, t.DOUBLE, t.DOUBLE), "chronon_power({0}, {1})", "power({0}, {1})")
define("sign signum", _DOUBLE, "chronon_sign({0})", "sign({0})")
define("degrees", _DOUBLE, "({0} * (180e0 / pi()))", "({0} * 57.29577951308232)")
define("radians", _DOUBLE, "({0} * 0.017453292519943295e0)", "({0} * 0.017453292519943295)")


def _log(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    doubles = [implied(arg, t.DOUBLE) for arg in args]
    return Typed(doubles, t.DOUBLE)


def _log_duckdb(call: Call) -> str:
    return "chronon_ln({0})" if len(call.args) == 1 else "chronon_log({0}, {1})"


def _log_python(call: Call, _keep: Constants) -> str:
    return "log({0})" if len(call.args) == 1 else "log_base({0}, {1})"


define("log", _log, _log_duckdb, _log_python, nullable=True)
define("positive", lambda args: Typed((), t.NULL, number(args[0])), "")
