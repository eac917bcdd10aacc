"""What a group-by computes over its tables: scans, inputs, aggregations, output columns and their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from chronon.aggregate.aggregator import Aggregator
from chronon.aggregate.rule import WindowRule
from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.inspect import accuracy_of
from chronon.api.naming import name_of
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, ExpressionError, Place, SchemaError, raise_all
from chronon.plan.derivations import expand, resolved
from chronon.plan.names import RESERVED, SEQUENCE
from chronon.plan.scans import ENTITIES, EVENTS, Scan, ScanPlanner, Tables, changed_columns, common_type

KEY_TYPES = frozenset({t.BOOLEAN, t.STRING, t.BINARY, t.DATE, *t.NUMBERS})
"""Types that a key may have."""


@dataclass(frozen=True)
class GroupByPlan:
    """A group-by, checked against its tables.

    Parameters
    ----------
    definition:
        As it was written.
    name:
        Its full name.
    kind:
        ``EVENTS`` or ``ENTITIES``, one for all of its sources.
    accuracy:
        The declared one, or the one that follows from its topics.
    keys:
        Key columns and their types.
    scans:
        One for each source; all with the same output columns.
    selected:
        The columns that enter the aggregations, or the features of a group-by without any; with their types.
    aggregator:
        ``None`` where the selected columns are the features.
    raw_outputs:
        The features before derivations.
    derivations:
        Output columns and their expressions; ``None`` if there are none.
    outputs:
        The features and their types.
    partials:
        The table of its partial aggregates by day, where a job keeps them and has filled it.
    """

    definition: structs.GroupBy
    name: str
    kind: str
    accuracy: Accuracy
    keys: dict[str, t.DataType]
    scans: tuple[Scan, ...]
    selected: dict[str, t.DataType]
    aggregator: Aggregator | None
    raw_outputs: dict[str, t.DataType]
    derivations: dict[str, str] | None
    outputs: dict[str, t.DataType]
    partials: str | None = None

    @property
    def can_keep_partials(self) -> bool:
        """Whether partial aggregates by day can be kept of it: events that are read partition by partition."""
        return self.aggregator is not None and not list(_not_incremental(self.kind, self.scans, Place()))

    @cached_property
    def snapshot_rule(self) -> WindowRule:
        """Which rows of a snapshot of entities count."""
        windowed = self.aggregator is not None and self.aggregator.windowed
        return WindowRule.EXACT if windowed else WindowRule.ALL

    @property
    def sequenced(self) -> bool:
        """Whether rows of one instant have an order of their own."""
        return all(SEQUENCE in scan.selects for scan in self.scans)

    @property
    def backfilled(self) -> dict[str, t.DataType]:
        """The columns of its own table but the partition: rows that are not aggregated show their time too."""
        shown = self.aggregator is None and self.has_time and self.derivations is None
        return {**self.keys, **self.outputs, **({"ts": t.LONG} if shown else {})}

    @property
    def has_time(self) -> bool:
        """Whether every source's rows have a time."""
        return self.kind == EVENTS or all(scan.time is not None for scan in self.scans)


def plan_group_by(group_by: structs.GroupBy, tables: Tables) -> GroupByPlan:
    """Check a group-by against its tables.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong: unknown tables and columns, expressions, types.
    """
    place = place_of(group_by)
    planner = ScanPlanner(tables, place)
    keys = list(group_by.keyColumns or [])
    aggregations = group_by.aggregations
    inputs = [name for a in aggregations or [] for name in (a.inputColumn, *(a.buckets or [])) if name]
    scans = [
        planner.scan(source, f"sources[{number}]", keys, inputs) for number, source in enumerate(group_by.sources or [])
    ]
    raise_all(planner.problems)
    found = [_with_time(scan, group_by, number, tables) for number, scan in enumerate(scans) if scan is not None]
    kind = _kind(found, place)
    for scan in found:
        raise_all(changed_columns(scan, scan.selects if aggregations is None else [*keys, *inputs]))
    types = _unified(found, keys, place)
    key_types = {name: types[name] for name in keys}
    columns = [n for n in _needed(inputs) if n != "ts"] if aggregations is not None else _features(types, keys)
    selected = {name: types[name] for name in columns if name in types}
    if types.get(SEQUENCE, t.LONG) not in t.INTEGERS:
        raise SchemaError(f"{SEQUENCE} is a {types[SEQUENCE]}", place=place, expected="a whole number")
    for name in columns:
        if selected.get(name) in (t.NULL, t.DECIMAL):
            raise SchemaError(
                f"column {name} is a {selected[name]}", place=place, mend="cast it in the select, for example to double"
            )
    if "ts" in inputs:
        selected["ts"] = t.LONG
    aggregator = Aggregator(aggregations, selected, definition=name_of(group_by)) if aggregations is not None else None
    if aggregator is None and kind == EVENTS:
        raise ConfigError("a group-by of events needs aggregations", place=place, mend="aggregations=[...]")
    if aggregator is not None and aggregator.timed and any(s.time is None for s in found) and kind == ENTITIES:
        raise ConfigError(
            "windows and operations by time need the time of each row", place=place, mend="time_column in the query"
        )
    if group_by.isIncremental:
        raise_all(_not_incremental(kind, found, place))
    raw = dict(aggregator.outputs) if aggregator is not None else dict(selected)
    entering: dict[str, t.DataType] = {**key_types, "ts": t.LONG, "ds": t.STRING, **raw}
    derivations = resolved(expand(group_by.derivations, raw, keys), entering) if group_by.derivations else None
    return GroupByPlan(
        definition=group_by,
        name=name_of(group_by),
        kind=kind,
        accuracy=accuracy_of(group_by),
        keys=key_types,
        scans=tuple(scan.only([*keys, *selected, SEQUENCE]) for scan in found),
        selected=selected,
        aggregator=aggregator,
        raw_outputs=raw,
        derivations=derivations,
        outputs=derived_types(derivations, entering, place) if derivations is not None else raw,
    )


def _not_incremental(kind: str, scans: Sequence[Scan], place: Place) -> Iterator[ConfigError]:
    """Why no partial aggregates can be kept."""
    if kind != EVENTS:
        yield ConfigError(
            "has incremental mode enabled, which is only supported for event sources",
            place=place,
            mend="leave out is_incremental: of entities only one snapshot is read anyway",
        )
    for scan in scans:
        if scan.cumulative or scan.partition is None:
            yield ConfigError(
                f"has incremental mode enabled, but {scan.table} is not read partition by partition",
                place=place,
                expected="sources with partitions that are not cumulative",
                mend="leave out is_incremental",
            )


def derived_types(derivations: dict[str, str], schema: t.Schema, place: Place) -> dict[str, t.DataType]:
    """The types of derived columns; ``ExpressionError`` with all that cannot be computed."""
    from chronon.sql import parse

    found: dict[str, t.DataType] = {}
    problems: list[ChrononError] = []
    for name, text in derivations.items():
        try:
            found[name] = parse(text).type(schema)
        except ExpressionError as problem:
            problems.append(problem.at(Place(place.definition, place.file, place.line, field=f"derivations[{name!r}]")))
    raise_all(problems)
    return found


def _with_time(scan: Scan, group_by: structs.GroupBy, number: int, tables: Tables) -> Scan:
    """Events of temporal accuracy have a time; without a time column, the column ``ts`` of their table."""
    if scan.kind == EVENTS and scan.time is None and accuracy_of(group_by) == Accuracy.TEMPORAL:
        if "ts" not in scan.schema:
            raise ConfigError(
                f"{scan.table} has no time",
                place=place_of(group_by, f"sources[{number}].query.timeColumn"),
                mend="time_column='...', or accuracy=Accuracy.SNAPSHOT",
            )
        return replace(scan, time="ts")
    if scan.kind == EVENTS and scan.time is None and scan.partition is None:
        raise ConfigError(
            f"the rows of {scan.table} have neither a time nor a partition",
            place=place_of(group_by, f"sources[{number}].query"),
            expected=f"a time_column, or the partition column {tables.partitions_spec.column}",
        )
    return scan


def _kind(scans: Sequence[Scan], place: Place) -> str:
    kinds = {scan.kind for scan in scans}
    if len(kinds) != 1:
        raise ConfigError("sources of events and of entities are mixed", place=place, mend="one kind in each group-by")
    return kinds.pop()


def _unified(scans: Sequence[Scan], keys: Sequence[str], place: Place) -> dict[str, t.DataType]:
    """The columns with one type each over all sources."""
    problems: list[ChrononError] = []
    types: dict[str, t.DataType] = {}
    for name in scans[0].selects:
        kinds = [scan.types[name] for scan in scans if name in scan.types]
        common = common_type(kinds)
        if common is None:
            shown = ", ".join(f"{scan.types[name]} in {scan.table}" for scan in scans if name in scan.types)
            problems.append(SchemaError(f"column {name} is {shown}", place=place, mend="cast it to one type"))
        else:
            types[name] = common
    problems += [
        SchemaError(f"key {name} is a {types[name]}", place=place, expected="a number, text, bytes, boolean or date")
        for name in keys
        if name in types and types[name] not in KEY_TYPES
    ]
    raise_all(problems)
    return types


def _needed(inputs: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(inputs))


def _features(columns: dict[str, t.DataType], keys: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in keys and name not in RESERVED]
