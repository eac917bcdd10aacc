"""Functions of JSON texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.duckdb_types import text
from chronon.sql.patterns import template
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.runtime import schemas
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Typed, call, define

DOCUMENT = DataType("document")
"""A JSON text that was read; several paths of one text share it."""

_STEP = re.compile(r"\.([^.\[\]*'\"$]+)|\[([0-9]{1,6})\]|\['([^']+)'\]")


def _path(written: str) -> list[str | int]:
    if not written.startswith("$"):
        raise Refusal(f"the path {written!r}", expected="$ followed by .name, ['name'] or [number]")
    steps: list[str | int] = []
    at = 1
    while at < len(written):
        found = _STEP.match(written, at)
        if found is None or '"' in found[0]:
            raise Refusal(f"the path {written!r}", expected="$ followed by .name, ['name'] or [number]")
        steps.append(int(found[2]) if found[2] else (found[1] or found[3]))
        at = found.end()
    return steps


def _get(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    path = str(literal(args, 1, "path"))
    _path(path)
    return Typed((), t.STRING, call("json_at", call("read_json", implied(args[0], t.STRING)), args[1]))


define("get_json_object", _get, "")
define("read_json", lambda args: Typed(args, DOCUMENT), "chronon_document({0})", "read_json({0})", nullable=True)


def _steps(node: Call) -> list[str | int]:
    chosen = node.args[1]
    return _path(str(chosen.value)) if isinstance(chosen, Literal) else []


def _at_duckdb(node: Call) -> str:
    path = "$" + "".join(f'."{step}"' if isinstance(step, str) else f"[{step}]" for step in _steps(node))
    return f"chronon_json_text(json_extract({{0}}, {template(text(path))}))"


def _at_python(node: Call, keep: Constants) -> str:
    return f"json_at({{0}}, {keep(tuple(_steps(node)))})"


define("json_at", lambda args: Typed(args, t.STRING), _at_duckdb, _at_python, nullable=True)

define("json_array_length", takes(t.INT, t.STRING), BY_ROW, "json_array_length({0})", nullable=True)
define("json_object_keys", takes(ListType(t.STRING), t.STRING), BY_ROW, "json_object_keys({0})", nullable=True)


def _written_type(args: Sequence[Node]) -> DataType:
    """The type that a schema names: ``a INT, b STRING`` is a struct."""
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    from chronon.sql.literals import type_of

    written = str(literal(args, 1, "schema"))
    try:
        plain = re.match(r"\s*(array|map|struct)\s*<", written, re.IGNORECASE) is not None
        kind = type_of(exp.DataType.build(written if plain else f"STRUCT<{written}>", dialect="spark"))
    except (ParseError, TokenError, ValueError, KeyError):
        kind = StructType(())
    if kind == StructType(()):
        raise Refusal(f"the schema {written!r} cannot be read", expected="a INT, b ARRAY<STRING>")
    return kind


def _from_json(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    kind = _written_type(args)
    schemas.readable(kind)
    return Typed([implied(args[0], t.STRING)], kind)


def _from_json_python(node: Call, keep: Constants) -> str:
    return f"{keep(schemas.reader(node.type))}({{0}})"


define("from_json", _from_json, BY_ROW, _from_json_python, nullable=True)


def _to_json(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    if not isinstance(args[0].type, StructType | MapType | ListType):
        raise Refusal(f"an argument is a {args[0].type}", expected="a struct, a map or a list")
    schemas.writable(args[0].type)
    return Typed(args, t.STRING)


def _to_json_python(node: Call, keep: Constants) -> str:
    return f"{keep(schemas.writer(node.args[0].type))}({{0}})"


define("to_json", _to_json, BY_ROW, _to_json_python)
