"""What a job would do: a plan with what the engine knows of its tables. Nothing is computed or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.naming import features_table, output_table
from chronon.api.provenance import place_of
from chronon.base.display import Grid, Page, Shown
from chronon.base.errors import ConfigError
from chronon.offline.group_by import available_days
from chronon.offline.parents import partitions_then
from chronon.offline.partitions import Todo, requested, todo
from chronon.offline.staging_query import text_of
from chronon.offline.upload import group_bys_of
from chronon.plan.chains import ancestors
from chronon.plan.explain import Reads, reads_of_group_by, reads_of_join
from chronon.plan.group_by import plan_group_by
from chronon.plan.join import plan_join
from chronon.plan.labels import plan_labels
from chronon.plan.ranges import bounded
from chronon.plan.scans import EVENTS, Scan

if TYPE_CHECKING:
    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine

MANY_BYTES = 1024
BACKFILL, UPLOAD, LABELS = JOBS = ("backfill", "upload", "labels")
"""What is done with a definition offline."""

Explained = structs.Join | structs.GroupBy | structs.StagingQuery


@dataclass(frozen=True)
class Reading:
    """A table that would be read.

    Parameters
    ----------
    reads:
        By which part, and what it sees of it.
    partitions:
        Those that are there, ascending; empty for a table without.
    coming:
        Those that are made first: the table is the output of a join that is read.
    files, size, rows:
        How much that is: files, bytes, and about how many rows (``None``: its format does not say).
    """

    reads: Reads
    partitions: list[str]
    files: int
    size: int
    rows: int | None
    coming: list[str] = field(default_factory=list[str])


@dataclass(repr=False)
class Explanation(Shown):
    """What a job would do.

    Parameters
    ----------
    table:
        What it writes.
    days:
        The partitions that it would compute, ascending.
    present:
        How many of the requested ones are there already.
    outdated:
        Those of ``days`` that another definition has made; they are kept under another name.
    without_input:
        Requested days for which the input has no partition.
    readings:
        The tables that it would read.
    outputs:
        The columns that come out, with their types.
    job:
        One of ``JOBS``.
    before:
        What would be done first: the joins whose output is read.
    """

    table: str
    days: list[str]
    present: int
    outdated: list[str]
    without_input: list[str]
    readings: list[Reading] = field(default_factory=list[Reading])
    outputs: Schema = field(default_factory=dict[str, Any])
    job: str = BACKFILL
    before: list[Explanation] = field(default_factory=list["Explanation"])

    @property
    def rows(self) -> int | None:
        """About how many rows would be read; ``None`` where a table does not say."""
        counts = [None if reading.coming else reading.rows for reading in self.readings]
        return None if None in counts else sum(count or 0 for count in counts)

    def data(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "job": self.job,
            "table": self.table,
            "partitions": self.days,
            "present": self.present,
            "outdated": self.outdated,
            "without_input": self.without_input,
            "rows": self.rows,
            "reads": [
                {
                    "for": reading.reads.role,
                    "sees": reading.reads.sees,
                    "table": reading.reads.scan.table,
                    "first": reading.reads.first,
                    "last": reading.reads.last,
                    "partitions": len(reading.partitions),
                    "coming": len(reading.coming),
                    "files": reading.files,
                    "bytes": reading.size,
                    "rows": reading.rows,
                    "columns": reading.reads.columns,
                    "where": list(reading.reads.scan.wheres),
                }
                for reading in self.readings
            ],
            "columns": {name: str(kind) for name, kind in self.outputs.items()},
            "before": [parent.data() for parent in self.before],
        }

    def page(self) -> Page:
        facts: dict[str, Any] = {"to compute": "nothing, all partitions are there" if self.present else "nothing"}
        if self.days:
            count = len(self.days)
            facts = {"to compute": f"{count} partition{'s' if count > 1 else ''}, {_range(self.days)}"}
        if self.present:
            facts["there already"] = f"{self.present} partitions"
        if self.outdated:
            facts["made by another definition"] = f"{len(self.outdated)} of them, which are kept under another name"
        if self.without_input:
            facts["without input"] = f"{len(self.without_input)} days, {_range(self.without_input)}"
        for parent in self.before:
            if parent.days:
                facts[f"first {parent.table}"] = f"{len(parent.days)} partitions, {_range(parent.days)}"
        if self.readings and self.rows is not None:
            facts["to read"] = f"about {self.rows:,} rows"
        reads = [_row(reading) for reading in self.readings]
        head = ["for", "table", "partitions", "rows, about", "size", "sees", "columns"]
        outputs = [[name, str(kind)] for name, kind in self.outputs.items()]
        grids = [Grid(head, reads, title="reads")] if reads else []
        return Page(self.table, f"{self.job} of", facts, [*grids, Grid(["column", "type"], outputs, title="writes")])


def explain(
    definition: Explained, engine: Engine, *, start: str | None = None, end: str, job: str = BACKFILL
) -> Explanation:
    """What a job would do up to the partition ``end``; see ``chronon.session.explain``."""
    if job == LABELS and isinstance(definition, structs.Join):
        return _of_labels(definition, engine, end)
    if job != BACKFILL and (job != UPLOAD or isinstance(definition, structs.StagingQuery)):
        raise ConfigError(
            f"a {type(definition).__name__} has no job {job!r}",
            place=place_of(definition),
            expected="backfill of any, upload of a join or a group-by, labels of a join",
        )
    if isinstance(definition, structs.StagingQuery):
        return _of_staging_query(definition, engine, start, end)
    before: list[Explanation] = []
    made: dict[str, list[str]] = {}
    for parent in ancestors(definition):
        before.append(_of_join(parent, engine, None, end, made))
        made[output_table(parent)] = before[-1].days
    if job == UPLOAD:
        found = _of_upload(definition, engine, end, made)
    elif isinstance(definition, structs.Join):
        found = _of_join(definition, engine, start, end, made)
    else:
        found = _of_group_by(definition, engine, start, end, made)
    found.before = before
    return found


Made = Mapping[str, Sequence[str]]
"""The partitions that are made first, by table."""


def _of_join(join: structs.Join, engine: Engine, start: str | None, end: str, made: Made) -> Explanation:
    plan = plan_join(join, engine)
    left = plan.left
    available = partitions_then(left, made, engine)
    days = requested(join, start or left.start, end, available, left.end, engine)
    work = todo(join, features_table(join), days, available, engine)
    reads = reads_of_join(plan, work.days, engine.partitions_spec)
    return _made(features_table(join), work, reads, plan.outputs, engine, made)


def _of_group_by(group_by: structs.GroupBy, engine: Engine, start: str | None, end: str, made: Made) -> Explanation:
    plan = plan_group_by(group_by, engine)
    available = available_days(plan, engine, made)
    first = start or group_by.backfillStartDate
    days = requested(group_by, first, end, sorted(available or ()), None, engine)
    work = todo(group_by, output_table(group_by), days, available, engine)
    reads = reads_of_group_by(plan, work.days, engine.partitions_spec)
    return _made(output_table(group_by), work, reads, plan.backfilled, engine, made)


def _of_staging_query(query: structs.StagingQuery, engine: Engine, start: str | None, end: str) -> Explanation:
    table, first = output_table(query), start or query.startPartition
    days = requested(query, first, end, (), None, engine) if first is not None else []  # without days, all at once
    work = todo(query, table, days, None, engine)
    wanted = work.days if first is not None else [end]
    found = engine.translate(text_of(query, engine, work.days or days, end))
    outputs = {name: kind for name, kind in found.schema.items() if name != engine.partitions_spec.column}
    made = Explanation(table, wanted, work.present, list(work.outdated), [], outputs=outputs)
    if wanted:
        reads = (Reads("the query", "what it says", _whole(name, engine), None, None) for name in found.tables)
        made.readings = list(_readings(reads, engine, {}))
    return made


def _whole(table: str, engine: Engine) -> Scan:
    """All of a table; which of its columns are read, only the query knows."""
    return Scan(table, EVENTS, {}, {}, (), None, engine.columns(table), None)


def _of_upload(definition: structs.Join | structs.GroupBy, engine: Engine, ds: str, made: Made) -> Explanation:
    from chronon.store.names import batch_dataset

    group_bys = [definition] if isinstance(definition, structs.GroupBy) else group_bys_of(definition)
    plans = [plan_group_by(group_by, engine) for group_by in group_bys]
    reads = (read for plan in plans for read in reads_of_group_by(plan, [ds], engine.partitions_spec))
    outputs = {name: kind for plan in plans for name, kind in {**plan.keys, **plan.outputs}.items()}
    datasets = ", ".join(batch_dataset(plan.name) for plan in plans)
    return Explanation(datasets, [ds], 0, [], [], list(_readings(reads, engine, made)), outputs, UPLOAD)


def _of_labels(join: structs.Join, engine: Engine, label_ds: str) -> Explanation:
    plan, spec = plan_labels(join, engine), engine.partitions_spec
    days = plan.days(label_ds, spec)
    reads = [Reads("left side", "its own partition", plan.join.left, days[0], days[-1])]
    reads += [read for part in plan.join.parts for read in reads_of_group_by(part.plan, [label_ds], spec)]
    return Explanation(plan.labels, [label_ds], 0, [], [], list(_readings(reads, engine, {})), plan.columns, LABELS)


def _made(table: str, work: Todo, reads: Iterable[Reads], outputs: Schema, engine: Engine, made: Made) -> Explanation:
    found = Explanation(table, work.days, work.present, list(work.outdated), work.without_input, outputs=outputs)
    found.readings = list(_readings(reads, engine, made))
    return found


def _readings(reads: Iterable[Reads], engine: Engine, made: Made) -> Iterator[Reading]:
    for read in reads:
        coming = bounded(made.get(read.scan.table, ()), read.first, read.last)
        if read.scan.table in made and not engine.warehouse.exists(read.scan.table):
            yield Reading(read, [], 0, 0, None, coming)
            continue
        size = engine.estimate(read.scan, (read.first, read.last))
        yield Reading(read, size.partitions, size.files, size.bytes, size.rows, coming)


def _row(reading: Reading) -> list[Any]:
    read = reading.reads
    columns = ", ".join(read.columns)
    return [read.role, read.scan.table, _said(reading), reading.rows, _size(reading.size), read.sees, columns]


def _range(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _said(reading: Reading) -> str:
    coming = f", {len(reading.coming)} made first" if reading.coming else ""
    if not reading.partitions:
        return ("none" if not reading.files else "all rows") + coming
    return f"{len(reading.partitions)}: {_range(reading.partitions)}{coming}"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < MANY_BYTES:
            return f"{size:.0f} {unit}"
        size /= MANY_BYTES
    return f"{size:.1f} TB"
