"""Why a feature has its value: the rows that it is made of, where they came from, and those just outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chronon.aggregate.rule import WindowRule
from chronon.api import structs
from chronon.api.naming import name_of
from chronon.base.moments import instant_from
from chronon.base.time import DAY_MS, floor, window_start
from chronon.offline.features import answered, left_of
from chronon.offline.frames import frame_of, one_row
from chronon.offline.parents import require_parents
from chronon.offline.traced import AFTER, BEFORE, INSIDE, Trace, TracedColumn, TracedRow, length
from chronon.plan.changes import OWN_TIME, REVERSAL
from chronon.plan.join import JoinPlan, PartPlan
from chronon.plan.names import SEQUENCE
from chronon.plan.ranges import first_partition
from chronon.plan.rows import columns_read, plan_rows, read_through, types_of, wanted
from chronon.plan.scans import ENTITIES, EVENTS, Scan

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.parts import Part
    from chronon.engine.protocol import Engine

BACK_DAYS = 30
"""How many days before the window are read for the rows just outside."""

MOST_ROWS = 100_000
"""Of more rows of a source inside a window only the newest are listed; the others are counted."""


def trace(
    definition: structs.Join | structs.GroupBy,
    engine: Engine,
    keys: Mapping[str, Any],
    ts: Any,
    feature: str,
    *,
    around: int = 3,
) -> Trace:
    """Take one feature of one key at one instant apart; see ``chronon.session.trace``."""
    asked = wanted(definition, engine, [feature])
    require_parents(asked.definition, engine)
    at = instant_from(ts)
    frame = frame_of(_one(keys, at, asked.kind, engine))
    left = left_of(asked, frame, "ts", engine)
    plan = plan_rows(asked, types_of(asked, left), engine)
    value = answered(plan, [feature], left, engine).column(0)[0].as_py(maps_as_pydicts="strict")
    read = columns_read(definition, plan, feature)
    columns = [column for part in plan.parts for column in _columns(part, plan, left, engine, at, read, around)]
    expression = (plan.expressions or {}).get(feature)
    return Trace(
        name_of(definition), feature, dict(keys), at, value, _meant(expression, feature, columns, plan), columns
    )


def _one(keys: Mapping[str, Any], at: int, kind: str, engine: Engine) -> Any:
    row = one_row(keys, at)
    if kind == EVENTS:
        return row
    import pyarrow as pa

    spec = engine.partitions_spec
    return row.append_column(spec.column, pa.array([spec.of(at)]))


def _meant(expression: str | None, feature: str, columns: list[TracedColumn], plan: JoinPlan) -> str | None:
    """The expression of a feature; of a group-by with derivations, the one there; nothing where it only names it."""
    for part in plan.parts:
        inside = {column: name for name, column in part.columns.items()}
        source = (expression or f"`{feature}`").strip("`")
        if source in inside and part.plan.derivations is not None:
            expression = part.plan.derivations[inside[source]]
    if expression is None or expression.strip("`") in {feature, *(column.name for column in columns)}:
        return None
    return expression


# ---- one column before derivations


def _columns(
    part: PartPlan, plan: JoinPlan, left: Any, engine: Engine, at: int, read: set[str], around: int
) -> Iterator[TracedColumn]:
    """The columns of a part that a feature is made of, with their rows."""
    inside = columns_inside(part, read)
    if not inside:
        return
    bare = replace(part.plan, derivations=None, outputs=part.plan.raw_outputs)
    alone = replace(part, plan=bare, columns={name: name for name in bare.outputs})
    features = {name: bare.outputs[name] for name in inside}
    raw = replace(
        plan, parts=(alone,), features=features, expressions=None, outputs={**plan.left_columns, **bare.outputs}
    )
    raw = replace(raw, given=type(plan.given)())
    values = answered(raw, inside, left, engine).to_pylist(maps_as_pydicts="strict")[0]
    key = {name: left.column(column)[0].as_py() for name, column in part.keys.items()}
    by_name = {p.name: p for p in bare.aggregator.parts} if bare.aggregator is not None else {}
    for name in inside:
        made = _described(
            part, name, by_name.get(name), values[name], key, part.as_of.instant(at, engine.partitions_spec)
        )
        if None not in key.values():
            made.rows = _rows(part, by_name.get(name), made, engine, around)
        else:
            made.notes.append(f"a part of the key is null, so {bare.name} is not looked up")
        yield made


def columns_inside(part: PartPlan, read: set[str]) -> list[str]:
    """The columns of a group-by, before its derivations, that ``read`` columns of a join are made of."""
    outputs = [name for name, column in part.columns.items() if column in read]
    found = read_through(outputs, part.plan.derivations)
    return [name for name in part.plan.raw_outputs if name in found]


def _described(
    part: PartPlan, name: str, aggregated: Part | None, value: Any, key: Mapping[str, Any], until: int
) -> TracedColumn:
    plan = part.plan
    if aggregated is None:
        return TracedColumn(
            plan.name, name, "the column of the greatest row", value, key, None, None, until, None, None
        )
    base = aggregated.base
    window = f" over {length(aggregated.window)}" if aggregated.window is not None else ", all history"
    bucket = f" by {base.bucket}" if base.bucket is not None else ""
    operation = f"{_operation(plan.definition, name)} of {base.input}{bucket}{window}"
    rule = plan.snapshot_rule if plan.kind == ENTITIES and not part.changes else WindowRule.SAWTOOTH
    since = None
    if aggregated.window is not None:
        exact = rule is WindowRule.EXACT
        since = until - aggregated.window if exact else window_start(until, aggregated.window)
    hop = aggregated.hop if rule is WindowRule.SAWTOOTH and aggregated.window is not None else None
    bounded = None if rule is WindowRule.ALL else until
    return TracedColumn(plan.name, name, operation, value, key, aggregated.window, hop, until, since, bounded)


def _operation(group_by: structs.GroupBy, name: str) -> str:
    from chronon.api.enums import Operation
    from chronon.api.naming import aggregation_columns

    for aggregation in group_by.aggregations or []:
        if name in aggregation_columns(aggregation):
            code = Operation(aggregation.operation if aggregation.operation is not None else Operation.LAST)
            arguments = ", ".join(f"{k}={v}" for k, v in (aggregation.argMap or {}).items())
            return f"{code.name}({arguments})" if arguments else code.name
    return "?"


# ---- its rows


def _rows(
    part: PartPlan, aggregated: Part | None, column: TracedColumn, engine: Engine, around: int
) -> list[TracedRow]:
    plan, spec = part.plan, engine.partitions_spec
    inputs = [aggregated.base.input] if aggregated is not None else [column.name]
    if aggregated is not None and aggregated.base.bucket is not None:
        inputs.append(aggregated.base.bucket)
    if plan.kind == ENTITIES:
        found = list(_of_entities(part, inputs, column, engine, around))
    else:
        widest = plan.aggregator.widest_window if plan.aggregator is not None else 0
        first = first_partition(column.as_of, widest, spec)
        days = (spec.of(spec.start(first) - BACK_DAYS * DAY_MS) if first is not None else None, None)
        found = [row for scan in plan.scans for row in _read(part, scan, inputs, days, column, engine, around)]
    found.sort(key=lambda row: (row.ts if row.ts is not None else -1, row.sequence))
    before = [row for row in found if row.where == BEFORE]
    after = [row for row in found if row.where == AFTER]
    inside = [row for row in found if row.where == INSIDE]
    return [*before[max(0, len(before) - around) :], *inside, *after[:around]] if around else inside


def _of_entities(
    part: PartPlan, inputs: list[str], column: TracedColumn, engine: Engine, around: int
) -> Iterator[TracedRow]:
    """Rows of the snapshot of the day (or hour) before; of entities that are followed, the changes since."""
    spec = engine.partitions_spec
    until = column.as_of
    begun = floor(until, spec.span) if part.changes else until
    day = spec.before(begun)
    for scan in part.plan.scans:
        yield from _read(part, scan, inputs, (day, day), column, engine, around)
    for scan in part.changes:
        for row in _read(part, scan, inputs, (spec.of(begun), spec.of(begun)), column, engine, around):
            made = row.made if row.made is not None else 0
            counts = begun <= made < until
            yield row if counts else replace(row, where=AFTER if made >= until else BEFORE)


def _read(
    part: PartPlan,
    scan: Scan,
    inputs: list[str],
    days: tuple[str | None, str | None],
    column: TracedColumn,
    engine: Engine,
    around: int,
) -> Iterator[TracedRow]:
    changed = OWN_TIME in scan.selects
    kept = [*part.plan.keys, *inputs, SEQUENCE, OWN_TIME, REVERSAL]
    table = engine.rows_of_key(part.plan, scan.only(kept), column.keys, days)
    if not changed and part.plan.has_time:
        table = _near(table, column, around)
    for row in table.to_pylist(maps_as_pydicts="strict"):
        ts = row[OWN_TIME] if changed else row["__ts"]
        values = {name: row.get(name) if name != "ts" else ts for name in inputs}
        yield TracedRow(
            ts=ts,
            where=_where(ts, column, part),
            table=scan.table,
            partition=row["__ds"],
            values=values,
            sequence=row.get(SEQUENCE) or 0,
            made=row["__ts"] if changed else None,
            is_before=bool(row.get(REVERSAL)),
        )


def _near(table: pa.Table, column: TracedColumn, around: int) -> pa.Table:
    """The newest of the rows inside, and some on either side; the rows are in order of time."""
    import numpy as np
    import pyarrow as pa

    times = table.column("__ts").drop_null().to_numpy()
    timed = table.slice(0, len(times))  # those without a time come last
    first = int(np.searchsorted(times, column.since)) if column.since is not None else 0
    end = int(np.searchsorted(times, column.until)) if column.until is not None else len(times)
    newest = max(first, end - MOST_ROWS)
    if newest > first:
        column.left_out += newest - first
        column.notes.append(f"only the newest {MOST_ROWS:,} of {end - first:,} rows inside the window are listed")
    untimed = table.slice(len(times), max(0, around - first))
    before = timed.slice(max(0, first - around), min(first, around))
    return pa.concat_tables([untimed, before, timed.slice(newest, end - newest), timed.slice(end, around)])


def _where(ts: int | None, column: TracedColumn, part: PartPlan) -> str:
    if ts is None:
        return INSIDE if not part.plan.has_time else BEFORE
    if column.since is not None and ts < column.since:
        return BEFORE
    if column.until is not None and ts >= column.until:
        return AFTER
    return INSIDE
