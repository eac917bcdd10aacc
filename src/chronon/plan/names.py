"""How the features and keys of a group-by are called in a join."""

from __future__ import annotations

from collections.abc import Iterable

from chronon.api.naming import part_prefix
from chronon.api.structs import JoinPart

SEQUENCE = "chronon_sequence"
"""The select that orders rows of one instant: a whole number in table and topic alike, such as an insert id."""

RESERVED = frozenset({"ts", "ds", "ts_ds", "is_before", "mutation_ts", SEQUENCE})
"""Columns that are never features."""


def part_outputs(part: JoinPart, outputs: Iterable[str]) -> dict[str, str]:
    """The outputs of a part's group-by and the columns they become: ``[<prefix>_]<group-by>_<output>``."""
    prefix = part_prefix(part)
    return {name: f"{prefix}_{name}" for name in outputs}


def part_keys(part: JoinPart) -> dict[str, str]:
    """The keys of a part's group-by, each with the left column that holds it."""
    if part.groupBy is None:
        return {}
    left_of = {right: left for left, right in (part.keyMapping or {}).items()}
    return {key: left_of.get(key, key) for key in part.groupBy.keyColumns or []}
