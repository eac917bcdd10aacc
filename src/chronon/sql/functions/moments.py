"""Functions of dates and times, all in UTC. A whole number is never taken for a date."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from chronon.base import types as t
from chronon.sql import formats
from chronon.sql.casts import cast
from chronon.sql.duckdb_types import text
from chronon.sql.patterns import template
from chronon.sql.rules import counted, implied, literal, takes
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Rule, Typed, call, define

D, M, I, L, S = t.DATE, t.TIMESTAMP, t.INT, t.LONG, t.STRING  # noqa: E741


def _define_part(names: str, kind: t.DataType, duckdb: str, python: str) -> None:
    define(names, takes(I, kind), f"CAST({duckdb} AS INTEGER)", python)


_define_part("year", D, "year({0})", "{0}.year")
_define_part("quarter", D, "quarter({0})", "(({0}.month + 2) // 3)")
_define_part("month", D, "month({0})", "{0}.month")
_define_part("day dayofmonth", D, "day({0})", "{0}.day")
_define_part("dayofyear", D, "dayofyear({0})", "{0}.timetuple().tm_yday")
_define_part("dayofweek", D, "dayofweek({0}) + 1", "({0}.isoweekday() % 7 + 1)")
_define_part("weekday", D, "isodow({0}) - 1", "{0}.weekday()")
_define_part("weekofyear", D, "weekofyear({0})", "{0}.isocalendar()[1]")
_define_part("_year_of_week", D, "isoyear({0})", "{0}.isocalendar()[0]")
_define_part("_iso_day_of_week", D, "isodow({0})", "{0}.isoweekday()")
_define_part("hour", M, "hour({0})", "{0}.hour")
_define_part("minute", M, "minute({0})", "{0}.minute")
_define_part("second", M, "second({0})", "{0}.second")

define("date_add dateadd", takes(D, D, I), "chronon_date_add({0}, {1})", "date_add({0}, {1})", nullable=True)
define("date_sub", takes(D, D, I), "chronon_date_add({0}, -CAST({1} AS BIGINT))", "date_add({0}, -{1})", nullable=True)
define("datediff date_diff", takes(I, D, D), "CAST({0} - {1} AS INTEGER)", "date_diff({0}, {1})")
define("add_months", takes(D, D, I), "chronon_add_months({0}, {1})", "add_months({0}, {1})", nullable=True)
define("last_day", takes(D, D), "last_day({0})", "last_day({0})")
define("unix_date", takes(I, D), "CAST({0} - DATE '1970-01-01' AS INTEGER)", "date_days({0})")
define(
    "date_from_unix_date", takes(D, I), "chronon_date_add(DATE '1970-01-01', {0})", "days_to_date({0})", nullable=True
)
define("timestamp_seconds", takes(M, L), "chronon_seconds({0})", "seconds_to_timestamp({0})", nullable=True)
define(
    "timestamp_millis",
    takes(M, L),
    "chronon_micros(CAST({0} AS HUGEINT) * 1000)",
    "millis_to_timestamp({0})",
    nullable=True,
)
define("timestamp_micros", takes(M, L), "chronon_micros({0})", "micros_to_timestamp({0})", nullable=True)


def _moment(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    if args[0].type not in (M, t.NULL):
        raise Refusal(f"an argument is a {args[0].type}", expected="a timestamp", mend="CAST(... AS TIMESTAMP)")
    return Typed([cast(args[0], M)], L)


define("unix_seconds", _moment, "chronon_unix({0})", "unix_seconds({0})")
define("whole_seconds", takes(L, M), "(epoch_us({0}) // 1000000)", "whole_seconds({0})")
define("unix_millis", _moment, "chronon_floor_div(epoch_us({0}), 1000)", "unix_millis({0})")
define("unix_micros", _moment, "epoch_us({0})", "unix_micros({0})")
define("make_date", takes(D, I, I, I), "chronon_make_date({0}, {1}, {2})", "make_date({0}, {1}, {2})", nullable=True)


def _date_format(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    pattern = str(literal(args, 1, "pattern"))
    return Typed([implied(args[0], M), Literal(pattern, S)], S)


def _pattern(node: Call) -> str:
    chosen = node.args[1]
    return str(chosen.value) if isinstance(chosen, Literal) else ""


define(
    "date_format",
    _date_format,
    lambda node: formats.printed_duckdb(_pattern(node)),
    lambda node, _keep: formats.printed_python(_pattern(node)),
)


def _from_unixtime(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    pattern = literal(args, 1, "pattern") if len(args) > 1 else formats.DEFAULT
    moment = call("timestamp_seconds", implied(args[0], L))
    return Typed((), S, call("date_format", moment, Literal(pattern, S)))


define("from_unixtime", _from_unixtime, "")


def _read(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    pattern = str(literal(args, 1, "pattern"))
    _, _, short = formats.reading(pattern)
    if short:
        raise Refusal(f"the pattern {pattern!r} has a year of two digits", expected="yyyy")
    return Typed([implied(args[0], S), Literal(pattern, S)], M)


def _read_duckdb(node: Call) -> str:
    shape, places, _ = formats.reading(_pattern(node))
    given = ", ".join(str(place) for place in places)
    return f"chronon_read({{0}}, {template(text(f'^(?:{shape})$'))}, {given})"


def _read_python(node: Call, keep: Constants) -> str:
    shape, places, _ = formats.reading(_pattern(node))
    return f"parse_timestamp({{0}}, {keep(re.compile(shape).fullmatch)}, {keep(places)})"


define("read_timestamp", _read, _read_duckdb, _read_python, nullable=True)


def _reads(target: t.DataType) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 1, 2)
        if len(args) == 1 or args[0].type in (D, M):
            if args[0].type in t.NUMBERS and target == D:
                raise Refusal(f"a {args[0].type} is no date", mend="TO_DATE(TIMESTAMP_MILLIS(x))")
            return Typed((), target, cast(args[0], target))
        if args[0].type not in (S, t.NULL):
            raise Refusal(f"with a pattern an argument is a {args[0].type}", expected="a string")
        return Typed((), target, cast(call("read_timestamp", *args), target))

    return rule


define("to_date try_to_date", _reads(D), "")
define("to_timestamp try_to_timestamp to_timestamp_ltz", _reads(M), "")


def _unix_timestamp(args: Sequence[Node]) -> Typed:
    if not args:
        raise Refusal("without arguments it is the current time, which differs between a backfill and a fetch")
    counted(args, 1, 2)
    if args[0].type in (D, M):
        return Typed((), L, call("whole_seconds", cast(args[0], M)))
    if args[0].type not in (S, t.NULL):
        raise Refusal(f"an argument is a {args[0].type}", expected="a string, a date or a timestamp")
    pattern = args[1] if len(args) > 1 else Literal(formats.DEFAULT, S)
    return Typed((), L, call("whole_seconds", call("read_timestamp", args[0], pattern)))


define("unix_timestamp to_unix_timestamp", _unix_timestamp, "")

_UNITS = {
    "year": "year", "yyyy": "year", "yy": "year", "quarter": "quarter", "month": "month", "mon": "month",
    "mm": "month", "week": "week",
}  # fmt: skip
_TIME_UNITS = {
    **_UNITS, "day": "day", "dd": "day", "hour": "hour", "minute": "minute", "second": "second",
    "millisecond": "millisecond",
}  # fmt: skip


def _unit(args: Sequence[Node], place: int, units: dict[str, str]) -> str:
    written = str(literal(args, place, "unit"))
    if written.lower() not in units:
        raise Refusal(f"the unit {written!r}", expected=f"one of {', '.join(units)}")
    return units[written.lower()]


def _date_trunc(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([implied(args[1], M), Literal(_unit(args, 0, _TIME_UNITS), S)], M)


def _trunc(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed([implied(args[0], D), Literal(_unit(args, 1, _UNITS), S)], D)


def _floored(duckdb: str) -> Callable[[Call], str]:
    return lambda node: duckdb.replace("UNIT", _pattern(node))


define("date_trunc", _date_trunc, _floored("date_trunc('UNIT', {0})"), "floor_timestamp({0}, {1})")
define("trunc", _trunc, _floored("CAST(date_trunc('UNIT', {0}) AS DATE)"), "floor_date({0}, {1})")

MICROS = {"microsecond": 1, "millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def _shifted(args: Sequence[Node]) -> Typed:
    """A date or timestamp, a whole number and a unit; made by the operator ``+ INTERVAL``."""
    moment = args[0] if args[0].type in (D, M) else implied(args[0], M)
    number, unit = (int(literal(args, 1, "number")), str(literal(args, 2, "unit")))
    if unit in MONTHS:
        months = Literal(number * MONTHS[unit], I)
        if moment.type == D:
            return Typed((), D, call("add_months", moment, months))
        return Typed((), M, call("shift_months", moment, months))
    if unit in DAYS and moment.type == D:
        return Typed((), D, call("date_add", moment, Literal(number * DAYS[unit], I)))
    size = MICROS.get(unit) or DAYS.get(unit, 0) * 86_400_000_000
    if not size:
        raise Refusal(f"the unit {unit!r} of an interval", expected=f"one of {', '.join((*MICROS, *DAYS, *MONTHS))}")
    return Typed((), M, call("shift_micros", cast(moment, M), Literal(number * size, L)))


define("shift", _shifted, "")
define(
    "shift_micros",
    takes(M, M, L),
    "chronon_micros(CAST(epoch_us({0}) AS HUGEINT) + {1})",
    "shift({0}, {1})",
    nullable=True,
)
define("shift_months", takes(M, M, I), "chronon_shift_months({0}, {1})", "shift_months({0}, {1})", nullable=True)


def _extract(args: Sequence[Node]) -> Typed:
    """A unit and a moment: ``EXTRACT(unit FROM x)``, ``DATE_PART('unit', x)``."""
    counted(args, 2)
    unit = str(literal(args, 0, "unit")).lower()
    names = {"year": "year", "years": "year", "quarter": "quarter", "month": "month", "months": "month", "day": "day",
             "days": "day", "hour": "hour", "hours": "hour", "minute": "minute", "minutes": "minute",
             "dayofweek": "dayofweek", "dow": "dayofweek", "doy": "dayofyear", "week": "weekofyear",
             "weeks": "weekofyear", "w": "weekofyear", "y": "year", "yr": "year", "yrs": "year", "qtr": "quarter",
             "mon": "month", "mons": "month", "d": "day", "h": "hour", "hr": "hour", "hrs": "hour", "m": "minute",
             "min": "minute", "mins": "minute", "yearofweek": "_year_of_week", "dayofweek_iso": "_iso_day_of_week",
             "dow_iso": "_iso_day_of_week"}  # fmt: skip
    if unit in ("second", "seconds", "s", "sec", "secs"):
        raise Refusal("with its fraction the second is a decimal", mend="SECOND(x), or UNIX_MICROS(x)")
    if unit not in names:
        raise Refusal(f"the unit {unit!r}", expected=f"one of {', '.join(names)}")
    return Typed((), I, call(names[unit], args[1]))


define("extract date_part datepart", _extract, "")
