"""What a definition gets from its place in a repo: team, namespace, table properties, and templates filled in."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from chronon.api import structs
from chronon.api.dependencies import JOIN_TABLE, LOGGED_TABLE
from chronon.api.naming import DATABASE, sanitize
from chronon.api.problems import settle
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError, Place
from chronon.repo.definition import AnyDefinition, Definition, embedded_group_bys
from chronon.repo.teams import FILE, Teams

Fill = Callable[[str], str]


def own(value: AnyDefinition, team: str, teams: Teams, place: Place) -> list[ChrononError]:
    """Fill in what a definition has from its team, where it does not say it itself."""
    metadata = value.metaData = value.metaData or structs.MetaData()
    metadata.team = team
    unknown = teams.problem_of(team, place)
    if unknown is not None:
        return [unknown]
    vars(value)["_inherited"] = metadata.tableProperties is None
    metadata.tableProperties = metadata.tableProperties or teams.table_properties(team)
    metadata.outputNamespace = metadata.outputNamespace or teams.namespace(team)
    if not metadata.outputNamespace:
        return [
            ConfigError(
                f"the team {team} has no namespace",
                place=place,
                mend=f'"namespace": "..." for {team} or default in {FILE}, or output_namespace="..."',
            )
        ]
    return []


def finish(definition: Definition, teams: Teams) -> None:
    """Fill in what stands inside a definition: group-bys without a file, parent joins, templates."""
    value = definition.value
    metadata = value.metaData or structs.MetaData()
    if isinstance(value, structs.Join):
        for group_by in embedded_group_bys(value):
            if not vars(group_by).get("_finished"):
                _own_inline(group_by, metadata.team or "", teams)
                _finish_group_by(group_by, teams)
    if isinstance(value, structs.GroupBy):
        _finish_group_by(value, teams)
    elif isinstance(value, structs.Join):
        if value.left is not None:
            value.left = _with_parent(value.left, metadata, teams)
        _fill_join(value, _filler(metadata))


def _own_inline(group_by: structs.GroupBy, team: str, teams: Teams) -> None:
    """The team of a group-by without a file is the one in its name, else the one of the join that it stands in."""
    if vars(group_by).get("_named"):
        return
    first, dot, _ = ((group_by.metaData or structs.MetaData()).name or "").partition(".")
    settle(group_by, own(group_by, first if dot and teams.exists(first) else team, teams, place_of(group_by)))


def _finish_group_by(group_by: structs.GroupBy, teams: Teams) -> None:
    if vars(group_by).get("_finished"):
        return
    vars(group_by)["_finished"] = True
    metadata = group_by.metaData or structs.MetaData()
    fill = _filler(metadata)
    metadata.dependencies = _filled(metadata.dependencies, fill)
    group_by.sources = [_fill_source(_with_parent(source, metadata, teams), fill) for source in group_by.sources or []]


def _with_parent(source: structs.Source, child: structs.MetaData, teams: Teams) -> structs.Source:
    """A source whose parent join, if it has one, stands with the team of the child, as the original writes it."""
    if source.joinSource is None or source.joinSource.join is None:
        return source
    parent = copy(source.joinSource.join)
    metadata = parent.metaData = copy(parent.metaData) or structs.MetaData()
    metadata.team = child.team
    if metadata.tableProperties is None or vars(parent).get("_inherited"):
        metadata.tableProperties = teams.table_properties(child.team or "")
    metadata.outputNamespace = metadata.outputNamespace or child.outputNamespace
    _fill_join(parent, _filler(metadata))
    return structs.Source(joinSource=structs.JoinSource(join=parent, query=source.joinSource.query))


def _fill_join(join: structs.Join, fill: Fill) -> None:
    metadata = join.metaData or structs.MetaData()
    metadata.dependencies = _filled(metadata.dependencies, fill)
    if join.left is not None:
        join.left = _fill_source(join.left, fill)
    if join.bootstrapParts is not None:
        join.bootstrapParts = [_fill_bootstrap(part, fill) for part in join.bootstrapParts]
    if join.labelPart is not None and join.labelPart.metaData is not None:
        join.labelPart.metaData.dependencies = _filled(join.labelPart.metaData.dependencies, fill)


def _fill_bootstrap(part: structs.BootstrapPart, fill: Fill) -> structs.BootstrapPart:
    if part.table is None or "{{" not in part.table:
        return part
    made = copy(part)
    made.table = fill(part.table)
    return made


def _fill_source(source: structs.Source, fill: Fill) -> structs.Source:
    events, entities = source.events, source.entities
    if events is not None and "{{" in (events.table or ""):
        events = copy(events)
        events.table = fill(events.table or "")
    if entities is not None and "{{" in f"{entities.snapshotTable}{entities.mutationTable}":
        entities = copy(entities)
        entities.snapshotTable = fill(entities.snapshotTable) if entities.snapshotTable else None
        entities.mutationTable = fill(entities.mutationTable) if entities.mutationTable else None
    return structs.Source(events=events, entities=entities, joinSource=source.joinSource)


def _filled(lines: list[str] | None, fill: Fill) -> list[str] | None:
    return [fill(line) for line in lines] if lines is not None else None


def _filler(metadata: structs.MetaData) -> Fill:
    """What replaces the templates for a namespace, a join's own table, and the table of its log."""
    namespace = metadata.outputNamespace or DATABASE
    table = f"{namespace}.{sanitize(metadata.name or '')}"

    def fill(text: str) -> str:
        if "{{" not in text:
            return text
        return text.replace(LOGGED_TABLE, f"{table}_logged").replace(JOIN_TABLE, table).replace(DATABASE, namespace)

    return fill
