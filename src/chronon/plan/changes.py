"""Changes of entities between two snapshots: what is read from mutation tables."""

from __future__ import annotations

from dataclasses import replace

from chronon.api import structs
from chronon.api.inspect import query_of, underlying
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, Place, SchemaError, raise_all
from chronon.plan.group_by import GroupByPlan
from chronon.plan.names import SEQUENCE
from chronon.plan.scans import Scan, ScanPlanner, Tables, common_type

OWN_TIME = "__own_ts"
"""The column of a change that holds the time of its row, in ms; the time of the scan is when the change was made."""

REVERSAL = "__before"
"""The column of a change that is true where the row is the old image, which is taken back."""


def plan_changes(plan: GroupByPlan, tables: Tables) -> tuple[Scan, ...]:
    """One scan for each source that has a mutation table, by the query that reads its snapshots.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong: no aggregations, no mutation table, columns that the table lacks.
    """
    definition = plan.definition
    if plan.aggregator is None:
        raise ConfigError(
            f"{plan.name} has no aggregations, so its entities cannot be followed within a day",
            place=place_of(definition, "aggregations"),
            mend="aggregations=[...], or accuracy=Accuracy.SNAPSHOT",
        )
    planner = ScanPlanner(tables, place_of(definition))
    found: list[Scan] = []
    for number, source in enumerate(definition.sources or []):
        inner, where = underlying(source), f"sources[{number}]"
        if source.joinSource is not None or not isinstance(inner, structs.EntitySource) or not inner.mutationTable:
            continue
        scan = planner.scan(_of_changes(plan, inner, query_of(source)), where)
        if scan is not None and len(scan.types) == len(scan.selects):
            planner.problems += _problems(plan, scan, place_of(definition, where))
            found.append(_with_own_time(scan))
    raise_all(planner.problems)
    if not found:
        raise ConfigError(
            f"{plan.name} has no table of changes, so its entities cannot be followed within a day",
            place=place_of(definition, "sources"),
            mend="EntitySource(mutation_table='...'), or accuracy=Accuracy.SNAPSHOT",
        )
    return tuple(found)


def _of_changes(plan: GroupByPlan, source: structs.EntitySource, query: structs.Query) -> structs.Source:
    """The mutation table as if it were the snapshot's, with the columns that only changes have."""
    given = dict(query.selects or {})
    own_time = given.pop("ts", None) or query.timeColumn
    made = given.pop("mutation_ts", None) or query.mutationTimeColumn or "mutation_ts"
    before = given.pop("is_before", None) or query.reversalColumn or "is_before"
    names = [*plan.keys, *(name for name in plan.selected if name != "ts"), *([SEQUENCE] if plan.sequenced else [])]
    selects = {name: given.get(name, f"`{name}`") for name in names}
    selects |= {OWN_TIME: own_time if plan.has_time and own_time is not None else "CAST(0 AS LONG)", REVERSAL: before}
    read = structs.Query(
        selects=selects,
        wheres=query.wheres,
        startPartition=query.startPartition,
        endPartition=query.endPartition,
        partitionColumn=query.partitionColumn,
        timeColumn=made,
    )
    return structs.Source(entities=structs.EntitySource(snapshotTable=source.mutationTable, query=read))


def _problems(plan: GroupByPlan, scan: Scan, place: Place) -> list[ChrononError]:
    wanted = {**plan.selected, **plan.keys}
    found: list[ChrononError] = [
        SchemaError(
            f"column {name} is a {scan.types[name]} in {scan.table}, a {wanted[name]} in the snapshots",
            place=place,
            mend="cast it to one type",
        )
        for name in scan.types
        if name in wanted and common_type([scan.types[name], wanted[name]]) != wanted[name]
    ]
    if scan.types[REVERSAL] not in (t.BOOLEAN, t.NULL):
        found.append(
            SchemaError(
                f"the reversal column {scan.selects[REVERSAL]!r} of {scan.table} is a {scan.types[REVERSAL]}",
                place=place,
                expected="a boolean: true for the image before the change",
                mend="reversal_column='CAST(... AS BOOLEAN)'",
            )
        )
    if scan.types[OWN_TIME] not in (t.LONG, t.INT, t.TIMESTAMP, t.DATE):
        found.append(
            SchemaError(
                f"the time {scan.selects[OWN_TIME]!r} is a {scan.types[OWN_TIME]} in {scan.table}",
                place=place,
                expected="milliseconds since 1970 as a long, a timestamp, or a date",
            )
        )
    return found


def _with_own_time(scan: Scan) -> Scan:
    """The row's own time in ms, whatever its type."""
    text, kind = scan.selects[OWN_TIME], scan.types[OWN_TIME]
    if kind in (t.TIMESTAMP, t.DATE):
        text = f"unix_millis(CAST({text} AS TIMESTAMP))"
        kind = t.LONG
    return replace(scan, selects={**scan.selects, OWN_TIME: text}, types={**scan.types, OWN_TIME: kind})
