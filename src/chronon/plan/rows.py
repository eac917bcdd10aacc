"""What is computed for rows of the user's own: the parts of a join or a group-by that some features need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from difflib import get_close_matches

from chronon.api import structs
from chronon.api.inspect import is_events
from chronon.api.naming import aggregation_columns, name_of
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, RequestError, raise_all
from chronon.plan.derivations import expand
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.join import JoinPlan, PartPlan, as_of, plan_join
from chronon.plan.names import part_keys, part_outputs
from chronon.plan.scans import ENTITIES, EVENTS, Scan, Tables

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
    """

    definition: structs.Join | structs.GroupBy
    features: list[str]
    keys: dict[str, t.DataType]
    reads: frozenset[str]
    kind: str


def wanted(definition: structs.Join | structs.GroupBy, tables: Tables, only: Sequence[str] | None) -> Wanted:
    """What is needed for the features ``only`` (all if ``None``).

    Raises
    ------
    RequestError
        For features that are not there, all of them together.
    ChrononError
        For whatever is wrong with the parts that are needed.
    """
    if isinstance(definition, structs.GroupBy):
        return _of_group_by(definition, tables, only)
    return _of_join(definition, tables, only)


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
    part = PartPlan("", plan, {key: key for key in plan.keys}, {n: n for n in plan.outputs}, as_of(wanted.kind, plan))
    return JoinPlan(
        definition=structs.Join(metaData=wanted.definition.metaData),
        name=plan.name,
        left=left,
        left_columns=dict(columns),
        parts=(part,),
        features=dict(plan.outputs),
        expressions=None,
        outputs={**columns, **plan.outputs},
    )


def _of_group_by(group_by: structs.GroupBy, tables: Tables, only: Sequence[str] | None) -> Wanted:
    plan = plan_group_by(group_by, tables)
    names = _chosen(only, list(plan.outputs), plan.name)
    needed = group_by if only is None else _fewer(group_by, set(names))
    return Wanted(needed, names, plan.keys, frozenset(), EVENTS)


def _of_join(join: structs.Join, tables: Tables, only: Sequence[str] | None) -> Wanted:
    if join.left is None:
        raise ConfigError("a join has no left side", place=place_of(join), mend="Join(left=..., right_parts=[...])")
    planned: list[tuple[structs.JoinPart, GroupByPlan]] = []
    problems: list[ChrononError] = []
    for part in join.joinParts or []:
        try:
            if part.groupBy is not None:
                planned.append((part, plan_group_by(part.groupBy, tables)))
        except ChrononError as problem:
            problems.append(problem)
    raise_all(problems)
    columns = {part_outputs(part, plan.outputs)[name]: name for part, plan in planned for name in plan.outputs}
    derivations = expand(join.derivations, columns) if join.derivations else None
    names = _chosen(only, list(columns if derivations is None else derivations), name_of(join))
    read = _read(names, derivations)
    made = copy(join)
    kept = planned
    if only is not None:
        kept = [(p, g) for p, g in planned if read & set(part_outputs(p, g.outputs).values())]
        made.joinParts = [_part(part, plan, read) for part, plan in kept]
        if derivations is not None:
            needed = [n for n in derivations if n in names or n in read]
            made.derivations = [structs.Derivation(name=n, expression=derivations[n]) for n in needed]
    keys = {left: plan.keys[key] for part, plan in kept for key, left in part_keys(part).items()}
    kind = EVENTS if is_events(join.left) else ENTITIES
    return Wanted(made, names, keys, frozenset(read - columns.keys() - keys.keys()), kind)


def _read(names: Sequence[str], derivations: Mapping[str, str] | None) -> set[str]:
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


def _part(part: structs.JoinPart, plan: GroupByPlan, read: set[str]) -> structs.JoinPart:
    made = copy(part)
    inside = {name for name, column in part_outputs(part, plan.outputs).items() if column in read}
    made.groupBy = _fewer(plan.definition, inside)
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
            shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")  # noqa: PLR2004 - enough to recognise
            problems.append(
                RequestError(
                    f"{definition} has no feature {name}",
                    expected=f"one of {shown}",
                    mend=f"did you mean {' or '.join(close)}?" if close else None,
                )
            )
    raise_all(problems)
    return [only] if isinstance(only, str) else list(dict.fromkeys(only))
