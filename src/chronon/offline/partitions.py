"""Which partitions of an output are to be computed, and the metadata by which they are recognised later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError, DataError, MissingDataError, SchemaError, raise_all
from chronon.base.time import DAY_MS, Partitions, floor
from chronon.plan.hashes import output_hash
from chronon.plan.ranges import bounded, first_partition, missing, wanted
from chronon.plan.scans import ENTITIES, Scan, common_type

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine
    from chronon.engine.tables.digests import Digests
    from chronon.engine.tables.files import File, Files
    from chronon.plan.group_by import GroupByPlan

HASH, INPUTS, LIBRARIES = "semantic_hash", "inputs", "libraries"
"""Names in a stamp: the definition, what the inputs held, and the versions of what computed it."""


@dataclass(frozen=True)
class Todo:
    """The work on one output table.

    Parameters
    ----------
    days:
        The partitions to compute, ascending.
    present:
        How many of the requested ones are there already.
    outdated:
        Those of ``days`` that are there, but computed by another definition; with the hash of that definition.
    without_input:
        Requested partitions for which the input has none.
    skipped:
        Those before the first partition that is there: retention may have removed them.
    retired:
        Partitions outside of ``days`` that another definition has computed; with its hash.
    stamps:
        What the partitions that are there say of themselves.
    """

    days: list[str]
    present: int
    outdated: dict[str, str]
    without_input: list[str]
    skipped: list[str]
    retired: dict[str, str]
    stamps: Mapping[str, Mapping[str, str]]

    def notes(self, input_name: str, unit: str = "day") -> Iterator[str]:
        """What a reader should know: which of the requested partitions are not there in the end, and why."""
        if self.without_input:
            lacking = self.without_input
            yield f"{input_name} has no rows for {len(lacking)} of the requested {unit}s: {some(lacking)}"
        if self.skipped:
            yield (
                f"{len(self.skipped)} {unit}s before the first partition are skipped: {some(self.skipped)}; "
                "fill them with run_first_hole (--run-first-hole)"
            )
        if self.outdated:
            yield f"{len(self.outdated)} partitions were made by another definition and are replaced"
        if self.retired:
            yield (
                f"{len(self.retired)} partitions that were made by another definition are moved to an archive: "
                f"{some(sorted(self.retired))}"
            )


def some(days: Sequence[str], shown: int = 3) -> str:
    """A few days of a list.

    >>> some(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"])
    '2024-01-01, 2024-01-02, 2024-01-03 ...'
    """
    return ", ".join(days[:shown]) + (" ..." if len(days) > shown else "")


def requested(
    definition: structs.GroupBy | structs.Join | structs.StagingQuery,
    first: str | None,
    end: str,
    available: Sequence[str],
    last: str | None,
    engine: Engine,
) -> list[str]:
    """The partitions that a run is asked for.

    Parameters
    ----------
    definition:
        Without ``historical_backfill`` only its last partition is computed, whatever is asked.
    first:
        The first one; that of the input if ``None``.
    end:
        The last one.
    available:
        The partitions of the input.
    last:
        The input's own last partition, as its query says.
    engine:
        Knows how partitions are named.

    Raises
    ------
    ConfigError
        If the range starts after its end.
    """
    until = min(end, last) if last is not None else end
    since = first or (available[0] if available else None)
    if (definition.metaData or structs.MetaData()).historicalBackfill is False:
        since = end
    elif since is None or (first is None and since > until):
        return []
    try:
        return wanted(since, until, engine.partitions_spec)
    except ConfigError as problem:
        raise problem.at(place_of(definition)) from None


def todo(
    definition: structs.GroupBy | structs.Join | structs.StagingQuery,
    table: str,
    days: Sequence[str],
    available: Iterable[str] | None,
    engine: Engine,
    *,
    run_first_hole: bool = False,
) -> Todo:
    """What is missing of ``table``, and what another definition has computed."""
    stamps = engine.warehouse.stamps(table, engine.partitions_spec.column)
    now = output_hash(definition)
    outdated = {ds: stamp[HASH] for ds, stamp in stamps.items() if stamp.get(HASH, now) != now}
    existing = stamps.keys() - outdated.keys()
    inputs = None if available is None else set(available)
    found = missing(days, existing, inputs, skip_first_hole=not run_first_hole)
    lacking = missing(days, existing, inputs, skip_first_hole=False)
    return Todo(
        days=found,
        present=sum(ds in existing for ds in days),
        outdated={ds: outdated[ds] for ds in found if ds in outdated},
        without_input=[ds for ds in days if inputs is not None and ds not in inputs and ds not in existing],
        skipped=[ds for ds in lacking if ds not in set(found)],
        retired={ds: outdated[ds] for ds in sorted(outdated) if (found or existing) and ds not in set(found)},
        stamps=stamps,
    )


def require_same_types(
    definition: structs.GroupBy | structs.Join, table: str, schema: Schema, work: Todo, engine: Engine
) -> None:
    """Raise where a column of a table would change its type from one partition to the next.

    Partitions of another definition do not count: they are replaced or moved away.
    """
    if not work.days or work.outdated or work.retired or not engine.warehouse.exists(table):
        return
    if not engine.warehouse.files(table).files:
        return
    known = engine.columns(table)
    raise_all(
        SchemaError(
            f"Existing columns cannot be modified: columnName: {name} existingType: {known[name]} newType: {kind}, "
            f"in {table}",
            place=place_of(definition),
            mend="cast it to the type that it had, or give it another name",
        )
        for name, kind in schema.items()
        if name in known and common_type([known[name], kind]) is None
    )


def require_some(scan: Scan, available: Sequence[str]) -> None:
    """Raise where a table has no partition at all within the bounds of its query."""
    if not bounded(available, scan.start, scan.end):
        shown = f"{available[0]} to {available[-1]}" if available else "none"
        raise MissingDataError(
            f"{scan.table} has no partition from {scan.start or 'the first'} to {scan.end or 'the last'}",
            place=scan.place,
            expected=f"partitions within those bounds; it has {shown}",
        )


@dataclass(frozen=True)
class Inputs:
    """The input tables of a job as they were before it read them.

    Parameters
    ----------
    tables:
        For each the files, the partition column, and the widest window in ms that reads it (``None``: the whole
        history; 0: one day).
    """

    tables: dict[str, tuple[Files, str, int | None]]

    @staticmethod
    def of(scans: Iterable[tuple[Scan, int | None]], engine: Engine) -> Inputs:
        """List the files of the tables that are scanned, each once however many partitions will be written."""
        spec = engine.partitions_spec
        return Inputs.named(((scan.table, scan.partition or spec.column, window) for scan, window in scans), engine)

    @staticmethod
    def named(tables: Iterable[tuple[str, str, int | None]], engine: Engine) -> Inputs:
        """The same of tables by name, each with its partition column and window (ms); of a view also what it reads."""
        found: dict[str, tuple[Files, str, int | None]] = {}
        waiting = list(tables)
        while waiting:
            table, column, window = waiting.pop(0)
            if table in found:
                files, column, other = found[table]
                found[table] = files, column, None if None in (window, other) else max(window or 0, other or 0)
                continue
            files = engine.warehouse.files(table)
            found[table] = files, column, window
            waiting += [(inside, column, window) for inside in _read_by_view(files, engine)]
        return Inputs(found)

    def only(self, table: str, window: int | None) -> Inputs:
        """One of the tables, as a window of that width (ms) reads it."""
        files, column, _ = self.tables[table]
        return Inputs({table: (files, column, window)})

    def require_same(self, days: Sequence[str] | None, engine: Engine) -> None:
        """Raise where a file that ``days`` (ascending; all if ``None``) are computed from is no longer what it was.

        What was read may then be partly the old rows and partly the new ones.
        """
        if days is not None and not days:
            return
        for table, (files, column, window) in self.tables.items():
            chosen: Iterable[File] = files.files
            if days is not None:
                first, last = _read(files, window, days[0], days[-1], engine.partitions_spec)
                inside = files.by_partition(column)
                read = bounded([ds for ds in inside if ds is not None], first, last)
                chosen = (file for ds in [None, *read] for file in inside.get(ds, ()))
            changed = engine.warehouse.changed(files, chosen)
            if changed is not None:
                raise DataError(
                    f"{table} was rewritten while it was read: {changed.path}",
                    mend="run again once its writer has ended; partitions that were published stay",
                )

    def unchanged(
        self, rows: Iterable[tuple[str, Iterator[pa.RecordBatch]]], engine: Engine
    ) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        """Days with their rows, whose end comes only if the files that they are made from are still what they were.

        What is published is complete only then.
        """
        for ds, batches in rows:
            yield ds, self.still(batches, [ds], engine)

    def still(
        self, batches: Iterable[pa.RecordBatch], days: Sequence[str] | None, engine: Engine
    ) -> Iterator[pa.RecordBatch]:
        """Rows that ``days`` (all if ``None``) are read for; at their end as ``require_same``."""
        yield from batches
        self.require_same(days, engine)

    def of_partition(self, ds: str, digests: Digests) -> dict[str, str]:
        """A digest for each table of what its files of the partition ``ds`` alone hold."""
        return {
            table: digests.of(files, column, [ds] if column in files.partition_columns else None)
            for table, (files, column, _) in self.tables.items()
        }

    def fingerprints(self, ds: str, spec: Partitions, digests: Digests) -> dict[str, str]:
        """A digest for each table of what the files hold that the partition ``ds`` is computed from."""
        found: dict[str, str] = {}
        for table, (files, column, window) in self.tables.items():
            first, last = _read(files, window, ds, ds, spec)
            named = column in files.partition_columns
            days = bounded(files.partitions(column), first, last) if named else None
            found[table] = digests.of(files, column, days)
        return found


def _read_by_view(files: Files, engine: Engine) -> tuple[str, ...]:
    """The tables that a view reads; none for any other table."""
    from chronon.engine.tables.view import Views

    if files.format != Views.name:
        return ()
    return engine.translate(engine.warehouse.view(files.table).query).tables


def _read(files: Files, window: int | None, first: str, last: str, spec: Partitions) -> tuple[str | None, str]:
    """The first and last partition that the outputs ``first`` to ``last`` are made from; what is as of a midnight too.

    A day that holds the hour ``last`` counts as the last of its hours.
    """
    span = max(spec.span, files.own.span if files.own is not None else 0)
    return first_partition(floor(spec.start(first), DAY_MS), window, spec), spec.of(
        floor(spec.start(last), span) + span - 1
    )


def stamp(
    definition: structs.GroupBy | structs.Join | structs.StagingQuery, ds: str, inputs: Inputs, engine: Engine
) -> dict[str, str]:
    """What is written into a partition's file about how it came to be."""
    import json

    from chronon import __version__

    return {
        HASH: output_hash(definition),
        INPUTS: json.dumps(inputs.fingerprints(ds, engine.partitions_spec, engine.warehouse.digests), sort_keys=True),
        "engine": engine.name,
        "version": __version__,
        LIBRARIES: json.dumps(_libraries(), sort_keys=True),
    }


@cache
def _libraries() -> dict[str, str]:
    """The versions of what has a part in the values."""
    from importlib.metadata import version

    return {name: version(name) for name in ("chronon", "datasketches", "duckdb", "numpy", "pyarrow")}


def with_stamp(schema: Schema, stamp: Mapping[str, str]) -> pa.Schema:
    """An Arrow schema that carries a stamp."""
    from chronon.base.arrow import schema_to_arrow

    return schema_to_arrow(schema).with_metadata({f"chronon.{key}": value for key, value in stamp.items()})


def gaps(
    plan: GroupByPlan,
    first: str | None,
    last: str,
    engine: Engine,
    scans: Sequence[Scan] | None = None,
    *,
    midnights: bool = False,
) -> list[str]:
    """A note for each source of a group-by (or of ``scans``) that lacks partitions between ``first`` and ``last``.

    With ``midnights``, only those that end at one are read.
    """
    notes: list[str] = []
    spec = engine.partitions_spec
    for scan in plan.scans if scans is None else scans:
        if scan.partition is None or scan.cumulative:
            continue
        present = bounded(engine.partitions(scan.table, scan.partition, dict(scan.subs)), scan.start, scan.end)
        since = max(x for x in (first, scan.start, present[0] if present else None) if x) if present else first
        until = min(last, scan.end) if scan.end else last
        if since is None or spec.start(since) > spec.start(until):
            continue
        own = engine.warehouse.files(scan.table).own
        step = DAY_MS if midnights or (own is not None and own.span > spec.span) else spec.span
        there = set(present)
        lacking = [ds for ds in spec.between(since, until) if ds not in there and spec.end(ds) % step == 0]
        if lacking:
            kind = "snapshot" if scan.kind == ENTITIES and scan in plan.scans else "partition"
            shown = some(lacking)
            notes.append(
                f"{plan.name}: {scan.table} has no {kind} for {len(lacking)} of the {spec.unit}s read ({shown})"
            )
        hours = engine.hours_lacking(scan.table, set(bounded(present, since, until)))
        if hours:
            notes.append(f"{plan.name}: {scan.table} lacks {len(hours)} hours of the days read ({some(hours)})")
    return notes


def untimed(scans: Iterable[Scan], first: str | None, last: str | None, engine: Engine) -> dict[str, int]:
    """For each scan, how many rows are left out because they have no time."""
    found: dict[str, int] = {}
    for scan in scans:
        reason = f"rows of {scan.table} without a time (left out)"
        found[reason] = found.get(reason, 0) + engine.without_time(scan, first, last)
    return found
