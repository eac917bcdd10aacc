"""A look at what a definition reads and gives: rows after selects and wheres, what was left out and why, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.inspect import is_events, query_of
from chronon.api.naming import name_of
from chronon.api.provenance import place_of
from chronon.base.arrow import from_arrow
from chronon.base.display import Grid, Page, Shown, instant
from chronon.base.errors import ChrononError, ConfigError, raise_all
from chronon.offline.features import Features, features_of_rows
from chronon.offline.parents import require_parents
from chronon.plan.group_by import plan_group_by
from chronon.plan.join import plan_join
from chronon.plan.ranges import bounded
from chronon.plan.scans import Scan, ScanPlanner

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine, Glance

Previewed = structs.GroupBy | structs.Join | structs.EventSource | structs.EntitySource | structs.Source
PARTITIONS = 2
"""How many of the last partitions are read."""
ROWS_OF_PART = 3
"""How many rows are shown of what a part of a join reads."""
TIME, DAY = "__ts", "__ds"


@dataclass(repr=False)
class SourcePreview(Shown):
    """Rows of a source.

    Parameters
    ----------
    table:
        Where they are.
    partitions, of:
        The partitions that were read, of how many.
    read:
        How many rows they have.
    left_out:
        How many of those do not count, by reason.
    schema:
        The columns after the selects, with their types.
    rows:
        Some rows: those columns, then ``__ts`` (ms) and ``__ds``.
    """

    table: str
    partitions: list[str]
    of: int
    read: int
    left_out: dict[str, int]
    schema: Schema
    rows: pa.Table

    def page(self) -> Page:
        facts: dict[str, Any] = {"rows read": f"{self.read:,}", "rows that count": f"{self.kept:,}"}
        facts |= {f"left out: {reason}": f"{rows:,}" for reason, rows in self.left_out.items()}
        notes = []
        if len(self.partitions) < self.of:
            shown = ", ".join(self.partitions)
            notes.append(f"a sample: {shown} of {self.of} partitions were read; partitions=0 reads all")
        names = [f"{name}: {kind}" for name, kind in self.schema.items()]
        rows = [
            [*(row[name] for name in self.schema), instant(row[TIME]), row[DAY]]
            for row in self.rows.to_pylist(maps_as_pydicts="strict")
        ]
        return Page(self.table, "rows of", facts, [Grid([*names, "time (UTC)", "partition"], rows)], notes)

    @property
    def kept(self) -> int:
        """How many rows count."""
        return self.read - sum(self.left_out.values())


@dataclass(repr=False)
class Preview(Shown):
    """A look at a definition.

    Parameters
    ----------
    name:
        The definition, or the source's table.
    sources:
        What it reads.
    features:
        For some keys at the end of what was read; ``None`` for a source, or where there is no row.
    outputs:
        The features and their types.
    """

    name: str
    sources: list[SourcePreview]
    features: Features | None = None
    outputs: dict[str, str] = field(default_factory=dict[str, str])

    def page(self) -> Page:
        pages = [source.page() for source in self.sources]
        if len(pages) == 1 and not self.outputs:
            return pages[0]
        facts = {f"{source.table}": f"{source.kept:,} of {source.read:,} rows count" for source in self.sources}
        for source in self.sources:
            facts |= {f"  {reason}": f"{rows:,} left out" for reason, rows in source.left_out.items()}
        grids = [
            Grid(grid.columns, grid.rows, title=f"rows of {source.table}", note=grid.note)
            for source, page in zip(self.sources, pages, strict=True)
            for grid in page.grids
        ]
        if self.features is not None:
            sample = [Grid(g.columns, g.rows, title="features", note=g.note) for g in self.features.page().grids]
            grids += sample
        types = [[name, kind] for name, kind in self.outputs.items()]
        notes = list(dict.fromkeys(note for page in pages for note in page.notes))
        if notes and self.features is not None:
            notes.append("the features are made of that sample alone")
        return Page(self.name, "preview of", facts, [*grids, Grid(["feature", "type"], types, title="columns")], notes)


def preview(
    definition: Previewed, engine: Engine, *, keys: Any = None, partitions: int | None = None, rows: int = 10
) -> Preview:
    """A look at a definition; see ``chronon.session.preview``."""
    count = PARTITIONS if partitions is None else partitions
    wanted = [keys] if isinstance(keys, Mapping) else list(keys or [])
    if isinstance(definition, structs.GroupBy | structs.Join):
        require_parents(definition, engine)
    if isinstance(definition, structs.GroupBy):
        return _of_group_by(definition, engine, wanted, count, rows)
    if isinstance(definition, structs.Join):
        return _of_join(definition, engine, wanted, count, rows)
    source = definition if isinstance(definition, structs.Source) else _as_source(definition)
    scan = _scan(source, engine)
    return Preview(scan.table, [_source(scan, engine, wanted, count, rows, ())])


def _as_source(source: structs.EventSource | structs.EntitySource) -> structs.Source:
    if isinstance(source, structs.EventSource):
        return structs.Source(events=source)
    return structs.Source(entities=source)


def _scan(source: structs.Source, engine: Engine) -> Scan:
    planner = ScanPlanner(engine, place_of(source))
    scan = planner.scan(source, "source")
    raise_all(planner.problems)
    assert scan is not None  # noqa: S101 - a scan that is missing is a problem
    return scan


def _source(
    scan: Scan, engine: Engine, keys: Sequence[Mapping[str, Any]], count: int, rows: int, named: Sequence[str]
) -> SourcePreview:
    chosen, all_of_them = _last(scan, engine, count)
    glance: Glance = engine.glance(scan, (chosen[0], chosen[-1]) if chosen else (None, None), rows, keys, named)
    return SourcePreview(
        table=scan.table,
        partitions=chosen,
        of=len(all_of_them),
        read=glance.read,
        left_out=glance.left_out,
        schema=dict(scan.types),
        rows=glance.rows,
    )


def _last(scan: Scan, engine: Engine, count: int) -> tuple[list[str], list[str]]:
    """The last partitions of a scan, and all of them."""
    if scan.partition is None:
        return [], []
    present = bounded(engine.partitions(scan.table, scan.partition, dict(scan.subs)), scan.start, scan.end)
    return (present[-count:] if count else present), present


def _of_group_by(
    group_by: structs.GroupBy, engine: Engine, keys: Sequence[Mapping[str, Any]], count: int, rows: int
) -> Preview:
    plan = plan_group_by(group_by, engine)
    sources = [_source(scan, engine, keys, count, rows, list(plan.keys)) for scan in plan.scans]
    asked = keys or _distinct(sources, list(plan.keys), rows)
    last = max((ds for source in sources for ds in source.partitions), default=None)
    found = Preview(plan.name, sources, outputs={name: str(kind) for name, kind in plan.outputs.items()})
    if asked and last is not None:
        end = engine.partitions_spec.end(last)
        sample = _sampled(group_by, sources)
        found.features = features_of_rows(sample, engine, [{**key, "ts": end} for key in asked])
    return found


def _distinct(sources: Sequence[SourcePreview], names: Sequence[str], count: int) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for source in sources:
        for row in source.rows.select(list(names)).to_pylist():
            if None not in row.values():
                found.setdefault(tuple(row.values()), row)
    return list(found.values())[:count]


def _sampled(group_by: structs.GroupBy, previews: Sequence[SourcePreview]) -> structs.GroupBy:
    """The same group-by over nothing but the partitions that were read."""
    made = copy(group_by)
    made.sources = [
        _bounded(source, seen.partitions[0] if seen.partitions and len(seen.partitions) < seen.of else None)
        for source, seen in zip(group_by.sources or [], previews, strict=True)
    ]
    return made


def _bounded(source: structs.Source, first: str | None) -> structs.Source:
    if first is None:
        return source
    query = copy(query_of(source))
    query.startPartition = first
    if source.joinSource is not None:
        return structs.Source(joinSource=structs.JoinSource(join=source.joinSource.join, query=query))
    events, entities = copy(source.events), copy(source.entities)
    for inner in (events, entities):
        if inner is not None:
            inner.query = query
    return structs.Source(events=events, entities=entities)


def _of_join(join: structs.Join, engine: Engine, keys: Sequence[Mapping[str, Any]], count: int, rows: int) -> Preview:
    if join.left is None:
        raise ConfigError("a join has no left side", place=place_of(join), mend="Join(left=..., right_parts=[...])")
    left = _source(plan_join(join, engine).left, engine, keys, count, rows, ())
    parts: list[structs.JoinPart] = []
    problems: list[ChrononError] = []
    previews = [left]
    for part in join.joinParts or []:
        if part.groupBy is None:
            continue
        try:
            plan = plan_group_by(part.groupBy, engine)
            inside = [_source(scan, engine, [], count, ROWS_OF_PART, list(plan.keys)) for scan in plan.scans]
        except ChrononError as problem:
            problems.append(problem)
            continue
        previews += inside
        made = copy(part)
        made.groupBy = _sampled(part.groupBy, inside)
        parts.append(made)
    raise_all(problems)
    sample = copy(join)
    sample.joinParts = parts
    found = Preview(name_of(join), [left, *_once(previews[1:])])
    given = left.rows.drop_columns([DAY, *(["ts"] if "ts" in left.rows.column_names else [])])
    names = ["ts" if name == TIME else name for name in given.column_names]
    if not is_events(join.left):
        given, names = left.rows.drop_columns([TIME]), None
        spec = engine.partitions_spec
        given = given.rename_columns([spec.column if name == DAY else name for name in given.column_names])
    if left.rows.num_rows:
        found.features = features_of_rows(sample, engine, given.rename_columns(names) if names else given)
        schema = found.features.features.schema
        found.outputs = {field.name: str(from_arrow(field.type)) for field in schema}
    return found


def _once(previews: Sequence[SourcePreview]) -> list[SourcePreview]:
    """Each table once, though several group-bys may read it."""
    seen: dict[str, SourcePreview] = {}
    for preview in previews:
        seen.setdefault(preview.table, preview)
    return list(seen.values())
