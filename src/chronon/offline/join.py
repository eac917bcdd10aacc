"""The backfill of a join: training rows for the partitions that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.naming import features_table
from chronon.base.time import DAY_MS, floor
from chronon.engine.protocol import JoinOutput
from chronon.offline.adopt import adopt
from chronon.offline.incremental import with_partials
from chronon.offline.partitions import Inputs, gaps, requested, require_same_types, require_some, todo, untimed
from chronon.offline.publish import Publisher
from chronon.offline.result import Backfill, Progress, Silent, Told
from chronon.offline.reuse import Marks, Reuse, left_inputs, part_inputs
from chronon.plan.chains import ancestors
from chronon.plan.functions import function_failures
from chronon.plan.hashes import output_hash
from chronon.plan.join import AsOf, JoinPlan, PartPlan, plan_join
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES, Scan

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine

STEP_DAYS = 30
"""Days that are computed at once."""


def backfill_join(
    join: structs.Join,
    engine: Engine,
    *,
    start: str | None = None,
    end: str,
    step_days: int = STEP_DAYS,
    run_first_hole: bool = False,
    keep_outdated: bool = False,
    incremental: bool = False,
    progress: Progress | None = None,
) -> Backfill:
    """Compute the missing partitions of a join's output table.

    Parameters
    ----------
    join:
        With its name and output namespace.
    engine:
        Where it runs.
    start, end:
        The first and last partition. Without ``start`` the left side's own.
    step_days:
        How many days are computed at once; it does not change the results.
    run_first_hole:
        Fill also what lies before the first partition that is there.
    keep_outdated:
        Partitions that another definition has made stay, from now on as if this one had made them.
    incremental:
        Keep partial aggregates by day of every group-by, in tables ``<group-by>_daily_inc``: the next day of a long
        window then reads one day's rows. The results are the same. Group-bys that are declared incremental always do.
    progress:
        Told of each step.

    Raises
    ------
    ChrononError
        Partitions that were published before stay; a later run computes the rest.
    """
    watch = progress or Silent()
    told = backfill_parents(join, engine, end=end, step_days=step_days, progress=watch)
    if keep_outdated:
        with engine.warehouse.writing(features_table(join)):
            told += adopt(features_table(join), output_hash(join), engine)
    result = _backfill(
        join, engine, start, end, step_days, watch, run_first_hole=run_first_hole, incremental=incremental
    )
    result.notes[:0] = told
    return result


def backfill_parents(
    definition: structs.GroupBy | structs.Join, engine: Engine, *, end: str, step_days: int, progress: Progress
) -> list[str]:
    """Compute what is missing of the joins that a definition reads, up to ``end``; returns what was done.

    Each is computed once and in the same steps, after those it reads itself. A row that is read may be of the day that
    is asked for: it is seen from its own time on, as any other.
    """
    told: list[str] = []
    for parent in ancestors(definition):
        done = _backfill(parent, engine, None, end, step_days, progress, run_first_hole=False, incremental=False)
        if done.filled:
            told.append(f"{done.table}, which is read here: {done.rows:,} rows in {len(done.filled)} partitions")
        told += [f"{done.table}: {rows:,} {reason}" for reason, rows in done.left_out.items()]
        told += [f"{done.table}: {note}" for note in done.notes]
    return told


def _backfill(
    join: structs.Join,
    engine: Engine,
    start: str | None,
    end: str,
    step_days: int,
    watch: Progress,
    *,
    run_first_hole: bool,
    incremental: bool,
) -> Backfill:
    plan = plan_join(join, engine)
    table = features_table(join)
    left = plan.left
    column = left.partition or engine.partitions_spec.column
    available = engine.partitions(left.table, column, dict(left.subs))
    require_some(left, available)
    days = requested(join, start or left.start, end, available, left.end, engine)
    result = Backfill(table)
    with engine.warehouse.writing(table):
        work = todo(join, table, days, available, engine, run_first_hole=run_first_hole)
        require_same_types(join, table, plan.outputs, work, engine)
        result.present = work.present
        look_at_inputs(plan, work.days, result, engine)
        result.notes += work.notes(left.table, engine.partitions_spec.unit)
        if join.skewKeys:
            result.notes.append("skew_keys are not needed: every left row stays, with its features")
        inputs = Inputs.of(_inputs(plan), engine)
        marks = Marks(plan, inputs, engine)
        reuse = Reuse.of(table, work.outdated, work.stamps, marks)
        result.notes += reuse.notes()
        publisher = Publisher(join, table, plan.outputs, inputs, work.outdated, result, engine, marks.stamp)
        pieces = len(plan.parts) + 1  # of the work on a day: each part, then writing
        for piece, taken in reuse.pieces(work.days, step_days, engine):
            output = reuse.output(JoinOutput.of(plan), piece, [part for part in plan.parts if part.prefix in taken])
            shown = piece[0] if len(piece) == 1 else f"{piece[0]} to {piece[-1]}"
            begun, total = len(result.filled) * pieces, len(work.days) * pieces
            watch.step(f"{shown}: reading {left.table}", begun, total)
            with engine.join(left, piece, output) as rows:
                result.count("left rows without a time (kept, without features)", rows.left.without_time)
                for reason, number in rows.told.items():
                    result.count(reason, number)
                for number, part in enumerate(plan.parts):
                    if part.prefix not in taken:
                        told = f"{shown}: {part.prefix}, {rows.left.count:,} rows"
                        watch.step(told, begun + number * len(piece), total)
                        rows.answer(_ready(part, rows.left.earliest, piece[0], engine, watch, keep=incremental))
                inputs.require_same(piece, engine)
                watch.step(f"{shown}: writing {table}", begun + len(plan.parts) * len(piece), total)
                publisher.days(piece, rows.rows())
        publisher.retire(work.retired)
    result.notes += function_failures()
    return result


def _ready(
    part: PartPlan, earliest: int | None, first: str, engine: Engine, watch: Progress, *, keep: bool
) -> PartPlan:
    """A part whose partial aggregates, if it keeps some, are filled for left rows from ``earliest`` on (ms)."""
    since = floor(earliest, DAY_MS) if earliest is not None else engine.partitions_spec.end(first)
    return replace(part, plan=with_partials(part.plan, since, engine, watch, keep=keep))


def _inputs(plan: JoinPlan) -> Iterator[tuple[Scan, int | None]]:
    yield from left_inputs(plan)
    for part in plan.parts:
        yield from part_inputs(part)


def look_at_inputs(plan: JoinPlan, days: list[str], result: Told, engine: Engine) -> None:
    """Note what inputs lack for the days to compute, and count their rows that are left out."""
    if not days:
        return
    spec = engine.partitions_spec
    told: set[str] = set()
    for part in plan.parts:
        last = part.seen(days[-1], spec)
        if part.plan.kind == ENTITIES:
            first: str | None = part.seen(days[0], spec)
        else:
            window = part.plan.aggregator.widest_window if part.plan.aggregator is not None else 0
            first = first_partition(spec.end(days[0]), window, spec)
        midnights = part.plan.kind == ENTITIES and part.as_of is AsOf.MIDNIGHT
        found = gaps(part.plan, first, last, engine, midnights=midnights)
        found += gaps(part.plan, days[0], days[-1], engine, part.changes)
        result.notes += [note for note in found if note not in result.notes]
        if part.plan.name not in told:  # a group-by may be several parts; its rows are left out once
            told.add(part.plan.name)
            until = last if part.plan.kind == ENTITIES else None
            left_out = untimed(part.plan.scans, first, until, engine)
            left_out |= untimed(part.changes, days[0], days[-1], engine)
            for reason, rows in left_out.items():
                result.count(reason, rows)
