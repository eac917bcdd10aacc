"""What a join puts together: its left side, its parts, and the columns that come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.inspect import query_of, window_ms
from chronon.api.naming import external_prefix, name_of, part_prefix
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, Place, SchemaError, raise_all
from chronon.base.time import DAY_MS, Partitions, floor
from chronon.plan.changes import plan_changes
from chronon.plan.columns import JoinColumns
from chronon.plan.external import Externals, externals_of, offline_problems
from chronon.plan.given import Given
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.names import part_keys
from chronon.plan.scans import ENTITIES, EVENTS, Scan, ScanPlanner, Tables, changed_columns

RESERVED_LEFT = frozenset({"matched_hashes", "bootstrap_hash"})
"""Columns of the original's own tables, which a left side may not have."""


class AsOf(Enum):
    """Until when a left row sees the right side; always exclusive."""

    INSTANT = "its own time"
    MIDNIGHT = "the midnight before its time"
    PARTITION_END = "the end of its partition"

    def instant(self, at: int, spec: Partitions) -> int:
        """Until when a row of the time ``at`` sees the right side; all in ms.

        >>> spec, hour = Partitions(format="yyyy-MM-dd-HH"), 3_600_000
        >>> [rule.instant(30 * hour + 5, spec) / hour for rule in (AsOf.MIDNIGHT, AsOf.PARTITION_END)]
        [24.0, 31.0]
        """
        if self is AsOf.INSTANT:
            return at
        return floor(at, DAY_MS) if self is AsOf.MIDNIGHT else spec.end(spec.of(at))


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
        For entities seen as of an instant: where their changes within the partition are.
    """

    prefix: str
    plan: GroupByPlan
    keys: dict[str, str]
    columns: dict[str, str]
    as_of: AsOf
    changes: tuple[Scan, ...] = ()

    def seen(self, ds: str, spec: Partitions) -> str:
        """The last partition that left rows of ``ds`` need whole; of entities, that of the snapshot they see."""
        if self.plan.kind == EVENTS and self.as_of is AsOf.INSTANT:
            return ds
        return spec.before(self.as_of.instant(spec.start(ds), spec))


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
    given:
        What stands beside the left rows before a part is computed.
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
    given: Given
    expressions: dict[str, str] | None
    outputs: dict[str, t.DataType]


def plan_join(join: structs.Join, tables: Tables, rows: Scan | None = None) -> JoinPlan:
    """Check a join against its tables.

    Parameters
    ----------
    join:
        With its name.
    tables:
        Know columns and types.
    rows:
        A left side to take instead of the join's own.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong in the left side and in all parts.
    """
    place = place_of(join)
    if join.left is None:
        raise ConfigError("a join has no left side", place=place, mend="Join(left=..., right_parts=[...])")
    planner = ScanPlanner(tables, place)
    left = rows or planner.scan(join.left, "left")
    problems = planner.problems
    if left is not None and left.kind == ENTITIES:
        left = left.with_time_as_column("ts" in (query_of(join.left).selects or left.schema))
    elif left is not None and left.time is None:
        left = replace(left, time="ts")
        if "ts" not in left.schema:
            problems.append(
                ConfigError(
                    f"{left.table} has no column ts, and the left side names no other time",
                    place=place_of(join, "left.query.timeColumn"),
                    mend="time_column='...'",
                )
            )
    left_columns = _left_columns(left, tables) if left is not None else {}
    if left is not None:
        problems += changed_columns(left, left_columns)
    externals, wrong = externals_of(join, left_columns)
    parts: list[PartPlan] = []
    for asked in _parts(join, externals):
        try:
            parts.append(asked.plan(left, tables))
        except ChrononError as problem:
            problems.append(problem)
    raise_all(problems)
    assert left is not None  # noqa: S101 - a scan that is missing is a problem
    problems = [*wrong, *_reserved(left_columns, place), *_same_names(parts, place)]
    for asked, part in zip(_parts(join, externals), parts, strict=True):
        problems += _problems_of_part(part, left_columns, asked.place, tables.partitions_spec)
        if asked.external is not None:
            problems += offline_problems(asked.external, part.plan, join, asked.number)
    raise_all(problems)
    features = {part.columns[name]: kind for part in parts for name, kind in part.plan.outputs.items()}
    sides = JoinColumns(join, left.kind, left_columns, parts, features, externals)
    derivations, derived = sides.derived()
    given = sides.given(tables, derivations, derived)
    outputs = sides.outputs(given, derivations, derived)
    return JoinPlan(
        definition=join,
        name=name_of(join),
        left=left.only([*left_columns]),
        left_columns=left_columns,
        parts=tuple(parts),
        features=features,
        given=given,
        expressions=sides.expressions(outputs, given, derivations) if derivations is not None else None,
        outputs=outputs,
    )


@dataclass(frozen=True)
class _Asked:
    """A part of a join as it was written: a join part, or an external part with an offline group-by."""

    group_by: structs.GroupBy | None
    mapping: dict[str, str] | None
    prefix: Callable[[], str]
    place: Place
    number: int
    external: structs.ExternalPart | None = None

    def plan(self, left: Scan | None, tables: Tables) -> PartPlan:
        if self.group_by is None:
            raise ConfigError("a join part has no group-by", place=self.place)
        plan = plan_group_by(self.group_by, tables)
        prefix = self.prefix()
        keys = part_keys(structs.JoinPart(groupBy=self.group_by, keyMapping=self.mapping))
        columns = {name: f"{prefix}_{name}" for name in plan.outputs}
        rule = as_of(left.kind if left is not None else EVENTS, plan)
        followed = left is not None and plan.kind == ENTITIES and rule is AsOf.INSTANT
        return PartPlan(prefix, plan, keys, columns, rule, plan_changes(plan, tables) if followed else ())


def _parts(join: structs.Join, externals: Externals) -> Iterator[_Asked]:
    for number, part in enumerate(join.joinParts or []):
        place = place_of(join, f"joinParts[{number}]")
        yield _Asked(part.groupBy, part.keyMapping, partial(part_prefix, part), place, number)
    for number, part in externals.computed.items():
        place = place_of(join, f"onlineExternalParts[{number}]")
        group_by = part.source.offlineGroupBy if part.source is not None else None
        yield _Asked(group_by, part.keyMapping, partial(external_prefix, part), place, number, part)


def _same_names(parts: Sequence[PartPlan], place: Place) -> Iterator[ConfigError]:
    for prefix, times in Counter(part.prefix for part in parts).items():
        if times > 1:
            yield ConfigError(
                f"{times} parts are called {prefix}",
                place=place,
                mend="tell them apart: JoinPart(..., prefix='...')",
            )


def _reserved(left_columns: t.Schema, place: Place) -> Iterator[ConfigError]:
    taken = [name for name in left_columns if name in RESERVED_LEFT or name.startswith("__")]
    if taken:
        yield ConfigError(
            f"the left side has columns {', '.join(taken)}, which are reserved by Chronon",
            place=Place(place.definition, place.file, place.line, field="left"),
            mend="select them under other names",
        )


def as_of(left_kind: str, plan: GroupByPlan) -> AsOf:
    """The rule of the six cases: what the left side is of, and the accuracy of the group-by."""
    if left_kind == ENTITIES:
        return AsOf.PARTITION_END
    return AsOf.INSTANT if plan.accuracy == Accuracy.TEMPORAL else AsOf.MIDNIGHT


def _left_columns(left: Scan, tables: Tables) -> dict[str, t.DataType]:
    """What the left side carries: its selected columns, and its time as ``ts`` in ms; the partition stands beside."""
    columns = {name: kind for name, kind in left.types.items() if name != tables.partitions_spec.column}
    if left.kind == EVENTS:
        columns["ts"] = t.LONG
    return columns


def _problems_of_part(part: PartPlan, left_columns: t.Schema, place: Place, spec: Partitions) -> list[ChrononError]:
    found: list[ChrononError] = []
    for key, column in part.keys.items():
        kind = left_columns.get(column)
        if kind is None:
            found.append(
                SchemaError(
                    f"key {key} of {part.plan.name} has no column on the left",
                    place=place,
                    expected=f"a column {column}; there are {', '.join(left_columns)}",
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
        found += hours_on_days(part, place, spec)
    return found


def hours_on_days(part: PartPlan, place: Place, spec: Partitions) -> list[ChrononError]:
    """Events seen as of a midnight take windows in days only; as of the end of an hour, any."""
    if part.plan.kind != EVENTS:
        return []
    step = spec.span if part.as_of is AsOf.PARTITION_END else DAY_MS
    hourly = [
        f"{a.inputColumn} over {w.length}h"
        for a in part.plan.definition.aggregations or []
        for w in a.windows or []
        if window_ms(w) % step
    ]
    return (
        [
            ConfigError(
                f"{part.plan.name} is seen as of midnight here, which cannot answer hours: {', '.join(hourly)}",
                place=place,
                expected="windows in days",
            )
        ]
        if hourly
        else []
    )


def _same_key(left: t.DataType, right: t.DataType) -> bool:
    return left == right or (left in t.INTEGERS and right in t.INTEGERS)
