"""The columns of definitions by their role, under the names that repos and their tests know."""

from __future__ import annotations

import re
from enum import Enum

from chronon.api import structs
from chronon.api.naming import external_prefix, part_prefix
from chronon.api.questions import get_query
from chronon.repo.columns import derived, features_of


class FeatureDisplayKeys(Enum):
    """The roles of a join's columns."""

    LEFT_COLUMNS = "left_columns"
    INTERNAL_COLUMNS = "internal_columns"
    EXTERNAL_COLUMNS = "external_columns"
    DERIVED_COLUMNS = "derived_columns"
    OUTPUT_COLUMNS = "output_columns"
    KEY_COLUMNS = "key_columns"


Columns = dict[FeatureDisplayKeys, list[str]]


def is_identifier(s: str) -> bool:
    """Whether an expression is one name.

    >>> is_identifier("price_sum"), is_identifier("price / 2")
    (True, False)
    """
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", s) is not None


def build_derived_columns(pre_derived_columns: list[str], derivations: list[structs.Derivation] | None) -> list[str]:
    """The columns after derivations."""
    return derived(pre_derived_columns, derivations)


def get_pre_derived_source_keys(source: structs.Source) -> list[str]:
    """The names that a source selects."""
    return list(get_query(source).selects or {})


def get_pre_derived_group_by_features(group_by: structs.GroupBy) -> list[str]:
    """The features of a group-by before its derivations."""
    return features_of(group_by)


def get_pre_derived_group_by_columns(group_by: structs.GroupBy) -> list[str]:
    """The features of a group-by before its derivations, and its keys."""
    return [*features_of(group_by), *(group_by.keyColumns or [])]


def get_group_by_output_columns(group_by: structs.GroupBy) -> list[str]:
    """The columns of a group-by's output, with its keys.

    >>> price = structs.Aggregation("price", 7)
    >>> get_group_by_output_columns(structs.GroupBy(keyColumns=["user"], aggregations=[price]))
    ['price_sum', 'user']
    """
    return derived(get_pre_derived_group_by_columns(group_by), group_by.derivations)


def get_pre_derived_join_internal_features(join: structs.Join) -> list[str]:
    """The features of a join's parts, each after the derivations of its group-by."""
    found: list[str] = []
    for part in join.joinParts or []:
        group_by = part.groupBy or structs.GroupBy()
        found += [f"{part_prefix(part)}_{name}" for name in derived(features_of(group_by), group_by.derivations)]
    return found


def get_external_part_full_name(external_part: structs.ExternalPart) -> str:
    """What the values of an external part begin with."""
    return external_prefix(external_part)


def get_pre_derived_external_features(join: structs.Join) -> list[str]:
    """The values of a join's external parts."""
    return [
        f"{external_prefix(part)}_{value.name}"
        for part in join.onlineExternalParts or []
        for value in ((part.source or structs.ExternalSource()).valueSchema or structs.TDataType()).params or []
    ]


def get_pre_derived_join_features(join: structs.Join) -> Columns:
    """The columns of a join's parts, internal and external."""
    return {
        FeatureDisplayKeys.INTERNAL_COLUMNS: get_pre_derived_join_internal_features(join),
        FeatureDisplayKeys.EXTERNAL_COLUMNS: get_pre_derived_external_features(join),
    }


def get_join_key_columns(join: structs.Join) -> list[str]:
    """The left columns that are keys of a part, in the order of the parts."""
    left = get_pre_derived_source_keys(join.left) if join.left is not None else []
    found: dict[str, None] = {}
    for part in join.joinParts or []:
        mapped = {right: name for name, right in (part.keyMapping or {}).items()}
        keys = [mapped.get(key, key) for key in (part.groupBy or structs.GroupBy()).keyColumns or []]
        found.update(dict.fromkeys(key for key in keys if key in left))
    return list(found)


def get_join_output_columns(join: structs.Join) -> Columns:
    """The columns of a join by their role; the output has neither keys nor left columns."""
    before = get_pre_derived_join_features(join)
    features = [name for names in before.values() for name in names]
    columns: Columns = {
        FeatureDisplayKeys.KEY_COLUMNS: get_join_key_columns(join),
        FeatureDisplayKeys.LEFT_COLUMNS: get_pre_derived_source_keys(join.left) if join.left is not None else [],
        **before,
    }
    if join.derivations:
        features = derived(features, join.derivations)
        columns[FeatureDisplayKeys.DERIVED_COLUMNS] = features
    columns[FeatureDisplayKeys.OUTPUT_COLUMNS] = features
    return columns


def get_output_columns(join: structs.Join) -> list[str]:
    """The columns of a join's output only."""
    return get_join_output_columns(join)[FeatureDisplayKeys.OUTPUT_COLUMNS]
