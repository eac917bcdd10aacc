"""Group-bys: features of one kind of key, from one kind of source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from chronon.api import dependencies as waits
from chronon.api import structs
from chronon.api.coerce import day, mapping, strings
from chronon.api.enums import Accuracy, TimeUnit
from chronon.api.enums import Operation as Code
from chronon.api.inspect import query_of
from chronon.api.metadata import Derivation, Environment, check_names, custom_json, environment
from chronon.api.naming import aggregation_columns
from chronon.api.operations import Operation, OperationType, WithArguments, collector, generic_collector, op_to_str
from chronon.api.problems import settle, several
from chronon.api.provenance import here, place_of, stamp
from chronon.api.sources import SourceLike, as_sources, completed
from chronon.api.validate import (
    UPLOAD_SCHEDULE_KEY,
    UPLOAD_SCHEDULES,
    problems_of_group_by,
    validate_group_by,
)
from chronon.api.windows import Window, WindowLike, listed
from chronon.base.errors import ChrononError, ConfigError

__all__ = [
    "DEFAULT_ONLINE", "DEFAULT_PRODUCTION", "DEFAULT_UPLOAD_SCHEDULE", "UPLOAD_SCHEDULES", "UPLOAD_SCHEDULE_KEY",
    "Accuracy", "Aggregation", "Aggregations", "DefaultAggregation", "Derivation", "GroupBy", "Operation",
    "OperationType", "TimeUnit", "Window", "collector", "contains_windowed_aggregation", "generic_collector",
    "get_output_col_names", "op_to_str", "validate_group_by", "window_to_str_pretty",
]  # fmt: skip

DEFAULT_ONLINE = None
DEFAULT_PRODUCTION = None
DEFAULT_UPLOAD_SCHEDULE = "@daily"


def Aggregation(
    input_column: str | None = None,
    operation: int | str | WithArguments | None = None,
    windows: Sequence[WindowLike | None] | WindowLike | None = None,
    buckets: Sequence[str] | str | None = None,
    tags: Mapping[str, str] | None = None,
    element_wise: bool | None = None,
) -> structs.Aggregation:
    """An operation on a column.

    Parameters
    ----------
    input_column:
        A selected column.
    operation:
        ``Operation.SUM``, ``Operation.LAST_K(10)``, ..., or the name of one without arguments; ``LAST`` if absent.
    windows:
        How far to look back: windows, or their texts such as ``"7d"``; one or several. The whole history if absent.
    buckets:
        String columns; the result is then a map from the column's values to results.
    tags:
        Written to the group-by's metadata for each output column.
    element_wise:
        Aggregate lists position by position.

    >>> Aggregation("price", Operation.SUM, windows=["7d"]).windows
    [Window(length=7, timeUnit=1)]
    """
    code, arguments = _operation(operation)
    made = stamp(
        structs.Aggregation(
            inputColumn=input_column,
            operation=code,
            argMap=arguments,
            windows=listed(windows),
            buckets=strings(buckets) or None,
            elementWise=element_wise,
        )
    )
    vars(made)["tags"] = dict(tags) if tags else None
    return made


def _operation(given: Any) -> WithArguments:
    if given is None:
        return Operation.LAST, {}
    if isinstance(given, tuple):
        code, arguments = cast(WithArguments, given)
        return int(code), dict(arguments)
    if isinstance(given, int) and given in set(Code):
        return int(given), {}
    if isinstance(given, str) and given.upper() in Code.__members__:
        return int(Code[given.upper()]), {}
    if callable(given):
        raise ConfigError(
            "the operation takes an argument",
            place=here("operation"),
            expected="Operation.LAST_K(10), Operation.APPROX_PERCENTILE([0.5])",
        )
    raise ConfigError(f"{given!r} is not an operation", place=here("operation"), expected="like Operation.SUM")


def Aggregations(**named: structs.Aggregation) -> list[structs.Aggregation]:
    """Aggregations by the column they read: a missing input column is the keyword.

    >>> Aggregations(price=Aggregation(operation=Operation.MAX))[0].inputColumn
    'price'
    """
    for name, aggregation in named.items():
        if not isinstance(cast(Any, aggregation), structs.Aggregation):
            raise ConfigError(f"{name} is a {type(aggregation).__name__}", place=here(name), expected="an Aggregation")
        if not aggregation.inputColumn:
            aggregation.inputColumn = name
    return list(named.values())


def DefaultAggregation(
    keys: Sequence[str],
    sources: Iterable[SourceLike] | SourceLike,
    operation: int | str | WithArguments = Operation.LAST,
    tags: Mapping[str, str] | None = None,
) -> list[structs.Aggregation]:
    """One aggregation for each selected column that is neither a key nor a time."""
    found: list[str] = []
    for source in as_sources(sources):
        query = query_of(source)
        left_out = {*keys, "ts", "is_before", "mutation_ts", "ds", query.timeColumn}
        found += [name for name in query.selects or {} if name not in left_out]
    return [Aggregation(column, operation, tags=tags) for column in found]


def get_output_col_names(aggregation: structs.Aggregation) -> list[str]:
    """The output columns of an aggregation."""
    return aggregation_columns(aggregation)


def window_to_str_pretty(window: structs.Window) -> str:
    """A window in words.

    >>> window_to_str_pretty(Window(7, TimeUnit.DAYS))
    '7 days'
    """
    return f"{window.length} {TimeUnit(window.timeUnit or 0).name.lower()}"


def contains_windowed_aggregation(aggregations: Iterable[structs.Aggregation] | None) -> bool:
    """Whether any aggregation looks back only so far."""
    return any(aggregation.windows for aggregation in aggregations or [])


def GroupBy(
    sources: Iterable[SourceLike] | SourceLike,
    keys: Iterable[str] | str,
    aggregations: Iterable[structs.Aggregation] | structs.Aggregation | None,
    online: bool | None = None,
    production: bool | None = None,
    backfill_start_date: str | date | None = None,
    dependencies: Iterable[str] | str | None = None,
    env: Environment | None = None,
    table_properties: Mapping[str, str] | None = None,
    output_namespace: str | None = None,
    accuracy: int | str | None = None,
    lag: int = 0,
    offline_schedule: str = "@daily",
    upload_schedule: str = "@daily",
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    derivations: Iterable[structs.Derivation] | structs.Derivation | None = None,
    historical_backfill: bool | None = None,
    deprecation_date: str | date | None = None,
    description: str | None = None,
    is_incremental: bool | None = None,
    **kwargs: Any,
) -> structs.GroupBy:
    """Features of a key.

    Parameters
    ----------
    sources:
        One or several sources of one kind, with the same selected columns.
    keys:
        The columns that make the key.
    aggregations:
        What to compute; ``None`` for entity snapshots whose columns are the features.
    online:
        Whether it is served.
    production, dependencies, env, table_properties, output_namespace, lag, offline_schedule, upload_schedule, tags,
    historical_backfill, deprecation_date, description:
        Written to the metadata, which schedulers and engines read.
    backfill_start_date:
        The first day of its own backfill, ``yyyy-MM-dd``.
    accuracy:
        ``Accuracy.TEMPORAL`` or ``SNAPSHOT``, or its name; if absent, temporal where a source has a topic.
    name:
        ``team.something``, for group-bys that no file of the repo names.
    derivations:
        Columns computed from the features.
    is_incremental:
        Whether daily partial aggregates are kept.
    kwargs:
        Kept in the metadata's custom JSON.

    Raises
    ------
    ConfigError
        With all that is wrong.
    """
    if not sources:
        raise ConfigError("Sources are not specified", place=here("sources"), mend="GroupBy(sources=[...], ...)")
    check_names(kwargs, _ARGUMENTS)
    problems: list[ChrononError] = []
    metadata = structs.MetaData(name=name)
    made = stamp(structs.GroupBy(metaData=metadata))
    made.keyColumns = strings(keys)
    made.aggregations = _several(aggregations)
    made.sources = []
    inputs = [aggregation.inputColumn for aggregation in made.aggregations or [] if aggregation.inputColumn]
    wrapped = as_sources(sources)
    for number, source in enumerate(wrapped):
        try:
            made.sources.append(completed(source, [*(made.keyColumns or []), *inputs]))
        except ConfigError as error:
            problems.append(error.at(place_of(made, f"sources[{number}]")))
    made.accuracy = _accuracy(accuracy)
    made.backfillStartDate = day(backfill_start_date)
    made.derivations = several(derivations, structs.Derivation, "derivations") if derivations is not None else None
    made.isIncremental = is_incremental
    metadata.online = online
    metadata.production = production
    metadata.customJson = custom_json(_custom(kwargs, lag, tags, made.aggregations, upload_schedule))
    explicit = strings(dependencies)
    metadata.dependencies = [line for source in made.sources for line in waits.of_source(source, explicit, lag)]
    metadata.tableProperties = mapping(table_properties, "table_properties", '{"owner": "team"}')
    metadata.outputNamespace = output_namespace
    metadata.modeToEnvMap = environment(env)
    metadata.offlineSchedule = offline_schedule
    metadata.historicalBackfill = historical_backfill
    metadata.deprecationDate = day(deprecation_date)
    metadata.description = description
    if historical_backfill is not None and not backfill_start_date:
        problems.append(
            ConfigError(
                "historical_backfill can only be set together with backfill_start_date",
                place=place_of(made, "historical_backfill"),
            )
        )
    whole = len(made.sources) == len(wrapped)
    return settle(made, [*problems, *(problems_of_group_by(made) if whole else [])])


_ARGUMENTS = dict.fromkeys(GroupBy.__code__.co_varnames[: GroupBy.__code__.co_argcount])


def _accuracy(given: int | str | None) -> int | None:
    if isinstance(given, str) and given.upper() in Accuracy.__members__:
        return int(Accuracy[given.upper()])
    if given is None or given in set(Accuracy):
        return None if given is None else int(given)
    raise ConfigError(
        f"{given!r} is not an accuracy", place=here("accuracy"), expected="Accuracy.TEMPORAL or Accuracy.SNAPSHOT"
    )


def _several(
    aggregations: Iterable[structs.Aggregation] | structs.Aggregation | None,
) -> list[structs.Aggregation] | None:
    return None if aggregations is None else several(aggregations, structs.Aggregation, "aggregations")


def _custom(
    kwargs: Mapping[str, Any],
    lag: int,
    tags: Mapping[str, str] | None,
    aggregations: Sequence[structs.Aggregation] | None,
    upload_schedule: str,
) -> dict[str, Any]:
    column_tags = {
        column: vars(aggregation)["tags"]
        for aggregation in aggregations or []
        if vars(aggregation).get("tags")
        for column in aggregation_columns(aggregation)
    }
    custom = {**kwargs, "lag": lag, "groupby_tags": tags, "column_tags": column_tags}
    if upload_schedule != DEFAULT_UPLOAD_SCHEDULE:
        custom[UPLOAD_SCHEDULE_KEY] = upload_schedule
    return custom
