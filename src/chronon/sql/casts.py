"""CAST, explicit and implied: one line for each pair of types, as Spark does it with ANSI mode off.

What cannot be converted is null, integers wrap, floats are cut toward zero and stop at the limits of the integer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.coercion import Decimal, is_atomic, is_decimal
from chronon.sql.duckdb_types import duckdb_type
from chronon.sql.tree import Call, Constants, Function, Literal, Node, Refusal, Typed

_ORDER = (t.BYTE, t.SHORT, t.INT, t.LONG)
_NARROW = {t.BYTE: "wrap_byte({0})", t.SHORT: "wrap_short({0})", t.INT: "wrap_int({0})", t.LONG: "wrap_long({0})"}
_CUT = {t.BYTE: "wrap_byte(float_to_int({0}))", t.SHORT: "wrap_short(float_to_int({0}))"}

Pair = tuple[DataType, DataType]
Forms = tuple[str, str, bool]
"""How DuckDB says it, how Python says it, whether a value may become null."""


def _numbers() -> dict[Pair, Forms]:
    table: dict[Pair, Forms] = {}
    for source in _ORDER:
        for target in _ORDER:
            if _ORDER.index(source) <= _ORDER.index(target):
                table[source, target] = (f"CAST({{0}} AS {duckdb_type(target)})", "{0}", False)
            else:
                table[source, target] = (f"chronon_{target}({{0}})", _NARROW[target], False)
        table[source, t.DOUBLE] = ("CAST({0} AS DOUBLE)", "float({0})", False)
        table[source, t.FLOAT] = ("CAST({0} AS FLOAT)", "int_to_float32({0})", False)
        table[source, t.STRING] = ("CAST({0} AS VARCHAR)", "str({0})", False)
        table[source, t.BOOLEAN] = ("({0} <> 0)", "({0} != 0)", False)
        table[source, t.TIMESTAMP] = ("chronon_seconds({0})", "seconds_to_timestamp({0})", True)
        table[t.BOOLEAN, source] = (f"CAST({{0}} AS {duckdb_type(source)})", "int({0})", False)
        table[t.STRING, source] = (f"chronon_text_{source}({{0}})", f"text_to_{source}({{0}})", True)
        bits = 8 << _ORDER.index(source)
        table[t.TIMESTAMP, source] = (
            f"TRY_CAST(chronon_unix({{0}}) AS {duckdb_type(source)})",
            f"within(unix_seconds({{0}}), {bits})",
            source != t.LONG,
        )
    for source in (t.FLOAT, t.DOUBLE):
        table[source, t.INT] = ("chronon_cut_int({0})", "float_to_int({0})", False)
        table[source, t.LONG] = ("chronon_cut_long({0})", "float_to_long({0})", False)
        for target in (t.BYTE, t.SHORT):
            table[source, target] = (f"chronon_{target}(chronon_cut_int({{0}}))", _CUT[target], False)
        table[source, t.BOOLEAN] = ("({0} <> 0)", "({0} != 0)", False)
        table[source, t.STRING] = ("chronon_float_text({0})", f"{source}_to_text({{0}})", False)
        table[source, t.TIMESTAMP] = (
            "chronon_float_seconds(CAST({0} AS DOUBLE))",
            "float_seconds_to_timestamp({0})",
            True,
        )
    return table


_CASTS: dict[Pair, Forms] = {
    **_numbers(),
    (t.FLOAT, t.DOUBLE): ("CAST({0} AS DOUBLE)", "{0}", False),
    (t.DOUBLE, t.FLOAT): ("chronon_float({0})", "to_float32({0})", False),
    (t.BOOLEAN, t.DOUBLE): ("CAST({0} AS DOUBLE)", "float({0})", False),
    (t.BOOLEAN, t.FLOAT): ("CAST({0} AS FLOAT)", "float({0})", False),
    (t.BOOLEAN, t.STRING): ("CAST({0} AS VARCHAR)", "('true' if {0} else 'false')", False),
    (t.STRING, t.DOUBLE): ("chronon_text_double({0})", "text_to_double({0})", True),
    (t.STRING, t.FLOAT): ("chronon_text_float({0})", "text_to_float({0})", True),
    (t.STRING, t.BOOLEAN): ("chronon_text_boolean({0})", "text_to_boolean({0})", True),
    (t.STRING, t.DATE): ("chronon_text_date({0})", "text_to_date({0})", True),
    (t.STRING, t.TIMESTAMP): ("chronon_text_timestamp({0})", "text_to_timestamp({0})", True),
    (t.STRING, t.BINARY): ("encode({0})", "{0}.encode()", False),
    (t.DATE, t.STRING): ("chronon_date_text({0})", "{0}.isoformat()", False),
    (t.DATE, t.TIMESTAMP): ("CAST({0} AS TIMESTAMP)", "midnight({0})", False),
    (t.TIMESTAMP, t.DATE): ("CAST({0} AS DATE)", "{0}.date()", False),
    (t.TIMESTAMP, t.STRING): ("chronon_timestamp_text({0})", "timestamp_to_text({0})", False),
    (t.TIMESTAMP, t.DOUBLE): ("(epoch_us({0}) / 1e6)", "(unix_micros({0}) / 1e6)", False),
}

_NULL_IN_SPARK: frozenset[Pair] = frozenset((t.DATE, target) for target in (*t.NUMBERS, t.BOOLEAN))


def cast(node: Node, target: DataType) -> Node:
    """The node converted to a type; the node itself where it has that type already.

    >>> from chronon.sql.tree import Column
    >>> cast(Literal(None, t.NULL), t.INT)
    Literal(value=None, type=int, key='None')
    """
    source = node.type
    if source == target:
        return node
    if isinstance(node, Literal):
        folded = _fold(node, target)
        if folded is not None:
            return folded
    return Call(_function(source, target), (node,), target)


def _fold(node: Literal, target: DataType) -> Literal | None:
    if node.value is None:
        return Literal(None, target)
    if node.type in t.INTEGERS and target in t.INTEGERS and _ORDER.index(node.type) < _ORDER.index(target):
        return Literal(node.value, target)
    if target == t.DOUBLE and (node.type in (t.BYTE, t.SHORT, t.INT, t.LONG) or isinstance(node.type, Decimal)):
        return Literal(float(node.value), target)
    if isinstance(target, Decimal) and node.type in t.INTEGERS:
        import decimal

        return Literal(decimal.Decimal(node.value), target)
    return None


@cache
def _function(source: DataType, target: DataType) -> Function:
    duckdb, python, nullable = _forms(source, target)
    return Function("cast", _no_rule, duckdb, python, nullable=nullable)


def _no_rule(_args: Any) -> Typed:
    raise Refusal("a cast has no argument rule")


def _forms(source: DataType, target: DataType) -> tuple[str, str | Callable[[Call, Constants], str], bool]:
    if source == t.NULL:
        return f"CAST({{0}} AS {duckdb_type(target)})", "{0}", False
    if (source, target) in _NULL_IN_SPARK:
        raise Refusal(
            f"CAST of a {source} to {target} is always null in Spark",
            mend="use UNIX_TIMESTAMP(d), DATEDIFF(d, '1970-01-01'), YEAR(d) or the like",
        )
    if is_decimal(source):
        return _from_decimal(source, target)
    if isinstance(target, Decimal):
        return _to_decimal(source, target)
    if isinstance(source, ListType) and isinstance(target, ListType):
        return _elements(source, target)
    found = _CASTS.get((source, target))
    if found is None:
        raise Refusal(f"CAST of {source} to {target} has no meaning that all engines share")
    return found


def _from_decimal(source: DataType, target: DataType) -> Forms:
    if target == t.DOUBLE:
        return "CAST(CAST({0} AS VARCHAR) AS DOUBLE)", "float({0})", False
    if target == t.FLOAT:
        return "CAST(CAST({0} AS VARCHAR) AS FLOAT)", "decimal_to_float32({0})", False
    if target == t.BOOLEAN:
        return "({0} <> 0)", "({0} != 0)", False
    if target in (t.INT, t.LONG, t.BYTE, t.SHORT):
        return f"chronon_{target}(CAST(trunc({{0}}) AS HUGEINT))", _NARROW[target].format("int({0})"), False
    if target == t.STRING and isinstance(source, Decimal):
        # without a digit before the point DuckDB leaves the zero out
        wide = duckdb_type(Decimal(max(source.precision, source.scale + 1), source.scale))
        return f"CAST(CAST({{0}} AS {wide}) AS VARCHAR)", f"decimal_to_text({{0}}, {source.scale})", False
    if isinstance(target, Decimal) and isinstance(source, Decimal):
        whole = target.precision - target.scale
        if target.scale >= source.scale and whole >= source.precision - source.scale:
            return f"CAST({{0}} AS {duckdb_type(target)})", "{0}", False
    raise Refusal(f"CAST of {source} to {target} is not supported", mend="use double: CAST(x AS DOUBLE)")


def _to_decimal(source: DataType, target: Decimal) -> Forms:
    if source in t.INTEGERS and target.precision - target.scale >= {t.BYTE: 3, t.SHORT: 5, t.INT: 10}.get(source, 19):
        return f"CAST({{0}} AS {duckdb_type(target)})", "to_decimal({0})", False
    raise Refusal(
        f"CAST of {source} to {target} may round or overflow, which the engines do not do alike",
        mend="use double: CAST(x AS DOUBLE), and ROUND(x, digits) to cut digits off",
    )


def _elements(source: ListType, target: ListType) -> tuple[str, Callable[[Call, Constants], str], bool]:
    inner = _function(source.element, target.element)
    duckdb, python = inner.duckdb, inner.python
    if not isinstance(duckdb, str) or not isinstance(python, str) or not is_atomic(source.element):
        raise Refusal(f"CAST of {source} to {target} is not supported")
    each = python.format("each")
    kind = duckdb_type(target)
    return (
        f"CAST(list_transform({{0}}, lambda each: {duckdb.format('each')}) AS {kind})",
        lambda _call, _keep: f"[None if each is None else {each} for each in {{0}}]",
        False,
    )


def castable(source: DataType, target: DataType) -> bool:
    """Whether there is such a cast."""
    if source == target:
        return True
    if isinstance(source, MapType | StructType) or isinstance(target, MapType | StructType):
        return False
    try:
        _forms(source, target)
    except Refusal:
        return False
    return True
