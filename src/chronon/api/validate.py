"""What makes a group-by or a join impossible, found when it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from chronon.api import structs
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.inspect import accuracy_of, query_of, topic_of
from chronon.api.naming import aggregation_columns
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError, raise_all

UPLOAD_SCHEDULES = ("@daily", "@weekly", "@monthly", "@quarterly")
NEED_K = (Operation.LAST_K, Operation.FIRST_K, Operation.TOP_K, Operation.BOTTOM_K)


def validate_group_by(group_by: structs.GroupBy) -> None:
    """Raise a ``ConfigError`` with everything that is wrong with a group-by."""
    raise_all(problems_of_group_by(group_by))


def problems_of_group_by(group_by: structs.GroupBy) -> list[ChrononError]:
    """Everything that is wrong with a group-by, as far as can be said without its tables."""
    found: list[ChrononError] = []
    for number, source in enumerate(group_by.sources or []):
        found += _source(group_by, source, f"sources[{number}]")
    found += _columns(group_by)
    for number, aggregation in enumerate(group_by.aggregations or []):
        found += _aggregation(group_by, aggregation, f"aggregations[{number}]")
    found += _names(group_by)
    found += _schedule(group_by)
    found += _incremental(group_by)
    return found


def _source(group_by: structs.GroupBy, source: structs.Source, field: str) -> Iterator[ConfigError]:
    query = query_of(source)
    place = place_of(group_by, field)
    if "ts" in (query.selects or {}):
        yield ConfigError("'ts' is a reserved key word", place=place, mend="give the time by time_column")
    windowed = any(a.windows for a in group_by.aggregations or [])
    if source.events is not None:
        if query.mutationTimeColumn:
            yield ConfigError("ingestionTimeColumn should not be specified for event sources", place=place)
        if query.reversalColumn:
            yield ConfigError("reversalColumn should not be specified for event sources", place=place)
        if group_by.accuracy != Accuracy.SNAPSHOT and not query.timeColumn:
            yield ConfigError(
                "please specify query.timeColumn for non-snapshot accurate event sources",
                place=place,
                mend="time_column='...' in the query, or accuracy=Accuracy.SNAPSHOT",
            )
        if group_by.accuracy == Accuracy.SNAPSHOT and source.events.topic:
            yield ConfigError(
                "SNAPSHOT accuracy should not be specified for streaming sources", place=place, mend="drop the topic"
            )
        if group_by.aggregations is None:
            yield ConfigError(
                "You can only set aggregations=None for entity sources without mutations", place=place
            )
    if source.entities is not None:
        if windowed and not query.timeColumn:
            yield ConfigError("Please specify timeColumn for entity source with windowed aggregations", place=place)
        changing = source.entities.mutationTable or source.entities.mutationTopic
        if group_by.aggregations is None and changing:
            yield ConfigError("You can only set aggregations=None for entity sources without mutations", place=place)
    if source.joinSource is not None and source.joinSource.join is not None and topic_of(source) is None:
        yield ConfigError("parent join must have a topic for its left source", place=place)


def _columns(group_by: structs.GroupBy) -> Iterator[ConfigError]:
    selects = [query_of(source).selects or {} for source in group_by.sources or []]
    for number, columns in enumerate(selects):
        missing = [key for key in group_by.keyColumns or [] if key not in columns]
        if missing:
            yield ConfigError(
                f"keys {missing} are unselected in source {number}", place=place_of(group_by, f"sources[{number}]")
            )
        if number and set(columns) != set(selects[0]):
            yield ConfigError(
                f"Mismatched columns among sources: {sorted(set(columns) ^ set(selects[0]))}",
                place=place_of(group_by, f"sources[{number}]"),
                expected="the same selected columns in every source",
            )


def _aggregation(group_by: structs.GroupBy, aggregation: structs.Aggregation, field: str) -> Iterator[ConfigError]:
    place = place_of(group_by, field)
    if not aggregation.inputColumn:
        yield ConfigError("input_column is required for all operations", place=place)
        return
    selected = {name for source in group_by.sources or [] for name in query_of(source).selects or {}}
    if aggregation.inputColumn not in selected | {"ts"}:
        yield ConfigError(
            f"input_column: for aggregation is not part of the query: {aggregation.inputColumn}", place=place
        )
    if aggregation.operation == Operation.APPROX_PERCENTILE and not _fractions(aggregation):
        yield ConfigError(
            "[Percentiles] are missing or wrong",
            place=place,
            expected="a JSON list of numbers from 0 to 1",
            mend="Operation.APPROX_PERCENTILE([0.5, 0.9])",
        )
    if aggregation.operation in NEED_K and not _positive((aggregation.argMap or {}).get("k")):
        yield ConfigError(
            f"k needs to be specified in the argMap for {Operation(aggregation.operation).name}",
            place=place,
            expected="a whole number from 1 on",
        )
    for window in aggregation.windows or []:
        if window is None:
            continue
        if not isinstance(window.length, int) or window.length <= 0:
            yield ConfigError(f"a window has length {window.length}", place=place, expected="a whole number from 1 on")
        hourly = window.timeUnit == TimeUnit.HOURS
        batch = any(source.events is not None for source in group_by.sources or [])
        if hourly and (accuracy_of(group_by) == Accuracy.SNAPSHOT or group_by.backfillStartDate) and batch:
            yield ConfigError(
                "Detected a snapshot accuracy group by with an hourly aggregation; resolution with snapshot accuracy is a day",
                place=place,
                mend="windows in days",
            )


def _names(group_by: structs.GroupBy) -> Iterator[ConfigError]:
    names = [n for a in group_by.aggregations or [] if a.inputColumn for n in aggregation_columns(a)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ConfigError(
            f"two aggregations give a column named {name}",
            place=place_of(group_by, "aggregations"),
            mend="select the input under a second name and aggregate that",
        )


def _schedule(group_by: structs.GroupBy) -> Iterator[ConfigError]:
    metadata = group_by.metaData or structs.MetaData()
    schedule = json.loads(metadata.customJson or "{}").get("uploadSchedule", "@daily")
    place = place_of(group_by, "upload_schedule")
    if schedule not in UPLOAD_SCHEDULES:
        yield ConfigError(f"Invalid upload_schedule {schedule!r}", place=place, expected=", ".join(UPLOAD_SCHEDULES))
    elif schedule != "@daily" and (
        group_by.accuracy == Accuracy.TEMPORAL or any(topic_of(source) for source in group_by.sources or [])
    ):
        yield ConfigError(
            f"upload_schedule '{schedule}' is only supported for SNAPSHOT group-bys without a topic", place=place
        )


def _incremental(group_by: structs.GroupBy) -> Iterator[ConfigError]:
    if not group_by.isIncremental:
        return
    place = place_of(group_by, "is_incremental")
    if any(source.events is None for source in group_by.sources or []):
        yield ConfigError("is_incremental is only supported for event sources", place=place)
    if accuracy_of(group_by) != Accuracy.SNAPSHOT:
        yield ConfigError("is_incremental is only supported for SNAPSHOT accuracy", place=place)


def _fractions(aggregation: structs.Aggregation) -> bool:
    try:
        numbers = json.loads((aggregation.argMap or {}).get("percentiles", ""))
    except ValueError:
        return False
    return (
        isinstance(numbers, list)
        and bool(numbers)
        and all(isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n <= 1 for n in numbers)
    )


def _positive(text: str | None) -> bool:
    try:
        return int(text or "") >= 1
    except ValueError:
        return False
