"""What must hold between the definitions of a repo, and what is found only when all of them are there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from chronon.api import structs
from chronon.api.inspect import query_of
from chronon.api.naming import name_of, output_table
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError
from chronon.base.settings import load_settings, nearest
from chronon.base.time import Partitions
from chronon.repo.columns import derivation_problems
from chronon.repo.definition import Definition, part_group_bys

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE = re.compile(r"\{\{\s*(start_date|end_date)\s*\}\}", re.IGNORECASE)


class Unsaid(ConfigError):  # noqa: N818 - one of the problems
    """A join is online, and a group-by in it does not say whether it is."""


def adopt_production(joins: Iterable[structs.Join], group_bys: Iterable[structs.GroupBy] = ()) -> None:
    """A group-by in a production join is in production too, where it does not say that it is not.

    Group-bys are the same if they have the same name: those given, and those that stand in any of the joins.
    """
    several = list(joins)
    names = {name_of(part) for join in several if _metadata(join).production for part in part_group_bys(join)}
    for group_by in [*group_bys, *(part for join in several for part in part_group_bys(join))]:
        metadata = group_by.metaData = _metadata(group_by)
        if metadata.production is None and metadata.name in names:
            metadata.production = True


def is_written(group_by: structs.GroupBy) -> bool:
    """Whether a group-by is compiled to a file of its own: it is served, or has a backfill of its own."""
    return bool(_metadata(group_by).online or group_by.backfillStartDate)


def problems_of(definition: Definition, joins: Iterable[structs.Join]) -> list[ChrononError]:
    """What is wrong with a definition, given all joins of the repo."""
    value = definition.value
    found: list[ChrononError] = [*_deprecation(definition), *derivation_problems(definition)]
    if isinstance(value, structs.GroupBy):
        found += _start(definition, value)
        found += _cumulative(definition, value)
        found += _membership(definition, value, joins)
    elif isinstance(value, structs.Join):
        found += _parts(definition, value)
    else:
        found += _view(definition, value)
    return found


def collisions(definitions: Iterable[Definition]) -> Iterator[ConfigError]:
    """Definitions whose names become the same table."""
    tables: dict[str, list[Definition]] = defaultdict(list)
    for definition in definitions:
        value = definition.value
        if _metadata(value).outputNamespace and not (
            isinstance(value, structs.GroupBy) and not value.backfillStartDate
        ):
            tables[output_table(value)].append(definition)
    for table, several in tables.items():
        for other in several[1:]:
            first = several[0]
            yield ConfigError(
                f"{other.path} and {first.path} ({first.file}:{first.line}) both write the table {table}",
                place=other.place,
                mend="rename one of them",
            )


def _metadata(value: structs.GroupBy | structs.Join | structs.StagingQuery) -> structs.MetaData:
    return value.metaData or structs.MetaData()


def _deprecation(definition: Definition) -> Iterator[ConfigError]:
    given = _metadata(definition.value).deprecationDate
    if given is None:
        return
    if not is_day(given):
        yield ConfigError(
            f"Deprecation date is not in the correct format: {given}",
            place=definition.at("deprecation_date"),
            expected="a day as yyyy-MM-dd",
        )


def _start(definition: Definition, group_by: structs.GroupBy) -> Iterator[ConfigError]:
    given = group_by.backfillStartDate
    if given is None or is_day(given):
        return
    file = place_of(group_by).file
    root = nearest(Path(file).absolute()) if file else None
    spec = load_settings(root).partitions if root is not None else Partitions()
    try:
        spec.start(given)
    except ConfigError:
        meant = f"{given[:4]}-{given[4:6]}-{given[6:]}"
        yield ConfigError(
            f"backfill_start_date is {given!r}, which is not a partition",
            place=definition.at("backfill_start_date"),
            expected=f"a day as {spec.format}",
            mend=f"did you mean {meant!r}?" if is_day(meant) else "a day of the calendar, such as '2024-01-31'",
        )


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar as ``yyyy-MM-dd``."""
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _cumulative(definition: Definition, group_by: structs.GroupBy) -> Iterator[ConfigError]:
    for number, source in enumerate(group_by.sources or []):
        if source.events is not None and source.events.isCumulative and not query_of(source).timeColumn:
            yield ConfigError(
                "Please set query.timeColumn for Cumulative Events Table", place=definition.at(f"sources[{number}]")
            )


def _membership(
    definition: Definition, group_by: structs.GroupBy, joins: Iterable[structs.Join]
) -> Iterator[ConfigError]:
    metadata = _metadata(group_by)
    if metadata.online is not False and metadata.production is not False:
        return
    within = [join for join in joins if any(name_of(part) == definition.name for part in part_group_bys(join))]
    served = sorted(name_of(join) for join in within if _metadata(join).online)
    if metadata.online is False and served:
        yield ConfigError(
            f"is explicitly marked offline but included in the online joins {', '.join(served)}",
            place=definition.at("online"),
            mend="online=True, or take it out of them",
        )
    producing = sorted(name_of(join) for join in within if _metadata(join).production)
    if metadata.production is False and producing:
        yield ConfigError(
            f"is explicitly marked as non-production but included in the production joins {', '.join(producing)}",
            place=definition.at("production"),
            mend="drop production=False, or take it out of them",
        )


def _parts(definition: Definition, join: structs.Join) -> Iterator[ConfigError]:
    parts = list(part_group_bys(join))
    if _metadata(join).production:
        wrong = [name_of(part) for part in parts if is_written(part) and _metadata(part).production is False]
        if wrong:
            yield ConfigError(
                f"is production but includes the following non production group_bys: {', '.join(wrong)}",
                place=definition.at("production"),
            )
    if _metadata(join).online:
        offline = [name_of(part) for part in parts if _metadata(part).online is False]
        unsaid = [name_of(part) for part in parts if _metadata(part).online is None]
        if offline:
            yield ConfigError(
                f"is online but includes the following offline group_bys: {', '.join(offline)}",
                place=definition.at("online"),
                mend="online=True on each of them",
            )
        if unsaid:
            yield Unsaid(
                f"is online, but some of its group-bys are not. Fix the following: {unsaid}",
                place=definition.at("online"),
                mend="online=True on each of them",
            )


def _view(definition: Definition, query: structs.StagingQuery) -> Iterator[ConfigError]:
    if query.createView and isinstance(query.query, str) and _RANGE.search(query.query):
        yield ConfigError(
            "createView=True cannot contain {{ start_date }} or {{ end_date }}",
            place=definition.at("query"),
            mend="a table, or a query of all days",
        )
