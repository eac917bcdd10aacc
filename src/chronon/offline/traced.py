"""A traced feature: its columns, the rows behind them, what is served beside it; and how a person sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chronon.base.display import DIM, STRONG, Grid, Page, Shown, instant, shown
from chronon.base.time import DAY_MS

BEFORE, INSIDE, AFTER = "before the window", "inside", "after the instant"
SHOWN_ROWS = 30


@dataclass(frozen=True)
class TracedRow:
    """One row of a source.

    Parameters
    ----------
    ts:
        Its time in ms; ``None`` where it has none.
    where:
        ``BEFORE``, ``INSIDE`` or ``AFTER``.
    table, partition:
        Where it is stored.
    values:
        Its inputs.
    sequence:
        Its place among rows of the same time, if its source says.
    made:
        When the change of an entity was made, in ms.
    is_before:
        Whether it is the image before a change, which is taken back.
    """

    ts: int | None
    where: str
    table: str
    partition: str | None
    values: Mapping[str, Any]
    sequence: int = 0
    made: int | None = None
    is_before: bool = False


@dataclass(repr=False)
class TracedColumn(Shown):
    """A column before derivations, and its rows.

    Parameters
    ----------
    group_by, name:
        Whose column it is.
    operation:
        What is done with the rows.
    value:
        What came out.
    keys:
        The key of the rows.
    window, hop:
        In ms; ``None`` for the whole history, and where no rows are aggregated.
    as_of:
        Until when the rows are seen, exclusive (ms).
    since, until:
        The rows from the first to before the second instant count (ms); ``None`` for no bound.
    rows:
        Those inside, in order, and some on either side.
    left_out:
        How many rows inside, older than these, are not listed because there are too many.
    notes:
        What the reader should know.
    """

    group_by: str
    name: str
    operation: str
    value: Any
    keys: Mapping[str, Any]
    window: int | None
    hop: int | None
    as_of: int
    since: int | None
    until: int | None
    rows: list[TracedRow] = field(default_factory=list[TracedRow])
    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0

    @property
    def inside(self) -> list[TracedRow]:
        """The rows that count, in order."""
        return [row for row in self.rows if row.where == INSIDE]

    def grid(self) -> Grid:
        """The rows as a person reads them."""
        some = self.rows
        count = len(self.inside) + self.left_out
        if len(some) > SHOWN_ROWS:
            some = [*some[: SHOWN_ROWS // 2], *some[-SHOWN_ROWS // 2 :]]
        inputs = list(dict.fromkeys(name for row in some for name in row.values))
        changed = any(row.made is not None for row in some)
        head = ["time (UTC)", *(["changed (UTC)"] if changed else []), *inputs, "", "table", "partition"]
        rows = [
            [
                instant(row.ts),
                *([instant(row.made)] if changed else []),
                *(row.values.get(name) for name in inputs),
                "taken back" if row.is_before and row.where == INSIDE else row.where,
                row.table,
                row.partition,
            ]
            for row in some
        ]
        marks = ["" if row.where == INSIDE else DIM for row in some]
        left_out = f"; {hidden:,} rows in the middle are not shown" if (hidden := len(self.rows) - len(some)) else ""
        return Grid(head, rows, title=f"{self.name}: {count:,} rows count", note=self.bounds() + left_out, marks=marks)

    def bounds(self) -> str:
        """The window in words."""
        if self.since is None and self.until is None:
            return "all rows of the key in that partition count"
        start = instant(self.since) if self.since is not None else "the beginning"
        hop = f", moving in steps of {length(self.hop)}" if self.hop and self.since is not None else ""
        return f"from {start} (it counts) to {instant(self.until)} (it does not){hop}"

    def page(self) -> Page:
        facts = {"value": self.value, "operation": self.operation, "key": dict(self.keys)}
        return Page(self.name, "column", facts, [self.grid()], self.notes)


@dataclass(frozen=True)
class Served:
    """What is served at the same instant.

    Parameters
    ----------
    value:
        The feature's.
    uploads:
        For each group-by the generation and its batch end (ms): rows before come from there.
    streamed:
        For each group-by the times (ms) and inputs of the rows that a stream brought since.
    problem:
        Why there is no value.
    """

    value: Any
    uploads: Mapping[str, tuple[str, int]]
    streamed: Mapping[str, list[tuple[int, Mapping[str, Any]]]]
    problem: str | None = None


@dataclass(repr=False)
class Trace(Shown):
    """A feature of one key at one instant, taken apart.

    Parameters
    ----------
    definition, feature:
        What was asked for.
    keys, at:
        Of whom, and when (ms).
    value:
        The feature's.
    expression:
        How it is derived from the columns; ``None`` where it is one of them.
    columns:
        The columns that it is made of.
    served:
        The value that is served, if it was asked for.
    """

    definition: str
    feature: str
    keys: Mapping[str, Any]
    at: int
    value: Any
    expression: str | None
    columns: list[TracedColumn]
    served: Served | None = None

    def page(self) -> Page:
        facts: dict[str, Any] = {"value": self.value, "of": dict(self.keys), "at": f"{instant(self.at)} UTC"}
        if self.expression is not None:
            facts["derived as"] = self.expression
        for column in self.columns:
            said = f"{column.operation}, in {column.group_by}"
            alone = self.expression is None and len(self.columns) == 1
            facts |= {"computed as": said} if alone else {column.name: f"{shown(column.value)} = {said}"}
        grids = [column.grid() for column in self.columns]
        notes = [note for column in self.columns for note in column.notes]
        if self.served is not None:
            grids.insert(0, self._beside(self.served))
            notes += [self.served.problem] if self.served.problem else []
        return Page(self.feature, "trace", facts, grids, list(dict.fromkeys(notes)))

    def _beside(self, served: Served) -> Grid:
        rows: list[list[Any]] = [["value", self.value, served.value]]
        for group_by, (generation, end) in served.uploads.items():
            columns = [column for column in self.columns if column.group_by == group_by]
            inside = [row for column in columns for row in column.inside]
            since = sum(row.ts is not None and row.ts >= end for row in inside)
            batch = len(inside) - since + sum(column.left_out for column in columns)
            streamed = served.streamed.get(group_by)
            rows.append([f"{group_by}: rows before {instant(end)}", batch, f"in the upload {generation}"])
            if streamed is not None:
                rows.append([f"{group_by}: rows since", since, f"{len(streamed)} in the stream"])
        same = self.value == served.value
        marks = [STRONG, *[""] * (len(rows) - 1)]
        title = "offline and served agree" if same else "offline and served differ"
        return Grid(["", "offline", "served"], rows, title=title, marks=marks)


def length(ms: int | None) -> str:
    """A length of time in words."""
    if ms is None:
        return "all history"
    for unit, size in (("day", DAY_MS), ("hour", 3_600_000), ("minute", 60_000)):
        if ms % size == 0:
            return f"{ms // size} {unit}{'s' if ms != size else ''}"
    return f"{ms} ms"
