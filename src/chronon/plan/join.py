"""What a join puts together: its left side, its parts, and the columns that come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.inspect import window_ms
from chronon.api.naming import name_of, part_prefix
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, SchemaError, raise_all
from chronon.base.time import DAY_MS
from chronon.plan.changes import plan_changes
from chronon.plan.derivations import expand, quoted, resolved
from chronon.plan.group_by import GroupByPlan, derived_types, plan_group_by
from chronon.plan.names import part_keys, part_outputs
from chronon.plan.scans import ENTITIES, EVENTS, Scan, ScanPlanner, Tables


class AsOf(Enum):
    """Until when a left row sees the right side; always exclusive."""

    INSTANT = "its own time"
    MIDNIGHT = "the midnight before its time"
    DAY_END = "the end of its partition"


@dataclass(frozen=True)
class PartPlan:
    """A group-by as it is used in a join.

    Parameters
    ----------
    prefix:
        What stands before its columns.
    plan:
        The group-by.
    keys:
        Its keys, each with the left column that holds it.
    columns:
        Its outputs, each with the column it becomes.
    as_of:
        Until when a left row sees it.
    changes:
        For entities seen as of an instant: where their changes within the day are.
    """

    prefix: str
    plan: GroupByPlan
    keys: dict[str, str]
    columns: dict[str, str]
    as_of: AsOf
    changes: tuple[Scan, ...] = ()


@dataclass(frozen=True)
class JoinPlan:
    """A join, checked against its tables.

    Parameters
    ----------
    left:
        The rows that get features. Events have a time.
    left_columns:
        The columns of the left side, ``ts`` among them where it has a time; with their types.
    parts:
        In the order of the definition.
    features:
        All columns of all parts, before derivations; with their types.
    expressions:
        The output columns as expressions over left columns and features; ``None`` where there are no derivations.
    outputs:
        All columns of the output but its partition, in order; with their types.
    """

    definition: structs.Join
    name: str
    left: Scan
    left_columns: dict[str, t.DataType]
    parts: tuple[PartPlan, ...]
    features: dict[str, t.DataType]
    expressions: dict[str, str] | None
    outputs: dict[str, t.DataType]


def plan_join(join: structs.Join, tables: Tables) -> JoinPlan:
    """Check a join against its tables.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong in the left side and in all parts.
    """
    place = place_of(join)
    if join.left is None:
        raise ConfigError("a join has no left side", place=place, mend="Join(left=..., right_parts=[...])")
    planner = ScanPlanner(tables, place)
    left = planner.scan(join.left, "left")
    problems = planner.problems
    plans: list[tuple[GroupByPlan, tuple[Scan, ...]]] = []
    for number, part in enumerate(join.joinParts or []):
        if part.groupBy is None:
            problems.append(ConfigError("a join part has no group-by", place=place_of(join, f"joinParts[{number}]")))
            continue
        try:
            plan = plan_group_by(part.groupBy, tables)
            followed = left is not None and plan.kind == ENTITIES and as_of(left.kind, plan) is AsOf.INSTANT
            plans.append((plan, plan_changes(plan, tables) if followed else ()))
        except ChrononError as problem:
            problems.append(problem)
    raise_all(problems)
    assert left is not None  # noqa: S101 - a scan that is missing is a problem
    left_columns = _left_columns(left)
    parts = [
        PartPlan(
            part_prefix(part), plan, part_keys(part), part_outputs(part, plan.outputs), as_of(left.kind, plan), changes
        )
        for part, (plan, changes) in zip(join.joinParts or [], plans, strict=True)
    ]
    raise_all(
        problem for number, part in enumerate(parts) for problem in _problems_of_part(join, number, part, left_columns)
    )
    features = {part.columns[name]: kind for part in parts for name, kind in part.plan.outputs.items()}
    entering: dict[str, t.DataType] = {**features, **left_columns, "ds": t.STRING}
    derivations = resolved(expand(join.derivations, features), entering) if join.derivations else None
    outputs = _outputs(join, left, left_columns, parts, features, derivations)
    return JoinPlan(
        definition=join,
        name=name_of(join),
        left=left,
        left_columns=left_columns,
        parts=tuple(parts),
        features=features,
        expressions={name: over_left(name, derivations, left_columns) for name in outputs} if derivations else None,
        outputs=outputs,
    )


def as_of(left_kind: str, plan: GroupByPlan) -> AsOf:
    """The rule of the six cases: what the left side is of, and the accuracy of the group-by."""
    if left_kind == ENTITIES:
        return AsOf.DAY_END
    return AsOf.INSTANT if plan.accuracy == Accuracy.TEMPORAL else AsOf.MIDNIGHT


def _left_columns(left: Scan) -> dict[str, t.DataType]:
    """What the left side carries: its selected columns, and its time as ``ts`` in ms."""
    columns = dict(left.types)
    if left.kind == EVENTS:
        columns["ts"] = t.LONG
    return columns


def _problems_of_part(join: structs.Join, number: int, part: PartPlan, left_columns: t.Schema) -> list[ChrononError]:
    place = place_of(join, f"joinParts[{number}]")
    found: list[ChrononError] = []
    for key, column in part.keys.items():
        kind = left_columns.get(column)
        if kind is None:
            found.append(
                SchemaError(
                    f"key {key} of {part.plan.name} has no column on the left",
                    place=place,
                    expected=f"{column}, one of {', '.join(left_columns)}",
                    mend="select it on the left, or map it: JoinPart(..., key_mapping={'left_column': '" + key + "'})",
                )
            )
        elif not _same_key(kind, part.plan.keys[key]):
            found.append(
                SchemaError(
                    f"Join key, '{column}', has mismatched data types - left type {kind}, "
                    f"right type {part.plan.keys[key]} in {part.plan.name}",
                    place=place,
                    mend="cast one of them in its select",
                )
            )
    for name, column in part.columns.items():
        kind = part.plan.outputs[name]
        if column in left_columns and left_columns[column] != kind:
            found.append(
                SchemaError(
                    f"the left side has a column {column} of type {left_columns[column]}, the feature is a {kind}",
                    place=place,
                    mend="rename the left column",
                )
            )
    if part.as_of is not AsOf.INSTANT:
        found += _hours_on_days(join, number, part)
    return found


def _hours_on_days(join: structs.Join, number: int, part: PartPlan) -> list[ChrononError]:
    """Events seen as of a midnight take windows in days only."""
    if part.plan.kind != EVENTS:
        return []
    hourly = [
        f"{a.inputColumn} over {w.length}h"
        for a in part.plan.definition.aggregations or []
        for w in a.windows or []
        if window_ms(w) % DAY_MS
    ]
    return (
        [
            ConfigError(
                f"{part.plan.name} is seen as of midnight here, which cannot answer hours: {', '.join(hourly)}",
                place=place_of(join, f"joinParts[{number}]"),
                expected="windows in days",
            )
        ]
        if hourly
        else []
    )


def over_left(name: str, derivations: Mapping[str, str], left_columns: t.Schema) -> str:
    """A column of the output: what the left side has of it, else what is derived."""
    if name not in left_columns:
        return derivations[name]
    return f"coalesce({quoted(name)}, {derivations[name]})" if name in derivations else quoted(name)


def _same_key(left: t.DataType, right: t.DataType) -> bool:
    return left == right or (left in t.INTEGERS and right in t.INTEGERS)


def _outputs(
    join: structs.Join,
    left: Scan,
    left_columns: dict[str, t.DataType],
    parts: Sequence[PartPlan],
    features: dict[str, t.DataType],
    derivations: dict[str, str] | None,
) -> dict[str, t.DataType]:
    """All output columns in the original's order: a part's keys go to the front, its features to the end."""
    kinds = {**features, **left_columns}
    order = list(left_columns)
    for part in parts:
        front = [part.keys[key] for key in part.plan.keys]
        if left.kind == EVENTS and part.plan.accuracy == Accuracy.TEMPORAL:
            front.append("ts")
        new = [column for column in part.columns.values() if column not in order]
        order = [*front, *(name for name in order if name not in front), *new]
    if derivations is None:
        return {name: kinds[name] for name in dict.fromkeys(order)}
    entering = {**features, **left_columns, "ds": t.STRING}
    derived = derived_types(derivations, entering, place_of(join))
    kept = [name for name in dict.fromkeys(order) if name in left_columns]
    for name in kept:
        if name in derived and derived[name] != left_columns[name]:
            raise SchemaError(
                f"the derivation {name} is a {derived[name]}, the left column of that name a {left_columns[name]}",
                place=place_of(join, f"derivations[{name!r}]"),
                mend="give one of them another name",
            )
    return {**{name: left_columns[name] for name in kept}, **{n: k for n, k in derived.items() if n not in kept}}
