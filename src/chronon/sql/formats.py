"""Patterns of dates and times as Java writes them: ``yyyy-MM-dd HH:mm:ss``.

A pattern is cut into fields once. Printing joins one text per field; reading is a regular expression with one group
per field, the same in DuckDB and Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chronon.sql.duckdb_types import text
from chronon.sql.patterns import template
from chronon.sql.tree import Refusal

DEFAULT = "yyyy-MM-dd HH:mm:ss"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class Field:
    """What a run of one letter means.

    Parameters
    ----------
    duckdb:
        Its text in DuckDB, of a timestamp ``{0}``.
    python:
        Its text in Python, of a datetime ``{0}``.
    reads:
        The regular expression of its texts; empty if it is only printed.
    part:
        Which part of the moment it is.
    """

    duckdb: str
    python: str
    reads: str = ""
    part: str = ""


def _number(duckdb: str, python: str, width: int, part: str, reads: str = "") -> Field:
    padded = f"lpad(CAST({duckdb} AS VARCHAR), {width}, '0')" if width > 1 else f"CAST({duckdb} AS VARCHAR)"
    shown = f"format({python}, '0{width}d')" if width > 1 else f"str({python})"
    return Field(padded, shown, reads or (f"[0-9]{{{width}}}" if width > 1 else "[0-9]{1,2}"), part)


def _name(duckdb: str, python: str, names: list[str], letters: int) -> Field:
    words = [name[:letters] for name in names]
    listed = ", ".join(text(word) for word in words)
    return Field(f"([{listed}])[{duckdb}]", f"{words!r}[{python} - 1]")


_HALF_HOUR = "((hour({0}) + 11) % 12 + 1)", "(({0}.hour + 11) % 12 + 1)"
_WEEKDAY = "isodow({0})", "{0}.isoweekday()"
_FRACTION = "CAST(microsecond({0}) % 1000000 AS BIGINT)"

FIELDS: dict[str, Field] = {
    "yyyy": _number("year({0})", "{0}.year", 4, "year"),
    "y": Field("CAST(year({0}) AS VARCHAR)", "str({0}.year)"),
    "yy": _number("year({0}) % 100", "{0}.year % 100", 2, "short year"),
    "MM": _number("month({0})", "{0}.month", 2, "month"),
    "M": _number("month({0})", "{0}.month", 1, "month"),
    "MMM": _name("month({0})", "{0}.month", MONTHS, 3),
    "MMMM": _name("month({0})", "{0}.month", MONTHS, 9),
    "dd": _number("day({0})", "{0}.day", 2, "day"),
    "d": _number("day({0})", "{0}.day", 1, "day"),
    "DDD": _number("dayofyear({0})", "{0}.timetuple().tm_yday", 3, "", " "),
    "D": _number("dayofyear({0})", "{0}.timetuple().tm_yday", 1, "", " "),
    "HH": _number("hour({0})", "{0}.hour", 2, "hour"),
    "H": _number("hour({0})", "{0}.hour", 1, "hour"),
    "hh": _number(*_HALF_HOUR, 2, "hour"),
    "h": _number(*_HALF_HOUR, 1, "hour"),
    "mm": _number("minute({0})", "{0}.minute", 2, "minute"),
    "m": _number("minute({0})", "{0}.minute", 1, "minute"),
    "ss": _number("second({0})", "{0}.second", 2, "second"),
    "s": _number("second({0})", "{0}.second", 1, "second"),
    "a": Field(
        "(CASE WHEN hour({0}) < 12 THEN 'AM' ELSE 'PM' END)", "('AM' if {0}.hour < 12 else 'PM')", "AM|PM", "half"
    ),
    "EEEE": _name(*_WEEKDAY, DAYS, 9),
    **{letters: _name(*_WEEKDAY, DAYS, 3) for letters in ("E", "EE", "EEE")},
    **{
        "S" * digits: Field(
            f"lpad(CAST({_FRACTION} // {10 ** (6 - digits)} AS VARCHAR), {digits}, '0')",
            f"format({{0}}.microsecond // {10 ** (6 - digits)}, '0{digits}d')",
            f"[0-9]{{{digits}}}",
            "fraction",
        )
        for digits in range(1, 7)
    },
}
PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction", "half")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


def fields(pattern: str) -> Iterator[str | Field]:
    """The fields of a pattern and the plain text between them."""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            found = _QUOTED.match(pattern, at)
            if found is None:
                raise Refusal(f"the pattern {pattern!r} has a quote without an end")
            yield found[1].replace("''", "'") or "'"
            at = found.end()
        elif char.isascii() and char.isalpha():
            run = re.compile(f"{char}+").match(pattern, at)
            letters = run[0] if run else char
            if letters not in FIELDS:
                raise Refusal(
                    f"the pattern {pattern!r} has {letters}, which the engines write differently",
                    expected=f"the fields {', '.join(FIELDS)}",
                )
            yield FIELDS[letters]
            at += len(letters)
        elif char in "[]{}#":
            raise Refusal(f"the pattern {pattern!r} has a {char}", expected="fields and plain text")
        else:
            yield char
            at += 1


def printed_duckdb(pattern: str, moment: str = "{0}") -> str:
    """The DuckDB text of a moment."""
    parts = [
        part.duckdb.replace("{0}", moment) if isinstance(part, Field) else template(text(part))
        for part in fields(pattern)
    ]
    return f"({' || '.join(parts)})" if parts else "''"


def printed_python(pattern: str, moment: str = "{0}") -> str:
    """The Python text of a moment."""
    parts = [
        part.python.replace("{0}", moment) if isinstance(part, Field) else template(repr(part))
        for part in fields(pattern)
    ]
    return f"({' + '.join(parts)})" if parts else "''"


def reading(pattern: str) -> tuple[str, tuple[int, ...], bool]:
    """The regular expression of a pattern, the group of each of ``PARTS`` (0 for none), and if years are short."""
    made, short = "", False
    places: dict[str, int] = dict.fromkeys(PARTS, 0)
    for part in fields(pattern):
        if isinstance(part, str):
            made += re.escape(part) if part.isascii() else part
            continue
        name = "year" if part.part == "short year" else part.part
        if not part.reads or not name:
            raise Refusal(f"the pattern {pattern!r} has a field that is only printed, not read")
        if places[name]:
            raise Refusal(f"the pattern {pattern!r} has the {name} twice")
        short = short or part.part == "short year"
        places[name] = 1 + sum(place > 0 for place in places.values())
        made += f"({part.reads})"
    halved = re.search(r"(?<!')h", pattern) is not None
    if halved != bool(places["half"]):
        raise Refusal(f"the pattern {pattern!r}", expected="hours h together with the half of the day a")
    return made, tuple(places[name] for name in PARTS), short
