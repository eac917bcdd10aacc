"""The backfill of a group-by: the features of all keys at the end of each partition, a day or an hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.naming import output_table
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError
from chronon.offline.adopt import adopt
from chronon.offline.incremental import with_partials
from chronon.offline.join import STEP_DAYS, backfill_parents
from chronon.offline.parents import partitions_then
from chronon.offline.partitions import Inputs, gaps, requested, require_same_types, some, todo, untimed
from chronon.offline.publish import Publisher
from chronon.offline.result import Backfill, Progress, Silent
from chronon.plan.functions import function_failures
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.hashes import output_hash
from chronon.plan.ranges import bounded, first_partition, steps
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
    any_source: bool = False,
    keep_outdated: bool = False,
    incremental: bool = False,
    progress: Progress | None = None,
) -> Backfill:
    """Compute the missing partitions of a group-by's output table: one row for each key and day.

    A day is computed when every source that reaches to it has its partition; with ``any_source`` already when one has,
    and then never again. The other parameters are those of ``backfill_join``; without ``start`` the group-by's
    ``backfill_start_date`` counts.
    """
    watch = progress or Silent()
    told = backfill_parents(group_by, engine, end=end, step_days=step_days, progress=watch)
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
    waiting = _waiting(plan, engine, {})
    available = None if waiting is None else _available(waiting, any_source=any_source)
    days = requested(group_by, first, end, sorted(available or ()), None, engine)
    result = Backfill(table, notes=told)
    window = plan.aggregator.widest_window if plan.aggregator is not None and plan.kind == EVENTS else 0
    with engine.warehouse.writing(table):
        if keep_outdated:
            result.notes += adopt(table, output_hash(group_by), engine)
        work = todo(group_by, table, days, available, engine, run_first_hole=run_first_hole)
        require_same_types(group_by, table, plan.backfilled, work, engine)
        result.present = work.present
        result.notes += work.notes(" and ".join(dict.fromkeys(scan.table for scan in plan.scans)), spec.unit)
        result.notes += _told(waiting or {}, work.without_input, spec.unit)
        if work.days:
            since = work.days[0] if plan.kind == ENTITIES else first_partition(spec.end(work.days[0]), window, spec)
            result.notes += gaps(plan, since, work.days[-1], engine)
            until = work.days[-1] if plan.kind == ENTITIES else None
            for reason, rows in untimed(plan.scans, since, until, engine).items():
                result.count(reason, rows)
        inputs = Inputs.of([(scan, window) for scan in plan.scans], engine)
        publisher = Publisher(group_by, table, plan.backfilled, inputs, work.outdated, result, engine)
        for piece in steps(work.days, step_days, spec):
            watch.step(f"{piece[0]} to {piece[-1]}", len(result.filled), len(work.days))
            ready = with_partials(plan, spec.end(piece[0]), engine, watch, keep=incremental)
            publisher.days(piece, inputs.unchanged(engine.snapshots(ready, piece), engine))
        publisher.retire(work.retired)
    result.notes += function_failures()
    return result


def available_days(plan: GroupByPlan, engine: Engine, made: Mapping[str, Sequence[str]]) -> set[str] | None:
    """The days that all sources of a group-by have once those ``made`` by then, by table, are there too.

    ``None`` where nothing is waited for.
    """
    waiting = _waiting(plan, engine, made)
    return None if waiting is None else _available(waiting, any_source=False)


def _waiting(plan: GroupByPlan, engine: Engine, made: Mapping[str, Sequence[str]]) -> dict[str, list[str]] | None:
    """For each day that some table has, the tables that lack it; ``None`` where every day can be computed.

    A source reaches to the days between the bounds of its query, and is not waited for beyond them: a day after the
    last bound sees older rows.
    """
    found: dict[str, list[str]] = {}
    have: list[tuple[Scan, set[str]]] = []
    for scan in plan.scans:
        if scan.cumulative or scan.partition is None:
            return None
        have.append((scan, set(partitions_then(scan, made, engine))))
    for ds in sorted(set[str]().union(*(days for _, days in have))):
        found[ds] = [scan.table for scan, days in have if ds not in days and bounded([ds], scan.start, scan.end)]
    return found


def _available(waiting: dict[str, list[str]], *, any_source: bool) -> set[str]:
    return {ds for ds, lacking in waiting.items() if any_source or not lacking}


def _told(waiting: dict[str, list[str]], days: Sequence[str], unit: str) -> Iterator[str]:
    """Which days wait for which table."""
    tables = dict.fromkeys(table for ds in days for table in waiting.get(ds, []))
    for table in tables:
        lacking = [ds for ds in days if table in waiting.get(ds, [])]
        yield f"{len(lacking)} {unit}s wait for {table}, as the other sources have them: {some(lacking)}"
