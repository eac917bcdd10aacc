"""Group-bys: features of one kind of key, from one kind of source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chronon.api import dependencies as waits
from chronon.api import structs
from chronon.api.enums import Accuracy as AccuracyCode
from chronon.api.enums import TimeUnit
from chronon.api.naming import aggregation_columns
from chronon.api.operations import Operation, OperationType, collector, generic_collector, op_to_str
from chronon.api.provenance import place_of, stamp
from chronon.api.sources import AnySource, as_sources, completed
from chronon.api.validate import validate_group_by
from chronon.api.windows import Window, WindowLike, windows as listed
from chronon.base.errors import ConfigError

__all__ = [
    "Accuracy", "Aggregation", "Aggregations", "DefaultAggregation", "Derivation", "GroupBy", "Operation", "OperationType",
    "TimeUnit", "Window", "collector", "generic_collector", "get_output_col_names", "op_to_str", "validate_group_by",
]  # fmt: skip

Accuracy = AccuracyCode

UPLOAD_SCHEDULE_KEY = "uploadSchedule"
DEFAULT_UPLOAD_SCHEDULE = "@daily"


def Aggregation(
    input_column: str | None = None,
    operation: int | tuple[int, dict[str, str]] | None = None,
    windows: Sequence[WindowLike] | structs.Window | str | None = None,
    buckets: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
    element_wise: bool | None = None,
) -> structs.Aggregation:
    """An operation on a column.

    Parameters
    ----------
    input_column:
        A selected column.
    operation:
        ``Operation.SUM``, ``Operation.LAST_K(10)``, ...; ``LAST`` if absent.
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
    if callable(operation):
        raise ConfigError(
            "the operation takes an argument", expected="Operation.LAST_K(10), Operation.APPROX_PERCENTILE([0.5])"
        )
    code, arguments = operation if isinstance(operation, tuple) else (operation, {})
    made = stamp(
        structs.Aggregation(
            inputColumn=input_column,
            operation=int(code) if code is not None else Operation.LAST,
            argMap=dict(arguments),
            windows=listed(windows),  # type: ignore[arg-type]
            buckets=list(buckets) if buckets else None,
            elementWise=element_wise,
        )
    )
    made.tags = dict(tags) if tags else None  # type: ignore[attr-defined]
    return made


def Aggregations(**named: structs.Aggregation) -> list[structs.Aggregation]:
    """Aggregations by the column they read: a missing input column is the keyword.

    >>> Aggregations(price=Aggregation(operation=Operation.MAX))[0].inputColumn
    'price'
    """
    for name, aggregation in named.items():
        if not isinstance(aggregation, structs.Aggregation):
            raise ConfigError(f"{name} is a {type(aggregation).__name__}", expected="an Aggregation")
        if not aggregation.inputColumn:
            aggregation.inputColumn = name
    return list(named.values())


def DefaultAggregation(
    keys: Sequence[str],
    sources: Sequence[AnySource] | AnySource,
    operation: int | tuple[int, dict[str, str]] = Operation.LAST,
    tags: Mapping[str, str] | None = None,
) -> list[structs.Aggregation]:
    """One aggregation for each selected column that is neither a key nor a time."""
    from chronon.api.inspect import query_of

    found: list[str] = []
    for source in as_sources(sources):
        query = query_of(source)
        left_out = {*keys, "ts", "is_before", "mutation_ts", "ds", query.timeColumn}
        found += [name for name in query.selects or {} if name not in left_out]
    return [Aggregation(column, operation, tags=tags) for column in found]


def Derivation(name: str, expression: str, description: str | None = None) -> structs.Derivation:
    """A column computed from the others of its group-by or join; ``Derivation("*", "*")`` keeps all of them."""
    metadata = structs.MetaData(description=description) if description else None
    return stamp(structs.Derivation(name=name, expression=expression, metaData=metadata))


def get_output_col_names(aggregation: structs.Aggregation) -> list[str]:
    """The output columns of an aggregation."""
    return aggregation_columns(aggregation)


def GroupBy(
    sources: Sequence[AnySource] | AnySource,
    keys: Sequence[str],
    aggregations: Sequence[structs.Aggregation] | None,
    online: bool | None = None,
    production: bool | None = None,
    backfill_start_date: str | None = None,
    dependencies: Sequence[str] | None = None,
    env: Mapping[str, Mapping[str, str]] | None = None,
    table_properties: Mapping[str, str] | None = None,
    output_namespace: str | None = None,
    accuracy: int | None = None,
    lag: int = 0,
    offline_schedule: str = "@daily",
    upload_schedule: str = "@daily",
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    derivations: Sequence[structs.Derivation] | None = None,
    historical_backfill: bool | None = None,
    deprecation_date: str | None = None,
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
        ``Accuracy.TEMPORAL`` or ``SNAPSHOT``; if absent, temporal where a source has a topic.
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
        raise ConfigError("Sources are not specified", mend="GroupBy(sources=[...], ...)")
    wrapped = as_sources(sources)
    listed_aggregations = list(aggregations) if aggregations is not None else None
    inputs = [a.inputColumn for a in listed_aggregations or [] if a.inputColumn]
    prepared = [completed(source, [*keys, *inputs]) for source in wrapped]
    metadata = structs.MetaData(
        name=name,
        online=online,
        production=production,
        customJson=json.dumps(_custom(kwargs, lag, tags, listed_aggregations, upload_schedule)),
        dependencies=[line for source in prepared for line in waits.of_source(source, dependencies, lag)],
        tableProperties=dict(table_properties) if table_properties is not None else None,
        outputNamespace=output_namespace,
        modeToEnvMap={mode: dict(values) for mode, values in env.items()} if env is not None else None,
        offlineSchedule=offline_schedule,
        historicalBackfill=historical_backfill,
        deprecationDate=deprecation_date,
        description=description,
    )
    made = stamp(
        structs.GroupBy(
            metaData=metadata,
            sources=prepared,
            keyColumns=list(keys),
            aggregations=listed_aggregations,
            accuracy=int(accuracy) if accuracy is not None else None,
            backfillStartDate=backfill_start_date,
            derivations=list(derivations) if derivations is not None else None,
            isIncremental=is_incremental,
        )
    )
    if historical_backfill is not None and not backfill_start_date:
        raise ConfigError(
            "historical_backfill can only be set together with backfill_start_date", place=place_of(made, "historical_backfill")
        )
    validate_group_by(made)
    return made


def _custom(
    kwargs: Mapping[str, Any],
    lag: int,
    tags: Mapping[str, str] | None,
    aggregations: Sequence[structs.Aggregation] | None,
    upload_schedule: str,
) -> dict[str, Any]:
    column_tags = {
        column: aggregation.tags  # type: ignore[attr-defined]
        for aggregation in aggregations or []
        if getattr(aggregation, "tags", None)
        for column in aggregation_columns(aggregation)
    }
    custom = {**kwargs, "lag": lag, "groupby_tags": tags, "column_tags": column_tags}
    if upload_schedule != DEFAULT_UPLOAD_SCHEDULE:
        custom[UPLOAD_SCHEDULE_KEY] = upload_schedule
    return custom
