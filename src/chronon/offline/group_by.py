"""The backfill of a group-by: the features of all keys at the end of each day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.naming import output_table
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError
from chronon.offline.join import STEP_DAYS
from chronon.offline.partitions import Inputs, gaps, requested, todo, untimed
from chronon.offline.publish import Publisher
from chronon.offline.result import Backfill, Progress, Silent
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.ranges import first_partition, steps
from chronon.plan.scans import ENTITIES, EVENTS, Scan

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine


def backfill_group_by(
    group_by: structs.GroupBy,
    engine: Engine,
    *,
    start: str | None = None,
    end: str,
    step_days: int = STEP_DAYS,
    run_first_hole: bool = False,
    progress: Progress | None = None,
) -> Backfill:
    """Compute the missing partitions of a group-by's output table: one row for each key and day.

    A day is computed if some source has its partition. The parameters are those of ``backfill_join``; without ``start``
    the group-by's ``backfill_start_date`` counts.
    """
    watch = progress or Silent()
    plan = plan_group_by(group_by, engine)
    table = output_table(group_by)
    spec = engine.partitions_spec
    first = start or group_by.backfillStartDate
    if first is None:
        raise ConfigError(
            "has null backfillStartDate. This needs to be set for offline backfilling.",
            place=place_of(group_by, "backfill_start_date"),
            mend="backfill_start_date='yyyy-MM-dd', or --start-partition-override",
        )
    available = _available(plan, engine)
    days = requested(first, end, sorted(available or ()), (None, None), engine)
    result = Backfill(table)
    window = plan.aggregator.widest_window if plan.aggregator is not None and plan.kind == EVENTS else 0
    with engine.warehouse.writing(table):
        work = todo(group_by, table, days, available, engine, run_first_hole=run_first_hole)
        result.present = work.present
        if work.days:
            since = work.days[0] if plan.kind == ENTITIES else first_partition(spec.end(work.days[0]), window, spec)
            result.notes += gaps(plan, since, work.days[-1], engine)
            until = work.days[-1] if plan.kind == ENTITIES else None
            for reason, rows in untimed(plan.scans, since, until, engine).items():
                result.count(reason, rows)
        inputs = Inputs.of([(scan, window) for scan in plan.scans], engine)
        columns = {**plan.keys, **plan.outputs}
        publisher = Publisher(group_by, table, columns, inputs, work.outdated, result, engine)
        for piece in steps(work.days, step_days, spec):
            watch.step(f"{piece[0]} to {piece[-1]}", len(result.filled), len(work.days))
            publisher.days(piece, engine.snapshots(plan, piece))
    return result


def _available(plan: GroupByPlan, engine: Engine) -> set[str] | None:
    """The days for which some source has a partition; ``None`` where every day can be computed."""
    found: set[str] = set()
    for scan in plan.scans:
        if scan.cumulative or scan.partition is None:
            return None
        found |= set(_partitions(scan, engine))
    return found


def _partitions(scan: Scan, engine: Engine) -> Iterator[str]:
    yield from engine.partitions(scan.table, scan.partition or engine.partitions_spec.column, dict(scan.subs))
