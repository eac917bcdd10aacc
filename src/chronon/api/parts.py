"""The parts of a join: group-bys, labels, and values taken from tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, cast

from chronon.api import structs
from chronon.api.coerce import mapping, strings
from chronon.api.enums import TimeUnit
from chronon.api.external import unnamed
from chronon.api.metadata import ensure_name
from chronon.api.naming import external_prefix
from chronon.api.problems import settle
from chronon.api.provenance import here, place_of, stamp
from chronon.base.errors import ChrononError, ConfigError


def JoinPart(
    group_by: structs.GroupBy,
    key_mapping: Mapping[str, str] | None = None,
    prefix: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> structs.JoinPart:
    """A group-by as it is used in a join.

    Parameters
    ----------
    group_by:
        Whose features are joined. It needs a name: the one of its variable in a file of the repo, or ``name=``.
    key_mapping:
        Left column to key of the group-by, where they differ.
    prefix:
        Put before the names of the features.
    tags:
        Written to the join's metadata.
    """
    if not isinstance(cast(Any, group_by), structs.GroupBy):
        raise ConfigError(f"a {type(group_by).__name__} is no group-by", place=here("group_by"), expected="a GroupBy")
    made = stamp(structs.JoinPart(groupBy=group_by, prefix=prefix))
    key_mapping = mapping(key_mapping, "key_mapping", '{"left_column": "key"}')
    made.keyMapping = key_mapping
    vars(made)["tags"] = dict(tags) if tags else None
    problems: list[ChrononError] = []
    if not ensure_name(group_by, "group_bys"):
        problems.append(unnamed(group_by).at(place_of(made)))
    keys = group_by.keyColumns or []
    for left, key in (key_mapping or {}).items():
        if key not in keys:
            close = get_close_matches(key, keys, n=1)
            mend = f"did you mean {close[0]}?" if close else None
            if left in keys:
                mend = f'the other way round: {{"{key}": "{left}"}}'
            problems.append(
                ConfigError(
                    f"{key} is not a valid key of {(group_by.metaData or structs.MetaData()).name}",
                    place=place_of(made, "key_mapping"),
                    expected=f"left column to one of {', '.join(keys)}",
                    mend=mend,
                )
            )
    return settle(made, problems)


class ExternalJoinPart(structs.JoinPart):
    """The offline group-by of an external source, as a part of the backfill of its join.

    Parameters
    ----------
    join_part:
        The group-by with its key mapping and prefix.
    full_prefix:
        What its columns and its table are called: ``ext_[<prefix>_]<source>``.
    """

    def __init__(self, join_part: structs.JoinPart, full_prefix: str) -> None:
        super().__init__(groupBy=join_part.groupBy, keyMapping=join_part.keyMapping, prefix=join_part.prefix)
        self.external_join_full_prefix = full_prefix
        self._source_join_part = join_part

    @classmethod
    def from_external_part(cls, external_part: structs.ExternalPart) -> ExternalJoinPart:
        """The part of an external source that has an offline group-by."""
        source = external_part.source or structs.ExternalSource()
        if source.offlineGroupBy is None:
            raise ConfigError(
                "an external source has no offline group-by", place=place_of(external_part), mend="offline_group_by="
            )
        part = structs.JoinPart(source.offlineGroupBy, external_part.keyMapping, external_part.prefix)
        return cls(part, external_prefix(external_part))


def BootstrapPart(
    table: str, key_columns: Iterable[str] | str | None = None, query: structs.Query | None = None
) -> structs.BootstrapPart:
    """Values that are taken from a table instead of being computed, where its keys match the left side's."""
    return stamp(structs.BootstrapPart(table=table, query=query, keyColumns=strings(key_columns)))


def LabelPart(
    labels: Iterable[structs.JoinPart],
    left_start_offset: int,
    left_end_offset: int,
    label_offline_schedule: str = "@daily",
) -> structs.LabelPart:
    """Labels that are joined to features once they are known.

    Parameters
    ----------
    labels:
        The group-bys that give the labels.
    left_start_offset, left_end_offset:
        Between how many days before the day of the labels the rows of the left side lie. Of an aggregated label both
        are the length of its window.
    label_offline_schedule:
        How often it is computed.
    """
    made = stamp(
        structs.LabelPart(
            labels=list(labels),
            leftStartOffset=left_start_offset,
            leftEndOffset=left_end_offset,
            metaData=structs.MetaData(offlineSchedule=label_offline_schedule),
        )
    )
    return settle(made, _label_problems(made))


def _label_problems(part: structs.LabelPart) -> Iterator[ConfigError]:
    place = place_of(part, "labels")
    for label in part.labels or []:
        aggregations = (label.groupBy or structs.GroupBy()).aggregations
        if not aggregations:
            continue
        if len(part.labels or []) > 1:
            yield ConfigError("Multiple label joinPart is not supported yet where labels are aggregated", place=place)
            return
        windows = aggregations[0].windows or []
        if len(aggregations) != 1 or len(windows) != 1:
            yield ConfigError("Single aggregation with one window allowed for a label", place=place)
            return
        window = windows[0]
        if window.timeUnit != TimeUnit.DAYS:
            yield ConfigError("the window of an aggregated label must be DAYS", place=place)
        elif not part.leftStartOffset == part.leftEndOffset == window.length:
            yield ConfigError(
                "left_start_offset and left_end_offset will be inferred to be same as aggregation window",
                place=place_of(part, "left_start_offset"),
                expected=f"{window.length} for both",
            )
