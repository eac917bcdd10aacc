"""Staging queries: what their macros stand for, and what is checked before they run.

A macro is a name in double braces, ``{{ start_date }}``, with arguments where it takes some,
``{{ max_date(table=data.users) }}``. Its value is put into the text as it is, without quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from chronon.api import structs
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError, raise_all

START, END, LATEST, MAX = "start_date", "end_date", "latest_date", "max_date"
MACROS = {
    START: "the first day of the step that is computed",
    END: "its last day",
    LATEST: "the last day that the job is asked for, the same in every step",
    MAX: "the last partition of a table: {{ max_date(table=namespace.table) }}",
}
"""Every macro and what it stands for."""

_MACRO = re.compile(r"\{\{\s*(\w[^{}()]*?)\s*(?:\(([^{}]*)\))?\s*\}\}")

MaxDate = Callable[[str, str | None], str]
"""The last partition of a table, by its partition column if that is named."""


def fill(staging_query: structs.StagingQuery, days: Mapping[str, str], max_date: MaxDate) -> str:
    """The text of a query with its macros replaced.

    Parameters
    ----------
    staging_query:
        The definition.
    days:
        The values of ``START``, ``END`` and ``LATEST``; a macro that is not among them cannot be used here.
    max_date:
        Looks up the last partition of a table.

    Raises
    ------
    ConfigError
        With all macros that are unknown or wrong.

    >>> query = structs.StagingQuery(query="SELECT '{{ start_date }}' AS a, '{{max_date(table=db.t)}}' AS b")
    >>> fill(query, {START: "2024-01-05"}, lambda table, column: "2024-01-09")
    "SELECT '2024-01-05' AS a, '2024-01-09' AS b"
    """
    problems: list[ChrononError] = []
    place = place_of(staging_query, "query")

    def value(found: re.Match[str]) -> str:
        try:
            return _value(found[1], found[2], days, max_date)
        except ChrononError as problem:
            problems.append(problem.at(place))
            return ""

    text = _MACRO.sub(value, staging_query.query or "")
    raise_all(problems)
    return text.strip().rstrip(";")


def used(staging_query: structs.StagingQuery) -> set[str]:
    """The names of the macros in a query."""
    return {found[1] for found in _MACRO.finditer(staging_query.query or "")}


def clustered_by(staging_query: structs.StagingQuery) -> list[str]:
    """The additional partition columns: rows of a day are stored in their order."""
    custom = (staging_query.metaData or structs.MetaData()).customJson
    try:
        found: Any = json.loads(custom or "{}").get("additional_partition_cols") or []
    except (ValueError, AttributeError):
        found = None
    names = list(map(str, found)) if isinstance(found, list) else None
    if names is None:
        raise ConfigError(
            "customJson cannot be read",
            place=place_of(staging_query, "metaData.customJson"),
            expected='JSON such as {"additional_partition_cols": ["country"]}',
        )
    return names


def require_meaning(staging_query: structs.StagingQuery) -> None:
    """Refuse what has no text, and days where no day is computed."""
    if not (staging_query.query or "").strip():
        raise ConfigError("a staging query has no query", place=place_of(staging_query, "query"))
    dated = sorted(used(staging_query) & {START, END})
    if dated and staging_query.createView:
        raise ConfigError(
            "createView=True cannot contain {{ start_date }} or {{ end_date }}",
            place=place_of(staging_query, "query"),
            mend="a table, or a query of all days",
        )
    if dated and staging_query.startPartition is None:
        raise ConfigError(
            f"{{{{ {dated[0]} }}}} has no value, because the query has no first day",
            place=place_of(staging_query, "query"),
            mend="start_partition='yyyy-MM-dd', or a query without it",
        )


def _value(name: str, text: str | None, days: Mapping[str, str], max_date: MaxDate) -> str:
    arguments = _arguments(name, text or "")
    if name == MAX:
        unknown = arguments.keys() - {"table", "partition_column"}
        if "table" not in arguments or unknown:
            raise ConfigError(
                f"max_date is given {', '.join(sorted(unknown)) or 'no table'}",
                expected="{{ max_date(table=namespace.table) }} and, where it is another, partition_column=...",
            )
        return max_date(arguments["table"], arguments.get("partition_column"))
    if name not in days:
        known = "; ".join(f"{{{{ {macro} }}}}, {meaning}" for macro, meaning in MACROS.items())
        raise ConfigError(
            f"Unresolved template macro(s) after substitution: {{{{ {name} }}}}", expected=f"one of {known}"
        )
    if arguments:
        raise ConfigError(f"{{{{ {name} }}}} takes no arguments", mend=f"write {{{{ {name} }}}}")
    return days[name]


def _arguments(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = piece.partition("=")
        if not equals:
            raise ConfigError(f"{{{{ {name}({text}) }}}} cannot be read", expected="name=value, name=value")
        found[key.strip()] = value.strip()
    return found
