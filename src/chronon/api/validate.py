"""What makes a group-by impossible, found when it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from chronon.api import structs
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.inspect import accuracy_of, query_of, topic_of
from chronon.api.naming import aggregation_columns
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError, Place, raise_all

UPLOAD_SCHEDULE_KEY = "uploadSchedule"
UPLOAD_SCHEDULES = ("@daily", "@weekly", "@monthly", "@quarterly")
NEED_K = (Operation.LAST_K, Operation.FIRST_K, Operation.TOP_K, Operation.BOTTOM_K)

_NO_AGGREGATIONS = "You can only set aggregations=None for entity sources without mutations"


def validate_group_by(group_by: structs.GroupBy) -> None:
    """Raise a ``ConfigError`` with everything that is wrong with a group-by."""
    raise_all(problems_of_group_by(group_by))


def problems_of_group_by(group_by: structs.GroupBy) -> list[ChrononError]:
    """Everything that is wrong with a group-by, as far as can be said without its tables."""
    found: list[ChrononError] = []
    for number, source in enumerate(group_by.sources or []):
        found += _source(group_by, source, place_of(group_by, f"sources[{number}]"))
    found += _columns(group_by)
    for number, aggregation in enumerate(group_by.aggregations or []):
        found += _aggregation(group_by, aggregation, place_of(group_by, f"aggregations[{number}]"))
    found += _names(group_by)
    found += _schedule(group_by)
    found += _incremental(group_by)
    return found


def _source(group_by: structs.GroupBy, source: structs.Source, place: Place) -> Iterator[ConfigError]:
    query = query_of(source)
    if "ts" in (query.selects or {}):
        yield ConfigError("'ts' is a reserved key word", place=place, mend="give the time by time_column")
    if source.events is not None:
        yield from _events(group_by, source.events, query, place)
    if source.entities is not None:
        yield from _entities(group_by, source.entities, query, place)
    if source.joinSource is not None and source.joinSource.join is not None and topic_of(source) is None:
        yield ConfigError(
            "parent join must have a topic for its left source",
            place=place,
            mend="give the left source of the parent join its topic",
        )


def _events(
    group_by: structs.GroupBy, events: structs.EventSource, query: structs.Query, place: Place
) -> Iterator[ConfigError]:
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
    if group_by.accuracy == Accuracy.SNAPSHOT and events.topic:
        yield ConfigError(
            "SNAPSHOT accuracy should not be specified for streaming sources", place=place, mend="drop the topic"
        )
    if group_by.aggregations is None:
        yield ConfigError(_NO_AGGREGATIONS, place=place, mend="say what to aggregate")


def _entities(
    group_by: structs.GroupBy, entities: structs.EntitySource, query: structs.Query, place: Place
) -> Iterator[ConfigError]:
    if any(aggregation.windows for aggregation in group_by.aggregations or []) and not query.timeColumn:
        yield ConfigError(
            "Please specify timeColumn for entity source with windowed aggregations",
            place=place,
            mend="time_column='...' in the query, or aggregations without windows",
        )
    if group_by.aggregations is None and (entities.mutationTable or entities.mutationTopic):
        yield ConfigError(_NO_AGGREGATIONS, place=place, mend="say what to aggregate")


def _columns(group_by: structs.GroupBy) -> Iterator[ConfigError]:
    if not group_by.keyColumns:
        yield ConfigError("a group-by has no keys", place=place_of(group_by, "keys"), mend='keys=["user_id"]')
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


def _aggregation(group_by: structs.GroupBy, aggregation: structs.Aggregation, place: Place) -> Iterator[ConfigError]:
    if not aggregation.inputColumn:
        yield ConfigError(
            "input_column is required for all operations",
            place=place,
            mend="for a COUNT, any column that is never null",
        )
        return
    selected = {name for source in group_by.sources or [] for name in query_of(source).selects or {}}
    if aggregation.inputColumn not in selected | {"ts"}:
        yield ConfigError(
            f"input_column: for aggregation is not part of the query: {aggregation.inputColumn}",
            place=place,
            expected=f"one of {', '.join(sorted(selected))}",
        )
    if aggregation.operation == Operation.APPROX_PERCENTILE and not _fractions(aggregation):
        yield ConfigError(
            "[Percentiles] are missing or wrong",
            place=place,
            expected="a JSON list of numbers from 0 to 1",
            mend="Operation.APPROX_PERCENTILE([0.5, 0.9])",
        )
    if aggregation.operation in NEED_K and not _positive((aggregation.argMap or {}).get("k")):
        name = Operation(aggregation.operation).name
        yield ConfigError(
            f"k needs to be specified in the argMap for {name}",
            place=place,
            expected="a whole number from 1 on",
            mend=f"Operation.{name}(10)",
        )
    yield from _windows(group_by, aggregation, place)


def _windows(group_by: structs.GroupBy, aggregation: structs.Aggregation, place: Place) -> Iterator[ConfigError]:
    for window in aggregation.windows or []:
        if window.length is None or window.length <= 0:
            yield ConfigError(f"a window has length {window.length}", place=place, expected="a whole number from 1 on")
        daily = group_by.accuracy == Accuracy.SNAPSHOT or group_by.backfillStartDate
        if window.timeUnit == TimeUnit.HOURS and daily:
            yield ConfigError(
                "Detected a snapshot accuracy group by with an hourly aggregation; its resolution is a day",
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
    schedule = json.loads(metadata.customJson or "{}").get(UPLOAD_SCHEDULE_KEY, "@daily")
    place = place_of(group_by, "upload_schedule")
    streaming = any(topic_of(source) for source in group_by.sources or [])
    if schedule not in UPLOAD_SCHEDULES:
        yield ConfigError(
            f"Invalid upload_schedule {schedule!r}",
            place=place,
            expected=", ".join(UPLOAD_SCHEDULES),
            mend="give name and what follows it by keyword: since 0.0.115 upload_schedule stands before them",
        )
    elif schedule != "@daily" and (group_by.accuracy == Accuracy.TEMPORAL or streaming):
        what = "group-bys without a streaming source" if streaming else "group-bys of SNAPSHOT accuracy"
        yield ConfigError(
            f"upload_schedule '{schedule}' is only supported for {what}",
            place=place,
            mend="upload_schedule='@daily', or no topic and accuracy=Accuracy.SNAPSHOT",
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
