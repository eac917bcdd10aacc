"""Which columns a definition gives, by name: enough to check derivations without a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from chronon.api import structs
from chronon.api.inspect import query_of
from chronon.api.naming import aggregation_columns, external_prefix, part_prefix
from chronon.base.errors import ConfigError
from chronon.repo.definition import Definition

ALWAYS = frozenset({"ds", "ts", "null", "true", "false"})
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def features_of(group_by: structs.GroupBy) -> list[str]:
    """The features of a group-by before its derivations.

    >>> features_of(structs.GroupBy(aggregations=[structs.Aggregation("price", 7)]))
    ['price_sum']
    """
    if group_by.aggregations:
        return [name for one in group_by.aggregations if one.inputColumn for name in aggregation_columns(one)]
    return list(dict.fromkeys(name for one in group_by.sources or [] for name in query_of(one).selects or {}))


def derived(columns: Iterable[str], derivations: Iterable[structs.Derivation] | None) -> list[str]:
    """The columns after derivations; the wildcard stands for those that no derivation renames.

    >>> derived(["a", "b"], [structs.Derivation("*", "*"), structs.Derivation("c", "b")])
    ['a', 'c']
    """
    before = list(columns)
    if not derivations:
        return before
    several = list(derivations)
    renamed = {one.expression for one in several}
    after: list[str] = []
    for one in several:
        after += [name for name in before if name not in renamed] if one.name == "*" else [one.name or ""]
    return after


def join_features(join: structs.Join) -> list[str]:
    """The columns of a join's parts and external sources before its derivations."""
    found: list[str] = []
    for part in join.joinParts or []:
        group_by = part.groupBy or structs.GroupBy()
        keys = group_by.keyColumns or []
        features = derived(features_of(group_by), group_by.derivations)
        found += [f"{part_prefix(part)}_{name}" for name in features if name not in keys]
    for part in join.onlineExternalParts or []:
        source = part.source or structs.ExternalSource()
        values = (source.valueSchema or structs.TDataType()).params or []
        found += [f"{external_prefix(part)}_{value.name}" for value in values]
    return found


def derivation_problems(definition: Definition) -> Iterator[ConfigError]:
    """What is wrong with the derivations of a group-by or a join, as far as names tell."""
    value = definition.value
    if isinstance(value, structs.StagingQuery) or not value.derivations:
        return
    if isinstance(value, structs.GroupBy):
        columns, free = features_of(value), set(value.keyColumns or [])
    else:
        left = query_of(value.left).selects if value.left is not None else None
        if not left:
            return
        columns, free = join_features(value), {*left, "ts"}
    known = {*columns, *free}
    yield from derivation_expressions(definition, value.derivations, known)
    yield from derivation_names(definition, value.derivations, known, free)


def derivation_expressions(
    definition: Definition, derivations: list[structs.Derivation], known: set[str]
) -> Iterator[ConfigError]:
    """Names alone as expressions, which must be columns."""
    for number, one in enumerate(derivations):
        text = (one.expression or "").strip()
        if _IDENTIFIER.fullmatch(text) and text not in known and text.lower() not in ALWAYS:
            close = get_close_matches(text, known, n=1)
            yield ConfigError(
                f"Incorrect derivation expression {text}: there is no such column",
                place=definition.at(f"derivations[{number}]"),
                expected=f"one of {', '.join(sorted(known))}",
                mend=f"did you mean {close[0]}?" if close else None,
            )


def derivation_names(
    definition: Definition, derivations: list[structs.Derivation], known: set[str], free: set[str]
) -> Iterator[ConfigError]:
    """Names of derivations, which must not be taken, except those that are free."""
    renamed = {one.expression for one in derivations}
    taken = known - free - renamed if any(one.name == "*" for one in derivations) else set[str]()
    for number, one in enumerate(derivations):
        if one.name == "*":
            continue
        if one.name in taken:
            yield ConfigError(
                f"Incorrect derivation name {one.name}: there is such a column already",
                place=definition.at(f"derivations[{number}]"),
                mend="another name, or no wildcard",
            )
        taken.add(one.name or "")
