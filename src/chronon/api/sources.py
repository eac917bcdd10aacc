"""Sources as they enter a definition: wrapped, copied, and completed by the columns that the definition needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from chronon.api import structs
from chronon.api.inspect import underlying
from chronon.api.provenance import here, place_of
from chronon.base.errors import ConfigError

SourceLike = structs.Source | structs.EventSource | structs.EntitySource | structs.JoinSource


def as_source(given: Any, field: str = "sources") -> structs.Source:
    """A source in its wrapper; events, entities and joins may be given as they are."""
    if isinstance(given, structs.Source):
        return given
    if isinstance(given, structs.EventSource):
        return structs.Source(events=given)
    if isinstance(given, structs.EntitySource):
        return structs.Source(entities=given)
    if isinstance(given, structs.JoinSource):
        return structs.Source(joinSource=given)
    raise ConfigError(
        f"{type(given).__name__} is not a source",
        place=here(field),
        expected="an EventSource, an EntitySource, a JoinSource or a Source",
        mend=f"EventSource(table={given!r}, query=Query(...))" if isinstance(given, str) else None,
    )


def as_sources(given: Iterable[SourceLike] | SourceLike) -> list[structs.Source]:
    """A list of sources from one or several."""
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
        return [as_source(one) for one in given]
    return [as_source(given)]


def completed(source: structs.Source, columns: Iterable[str]) -> structs.Source:
    """A copy of a source that selects ``columns`` too, each as itself, and has its ``ts`` as the time column.

    The given source is not changed: definitions share sources, and must not see each other's columns.

    Raises
    ------
    ConfigError
        If ``ts`` is selected as something else than the time column.
    """
    made = copy(source)
    if source.joinSource is not None:
        inner = made.joinSource = copy(source.joinSource)
    elif source.events is not None:
        inner = made.events = copy(source.events)
    elif source.entities is not None:
        inner = made.entities = copy(source.entities)
    else:
        underlying(source)  # raises, with the reason
        return made
    query = copy(inner.query) if inner.query is not None else structs.Query()
    selects = dict(query.selects or {})
    for column in columns:
        selects.setdefault(column, column)
    if "ts" in selects:
        chosen = selects.pop("ts")
        if query.timeColumn is not None and query.timeColumn != chosen:
            raise ConfigError(
                f"mismatched `ts`: it is selected as {chosen!r}, the time column is {query.timeColumn!r}",
                place=place_of(query, "selects['ts']"),
                mend="select the time only by time_column",
            )
        query.timeColumn = chosen
    query.selects = selects
    inner.query = query
    return made
