"""What a definition means on its tables: keys, columns, features, and whether the tables hold what its jobs need.

An analysis never writes, and computes no parent of a chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.inspect import underlying
from chronon.api.naming import name_of, output_table
from chronon.base.display import Grid, Page, Shown
from chronon.base.errors import MissingDataError
from chronon.offline.checks import FAILED, NOT_CHECKED, OK, Check, history, readable, timestamps
from chronon.offline.explanation import explain
from chronon.offline.hitters import Hitter, heavy_hitters
from chronon.plan.features import Feature, features_of_group_by, features_of_join
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.join import AsOf, JoinPlan, plan_join
from chronon.plan.models import plan_models

if TYPE_CHECKING:
    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine

HITTERS = 128


@dataclass(repr=False)
class Analysis(Shown):
    """What a definition means on its tables.

    Parameters
    ----------
    name, table:
        The definition, and the table that its backfill writes (``None`` without a namespace).
    keys:
        The keys; of a join the left columns that hold them.
    left, right:
        Of a join the columns of its left side, and those of all its parts.
    outputs:
        The columns that come out but the partition.
    features:
        What each is made by.
    checks:
        What was looked at, and with which outcome.
    hitters:
        The most frequent keys, where they were asked for.
    notes:
        What a reader should know.
    """

    name: str
    table: str | None
    keys: Schema
    left: Schema
    right: Schema
    outputs: Schema
    features: list[Feature]
    checks: list[Check] = field(default_factory=list[Check])
    hitters: list[Hitter] = field(default_factory=list[Hitter])
    notes: list[str] = field(default_factory=list[str])

    @property
    def failed(self) -> list[Check]:
        """What is wrong."""
        return [check for check in self.checks if check.outcome == FAILED]

    def data(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "name": self.name,
            "table": self.table,
            "keys": _texts(self.keys),
            "left": _texts(self.left),
            "right": _texts(self.right),
            "columns": _texts(self.outputs),
            "features": [feature.data() for feature in self.features],
            "checks": [asdict(check) for check in self.checks],
            "heavy_hitters": [asdict(hitter) for hitter in self.hitters],
            "notes": self.notes,
        }

    def page(self) -> Page:
        facts = {"keys": ", ".join(f"{name} {kind}" for name, kind in self.keys.items()), "table": self.table}
        checks = [[c.what, c.of, c.outcome, c.detail] for c in self.checks]
        marks = ["bad" if check.outcome == FAILED else "" for check in self.checks]
        features = [[f.name, str(f.kind), f.operation, f.window, f.input, f.group_by] for f in self.features]
        grids = [
            Grid(["check", "of", "outcome", "detail"], checks, title="checks", marks=marks),
            Grid(["feature", "type", "operation", "window", "input", "group-by"], features, title="features"),
        ]
        if self.hitters:
            hitters = [[h.column, h.value, h.rows] for h in self.hitters]
            grids.append(Grid(["column", "value", "rows"], hitters, title="heavy hitters"))
        return Page(self.name, "analysis of", facts, grids, self.notes)


def analyze(
    definition: structs.Join | structs.GroupBy,
    engine: Engine,
    *,
    start: str,
    end: str,
    hitters: int = 0,
    sample: float = 1.0,
    check_tables: bool = True,
    check_timestamps: bool = True,
) -> Analysis:
    """Look at a definition on its tables. Nothing is written.

    Parameters
    ----------
    definition:
        A join or a group-by.
    engine:
        Where its tables are.
    start, end:
        The first and last partition whose rows are looked at, and for which history must be there.
    hitters:
        How many of the most frequent values of each key are counted; 0 for none.
    sample:
        The share of the rows that is counted for them.
    check_tables, check_timestamps:
        Whether the last partition of each table is read, and the times of the rows from ``start`` to ``end``.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong in the definition itself: keys whose types do not match, columns that are not
        there, external sources that say otherwise than their group-by.
    """
    if isinstance(definition, structs.Join):
        plan = plan_join(definition, engine)
        found = _of_join(plan)
        parts = [part.plan for part in plan.parts]
        scans = [plan.left, *(scan for part in parts for scan in part.scans)]
        hit = [plan.left], [name for name in found.keys if name in plan.left.selects]
    else:
        inner = plan_group_by(definition, engine)
        found = _of_group_by(inner)
        parts, scans = [inner], list(inner.scans)
        hit = list(inner.scans), list(found.keys)
    found.checks.append(Check("definition", found.name, OK, "columns, keys, types"))
    days = start, end
    if check_tables:
        found.checks += readable(scans, engine)
    if check_timestamps:
        found.checks += timestamps(scans, days, engine)
    found.checks += _histories(definition, parts, days, engine)
    found.notes += _bounds(parts)
    if hitters:
        try:
            found.hitters = heavy_hitters(*hit, days, engine, count=hitters, sample=sample)
        except MissingDataError as problem:
            found.notes.append(f"no heavy hitters: {problem.problem}")
    return found


def _of_join(plan: JoinPlan) -> Analysis:
    keys = {left: plan.left_columns[left] for part in plan.parts for left in part.keys.values()}
    outputs = dict(plan.outputs)
    if plan.definition.modelTransforms is not None:
        outputs = plan_models(plan.definition, plan.outputs).outputs
    made = features_of_join(plan)
    right = {**plan.features, **{f.name: f.kind for f in made if f.name not in plan.features and f.operation is None}}
    return Analysis(plan.name, _table(plan.definition), keys, plan.left_columns, right, outputs, made)


def _of_group_by(plan: GroupByPlan) -> Analysis:
    outputs = {**plan.keys, **plan.outputs}
    made = features_of_group_by(plan)
    return Analysis(plan.name, _table(plan.definition), plan.keys, {}, {}, outputs, made)


def _table(definition: structs.Join | structs.GroupBy) -> str | None:
    namespace = (definition.metaData or structs.MetaData()).outputNamespace
    return output_table(definition) if namespace else None


def _histories(
    definition: structs.Join | structs.GroupBy, parts: Sequence[GroupByPlan], days: tuple[str, str], engine: Engine
) -> Iterator[Check]:
    """Whether the first day that a backfill of the range would compute finds what it sees."""
    if _table(definition) is None:
        yield Check(
            "history", name_of(definition), NOT_CHECKED, "it has no output namespace, so no table is to be filled"
        )
        return
    try:
        missing = explain(definition, engine, start=days[0], end=days[1]).days
    except MissingDataError as problem:
        yield Check("history", name_of(definition), NOT_CHECKED, problem.problem)
        return
    first = missing[0] if missing else None
    if isinstance(definition, structs.GroupBy):
        yield history(parts[0], AsOf.PARTITION_END, first, engine)
        return
    given = bool(definition.bootstrapParts)
    for part in plan_join(definition, engine).parts:
        yield history(part.plan, part.as_of, first, engine, given=given)


def _bounds(parts: Sequence[GroupByPlan]) -> Iterator[str]:
    for plan in parts:
        for source in plan.definition.sources or []:
            query = underlying(source).query
            if source.joinSource is None and query is not None and query.startPartition is not None:
                yield f"{plan.name} reads nothing before {query.startPartition}, its startPartition"


def _texts(schema: Schema) -> dict[str, str]:
    return {name: str(kind) for name, kind in schema.items()}
