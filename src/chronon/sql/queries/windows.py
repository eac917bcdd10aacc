"""Window functions and what stands in OVER."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chronon.base import types as t
from chronon.sql.casts import cast
from chronon.sql.rules import counted, literal, takes
from chronon.sql.tree import Node, Refusal, Rule, Typed


@dataclass(frozen=True)
class WindowFunction:
    """One window function: its arguments, DuckDB's name, what is made of its result, whether it needs an order."""

    rule: Rule
    duckdb: str
    form: str = "$"
    ordered: bool = True


def _shifted(args: Sequence[Node]) -> Typed:
    counted(args, 1, 3)
    if len(args) > 1:
        literal(args, 1, "number of rows")
    kind = args[0].type
    given = [args[0], *(cast(arg, t.INT) for arg in args[1:2]), *(cast(arg, kind) for arg in args[2:])]
    return Typed(given, kind)


def _nth(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    literal(args, 1, "position")
    return Typed(args, args[0].type)


def _edge(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    return Typed(args[:1], args[0].type)


_INT = "CAST($ AS INTEGER)"

WINDOWS = {
    "row_number": WindowFunction(takes(t.INT), "row_number", _INT),
    "rank": WindowFunction(takes(t.INT), "rank", _INT),
    "dense_rank": WindowFunction(takes(t.INT), "dense_rank", _INT),
    "ntile": WindowFunction(takes(t.INT, t.INT), "ntile", _INT),
    "percent_rank": WindowFunction(takes(t.DOUBLE), "percent_rank"),
    "cume_dist": WindowFunction(takes(t.DOUBLE), "cume_dist"),
    "lag": WindowFunction(_shifted, "lag"),
    "lead": WindowFunction(_shifted, "lead"),
    "nth_value": WindowFunction(_nth, "nth_value"),
    **{name: WindowFunction(_edge, "first_value", ordered=False) for name in ("first", "first_value", "any_value")},
    **{name: WindowFunction(_edge, "last_value", ordered=False) for name in ("last", "last_value")},
}


def frame(spec: Any) -> str:
    """The frame of a window, `` ROWS BETWEEN ...``; nothing if none is given."""
    if spec is None:
        return ""
    start = _bound(spec, "start")
    end = _bound(spec, "end") if spec.args.get("end") is not None else "CURRENT ROW"
    return f" {spec.args['kind']} BETWEEN {start} AND {end}"


def _bound(spec: Any, name: str) -> str:
    from sqlglot import exp

    value, side = spec.args[name], str(spec.args.get(f"{name}_side") or "")
    if isinstance(value, str):
        return f"{value} {side}".strip()
    if isinstance(value, exp.Literal) and value.this.isdigit():
        return f"{value.this} {side}"
    raise Refusal(f"the frame begins or ends at {value.sql('spark')}", expected="a whole number of rows, or of the key")
