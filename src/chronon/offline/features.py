"""Features for rows of the user's own: the backfill's plan and kernel, beside the rows; nothing is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from chronon.api import structs
from chronon.api.naming import name_of
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.display import Grid, Page, Shown
from chronon.base.errors import ChrononError, RequestError, raise_all
from chronon.base.handover import Handover, to_pandas
from chronon.base.progress import Progress, Silent, watched
from chronon.engine.protocol import JoinOutput
from chronon.offline.frames import Frame, days_of, frame_of, key_of, need, times_of
from chronon.offline.join import look_at_inputs
from chronon.offline.parents import require_parents
from chronon.offline.partitions import Inputs
from chronon.offline.result import Told
from chronon.offline.reuse import part_inputs
from chronon.plan.join import JoinPlan
from chronon.plan.rows import Wanted, plan_rows, types_of, wanted
from chronon.plan.scans import EVENTS

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine

ROWS_AT_ONCE = 2_000_000
"""Rows that are answered at once; of more, the features of each piece wait in a file until all are done."""
SHOWN_ROWS = 10


@dataclass(repr=False)
class Features(Handover, Shown):
    """Rows with features beside them.

    Parameters
    ----------
    name:
        The definition.
    frame:
        The rows as they were given.
    features:
        The features alone, parallel to the rows.
    left_out:
        Rows that stayed without features, or did not count, by reason.
    notes:
        What the reader should know.
    """

    name: str
    frame: Frame
    features: pa.Table
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])

    def count(self, reason: str, rows: int) -> None:
        """Add rows that were left out for a reason."""
        if rows:
            self.left_out[reason] = self.left_out.get(reason, 0) + rows

    def __len__(self) -> int:
        return self.features.num_rows

    def reader(self) -> pa.RecordBatchReader:
        return self.arrow().to_reader()

    def arrow(self) -> pa.Table:
        import pyarrow as pa

        rows = self.frame.table
        names = [*rows.column_names, *self.features.column_names]
        return pa.table([*rows.columns, *self.features.columns], names=names)

    def polars(self) -> Any:
        if self.frame.library != "polars":
            return super().polars()
        import polars as pl

        found: Any = pl.from_arrow(self.features)
        return self.frame.original.hstack(found)

    def pandas(self) -> Any:
        if self.frame.library != "pandas":
            return super().pandas()
        import pandas as pd

        features = to_pandas(self.features).set_axis(self.frame.original.index)
        return pd.concat([self.frame.original, features], axis=1)

    def page(self) -> Page:
        facts: dict[str, Any] = {"rows": f"{len(self):,}", "features": self.features.num_columns}
        first = self.arrow().slice(0, SHOWN_ROWS)
        rows = [list(row.values()) for row in first.to_pylist(maps_as_pydicts="strict")]
        more = f"the first {len(rows)} of {len(self):,} rows" if len(self) > len(rows) else ""
        counted = [f"{rows:,} {reason}" for reason, rows in self.left_out.items()]
        grid = Grid(first.column_names, rows, note=more)
        return Page(self.name, "features of", facts, [grid] if rows else [], [*counted, *self.notes])


def features_of_rows(
    definition: structs.Join | structs.GroupBy,
    engine: Engine,
    rows: Any,
    *,
    only: Sequence[str] | None = None,
    time: str = "ts",
    bootstrap: bool = False,
    progress: Progress | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Features:
    """The features for some rows; see ``chronon.session.features``.

    ``rows_at_once`` bounds the memory that is used beside the rows and the result's own.
    """
    frame = frame_of(rows)
    asked = wanted(definition, engine, only, bootstrap=bootstrap)
    require_parents(asked.definition, engine)
    left = left_of(asked, frame, time, engine)
    plan = plan_rows(asked, types_of(asked, left), engine)
    found = Features(name_of(definition), frame, schema_to_arrow({}).empty_table())
    _look(plan, left, found, engine)
    if isinstance(definition, structs.Join) and definition.bootstrapParts and not bootstrap:
        found.notes.append(
            "bootstrap tables are not read: all values are computed; bootstrap=True takes them by row id"
        )
    given = ((table.scan, 0) for table in plan.given.tables)
    inputs = Inputs.of([*given, *(read for part in plan.parts for read in part_inputs(part))], engine)
    with watched(progress) as watch:
        found.features = answered(plan, asked.features, left, engine, watch, rows_at_once, found)
    inputs.require_same(_days(plan, left, engine), engine)
    return found


# ---- what is asked for


def left_of(asked: Wanted, frame: Frame, time: str, engine: Engine) -> pa.Table:
    """The columns that are needed of the rows: keys in their types, times in ms or days, what derivations read."""
    import pyarrow as pa

    table, spec = frame.table, engine.partitions_spec
    when = time if asked.kind == EVENTS else spec.column
    problems = need(table, [key for key in asked.keys if key != when], "which is a key")
    problems += need(table, asked.row_ids, "by which bootstrap tables know rows")
    problems += need(table, [when], "the time of each row" if asked.kind == EVENTS else "the day of each row")
    read = [n for n in asked.reads if n not in ("ts", "ds", when) and n in table.column_names]
    problems += [
        RequestError(
            f"the rows have a column {name} already, which is a feature",
            mend="drop or rename it, or leave it out of only",
        )
        for name in asked.features
        if name in table.column_names and name not in asked.keys and name not in read
    ]
    raise_all(problems)
    columns: dict[str, Any] = {}
    for name, kind in asked.keys.items():
        try:
            columns[name] = key_of(table.column(name), name, kind)
        except ChrononError as problem:
            problems.append(problem)
    columns |= {name: table.column(name) for name in read}
    if asked.kind == EVENTS:
        columns["ts"] = times_of(table.column(when), when)
    else:
        columns[spec.column] = days_of(table.column(when), when, spec.strptime)
    raise_all(problems)
    return pa.table(columns)


# ---- computing


def answered(
    plan: JoinPlan,
    names: Sequence[str],
    left: pa.Table,
    engine: Engine,
    watch: Progress | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
    told: Told | None = None,
) -> pa.Table:
    """The columns ``names`` of a plan for rows in memory, in their order; ``told`` is told what is wrong with some."""
    import pyarrow as pa

    watch = watch or Silent()
    schema = schema_to_arrow({name: plan.outputs[name] for name in names})
    pieces = range(0, left.num_rows, rows_at_once)
    if len(pieces) <= 1:
        batches = _piece(plan, left, schema, engine, watch, (0, 1), told)
        return pa.Table.from_batches(batches, schema)
    with _Spool(schema) as spool:
        for number, at in enumerate(pieces):
            some = left.slice(at, rows_at_once)
            for batch in _piece(plan, some, schema, engine, watch, (number, len(pieces)), told):
                spool.write(batch)
        return spool.table()


def _piece(
    plan: JoinPlan,
    left: pa.Table,
    schema: pa.Schema,
    engine: Engine,
    watch: Progress,
    place: tuple[int, int],
    told: Told | None,
) -> Iterator[pa.RecordBatch]:
    done, total = place[0] * len(plan.parts), place[1] * len(plan.parts)
    with engine.join_rows(left, JoinOutput.of(plan)) as work:
        if told is not None:
            for reason, rows in work.told.items():
                told.count(reason, rows)
        for number, part in enumerate(plan.parts):
            watch.step(part.plan.name, done + number, total)
            work.answer(part)
        for _, batches in work.rows():
            for batch in batches:
                yield batch.select(schema.names)


class _Spool:
    """Rows that wait in a file, outside of memory; the file has no name any more and goes with the last reader."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def __enter__(self) -> Self:
        import tempfile

        import pyarrow as pa

        self._file = tempfile.NamedTemporaryFile(prefix="chronon-", suffix=".arrow")
        self._writer = pa.ipc.new_file(self._file, self._schema)
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def table(self) -> pa.Table:
        """All rows, over the file's memory map."""
        import pyarrow as pa

        self._writer.close()
        self._file.flush()
        return pa.ipc.open_file(pa.memory_map(self._file.name)).read_all()

    def __exit__(self, *error: object) -> None:
        self._file.close()


# ---- what the reader should know


def _look(plan: JoinPlan, left: pa.Table, found: Features, engine: Engine) -> None:
    """Count rows that stay without features, and note what the inputs lack for the others."""
    spec, pc = engine.partitions_spec, compute()
    when = left.column("ts" if plan.left.kind == EVENTS else spec.column)
    found.count("rows without a time (kept, without features)", when.null_count)
    for part in plan.parts:
        keyless = None
        for column in part.keys.values():
            null = pc.is_null(left.column(column))
            keyless = null if keyless is None else pc.or_(keyless, null)
        rows = pc.sum(keyless).as_py() if keyless is not None else 0
        found.count(f"rows without a key of {part.plan.name} (kept, without its features)", rows or 0)
    look_at_inputs(plan, _days(plan, left, engine), found, engine)


def _days(plan: JoinPlan, left: pa.Table, engine: Engine) -> list[str]:
    """The first and the last partition of the rows; empty where no row has a time."""
    spec = engine.partitions_spec
    bounds = compute().min_max(left.column("ts" if plan.left.kind == EVENTS else spec.column)).as_py()
    if bounds["min"] is None:
        return []
    return [spec.of(moment) if isinstance(moment, int) else moment for moment in (bounds["min"], bounds["max"])]
