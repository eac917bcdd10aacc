"""``schemas.lock``: the columns and types of the tables that definitions read, for compiling to check against.

The file lies at the root of the repo, beside ``production/``, and is kept in version control. A definition is planned
against it as a job plans it against the tables themselves; one that reads a table which the file lacks is not checked.

A topic has the columns of its table. Where a message has others, its columns are written into the file by hand, under
``"topics"``: then the expressions of its source must give the same types from both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from chronon.api import structs
from chronon.api.inspect import query_of, table_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, MissingDataError, Place, Problems, raise_all
from chronon.base.settings import load_settings
from chronon.base.time import Partitions
from chronon.repo.definition import AnyDefinition, Definition

LOCK = "schemas.lock"


@dataclass
class LockedTables:
    """The tables of a lock, as a plan asks for them.

    Parameters
    ----------
    schemas:
        Columns and types of each table.
    partitions_spec:
        How days are named.
    topics:
        Columns and types of the messages of topics.
    """

    schemas: Mapping[str, t.Schema]
    partitions_spec: Partitions
    topics: Mapping[str, t.Schema] = field(default_factory=dict[str, t.Schema])

    def columns(self, table: str) -> t.Schema:
        """Columns and types of a table; ``MissingDataError`` where the lock lacks it."""
        if table not in self.schemas:
            raise MissingDataError(f"{table} is not in {LOCK}", mend="chronon schemas")
        return self.schemas[table]

    def logged(self, table: str) -> Mapping[str, t.Schema]:
        """Logs are not locked."""
        del table
        return {}


@dataclass(frozen=True)
class Lock:
    """The lock of a repo: columns and types by table, and by topic where they were written by hand."""

    tables: dict[str, dict[str, t.DataType]] = field(default_factory=dict[str, dict[str, t.DataType]])
    topics: dict[str, dict[str, t.DataType]] = field(default_factory=dict[str, dict[str, t.DataType]])


def read_lock(root: Path) -> Lock | None:
    """The lock of a repo; ``None`` if it has none.

    Raises
    ------
    ConfigError
        If the file cannot be read.
    """
    try:
        text = (root / LOCK).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        found = cast("dict[str, dict[str, dict[str, str]]]", json.loads(text))
        return Lock(_schemas(found["tables"]), _schemas(found.get("topics", {})))
    except (ValueError, KeyError, AttributeError, TypeError, ConfigError) as error:
        raise ConfigError(
            f"{LOCK} cannot be read: {error}", place=Place(file=LOCK), mend="remove it, then chronon schemas"
        ) from None


def locked_tables(root: Path) -> LockedTables | None:
    """The lock of a repo as a plan asks for it; ``None`` if it has none."""
    lock = read_lock(root)
    return LockedTables(lock.tables, load_settings(root).partitions, lock.topics) if lock is not None else None


def _schemas(texts: dict[str, dict[str, str]]) -> dict[str, dict[str, t.DataType]]:
    return {name: {column: _type(kind) for column, kind in columns.items()} for name, columns in sorted(texts.items())}


def _type(text: str) -> t.DataType:
    """A type that is none of ours stays a word, which every function refuses."""
    try:
        return t.parse_type(text)
    except ConfigError:
        return t.DataType(text)


def write_lock(root: Path, lock: Lock) -> None:
    """Replace the lock of a repo, in one step; equal schemas give equal bytes."""
    data = {"tables": _texts(lock.tables), **({"topics": _texts(lock.topics)} if lock.topics else {})}
    aside = root / f".{LOCK}.{os.getpid()}"
    aside.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    aside.replace(root / LOCK)


def _texts(schemas: Mapping[str, t.Schema]) -> dict[str, Any]:
    return {name: {column: str(kind) for column, kind in columns.items()} for name, columns in sorted(schemas.items())}


def tables_of(definition: AnyDefinition) -> list[str]:
    """The tables that a definition reads, also by the joins that it reads; in order of first mention."""
    return list(dict.fromkeys(_tables(definition)))


def _tables(definition: AnyDefinition) -> Iterator[str]:
    if isinstance(definition, structs.GroupBy):
        yield from _of_sources(definition.sources or [])
    elif isinstance(definition, structs.Join):
        yield from _of_sources([definition.left] if definition.left is not None else [])
        for part in definition.joinParts or []:
            if part.groupBy is not None:
                yield from _tables(part.groupBy)
        for given in definition.bootstrapParts or []:
            yield (given.table or "").partition("/")[0]


def _of_sources(sources: Iterable[structs.Source]) -> Iterator[str]:
    for source in sources:
        if source.joinSource is not None:
            if source.joinSource.join is not None:
                yield from _tables(source.joinSource.join)
            continue
        yield table_of(source)
        if source.entities is not None and source.entities.mutationTable:
            yield source.entities.mutationTable.partition("/")[0]


@dataclass(frozen=True)
class Checked:
    """What came of checking a definition.

    Parameters
    ----------
    problems:
        What is wrong: columns, expressions, types.
    lacking:
        The tables that the lock lacks; where there are some, nothing was checked.
    """

    problems: tuple[ChrononError, ...] = ()
    lacking: tuple[str, ...] = ()


def check(definition: Definition, tables: LockedTables) -> Checked:
    """Plan a definition against locked tables: its columns, expressions, inputs, keys and derivations."""
    value = definition.value
    lacking = tuple(table for table in tables_of(value) if table not in tables.schemas)
    if lacking or not isinstance(value, structs.GroupBy | structs.Join):
        return Checked(lacking=lacking)
    from chronon.plan.group_by import plan_group_by  # plans take a while to import, and most runs check nothing
    from chronon.plan.join import plan_join

    try:
        if isinstance(value, structs.GroupBy):
            plan_group_by(value, tables)
            raise_all(_topic_problems(value, tables))
        else:
            plan_join(value, tables)
    except Problems as several:
        return Checked(tuple(_located(one, definition) for one in several.problems))
    except ChrononError as one:
        return Checked((_located(one, definition),))
    return Checked()


def _topic_problems(group_by: structs.GroupBy, tables: LockedTables) -> Iterator[ChrononError]:
    """Where the messages of a topic give something else than its table."""
    from chronon.plan.group_by import plan_group_by

    for number, source in enumerate(group_by.sources or []):
        topic = (source.events.topic or "").partition("/")[0] if source.events is not None else ""
        if topic not in tables.topics:
            continue
        alone = copy(group_by)
        alone.sources = [source]
        day = query_of(source).partitionColumn or tables.partitions_spec.column
        messages = {table_of(source): {day: t.STRING, **tables.topics[topic]}}
        place = Place(field=f"sources[{number}]")
        try:
            rows = plan_group_by(alone, tables)
            sent = plan_group_by(alone, replace(tables, schemas={**tables.schemas, **messages}))
        except ChrononError as problem:
            yield ConfigError(f"in the topic {topic}: {problem.problem}", place=place, mend=problem.mend)
            continue
        theirs = {**sent.keys, **sent.selected}
        for name, kind in {**rows.keys, **rows.selected}.items():
            if theirs[name] != kind:
                told = f"{name} is a {theirs[name]} in the topic {topic}, and a {kind} in the table {table_of(source)}"
                yield ConfigError(told, place=place, mend=f"CAST(... AS {str(kind).upper()}) in the select")


def _located(problem: ChrononError, definition: Definition) -> ChrononError:
    """Where the definition is, where the problem does not know it better."""
    if problem.place.file is None:
        problem.place = definition.at(problem.place.field or "")
    return problem


def moved(before: t.Schema, now: t.Schema) -> list[str]:
    """What differs between two schemas of a table.

    >>> moved({"a": t.INT, "b": t.LONG}, {"a": t.LONG, "c": t.STRING})
    ['a is a long, was a int', 'b is gone', 'c is new, a string']
    """
    changed = [f"{name} is a {now[name]}, was a {kind}" for name, kind in before.items() if now.get(name, kind) != kind]
    gone = [f"{name} is gone" for name in before if name not in now]
    return [*changed, *gone, *(f"{name} is new, a {kind}" for name, kind in now.items() if name not in before)]
