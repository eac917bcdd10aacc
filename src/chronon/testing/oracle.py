"""The naive oracle: the second, independent statement of what every aggregation means.

It looks at all rows for every query, one column after the other, and computes each result from the values themselves:
no windows that slide, no intermediate results, no tiles. The compiled algebra is held to it by tests.

>>> from chronon.api.enums import Operation, TimeUnit
>>> from chronon.api.structs import Aggregation, Window
>>> from chronon.base.types import LONG
>>> oracle = Oracle([Aggregation("x", Operation.SUM, windows=[Window(1, TimeUnit.HOURS)])], {"x": LONG})
>>> oracle.at([Row(0, {"x": 3}), Row(60_000, {"x": 4}), Row(120_000, {"x": 5})], query=120_000)
{'x_sum_1h': 7}
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from chronon.api import structs
from chronon.base.errors import ChrononError, ConfigError, Place, RequestError, raise_all
from chronon.base.time import DAY_MS, floor, tail_hop, window_start
from chronon.base.types import DataType, Schema
from chronon.testing.columns import Column, Row, columns_of

__all__ = ["STALE_AFTER", "Oracle", "Row"]

STALE_AFTER = 2 * DAY_MS
"""How long after its end an upload answers windows longer than this, in ms."""


class Oracle:
    """Answers for one list of aggregations.

    Rows are those of one key, in any order. Every answer is a new dict of output columns to values, in column order:
    a map as a dict, a struct as a tuple, an absent value as ``None``. Floats that another engine may compute a little
    differently are ``Near``: they say how far it may be off.

    Parameters
    ----------
    aggregations:
        The definitions, as ``chronon.api`` makes them.
    schema:
        The input columns and their types.

    Raises
    ------
    ConfigError
        For whatever is wrong with the definitions, all of it together.
    """

    def __init__(self, aggregations: Sequence[structs.Aggregation], schema: Schema) -> None:
        self.columns: list[Column] = []
        problems: list[ChrononError] = []
        for i, aggregation in enumerate(aggregations):
            try:
                self.columns += columns_of(aggregation, schema)
            except ConfigError as problem:
                problems.append(problem.at(Place(field=f"aggregations[{i}]")))
        names = [column.name for column in self.columns]
        problems += [
            ConfigError(f"two output columns are named {n}") for n in sorted({n for n in names if names.count(n) > 1})
        ]
        raise_all(problems)
        self.schema = schema

    @property
    def outputs(self) -> dict[str, DataType]:
        """The output columns and their types, in order."""
        return {column.name: column.kind for column in self.columns}

    def at(self, rows: Iterable[Row], query: int) -> dict[str, Any]:
        """Point in time: each column over ``[floor(query - W, hop), query)``. Rows without a time are left out."""
        dated = [row for row in rows if row.ts is not None]
        since = {c.name: -math.inf if c.window is None else window_start(query, c.window) for c in self.columns}
        return {
            c.name: c.answer([row for row in dated if row.ts is not None and since[c.name] <= row.ts < query])
            for c in self.columns
        }

    def snapshot(self, rows: Iterable[Row], end: int) -> dict[str, Any]:
        """Daily accuracy over events: the same at ``end``, the midnight after a partition. Windows must be in days."""
        hourly = [c.name for c in self.columns if c.window is not None and not c.in_days]
        if hourly:
            raise ConfigError(f"{', '.join(hourly)}: a window in hours at daily accuracy", expected="windows in days")
        if end % DAY_MS:
            raise ConfigError(f"{end} is not a midnight", expected="the first instant after a partition")
        return self.at(rows, end)

    def entities(self, rows: Iterable[Row], end: int) -> dict[str, Any]:
        """Daily accuracy over the snapshot of entities in one partition, which ends at ``end``.

        With any window, each column sees ``[end - W, end)`` to the millisecond; without, all rows count.
        """
        dated = [row for row in rows if row.ts is not None or "ts" not in self.schema]
        if all(c.window is None for c in self.columns):
            return {c.name: c.answer(dated) for c in self.columns}
        since = {c.name: -math.inf if c.window is None else end - c.window for c in self.columns}
        return {
            c.name: c.answer([row for row in dated if row.ts is not None and since[c.name] <= row.ts < end])
            for c in self.columns
        }

    def visible(
        self,
        batch: Iterable[Row],
        stream: Iterable[Row],
        batch_end: int,
        query: int,
        *,
        stale_after: int = STALE_AFTER,
    ) -> dict[str, Any]:
        """Serving: the rows of the batch before ``batch_end``, then what the stream brought until ``query``.

        A row of the stream counts from ``batch_end`` on by the time of its change. A reversal takes a value back where
        the operation can. A window is null once it would be wrong: when a batch that is more than ``stale_after`` ms
        old holds rows that the window has left behind, and can no longer tell them from the others.
        """
        current = self.mutations(batch, stream, batch_end, query)
        stale = {c.name for c in self.columns if _is_stale(c, batch_end, query, stale_after)}
        return {name: None if name in stale else value for name, value in current.items()}

    def mutations(self, snapshot: Iterable[Row], changes: Iterable[Row], batch_end: int, query: int) -> dict[str, Any]:
        """Entities, point in time: a snapshot as of ``batch_end`` and the changes from then until ``query``.

        Each query is evaluated for itself: a change counts if it was made in ``[batch_end, query)`` and its row lies
        in the window.
        """
        if query < batch_end:
            raise RequestError(f"{query} is before the end of the batch, {batch_end}", expected="a time not before it")
        kept = [row for row in snapshot if row.ts is not None and row.ts < batch_end]
        made = [row for row in changes if row.ts is not None and batch_end <= _changed(row) < query]
        return self.at([*kept, *made], query)


def _changed(row: Row) -> int:
    return row.mutation_ts if row.mutation_ts is not None else row.ts or 0


def _is_stale(column: Column, batch_end: int, query: int, stale_after: int) -> bool:
    if column.window is None:
        return False
    hop = tail_hop(column.window)
    blurred = window_start(batch_end, column.window) - floor(
        -stale_after, hop
    )  # rows of the batch from here on are one
    return blurred < batch_end and window_start(query, column.window) > blurred
