"""Short ways to say instants, aggregations and rows, for tests that read as tables of cases.

>>> rows = events({"-2h": 1, "-30m": 2, "+1ms": 4})
>>> oracle(aggregation("x", "SUM", "1h", None), x="long").at(rows, at("+0s"))
{'x_sum_1h': 2, 'x_sum': 3}
"""

from __future__ import annotations

import re
from typing import Any, cast

from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base.errors import ConfigError
from chronon.base.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from chronon.base.types import parse_type
from chronon.testing.oracle import Oracle, Row

ORIGIN = 1_704_844_800_000
"""2024-01-10 00:00:00 UTC, a midnight; all offsets count from here."""

_UNITS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS, "ms": 1}
_OFFSET = re.compile(r"([+-])((?:\d+(?:ms|[dhms]))+)")


def at(offset: str) -> int:
    """The instant at an offset from ``ORIGIN``, in ms; a sign goes for all parts up to the next one.

    >>> [at(text) - ORIGIN for text in ("+0s", "+7m30s", "-1h-1ms", "-1s+1ms")]
    [0, 450000, -3600001, -999]
    """
    if not re.fullmatch(f"(?:{_OFFSET.pattern})+", offset):
        raise ConfigError(f"{offset!r} is not an offset", expected="like -7d+1ms or +7m30s")
    return ORIGIN + sum(
        (1 if sign == "+" else -1) * int(count) * _UNITS[unit]
        for sign, parts in _OFFSET.findall(offset)
        for count, unit in re.findall(r"(\d+)(ms|[dhms])", parts)
    )


def window(text: str | None) -> structs.Window | None:
    """A window like ``7d`` or ``36h``; ``None`` is the whole history."""
    if text is None:
        return None
    return structs.Window(int(text[:-1]), TimeUnit.DAYS if text[-1] == "d" else TimeUnit.HOURS)


def aggregation(
    column: str,
    operation: str,
    *windows: str | None,
    buckets: list[str] | None = None,
    element_wise: bool = False,
    **arguments: Any,
) -> structs.Aggregation:
    """An aggregation by the name of its operation; keywords are its arguments."""
    return structs.Aggregation(
        inputColumn=column,
        operation=Operation[operation],
        argMap={name: str(value) for name, value in arguments.items()},
        windows=cast("list[structs.Window]", [window(text) for text in windows]) or None,  # None is a window too
        buckets=buckets,
        elementWise=element_wise,
    )


def oracle(*aggregations: structs.Aggregation, **types: str) -> Oracle:
    """An oracle for columns that are given with their types as text."""
    return Oracle(aggregations, {column: parse_type(kind) for column, kind in types.items()})


def events(cells: dict[str, Any] | list[tuple[str, Any]], column: str = "x") -> list[Row]:
    """Rows of one column from offsets and cells; their order is their sequence."""
    pairs = cells.items() if isinstance(cells, dict) else cells
    return [Row(at(offset), {column: cell}, sequence) for sequence, (offset, cell) in enumerate(pairs)]


def change(ts: str, cell: Any, made: str, *, is_before: bool = False, column: str = "x") -> Row:
    """One image of a change of an entity, with the offsets of the row and of the change."""
    return Row(at(ts), {column: cell}, mutation_ts=at(made), is_before=is_before)
