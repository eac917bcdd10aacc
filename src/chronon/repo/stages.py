"""What the columns of a definition are computed from, stage by stage: scan, aggregation, derivation, join."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from chronon.api import structs
from chronon.api.inspect import query_of, table_of
from chronon.api.naming import aggregation_columns, name_of, operation_name, part_prefix, sanitize
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ExpressionError
from chronon.plan.derivations import expand
from chronon.plan.names import RESERVED, part_keys
from chronon.repo.definition import AnyDefinition

_MACRO = re.compile(r"\{\{[^}]*\}\}")


class Decides(StrEnum):
    """On what a column decides."""

    VALUE = "value"
    ROWS = "rows"


@dataclass(frozen=True, order=True)
class Column:
    """A column of a table or of a definition's output.

    >>> str(Column("data.purchases", "price"))
    'data.purchases.price'
    """

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"


Inputs = frozenset[tuple[Column, Decides, tuple[str, ...]]]
"""The columns of other owners that decide on a column, each with the steps on the way."""
Stage = dict[str, Inputs]
"""Columns, each with its inputs."""


@dataclass
class Reader:
    """Reads definitions; what it cannot read it keeps in ``unread``.

    Parameters
    ----------
    owners:
        The tables that definitions write, each with the definition's name.
    """

    owners: Mapping[str, str]
    unread: list[ChrononError] = field(default_factory=list[ChrononError])

    def outputs(self, value: AnyDefinition) -> Stage:
        """The columns that leave a definition."""
        if isinstance(value, structs.GroupBy):
            return self._group_by(value)
        if isinstance(value, structs.Join):
            return self._join(value)
        return self._staging_query(value)

    # ---- one source

    def _scan(self, source: structs.Source, needed: Iterable[str]) -> tuple[Stage, Inputs]:
        """The selected columns of a source, and what decides which of its rows there are."""
        parent = source.joinSource.join if source.joinSource is not None else None
        owner = name_of(parent) if parent is not None else self._owner(table_of(source))
        query = query_of(source)
        selects = {**{name: f"`{name}`" for name in needed}, **(query.selects or {})}
        columns = {name: self._read(text, owner, Decides.VALUE, name) for name, text in selects.items()}
        conditions = [*(query.wheres or []), *([query.timeColumn] if query.timeColumn else [])]
        rows = [self._read(text, owner, Decides.ROWS, text) for text in conditions]
        return columns, frozenset().union(*rows)

    def _read(self, text: str, owner: str, decides: Decides, name: str) -> Inputs:
        return frozenset((Column(owner, column), decides, _step(name, text)) for column in self._columns(text))

    def _columns(self, text: str) -> frozenset[str]:
        from chronon.sql import parse

        try:
            return parse(text).columns
        except ExpressionError as problem:
            self.unread.append(problem)
            return frozenset()

    def _owner(self, table: str) -> str:
        return self.owners.get(table, table)

    # ---- group-bys

    def _group_by(self, group_by: structs.GroupBy) -> Stage:
        keys = group_by.keyColumns or []
        inputs = {n for a in group_by.aggregations or [] for n in (a.inputColumn, *(a.buckets or [])) if n}
        found: Stage = {}
        for source in group_by.sources or []:
            selected, rows = self._scan(source, [*keys, *sorted(inputs)])
            rows |= frozenset().union(*(_as_rows(selected[key], f"key {key}") for key in keys))
            if group_by.aggregations is None:
                features = {name: selected[name] for name in selected if name not in keys and name not in RESERVED}
            else:
                features = {name: i for a in group_by.aggregations for name, i in _aggregated(a, selected).items()}
            for name, inside in features.items():
                found[name] = found.get(name, frozenset()) | inside | rows
        return self._derived(found, found, group_by.derivations, keys)

    def _derived(
        self, found: Stage, visible: Stage, derivations: list[structs.Derivation] | None, keys: Iterable[str] = ()
    ) -> Stage:
        """Derivations over ``found``; they may also name the columns of ``visible``."""
        if not derivations:
            return found
        after: Stage = {}
        for name, text in expand(derivations, found, list(keys)).items():
            before = [visible[column] for column in self._columns(text) if column in visible]
            after[name] = frozenset().union(*(_with_step(inside, _step(name, text)) for inside in before))
        return after

    # ---- joins

    def _join(self, join: structs.Join) -> Stage:
        left, rows = self._scan(join.left, self._left_keys(join)) if join.left is not None else ({}, frozenset())
        parts: Stage = {}
        for part in join.joinParts or []:
            parts |= self._part(part, left)
        for external in join.onlineExternalParts or []:
            parts |= self._external(external, left)
        for bootstrap in join.bootstrapParts or []:
            for name, inside in self._bootstrap(bootstrap).items():
                parts[name] = parts.get(name, frozenset()) | inside
        derived = self._derived(parts, {**parts, **left}, join.derivations)
        labels: Stage = {}
        for label in (join.labelPart or structs.LabelPart()).labels or []:
            labels |= {f"label_{name}": inside for name, inside in self._part(label, left).items()}
        return {name: inside | rows for name, inside in {**left, **derived, **labels}.items()}

    def _left_keys(self, join: structs.Join) -> list[str]:
        return list(dict.fromkeys(left for part in join.joinParts or [] for left in part_keys(part).values()))

    def _part(self, part: structs.JoinPart, left: Stage) -> Stage:
        group_by = part.groupBy
        if group_by is None:
            return {}
        prefix, owner = part_prefix(part), name_of(group_by)
        keys = [_as_rows(left.get(column, frozenset()), f"key {key}") for key, column in part_keys(part).items()]
        return {
            f"{prefix}_{name}": frozenset({(Column(owner, name), Decides.VALUE, ())}).union(*keys)
            for name in self._group_by(group_by)
        }

    def _external(self, part: structs.ExternalPart, left: Stage) -> Stage:
        source = part.source or structs.ExternalSource()
        name = (source.metadata or structs.MetaData()).name or ""
        prefix = f"ext_{part.prefix}_{sanitize(name)}" if part.prefix else f"ext_{sanitize(name)}"
        mapping = part.keyMapping or {}
        keys = [
            _as_rows(left.get(column, frozenset()), f"key {right}")
            for column, right in (mapping or {f.name or "": f.name for f in _fields(source.keySchema)}).items()
        ]
        return {
            f"{prefix}_{value.name}": frozenset({(Column(name, value.name or ""), Decides.VALUE, ())}).union(*keys)
            for value in _fields(source.valueSchema)
        }

    def _bootstrap(self, part: structs.BootstrapPart) -> Stage:
        owner = self._owner((part.table or "").partition("/")[0])
        selects = (part.query or structs.Query()).selects or {}
        keys = set(part.keyColumns or [])
        return {
            name: self._read(text, owner, Decides.VALUE, "bootstrap")
            for name, text in selects.items()
            if name not in keys
        }

    # ---- staging queries

    def _staging_query(self, value: structs.StagingQuery) -> Stage:
        from sqlglot import expressions as exp
        from sqlglot.errors import SqlglotError
        from sqlglot.lineage import Node, lineage

        if not isinstance(cast("object", value.query or ""), str):
            self.unread.append(ExpressionError("the query is no text", place=place_of(value)))
            return {}
        text = _MACRO.sub("2000-01-01", value.query or "")
        try:
            nodes = lineage(None, text, {}, dialect="spark")
        except SqlglotError as error:
            problem = ExpressionError(f"the query cannot be read: {error}".split("\n", 1)[0], place=place_of(value))
            self.unread.append(problem)
            return {}
        assert not isinstance(nodes, Node)  # noqa: S101 - without a column all are answered
        found: Stage = {}
        for name, node in nodes.items():
            step = _step(name, node.expression.unalias().sql(dialect="spark"))
            tables = ((leaf.source, leaf.name) for leaf in node.walk() if isinstance(leaf.source, exp.Table))
            columns = [Column(self._owner(exp.table_name(table)), column) for table, column in tables]
            found[name] = frozenset((Column(c.owner, _last(c.name)), Decides.VALUE, step) for c in columns)
        return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _aggregated(aggregation: structs.Aggregation, selected: Stage) -> Stage:
    """The columns of an aggregation; its bucket decides on the value too."""
    operation = operation_name(aggregation)
    buckets = aggregation.buckets or [None]
    windows = len(aggregation.windows or [None])
    found: Stage = {}
    for number, name in enumerate(aggregation_columns(aggregation)):
        bucket = buckets[number // windows]
        entering = selected.get(aggregation.inputColumn or "", frozenset())
        if bucket is not None:
            entering |= selected.get(bucket, frozenset())
        found[name] = _with_step(entering, (operation,))
    return found


def _with_step(inputs: Inputs, step: tuple[str, ...]) -> Inputs:
    return frozenset((column, decides, (*steps, *step)) for column, decides, steps in inputs)


def _as_rows(inputs: Inputs, step: str) -> Inputs:
    return frozenset((column, Decides.ROWS, (*steps, step)) for column, _, steps in inputs)


def _step(name: str, text: str) -> tuple[str, ...]:
    """What a select or a derivation does; nothing where it only takes a column as it is."""
    bare = text.strip().strip("`")
    return () if bare == name else (text if bare == text and name == text else f"{name} = {text}",)


def _fields(schema: structs.TDataType | None) -> list[structs.DataField]:
    return (schema or structs.TDataType()).params or []
