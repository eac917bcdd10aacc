"""Choosing among values: CASE, IF, COALESCE and their relatives, GREATEST and LEAST."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.coercion import is_atomic
from chronon.sql.functions.operators import boolean
from chronon.sql.rules import counted, same
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Typed, call, define


def _case(args: Sequence[Node]) -> Typed:
    """Conditions and results by turns, the default at the end."""
    counted(args, 3, 10_000)
    conditions, results = args[:-1:2], [*args[1::2], args[-1]]
    kind = coercion.common([result.type for result in results], "the results")
    given: list[Node] = []
    for condition, result in zip(conditions, results, strict=False):
        given += [boolean(condition), cast(result, kind)]
    return Typed([*given, cast(results[-1], kind)], kind)


def _case_duckdb(node: Call) -> str:
    pairs = range(0, len(node.args) - 1, 2)
    branches = " ".join(f"WHEN {{{at}}} THEN {{{at + 1}}}" for at in pairs)
    return f"(CASE {branches} ELSE {{{len(node.args) - 1}}} END)"


define("case", _case, _case_duckdb, strict=False, lazy="case")


def _if(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    return Typed((), t.NULL, call("case", *args))


def _nvl2(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    return Typed((), t.NULL, call("case", call("isnotnull", args[0]), args[1], args[2]))


def _nullif(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed((), t.NULL, call("case", call("equals", *args), Literal(None, args[0].type), args[0]))


def _nvl(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed((), t.NULL, call("coalesce", *args))


define("if iff", _if, "")
define("nvl2", _nvl2, "")
define("nullif", _nullif, "")
define("coalesce", same(), lambda node: _each("coalesce", node), strict=False, lazy="coalesce")
define("nvl ifnull", _nvl, "")


def _each(name: str, node: Call) -> str:
    return f"{name}({', '.join(f'{{{at}}}' for at in range(len(node.args)))})"


def _extreme(args: Sequence[Node]) -> Typed:
    typed = same(least=2, text=False)(args)
    if not is_atomic(typed.type):
        raise Refusal(f"a {typed.type} has no order that all engines share", mend="compare its parts")
    return typed


def _define_extreme(name: str) -> None:
    def python(node: Call, _keep: Constants) -> str:
        return _each(f"{name}_float" if node.type in t.FLOATS else name, node)

    define(name, _extreme, lambda node: _each(name, node), python, strict=False)


_define_extreme("greatest")
_define_extreme("least")


def _nan(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = args[0].type
    if kind not in t.FLOATS and kind != t.NULL:
        return Typed((), t.NULL, call("isnan", cast(args[0], t.DOUBLE)))
    return Typed([cast(args[0], t.DOUBLE if kind == t.NULL else kind)], t.BOOLEAN)


define("isnan", _nan, "coalesce(isnan({0}), false)", "({0} is not None and {0} != {0})", strict=False, never_null=True)


def _nanvl(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    kind = t.FLOAT if all(arg.type in (t.FLOAT, t.NULL) for arg in args) else t.DOUBLE
    first, second = (cast(arg, kind) for arg in args)
    return Typed((), t.NULL, call("case", call("isnan", first), second, first))


define("nanvl", _nanvl, "")


_SPARK_NAMES = {t.BYTE: "tinyint", t.SHORT: "smallint", t.LONG: "bigint", t.NULL: "void"}


def spark_type(kind: DataType) -> str:
    """What Spark calls a type.

    >>> spark_type(ListType(t.LONG))
    'array<bigint>'
    """
    if isinstance(kind, ListType):
        return f"array<{spark_type(kind.element)}>"
    if isinstance(kind, MapType):
        return f"map<{spark_type(kind.key)},{spark_type(kind.value)}>"
    if isinstance(kind, StructType):
        return f"struct<{','.join(f'{name}:{spark_type(part)}' for name, part in kind.fields)}>"
    return _SPARK_NAMES.get(kind, kind.name)


def _typeof(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    return Typed((), t.STRING, Literal(spark_type(args[0].type), t.STRING))


define("typeof", _typeof, "")
