"""Joins whose output other definitions read: which they are, in which order they are made, what they give."""

from __future__ import annotations

from collections.abc import Iterator

from chronon.api import structs
from chronon.api.inspect import sources_of
from chronon.api.naming import name_of
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.plan.scans import Tables


def ancestors(definition: structs.GroupBy | structs.Join) -> list[structs.Join]:
    """All joins that a definition reads, by way of others too; each once, and after those it reads itself.

    Raises
    ------
    ConfigError
        Where a join reads itself in the end, with the path.
    """
    found: dict[str, structs.Join] = {}
    _collect(definition, [name_of(definition)], found)
    return list(found.values())


def parents(definition: structs.GroupBy | structs.Join) -> Iterator[structs.Join]:
    """The joins that a definition reads directly."""
    for source in sources_of(definition):
        if source.joinSource is not None and source.joinSource.join is not None:
            yield source.joinSource.join


def parent_schema(parent: structs.Join, tables: Tables) -> dict[str, t.DataType]:
    """The columns of a join's table, whether it is there already or not."""
    ancestors(parent)  # one that reads itself in the end has none
    from chronon.plan.join import plan_join  # a join is planned with the scans of its group-bys, which may ask for this

    return {**plan_join(parent, tables).outputs, tables.partitions_spec.column: t.STRING}


def _collect(definition: structs.GroupBy | structs.Join, path: list[str], found: dict[str, structs.Join]) -> None:
    for parent in parents(definition):
        name = name_of(parent)
        if name in path:
            raise ConfigError(
                f"a join reads itself: {' <- '.join([*path[path.index(name) :], name])}",
                place=place_of(parent),
                mend="let one of them read the tables that the other is made of",
            )
        _collect(parent, [*path, name], found)
        found.setdefault(name, parent)
