"""A definition as it stands in a repo: its kind, its name, and where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chronon.api import structs
from chronon.api.naming import slashed
from chronon.api.problems import problems_of
from chronon.base.errors import Place

AnyDefinition = structs.GroupBy | structs.Join | structs.StagingQuery

GROUP_BY_FOLDER_NAME = "group_bys"
JOIN_FOLDER_NAME = "joins"
STAGING_QUERY_FOLDER_NAME = "staging_queries"

KINDS: dict[str, type[AnyDefinition]] = {
    GROUP_BY_FOLDER_NAME: structs.GroupBy,
    JOIN_FOLDER_NAME: structs.Join,
    STAGING_QUERY_FOLDER_NAME: structs.StagingQuery,
}
"""The folders of a repo, in the order of what builds on what, and what their files define."""

WORDS = {"group_bys": "group-by", "joins": "join", "staging_queries": "staging query"}


def kind_of(value: AnyDefinition) -> str:
    """The folder to which a definition belongs."""
    return next(kind for kind, cls in KINDS.items() if isinstance(value, cls))


def folder_of(class_name: str) -> str:
    """The folder of a class.

    >>> folder_of("GroupBy")
    'group_bys'
    """
    return next(folder for folder, cls in KINDS.items() if cls.__name__ == class_name)


@dataclass(frozen=True)
class Definition:
    """A definition of a repo.

    Parameters
    ----------
    kind:
        ``group_bys``, ``joins`` or ``staging_queries``.
    name:
        ``team.file.variable``.
    value:
        The struct; its metadata hold name, team and namespace.
    file, line:
        Where it is written; the file is relative to the root.
    """

    kind: str
    name: str
    value: AnyDefinition
    file: str
    line: int | None = None

    @property
    def path(self) -> str:
        """``joins/shop/training_set.v1``: its name in keys, in requests, and as a compiled file.

        >>> Definition("joins", "shop.training_set.v1", structs.Join(), "joins/shop/training_set.py").path
        'joins/shop/training_set.v1'
        """
        return f"{self.kind}/{slashed(self.name)}"

    @property
    def place(self) -> Place:
        """Where it is written, for messages."""
        return Place(definition=self.name, file=self.file, line=self.line)

    def at(self, field: str) -> Place:
        """The place of one of its fields."""
        return Place(definition=self.name, file=self.file, line=self.line, field=field)


def part_group_bys(join: structs.Join) -> Iterator[structs.GroupBy]:
    """The group-bys of a join's parts, without those of labels and external sources."""
    for part in join.joinParts or []:
        if part.groupBy is not None:
            yield part.groupBy


def embedded_group_bys(join: structs.Join) -> Iterator[structs.GroupBy]:
    """All group-bys that stand inside a join."""
    yield from part_group_bys(join)
    for label in (join.labelPart or structs.LabelPart()).labels or []:
        if label.groupBy is not None:
            yield label.groupBy
    for part in join.onlineExternalParts or []:
        if part.source is not None and part.source.offlineGroupBy is not None:
            yield part.source.offlineGroupBy


def parents(value: AnyDefinition) -> Iterator[structs.Join]:
    """The joins whose output a group-by reads, or the left side of a join."""
    sources = value.sources or [] if isinstance(value, structs.GroupBy) else []
    if isinstance(value, structs.Join) and value.left is not None:
        sources = [value.left]
    for source in sources:
        if source.joinSource is not None and source.joinSource.join is not None:
            yield source.joinSource.join


def inner(value: AnyDefinition) -> Iterator[structs.Struct]:
    """A definition and everything inside it that can be wrong by itself."""
    yield value
    for parent in parents(value):
        yield from inner(parent)
    if isinstance(value, structs.Join):
        yield from value.joinParts or []
        if value.labelPart is not None:
            yield value.labelPart
            yield from value.labelPart.labels or []
        yield from (part.source for part in value.onlineExternalParts or [] if part.source is not None)
        for group_by in embedded_group_bys(value):
            yield from inner(group_by)


def broken(value: AnyDefinition) -> structs.Struct | None:
    """The first thing in a definition in whose construction a problem was found."""
    return next((thing for thing in inner(value) if problems_of(thing)), None)
