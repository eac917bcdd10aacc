"""Small questions about sources and definitions under the names that repos know from the original's ``utils``.

The project itself asks ``chronon.api.inspect``, which sees through join sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, KeysView, Sequence
from math import ceil
from typing import Any, TypeVar

from chronon.api import dependencies as waits
from chronon.api import structs
from chronon.api.inspect import window_ms
from chronon.api.tables import get_join_output_table_name
from chronon.base.errors import ConfigError
from chronon.base.time import DAY_MS

T = TypeVar("T")

AnySource = structs.EventSource | structs.EntitySource | structs.JoinSource


def get_underlying_source(source: structs.Source) -> AnySource:
    """The one of the three kinds that a source holds."""
    found = source.entities or source.events or source.joinSource
    if found is None:
        raise ConfigError("a source is empty", expected="events, entities or a join source")
    return found


def get_query(source: structs.Source) -> structs.Query:
    """The query of a source."""
    return get_underlying_source(source).query or structs.Query()


def get_columns(source: structs.Source) -> KeysView[str]:
    """The names that a source selects."""
    selects = get_query(source).selects
    if selects is None:
        raise ConfigError("a source selects no columns", expected="selects in its query")
    return selects.keys()


def get_topic(source: structs.Source) -> str | None:
    """The topic that a source names itself."""
    if source.entities is not None:
        return source.entities.mutationTopic
    return source.events.topic if source.events is not None else None


def get_table(source: structs.Source) -> str:
    """The table of a source without the sub-partitions behind it; of a join source the output table of its join.

    >>> get_table(structs.Source(events=structs.EventSource(table="raw.views/region=eu")))
    'raw.views'
    """
    found = get_underlying_source(source)
    if isinstance(found, structs.JoinSource):
        return get_join_output_table_name(found.join or structs.Join(), full_name=True)
    table = found.table if isinstance(found, structs.EventSource) else found.snapshotTable
    return (table or "").partition("/")[0]


def is_streaming(source: structs.Source) -> bool:
    """Whether a source names a topic itself."""
    return get_topic(source) is not None


def get_streaming_sources(group_by: structs.GroupBy) -> list[structs.Source]:
    """The sources of a group-by that name a topic."""
    return [source for source in group_by.sources or [] if is_streaming(source)]


def has_topic(group_by: structs.GroupBy) -> bool:
    """Whether any source of a group-by names a topic."""
    return bool(get_streaming_sources(group_by))


def get_max_window_for_gb_in_days(group_by: structs.GroupBy) -> int:
    """The longest window of a group-by in whole days, at least one."""
    windows = [window for one in group_by.aggregations or [] for window in one.windows or []]
    return max((ceil(window_ms(window) / DAY_MS) for window in windows), default=1)


def wait_for_simple_schema(
    table: str | None, lag: int, start: str | None, end: str | None, query: structs.Query | None = None
) -> dict[str, Any] | None:
    """What waits for a partition of a table; its query says how the partition column is called."""
    if not table:
        return None
    asked = structs.Query(
        startPartition=start, endPartition=end, partitionColumn=query.partitionColumn if query is not None else None
    )
    return json.loads(waits.wait_for_table(table, asked, lag))


def wait_for_name(dep: str) -> str:
    """The name of the task that waits for what a user wrote.

    >>> wait_for_name("raw.views/ds={{ ds }}")
    'wait_for_raw_views_ds_ds'
    """
    return waits.spec_name(dep)


def get_dependencies(
    src: structs.Source,
    dependencies: list[str] | None = None,
    meta_data: structs.MetaData | None = None,
    lag: int = 0,
) -> list[str]:
    """The dependencies of a source: those that are there already, else the given ones, else the ones of its tables."""
    if meta_data is not None and meta_data.dependencies is not None:
        return list(meta_data.dependencies)
    return waits.of_source(src, dependencies, lag)


def get_bootstrap_dependencies(bootstrap_parts: Sequence[structs.BootstrapPart] | None) -> list[str]:
    """The dependencies of the tables that a join takes values from."""
    return [waits.wait_for_table(p.table, p.query or structs.Query()) for p in bootstrap_parts or [] if p.table]


def get_label_table_dependencies(label_part: structs.LabelPart) -> list[str]:
    """The dependencies of labels, and of the table of their join."""
    metadata = label_part.metaData or structs.MetaData()
    return [*(metadata.dependencies or []), waits.wait_for_join(waits.JOIN_TABLE)]


def dedupe_in_order(seq: Iterable[T]) -> list[T]:
    """Each item once, where it first stood."""
    return list(dict.fromkeys(seq))
