"""Small questions about definitions that everybody asks."""

from __future__ import annotations

from collections.abc import Iterator

from chronon.api.enums import Accuracy, TimeUnit
from chronon.api.structs import EntitySource, EventSource, GroupBy, Join, Query, Source, Window
from chronon.base.errors import ConfigError
from chronon.base.time import DAY_MS, HOUR_MS

WHOLE_HISTORY = 2147483647
"""The length, in whatever unit, of a window that means the whole history."""


def window_ms(window: Window) -> int:
    """The length of a window in ms.

    >>> window_ms(Window(2, TimeUnit.HOURS))
    7200000
    """
    unit = HOUR_MS if window.timeUnit == TimeUnit.HOURS else DAY_MS
    return (window.length or 0) * unit


def underlying(source: Source) -> EventSource | EntitySource:
    """What a source is of: events or entities; of a join, what its left side is of."""
    if source.events is not None:
        return source.events
    if source.entities is not None:
        return source.entities
    if source.joinSource is not None and source.joinSource.join is not None and source.joinSource.join.left is not None:
        return underlying(source.joinSource.join.left)
    raise ConfigError("a source is empty", expected="events, entities or a join source")


def is_events(source: Source) -> bool:
    """Whether the rows of a source are events."""
    return isinstance(underlying(source), EventSource)


def query_of(source: Source) -> Query:
    """The query of a source; an empty one if it has none."""
    if source.joinSource is not None:
        return source.joinSource.query or Query()
    return underlying(source).query or Query()


def table_of(source: Source) -> str:
    """The table that a source reads, without the sub-partitions that may follow it."""
    found = underlying(source)
    table = found.table if isinstance(found, EventSource) else found.snapshotTable
    return (table or "").partition("/")[0]


def sub_partitions(table: str) -> dict[str, str]:
    """The sub-partitions named in a table: ``db.t/system=mobile/currency=USD``.

    >>> sub_partitions("db.t/system=mobile/currency=USD")
    {'system': 'mobile', 'currency': 'USD'}
    """
    found: dict[str, str] = {}
    for piece in table.split("/")[1:]:
        name, equals, value = piece.partition("=")
        if not name or not equals:
            raise ConfigError(f"table {table} has mal-formatted sub-partitions", expected="table/name=value")
        found[name] = value
    return found


def topic_of(source: Source) -> str | None:
    """The topic on which a source's rows or changes arrive."""
    found = underlying(source)
    return found.topic if isinstance(found, EventSource) else found.mutationTopic


def accuracy_of(group_by: GroupBy) -> Accuracy:
    """The accuracy of a group-by: the declared one, else TEMPORAL if any source has a topic, else SNAPSHOT."""
    if group_by.accuracy is not None:
        return Accuracy(group_by.accuracy)
    streaming = any(topic_of(source) is not None for source in group_by.sources or [])
    return Accuracy.TEMPORAL if streaming else Accuracy.SNAPSHOT


def sources_of(definition: GroupBy | Join) -> Iterator[Source]:
    """All sources that a definition reads, those of offline group-bys among them."""
    if isinstance(definition, GroupBy):
        yield from definition.sources or []
        return
    if definition.left is not None:
        yield definition.left
    group_bys = [part.groupBy for part in definition.joinParts or []]
    group_bys += [
        part.source.offlineGroupBy for part in definition.onlineExternalParts or [] if part.source is not None
    ]
    for group_by in group_bys:
        yield from (group_by.sources or []) if group_by is not None else []
