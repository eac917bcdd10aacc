"""Compiled definitions with what is to be known of their features: as texts for files, or as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from chronon.api import structs, wire
from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow
from chronon.base.errors import ChrononError, ConfigError, Place
from chronon.plan.features import UNBOUNDED, Feature, features_of_group_by, features_of_join
from chronon.plan.group_by import plan_group_by
from chronon.plan.join import plan_join
from chronon.plan.staging import END, LATEST, START, fill

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine

Definition = structs.GroupBy | structs.Join | structs.StagingQuery

GROUP_BYS, JOINS, STAGING_QUERIES, EMBEDDED = "group_bys", "joins", "staging_queries", "embedded_group_bys"
KINDS: dict[str, tuple[str, type[Definition]]] = {
    GROUP_BYS: ("groupBy", structs.GroupBy),
    JOINS: ("join", structs.Join),
    STAGING_QUERIES: ("stagingQueries", structs.StagingQuery),
}
"""For each folder the type of its entities in a table, and what its files define."""
UNKNOWN = "unknown"
COLUMNS: Schema = {"path": t.STRING, "metadata": t.STRING, "entityType": t.STRING}
"""The table; its partition is the day."""


@dataclass(frozen=True)
class Entity:
    """A compiled definition with its metadata.

    Parameters
    ----------
    path:
        From the folder of its kind on: two teams may call a definition the same.
    kind:
        ``groupBy``, ``join``, ``stagingQueries``, ``embeddedGroupBy`` or ``unknown``.
    data:
        What its file says, and ``features``, or ``exception`` with what kept them from being known.
    """

    path: str
    kind: str
    data: dict[str, Any]

    @property
    def text(self) -> str:
        """As a file has it."""
        return json.dumps(self.data, indent=2) + "\n"

    @property
    def problem(self) -> str | None:
        """What kept its features from being known."""
        return self.data.get("exception")


def export_metadata(
    files: Mapping[str, str | bytes], engine: Engine, *, days: tuple[str, str], embedded: bool = False
) -> tuple[list[Entity], list[str]]:
    """Extend compiled definitions by what is to be known of their features. Nothing is computed or written.

    Parameters
    ----------
    files:
        Paths and texts (UTF-8 as bytes). A folder ``group_bys``, ``joins`` or ``staging_queries`` in the path says what
        a text defines.
    engine:
        Knows the tables.
    days:
        What the macros of staging queries stand for: the first and last day.
    embedded:
        Whether group-bys that have no file of their own but stand in a join are entities, too.

    Returns
    -------
    The entities, and the paths of the files that are not JSON.
    """
    found: list[Entity] = []
    unreadable: list[str] = []
    parts: dict[str, structs.GroupBy] = {}
    for path, text in sorted(files.items()):
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            unreadable.append(path)
            continue
        found.append(_entity(path, {str(k): v for k, v in data.items()}, engine, days, parts))
    if embedded:
        known = {entity.data.get("metaData", {}).get("name") for entity in found if entity.kind == "groupBy"}
        found += [
            _described(f"{EMBEDDED}/{name}", "embeddedGroupBy", wire.to_data(group_by), group_by, engine, days)
            for name, group_by in sorted(parts.items())
            if name not in known
        ]
    return found, unreadable


def _entity(
    path: str, data: dict[str, Any], engine: Engine, days: tuple[str, str], parts: dict[str, structs.GroupBy]
) -> Entity:
    folders = PurePosixPath(path).parts
    at = next((at for at, folder in enumerate(folders) if folder in KINDS), None)
    if at is None:
        return Entity(path, UNKNOWN, {**data, "exception": f"Unknown entity type of {path}"})
    kind, struct = KINDS[folders[at]]
    short = "/".join(folders[at:])
    try:
        value = wire.from_data(struct, data, place=Place(file=path))
    except ChrononError as problem:
        return Entity(short, kind, {**data, "exception": str(problem)})
    if isinstance(value, structs.Join):
        inside = [part.groupBy for part in value.joinParts or [] if part.groupBy is not None]
        parts |= {(group_by.metaData or structs.MetaData()).name or "": group_by for group_by in inside}
    return _described(short, kind, data, value, engine, days)


def _described(
    path: str, kind: str, data: dict[str, Any], value: Definition, engine: Engine, days: tuple[str, str]
) -> Entity:
    try:
        features = [feature.data() for feature in _features(value, engine, days)]
    except ChrononError as problem:
        return Entity(path, kind, {**data, "exception": str(problem)})
    return Entity(path, kind, {**data, "features": features})


def _features(value: Definition, engine: Engine, days: tuple[str, str]) -> list[Feature]:
    if isinstance(value, structs.GroupBy):
        return features_of_group_by(plan_group_by(value, engine))
    if isinstance(value, structs.Join):
        return features_of_join(plan_join(value, engine))
    spec = engine.partitions_spec
    given = {START: days[0], END: days[1], LATEST: days[1]}
    text = fill(value, given, lambda table, column: engine.partitions(table, column or spec.column)[-1])
    columns = engine.translate(text).schema
    return [Feature(name, kind, "StagingQuery", UNBOUNDED, name) for name, kind in columns.items()]


def publish_metadata(entities: Iterable[Entity], table: str, ds: str, engine: Engine) -> int:
    """Write entities into a partition of a table, which is replaced in one step; the number of rows."""
    import pyarrow as pa

    if table.count(".") != 1:
        raise ConfigError(f"{table} is no table", expected="namespace.table")
    schema = schema_to_arrow(COLUMNS)

    def batches() -> Iterator[pa.RecordBatch]:
        rows = [{"path": e.path, "metadata": json.dumps(e.data), "entityType": e.kind} for e in entities]
        yield from pa.Table.from_pylist(rows, schema).to_batches()

    with engine.warehouse.writing(table):
        return engine.warehouse.publish(table, (engine.partitions_spec.column, ds), batches(), schema)
