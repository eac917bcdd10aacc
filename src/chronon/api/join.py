"""Joins: features of several group-bys, put together for the rows of a left side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import date
from typing import Any

from chronon.api import dependencies as waits
from chronon.api import structs
from chronon.api.coerce import day, mapping, number, strings
from chronon.api.datatypes import DataType
from chronon.api.external import ContextualSource, ExternalPart, ExternalSource
from chronon.api.metadata import Derivation, Environment, check_names, custom_json, ensure_name, environment
from chronon.api.parts import BootstrapPart, JoinPart, LabelPart
from chronon.api.problems import problems_of, settle, several
from chronon.api.provenance import here, place_of, stamp
from chronon.api.sources import SourceLike, as_source
from chronon.api.validate import problems_of_group_by
from chronon.base.errors import ChrononError, ConfigError

__all__ = [
    "BootstrapPart", "ContextualSource", "DataType", "Derivation", "ExternalPart", "ExternalSource", "Join", "JoinPart",
    "LabelPart", "validate_left_source",
]  # fmt: skip


def Join(
    left: SourceLike,
    right_parts: Iterable[structs.JoinPart | structs.GroupBy] | structs.JoinPart | structs.GroupBy,
    check_consistency: bool = False,
    additional_args: Any = None,
    additional_env: Any = None,
    dependencies: Iterable[str] | str | None = None,
    online: bool = False,
    production: bool = False,
    output_namespace: str | None = None,
    table_properties: Mapping[str, str] | None = None,
    env: Environment | None = None,
    lag: int = 0,
    skew_keys: Mapping[str, Iterable[str]] | None = None,
    sample_percent: float | None = None,
    consistency_sample_percent: float | None = 5.0,
    online_external_parts: Iterable[structs.ExternalPart] | None = None,
    offline_schedule: str = "@daily",
    historical_backfill: bool | None = None,
    row_ids: Iterable[str] | str | None = None,
    bootstrap_parts: Iterable[structs.BootstrapPart] | None = None,
    bootstrap_from_log: bool = False,
    label_part: structs.LabelPart | None = None,
    derivations: Iterable[structs.Derivation] | structs.Derivation | None = None,
    deprecation_date: str | date | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    model_transforms: structs.ModelTransforms | None = None,
    name: str | None = None,
    **kwargs: Any,
) -> structs.Join:
    """Features of several group-bys for the rows of a left side.

    Parameters
    ----------
    left:
        The source whose rows get features: its keys and, of events, their times.
    right_parts:
        The group-bys, each as a ``JoinPart`` or as it is.
    check_consistency:
        Whether served and recomputed values are compared, for ``consistency_sample_percent`` of the keys.
    online:
        Whether it is served.
    sample_percent:
        The part of fetches that is logged, from 0 to 100.
    online_external_parts:
        Values from services and from the request.
    skew_keys:
        Values of left columns to leave out.
    row_ids:
        The left columns that tell one row from another.
    bootstrap_parts:
        Tables whose values are taken instead of being computed.
    bootstrap_from_log:
        Take logged values in the same way.
    label_part:
        What the features are joined to later.
    derivations:
        Columns computed from the others.
    model_transforms:
        Models run on the features.
    production, additional_args, additional_env, dependencies, output_namespace, table_properties, env, lag,
    offline_schedule, historical_backfill, deprecation_date, tags, description:
        Written to the metadata, which schedulers and engines read.
    name:
        ``team.something``, for joins that no file of a repo names.
    kwargs:
        Kept in the metadata's custom JSON.

    Raises
    ------
    ConfigError
        With all that is wrong.
    """
    check_names(kwargs, _ARGUMENTS)
    metadata = structs.MetaData(name=name)
    made = stamp(structs.Join(metaData=metadata))
    made.left = _own(as_source(left, "left"))
    problems: list[ChrononError] = list(_prepare_left(made, made.left))
    given = [right_parts] if isinstance(right_parts, structs.JoinPart | structs.GroupBy) else right_parts
    made.joinParts = [part if isinstance(part, structs.JoinPart) else JoinPart(part) for part in given]
    skewed = mapping(skew_keys, "skew_keys", '{"user_id": ["0", "bot"]}')
    made.skewKeys = {k: list(values) for k, values in skewed.items()} if skewed is not None else None
    made.onlineExternalParts = list(online_external_parts) if online_external_parts is not None else None
    made.bootstrapParts = list(bootstrap_parts) if bootstrap_parts is not None else None
    if bootstrap_from_log:
        made.bootstrapParts = [*(made.bootstrapParts or []), stamp(structs.BootstrapPart(table=waits.LOGGED_TABLE))]
    made.rowIds = strings(row_ids)
    made.derivations = several(derivations, structs.Derivation, "derivations") if derivations is not None else None
    made.modelTransforms = model_transforms

    explicit = strings(dependencies)
    left_waits = waits.of_source(made.left, explicit, lag)
    metadata.dependencies = waits.in_order([*left_waits, *_part_waits(made, explicit, lag)])
    made.labelPart = _labels(label_part, left_waits, explicit, lag) if label_part is not None else None
    metadata.online = online
    metadata.production = production
    optional = {"additional_args": additional_args, "additional_env": additional_env}
    custom = {"check_consistency": check_consistency, "lag": lag, **{k: v for k, v in optional.items() if v}, **kwargs}
    metadata.customJson = custom_json({**custom, "join_tags": tags, "join_part_tags": _part_tags(made)})
    metadata.tableProperties = mapping(table_properties, "table_properties", '{"owner": "team"}')
    metadata.outputNamespace = output_namespace
    metadata.modeToEnvMap = environment(env)
    metadata.samplePercent = number(sample_percent, "sample_percent")
    metadata.offlineSchedule = offline_schedule
    if check_consistency:
        metadata.consistencySamplePercent = number(consistency_sample_percent, "consistency_sample_percent")
    metadata.historicalBackfill = historical_backfill
    metadata.deprecationDate = day(deprecation_date)
    metadata.description = description

    if bootstrap_from_log and not (online and sample_percent):
        problems.append(
            ConfigError(
                "Join must be online with sample_percent set in order to use bootstrap_from_log",
                place=place_of(made, "bootstrap_from_log"),
            )
        )
    problems += _external_problems(made)
    for part in made.joinParts:
        if part.groupBy is not None and not problems_of(part.groupBy):
            problems += [problem.at(place_of(made)) for problem in problems_of_group_by(part.groupBy)]
    return settle(made, problems)


def _own(left: structs.Source) -> structs.Source:
    """A copy of the left side, which the join may change; a join that it reads stays the same one."""
    if left.joinSource is None:
        return deepcopy(left)
    query = deepcopy(left.joinSource.query)
    return structs.Source(joinSource=structs.JoinSource(join=left.joinSource.join, query=query))


_ARGUMENTS = dict.fromkeys(Join.__code__.co_varnames[: Join.__code__.co_argcount])


def validate_left_source(source: structs.Source) -> None:
    """Raise a ``ConfigError`` where a source cannot be the left side of a join for the original's engine."""
    for problem in _left_problems(source):
        raise problem
    if source.joinSource is not None:
        raise ConfigError("a JoinSource as the left of a join is NOT supported by Chronon", place=here("left"))


def _left_problems(source: structs.Source) -> Iterator[ConfigError]:
    if source.events is not None and source.events.isCumulative:
        yield ConfigError(
            "a cumulative event source as the left of a join is NOT supported by Chronon", place=here("left")
        )


def _prepare_left(join: structs.Join, left: structs.Source) -> Iterator[ConfigError]:
    """Find what is wrong with the left side; its events select their time as ``ts``, last of all."""
    yield from _left_problems(left)
    parent = left.joinSource.join if left.joinSource is not None else None
    if left.joinSource is not None and (parent is None or not ensure_name(parent, "joins")):
        yield ConfigError(
            "a JoinSource as the left of a join is NOT supported by Chronon where its join has no name",
            place=place_of(join, "left"),
            mend="define the parent in a variable at the top of a file of joins/, or give it name='team.something'",
        )
    query = left.events.query if left.events is not None else None
    if query is None or not query.selects:
        return
    place = place_of(join, "left")
    if "ts" in query.selects:
        yield ConfigError("'ts' is a reserved key word", place=place, mend="give the time by time_column")
    elif not query.timeColumn:
        yield ConfigError(
            "please specify query.timeColumn for the left of a join, which is of events",
            place=place,
            mend="time_column='...' in the query, or an EntitySource",
        )
    else:
        query.selects = {**query.selects, "ts": query.timeColumn}


def _part_waits(join: structs.Join, explicit: list[str] | None, lag: int) -> Iterator[str]:
    for part in join.joinParts or []:
        yield from _group_by_waits(part, explicit, lag)
    if not explicit:
        for bootstrap in join.bootstrapParts or []:
            if bootstrap.table:
                yield waits.wait_for_table(bootstrap.table, bootstrap.query or structs.Query())


def _group_by_waits(part: structs.JoinPart, explicit: list[str] | None, lag: int) -> list[str]:
    group_by = part.groupBy or structs.GroupBy()
    if group_by.metaData is not None and group_by.metaData.dependencies is not None:
        return group_by.metaData.dependencies
    return [line for source in group_by.sources or [] for line in waits.of_source(source, explicit, lag)]


def _labels(part: structs.LabelPart, left_waits: list[str], explicit: list[str] | None, lag: int) -> structs.LabelPart:
    found = [line for label in part.labels or [] for line in _group_by_waits(label, explicit, lag)]
    made = deepcopy(part)
    made.labels = part.labels
    made.metaData = made.metaData or structs.MetaData()
    made.metaData.dependencies = waits.in_order([*left_waits, *found, waits.wait_for_join(waits.JOIN_TABLE)])
    return made


def _part_tags(join: structs.Join) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in join.joinParts or []:
        tags = vars(part).get("tags")
        if tags:
            name = ((part.groupBy or structs.GroupBy()).metaData or structs.MetaData()).name or ""
            found[f"{part.prefix}_{name}" if part.prefix else name] = tags
    return found


def _external_problems(join: structs.Join) -> Iterator[ConfigError]:
    names = Counter(
        (part.prefix, (part.source.metadata or structs.MetaData()).name)
        for part in join.onlineExternalParts or []
        if part.source is not None
    )
    doubled = [f"{name} with prefix {prefix}" if prefix else f"{name}" for (prefix, name), n in names.items() if n > 1]
    if doubled:
        yield ConfigError(
            f"Found {len(doubled)} duplicate(s) of external parts: {', '.join(doubled)}. "
            "Please address all the above mentioned duplicates",
            place=place_of(join, "online_external_parts"),
            mend="give them different prefixes",
        )
