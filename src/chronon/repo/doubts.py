"""What is probably not meant: it compiles, as it always did, and is told as a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import cast

from chronon.api import structs
from chronon.api.inspect import query_of, underlying
from chronon.api.naming import name_of, part_prefix
from chronon.base.errors import ConfigError
from chronon.repo.definition import Definition, part_group_bys
from chronon.repo.rules import is_day

SCHEDULES = (
    "@never", "@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually",
    "@midnight",
)  # fmt: skip
_CRON = re.compile(r"([0-9A-Za-z*/,\-#?]+\s+){4,5}[0-9A-Za-z*/,\-#?]+")
_MACRO = re.compile(r"\{\{[^{}]*\}\}")


def warnings_of(definition: Definition) -> Iterator[ConfigError]:
    """What is probably not meant in a definition."""
    value = definition.value
    yield from _schedule(definition)
    if isinstance(value, structs.GroupBy):
        for number, source in enumerate(value.sources or []):
            yield from _source(definition, source, f"sources[{number}]")
    elif isinstance(value, structs.Join):
        if value.left is not None:
            yield from _source(definition, value.left, "left")
        yield from _left_keys(definition, value)
        yield from _doubled_parts(definition, value)
        yield from _percentages(definition, value)
        yield from _deprecated_parts(definition, value)
    else:
        yield from _query(definition, value)


def _metadata(value: structs.GroupBy | structs.Join | structs.StagingQuery) -> structs.MetaData:
    return value.metaData or structs.MetaData()


def _schedule(definition: Definition) -> Iterator[ConfigError]:
    given = _metadata(definition.value).offlineSchedule
    if given is None or given in SCHEDULES or _CRON.fullmatch(given.strip()):
        return
    close = get_close_matches(given, SCHEDULES, n=1)
    yield ConfigError(
        f"offline_schedule {given!r} is no schedule that schedulers know",
        place=definition.at("offline_schedule"),
        expected='"@daily" and the like, "@never", or the five fields of cron: "0 3 * * *"',
        mend=f"did you mean {close[0]!r}?" if close else None,
    )


def _source(definition: Definition, source: structs.Source, field: str) -> Iterator[ConfigError]:
    query, inner = query_of(source), underlying(source)
    first, last = query.startPartition, query.endPartition
    if first and last and is_day(first) and is_day(last) and last < first:
        yield ConfigError(
            f"no partition is from {first} to {last}",
            place=definition.at(f"{field}.end_partition"),
            mend="let start_partition be the earlier one",
        )
    table = inner.table if isinstance(inner, structs.EventSource) else inner.snapshotTable
    if not table and source.joinSource is None:
        name = "table" if isinstance(inner, structs.EventSource) else "snapshotTable"
        yield ConfigError(
            "a source has no table, so that nothing can be computed from it",
            place=definition.at(field),
            mend=f'{name}="namespace.table", with the same rows as its topic',
        )


def _percentages(definition: Definition, join: structs.Join) -> Iterator[ConfigError]:
    for name, given in (
        ("sample_percent", _metadata(join).samplePercent),
        ("consistency_sample_percent", _metadata(join).consistencySamplePercent),
    ):
        if given is not None and not 0 <= given <= 100:  # per cent
            yield ConfigError(f"{name} is {given:g}", place=definition.at(name), expected="a number from 0 to 100")


def _query(definition: Definition, staging_query: structs.StagingQuery) -> Iterator[ConfigError]:
    """A query that is none."""
    text = staging_query.query or ""
    if not isinstance(cast("object", text), str):
        return  # it cannot be written, which is told as a problem
    if not text.strip():
        yield ConfigError("a staging query has no query", place=definition.at("query"))
        return
    from chronon.sql.queries import syntax_problem

    problem = syntax_problem(_MACRO.sub("2000-01-01", text))
    if problem is not None:
        yield ConfigError(problem, place=definition.at("query"), expected="a query of Spark SQL")


def _left_keys(definition: Definition, join: structs.Join) -> Iterator[ConfigError]:
    left = query_of(join.left).selects if join.left is not None else None
    if not left:
        return
    lacking: dict[tuple[str, ...], list[tuple[int, structs.JoinPart]]] = {}
    for number, part in enumerate(join.joinParts or []):
        mapped = {right: key for key, right in (part.keyMapping or {}).items()}
        keys = [mapped.get(key, key) for key in (part.groupBy or structs.GroupBy()).keyColumns or []]
        missing = tuple(key for key in keys if key not in left)
        if missing:
            lacking.setdefault(missing, []).append((number, part))
    for missing, several in lacking.items():
        first, part = several[0]
        yield ConfigError(
            f"the left side does not select {', '.join(missing)}, the key of "
            + " and of ".join(part_prefix(one) for _, one in several),
            place=definition.at(f"right_parts[{first}]"),
            expected=f"one of {', '.join(left)}",
            mend=_key_mend(missing[0], left, part.keyMapping or {}),
        )


def _key_mend(key: str, left: Mapping[str, str], rights: Mapping[str, str]) -> str:
    close = get_close_matches(key, left, n=1)
    right = rights.get(key, key)
    if close:
        return f"did you mean {close[0]}?" + (
            f' Then key_mapping={{"{close[0]}": "{right}"}}' if close[0] != right else ""
        )
    return 'select it on the left, or key_mapping={"left column": "key"}'


def _doubled_parts(definition: Definition, join: structs.Join) -> Iterator[ConfigError]:
    seen: set[str] = set()
    for number, part in enumerate(join.joinParts or []):
        prefix = part_prefix(part)
        if prefix in seen:
            yield ConfigError(
                f"two parts give columns that begin with {prefix}",
                place=definition.at(f"right_parts[{number}]"),
                mend="give one of them a prefix",
            )
        seen.add(prefix)


def _deprecated_parts(definition: Definition, join: structs.Join) -> Iterator[ConfigError]:
    own = _metadata(join).deprecationDate
    for part in part_group_bys(join):
        until = _metadata(part).deprecationDate
        if until is not None and (own is None or own > until):
            yield ConfigError(
                f"Deprecation Warning: {name_of(part)} is deprecated from {until} on, before this join",
                place=definition.place,
            )
