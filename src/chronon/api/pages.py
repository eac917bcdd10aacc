"""What a person sees of a definition, as it is written; nothing is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from chronon.api import structs
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.inspect import WHOLE_HISTORY, accuracy_of, query_of, underlying
from chronon.base.display import Grid, Page
from chronon.base.errors import ChrononError

SHOWN = 60
"""Characters of an expression in a grid."""


def page_of(definition: Any) -> Page:
    """The page of a group-by, a join, a staging query or a source; of anything else its bare name."""
    if isinstance(definition, structs.GroupBy):
        return _group_by(definition)
    if isinstance(definition, structs.Join):
        return _join(definition)
    if isinstance(definition, structs.StagingQuery):
        return _staging_query(definition)
    if isinstance(definition, structs.Source):
        return Page(_table(definition), "source", grids=[_sources([definition])])
    if isinstance(definition, structs.EventSource):
        return page_of(structs.Source(events=definition))
    if isinstance(definition, structs.EntitySource):
        return page_of(structs.Source(entities=definition))
    return Page(type(definition).__name__)


def _group_by(group_by: structs.GroupBy) -> Page:
    facts = {"keys": ", ".join(group_by.keyColumns or []), "accuracy": _accuracy(group_by), **_said(group_by.metaData)}
    grids = [_sources(group_by.sources or [])]
    if group_by.aggregations:
        rows = [_aggregation(aggregation) for aggregation in group_by.aggregations]
        grids.append(Grid(["input", "operation", "windows", "buckets"], rows, title="aggregations"))
    return Page(_name(group_by.metaData), "group-by", facts, [*grids, *_derivations(group_by.derivations)])


def _join(join: structs.Join) -> Page:
    parts = [list(_part(part)) for part in join.joinParts or []]
    grids = [_sources([join.left] if join.left is not None else [])]
    grids.append(Grid(["group-by", "prefix", "keys", "accuracy", "columns"], parts, title="parts"))
    if join.onlineExternalParts:
        named = [(part.source or structs.ExternalSource(), part.prefix) for part in join.onlineExternalParts]
        external = [[_name(source.metadata), prefix] for source, prefix in named]
        grids.append(Grid(["external source", "prefix"], external, title="external parts"))
    return Page(_name(join.metaData), "join", _said(join.metaData), [*grids, *_derivations(join.derivations)])


def _staging_query(query: structs.StagingQuery) -> Page:
    kind = "view" if query.createView else "table"
    facts = {"makes a": kind, "from": query.startPartition, **_said(query.metaData)}
    lines = [[line] for line in dedent(query.query or "").strip().splitlines()]
    shown = {name: value for name, value in facts.items() if value is not None}
    return Page(_name(query.metaData), "staging query", shown, [Grid(["query"], lines)])


def _name(metadata: structs.MetaData | None) -> str:
    return (metadata or structs.MetaData()).name or "without a name"


def _said(metadata: structs.MetaData | None) -> dict[str, Any]:
    known = metadata or structs.MetaData()
    facts = {"online": known.online, "namespace": known.outputNamespace, "description": known.description}
    return {name: value for name, value in facts.items() if value is not None}


def _accuracy(group_by: structs.GroupBy) -> str:
    return "to the millisecond" if accuracy_of(group_by) == Accuracy.TEMPORAL else "as of midnight"


def _sources(sources: list[structs.Source]) -> Grid:
    rows: list[list[Any]] = []
    for source in sources:
        query = query_of(source)
        selects = ", ".join(n if n == text else f"{n} = {text}" for n, text in (query.selects or {}).items())
        topic = source.events.topic if source.events is not None else None
        kind = "join" if source.joinSource is not None else "events" if source.events is not None else "entities"
        where = _short(" and ".join(query.wheres or []))
        rows.append([_table(source), kind, _short(selects or "all"), where, query.timeColumn, topic])
    return Grid(["table", "of", "selects", "where", "time", "topic"], rows, title="reads")


def _table(source: structs.Source) -> str:
    try:
        inner = underlying(source)
    except ChrononError:
        return "nothing"
    return (inner.table if isinstance(inner, structs.EventSource) else inner.snapshotTable) or "nothing"


def _aggregation(aggregation: structs.Aggregation) -> list[Any]:
    code = Operation(aggregation.operation if aggregation.operation is not None else Operation.LAST)
    arguments = ", ".join(f"{name}={value}" for name, value in (aggregation.argMap or {}).items())
    windows = ", ".join(_window(window) for window in aggregation.windows or []) or "all history"
    operation = f"{code.name}({arguments})" if arguments else code.name
    return [aggregation.inputColumn, operation, windows, ", ".join(aggregation.buckets or []) or None]


def _window(window: structs.Window | None) -> str:
    if window is None or window.length == WHOLE_HISTORY:
        return "all history"
    return f"{window.length}{'h' if window.timeUnit == TimeUnit.HOURS else 'd'}"


def _part(part: structs.JoinPart) -> Iterator[Any]:
    group_by = part.groupBy or structs.GroupBy()
    left_of = {right: left for left, right in (part.keyMapping or {}).items()}
    yield _name(group_by.metaData)
    yield part.prefix
    yield ", ".join(f"{left_of[k]} as {k}" if k in left_of else k for k in group_by.keyColumns or [])
    yield _accuracy(group_by)
    yield ", ".join(dict.fromkeys(a.inputColumn or "" for a in group_by.aggregations or [])) or "as selected"


def _derivations(derivations: list[structs.Derivation] | None) -> list[Grid]:
    rows = [[d.name, _short(d.expression or "")] for d in derivations or []]
    return [Grid(["column", "expression"], rows, title="derivations")] if rows else []


def _short(text: str) -> str | None:
    return (text if len(text) <= SHOWN else text[: SHOWN - 3] + "...") or None
