"""Functions of calendars and time zones: months between, weekdays, moments made of parts, moments elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.sql.casts import cast
from chronon.sql.functions.moments import DAYS, MICROS, MONTHS
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.runtime import calendars
from chronon.sql.tree import BY_ROW, Call, Constants, Literal, Node, Refusal, Rule, Typed, call, define

D, M, I, L, S = t.DATE, t.TIMESTAMP, t.INT, t.LONG, t.STRING  # noqa: E741


def _months_between(args: Sequence[Node]) -> Typed:
    counted(args, 2, 3)
    rounds = args[2] if len(args) > 2 else Literal(value=True, type=t.BOOLEAN)
    return Typed([implied(args[0], M), implied(args[1], M), cast(rounds, t.BOOLEAN)], t.DOUBLE)


define("months_between", _months_between, BY_ROW, "months_between({0}, {1}, {2})")
define("next_day", takes(D, D, S), BY_ROW, "next_day({0}, {1})", nullable=True)
define("dayname", takes(S, D), BY_ROW, "day_name({0})")
define("monthname", takes(S, D), BY_ROW, "month_name({0})")


def _zone(node: Node) -> Literal:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise Refusal("the time zone must be a constant", expected="such as 'Europe/Berlin' or '+02:00'")
    if calendars.zone(node.value) is None:
        raise Refusal(f"the time zone {node.value!r} is not known", expected="such as 'Europe/Berlin' or '+02:00'")
    return node


def _elsewhere(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([implied(args[0], M), _zone(args[1])], M)


def _define_elsewhere(name: str) -> None:
    def python(node: Call, keep: Constants) -> str:
        zone = node.args[1]
        return f"{name}({{0}}, {keep(calendars.zone(str(zone.value) if isinstance(zone, Literal) else 'UTC'))})"

    define(name, _elsewhere, BY_ROW, python, nullable=True)


_define_elsewhere("from_utc_timestamp")
_define_elsewhere("to_utc_timestamp")


def _make_timestamp(args: Sequence[Node]) -> Typed:
    counted(args, 6, 7)
    parts = [implied(arg, kind) for arg, kind in zip(args, (I, I, I, I, I, t.DOUBLE), strict=False)]
    made = call("_moment_of_parts", *parts)
    return Typed((), M, call("to_utc_timestamp", made, args[6]) if len(args) > 6 else made)


define(
    "_moment_of_parts",
    lambda args: Typed(args, M),
    BY_ROW,
    "moment_of_parts({0}, {1}, {2}, {3}, {4}, {5})",
    nullable=True,
)
define("make_timestamp make_timestamp_ltz try_make_timestamp try_make_timestamp_ltz", _make_timestamp, "")


def _unit(args: Sequence[Node]) -> str:
    unit = str(literal(args, 0, "unit")).lower()
    known = (*MICROS, *DAYS, *MONTHS, "quarter")
    if unit not in known:
        raise Refusal(f"the unit {unit!r}", expected=f"one of {', '.join(known)}")
    return unit


def _added(args: Sequence[Node]) -> Typed:
    """A unit, how many of them, and a moment."""
    counted(args, 3)
    unit, number, moment = _unit(args), implied(args[1], I), implied(args[2], M)
    months = {**MONTHS, "quarter": 3}.get(unit)
    if months is not None:
        return Typed((), M, call("shift_months", moment, call("multiply", number, Literal(months, I))))
    size = MICROS.get(unit) or DAYS[unit] * 86_400_000_000
    return Typed((), M, call("shift_micros", moment, call("multiply", cast(number, L), Literal(size, L))))


def _apart() -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 3)
        return Typed([Literal(_unit(args), S), implied(args[1], M), implied(args[2], M)], L)

    return rule


define("timestampadd", _added, "")
define("timestampdiff", _apart(), BY_ROW, "moments_apart({0}, {1}, {2})")
