"""What is computed for rows of the user's own: the parts of a join or a group-by that some features need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.external import CONTEXTUAL
from chronon.api.inspect import is_events
from chronon.api.naming import aggregation_columns, external_prefix, name_of, part_prefix
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, RequestError, raise_all
from chronon.plan.changes import plan_changes
from chronon.plan.derivations import expand
from chronon.plan.external import externals_of
from chronon.plan.given import Given
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.join import AsOf, JoinPlan, PartPlan, as_of, hours_on_days, plan_join
from chronon.plan.names import part_keys
from chronon.plan.scans import ENTITIES, EVENTS, Scan, Tables

if TYPE_CHECKING:
    import pyarrow as pa

GIVEN = "the given rows"
"""What stands for the table of the left side."""


@dataclass(frozen=True)
class Wanted:
    """Some features of a join or a group-by, and what they need.

    Parameters
    ----------
    definition:
        A join with only the parts and derivations that they need, or a group-by with only those aggregations.
    features:
        Their names, in the order asked for.
    keys:
        The columns that hold keys, with their types.
    reads:
        Other columns that derivations may read.
    kind:
        What the rows are of: ``EVENTS`` at an instant, ``ENTITIES`` on a day.
    row_ids:
        The columns by which bootstrap tables know rows, where they are read.
    """

    definition: structs.Join | structs.GroupBy
    features: list[str]
    keys: dict[str, t.DataType]
    reads: frozenset[str]
    kind: str
    row_ids: tuple[str, ...] = ()


def wanted(
    definition: structs.Join | structs.GroupBy, tables: Tables, only: Sequence[str] | None, *, bootstrap: bool = False
) -> Wanted:
    """What is needed for the features ``only`` (all if ``None``).

    With ``bootstrap`` also the bootstrap tables of a join: all its parts then, as the tables may fill columns of any.

    Raises
    ------
    RequestError
        For features that are not there, all of them together.
    ChrononError
        For whatever is wrong with the parts that are needed.
    """
    if isinstance(definition, structs.GroupBy):
        return _of_group_by(definition, tables, only)
    return _of_join(definition, tables, only, bootstrap=bootstrap and bool(definition.bootstrapParts))


def plan_rows(wanted: Wanted, columns: Mapping[str, t.DataType], tables: Tables) -> JoinPlan:
    """The plan for rows with these columns: keys, ``ts`` where they have a time, and what derivations read."""
    selects = {name: f"`{name}`" for name in columns if name != "ts"}
    left = Scan(
        table=GIVEN,
        kind=wanted.kind,
        selects=selects,
        types={name: columns[name] for name in selects},
        wheres=(),
        time="ts" if wanted.kind == EVENTS else None,
        schema=dict(columns),
        partition=None,
    )
    if isinstance(wanted.definition, structs.Join):
        return plan_join(wanted.definition, tables, left)
    plan = plan_group_by(wanted.definition, tables)
    rule = as_of(wanted.kind, plan)
    changes = plan_changes(plan, tables) if plan.kind == ENTITIES and rule is AsOf.INSTANT else ()
    part = PartPlan("", plan, {key: key for key in plan.keys}, {n: n for n in plan.outputs}, rule, changes)
    raise_all(
        hours_on_days(part, place_of(wanted.definition), tables.partitions_spec) if rule is not AsOf.INSTANT else []
    )
    return JoinPlan(
        definition=structs.Join(metaData=wanted.definition.metaData),
        name=plan.name,
        left=left,
        left_columns=dict(columns),
        parts=(part,),
        features=dict(plan.outputs),
        given=Given(),
        expressions=None,
        outputs={**columns, **plan.outputs},
    )


def types_of(wanted: Wanted, rows: pa.Table) -> dict[str, t.DataType]:
    """The left columns that ``plan_rows`` takes, of rows that also hold their partition where they have no time."""
    from chronon.base.arrow import from_arrow

    taken = {*wanted.keys, *wanted.reads, *(["ts"] if wanted.kind == EVENTS else [])}
    return {field.name: from_arrow(field.type) for field in rows.schema if field.name in taken}


def columns_read(definition: structs.Join | structs.GroupBy, plan: JoinPlan, feature: str) -> set[str]:
    """The columns of a join's parts, or of a group-by, that a feature is made of."""
    if isinstance(definition, structs.GroupBy) or not definition.derivations:
        return {feature}
    return read_through([feature], expand(definition.derivations, plan.features))


def _of_group_by(group_by: structs.GroupBy, tables: Tables, only: Sequence[str] | None) -> Wanted:
    plan = plan_group_by(group_by, tables)
    names = _chosen(only, list(plan.outputs), plan.name)
    needed = group_by if only is None else _fewer(group_by, set(names))
    return Wanted(needed, names, plan.keys, frozenset(), EVENTS)


@dataclass(frozen=True)
class _Planned:
    """A part of a join: its group-by, the columns it becomes, the left columns that hold its keys."""

    plan: GroupByPlan
    columns: dict[str, str]
    keys: dict[str, str]

    @staticmethod
    def of(part: structs.JoinPart, prefix: str, tables: Tables) -> _Planned:
        if part.groupBy is None:
            raise ConfigError("a join part has no group-by", place=place_of(part))
        plan = plan_group_by(part.groupBy, tables)
        return _Planned(plan, {name: f"{prefix}_{name}" for name in plan.outputs}, part_keys(part))


def _of_join(join: structs.Join, tables: Tables, only: Sequence[str] | None, *, bootstrap: bool) -> Wanted:
    if join.left is None:
        raise ConfigError("a join has no left side", place=place_of(join), mend="Join(left=..., right_parts=[...])")
    externals, _ = externals_of(join, {})  # what is wrong with them is told when they are planned
    made = copy(join)
    if not bootstrap:
        made.bootstrapParts = None
    parts = [(part, part_prefix(part)) for part in join.joinParts or []]
    parts += [
        (structs.JoinPart(part.source.offlineGroupBy, part.keyMapping), external_prefix(part))
        for part in externals.computed.values()
        if part.source is not None
    ]
    planned: list[_Planned] = []
    problems: list[ChrononError] = []
    for part, prefix in parts:
        try:
            planned.append(_Planned.of(part, prefix, tables))
        except ChrononError as problem:
            problems.append(problem)
    raise_all(problems)
    columns = {column: name for one in planned for name, column in one.columns.items()} | externals.values
    derivations = expand(join.derivations, columns) if join.derivations else None
    names = _chosen(only, list(columns if derivations is None else derivations), name_of(join))
    read = read_through(names, derivations)
    if only is not None and not bootstrap:
        _leave_out(made, planned, read)
        planned = [one for one in planned if read & set(one.columns.values())]
        if derivations is not None:
            needed = [n for n in derivations if n in names or n in read]
            made.derivations = [structs.Derivation(name=n, expression=derivations[n]) for n in needed]
    keys = {left: one.plan.keys[key] for one in planned for key, left in one.keys.items()}
    fields = {field for field, column in externals.contextual.items() if {field, column} & read}
    kind = EVENTS if is_events(join.left) else ENTITIES
    ids = [key for part in made.bootstrapParts or [] for key in part.keyColumns or join.rowIds or []]
    known = tuple(dict.fromkeys(name for name in ids if name not in ("ts", tables.partitions_spec.column)))
    reads = frozenset({*read, *fields, *known} - columns.keys() - keys.keys())
    return Wanted(made, names, keys, reads, kind, known)


def _leave_out(join: structs.Join, planned: Sequence[_Planned], read: set[str]) -> None:
    """Leave out of a join the parts of which nothing is read; of the others, aggregations."""
    own = len(join.joinParts or [])
    join.joinParts = [
        _part(part, one, read)
        for part, one in zip(join.joinParts or [], planned[:own], strict=True)
        if read & set(one.columns.values())
    ]
    join.onlineExternalParts = [
        part
        for part in join.onlineExternalParts or []
        if any(name.startswith(f"{external_prefix(part)}_") for name in read) or _is_contextual(part)
    ] or None


def _is_contextual(part: structs.ExternalPart) -> bool:
    metadata = part.source.metadata if part.source is not None else None
    return metadata is not None and metadata.name == CONTEXTUAL


def read_through(names: Sequence[str], derivations: Mapping[str, str] | None) -> set[str]:
    """All columns that features are made of, through derivations that read each other."""
    from chronon.sql import parse

    if derivations is None:
        return set(names)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        for column in parse(derivations[name]).columns if name in derivations else ():
            if column not in found:
                found.add(column)
                if column != name:
                    waiting.append(column)
    return found


def _part(part: structs.JoinPart, planned: _Planned, read: set[str]) -> structs.JoinPart:
    made = copy(part)
    inside = {name for name, column in planned.columns.items() if column in read}
    made.groupBy = _fewer(planned.plan.definition, inside)
    return made


def _fewer(group_by: structs.GroupBy, names: set[str]) -> structs.GroupBy:
    """The same group-by with only the aggregations that some features need; all where derivations stand between."""
    if group_by.derivations or group_by.aggregations is None:
        return group_by
    made = copy(group_by)
    made.aggregations = [a for a in group_by.aggregations if names & set(aggregation_columns(a))]
    return made


def _chosen(only: Sequence[str] | None, names: list[str], definition: str) -> list[str]:
    if only is None:
        return names
    problems: list[ChrononError] = []
    for name in [only] if isinstance(only, str) else only:
        if name not in names:
            close = get_close_matches(name, names, n=2)
            shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")  # enough to recognise
            problems.append(
                RequestError(
                    f"{definition} has no feature {name}",
                    expected=f"one of {shown}",
                    mend=f"did you mean {' or '.join(close)}?" if close else None,
                )
            )
    raise_all(problems)
    return [only] if isinstance(only, str) else list(dict.fromkeys(only))
