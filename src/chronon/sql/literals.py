"""Constants and the names of types, as they are written."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.casts import cast
from chronon.sql.coercion import Decimal
from chronon.sql.runtime import moments
from chronon.sql.tree import Literal, Node, Refusal, call

if TYPE_CHECKING:
    from chronon.sql.types import Typer


def number(text: str) -> Literal:
    """A number as written: int, long or decimal by its size, double with an exponent.

    >>> number("5").type, number("5000000000").type, number("1e3").type
    (int, long, double)
    """
    if "e" in text.lower():
        return Literal(float(text), t.DOUBLE)
    if "." not in text:
        value = int(text)
        if -(2**31) <= value < 2**31:
            return Literal(value, t.INT)
        if -(2**63) <= value < 2**63:
            return Literal(value, t.LONG)
    exact = decimal.Decimal(text)
    _, digits, exponent = exact.as_tuple()
    scale = -int(exponent)
    return Literal(exact, Decimal(max(len(digits), scale), scale))


def literal(_typer: Typer, tree: Any) -> Node:
    """A number or text."""
    return Literal(tree.this, t.STRING) if tree.is_string else number(tree.this)


def negative(typer: Typer, tree: Any) -> Node:
    """A minus sign, which belongs to the number that follows it."""
    from sqlglot import exp

    inner = tree.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return number(f"-{inner.this}")
    if isinstance(inner, exp.TryCast) and isinstance(inner.this, exp.Literal) and not inner.this.is_string:
        return _suffixed(typer, f"-{inner.this.this}", type_of(inner.args["to"]))
    return call("negative", typer.node(inner))


def _suffixed(_typer: Typer, text: str, target: DataType) -> Node:
    if target in t.INTEGERS and "." not in text and "e" not in text.lower():
        return Literal(int(text), target)
    return Literal(float(text), t.DOUBLE) if target == t.DOUBLE else cast(number(text), target)


def typed_cast(typer: Typer, tree: Any) -> Node:
    """``CAST`` and ``TRY_CAST``."""
    from sqlglot import exp

    inner, target = tree.this, type_of(tree.args["to"])
    if isinstance(inner, exp.Literal):
        # also 1L and 1.5D, which arrive as casts of the number
        if not inner.is_string:
            return _suffixed(typer, inner.this, target)
        if type(tree) is exp.Cast and target in (t.DATE, t.TIMESTAMP):
            return _moment(inner.this, target)
        if isinstance(target, Decimal):
            return number(inner.this if "." in inner.this else f"{inner.this}.")
    return cast(typer.node(inner), target)


def _moment(text: str, target: DataType) -> Literal:
    value: dt.date | None = moments.text_to_date(text) if target == t.DATE else moments.text_to_timestamp(text)
    if value is None:
        raise Refusal(f"{text!r} is no {target}", expected="like 2024-01-31" if target == t.DATE else None)
    return Literal(value, target)


def type_of(tree: Any) -> DataType:
    """The logical type that a tree of a type names."""
    from sqlglot import exp

    plain = {
        exp.DType.BOOLEAN: t.BOOLEAN, exp.DType.TINYINT: t.BYTE, exp.DType.SMALLINT: t.SHORT, exp.DType.INT: t.INT,
        exp.DType.BIGINT: t.LONG, exp.DType.FLOAT: t.FLOAT, exp.DType.DOUBLE: t.DOUBLE, exp.DType.TEXT: t.STRING,
        exp.DType.VARCHAR: t.STRING, exp.DType.BINARY: t.BINARY, exp.DType.DATE: t.DATE,
        exp.DType.TIMESTAMP: t.TIMESTAMP, exp.DType.TIMESTAMPTZ: t.TIMESTAMP, exp.DType.TIMESTAMPLTZ: t.TIMESTAMP,
    }  # fmt: skip
    kind, inside = tree.this, tree.expressions
    if kind == exp.DType.DECIMAL:
        sizes = [int(size.name) for size in inside]
        return Decimal(sizes[0] if sizes else 10, sizes[1] if len(sizes) > 1 else 0)
    if kind in plain and not (kind == exp.DType.VARCHAR and inside):
        return plain[kind]
    if kind == exp.DType.ARRAY and inside:
        return ListType(type_of(inside[0]))
    if kind == exp.DType.MAP and len(inside) == 2:
        return MapType(type_of(inside[0]), type_of(inside[1]))
    if kind == exp.DType.STRUCT:
        return StructType(tuple((field.name, type_of(field.args["kind"])) for field in inside))
    raise Refusal(f"the type {tree.sql('spark')} has no meaning that all engines share")
