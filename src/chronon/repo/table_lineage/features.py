"""The features of a definition after its derivations, and which of them only serving knows."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from chronon.api import structs
from chronon.repo.columns import derived
from chronon.repo.output_columns import (
    get_pre_derived_external_features,
    get_pre_derived_group_by_features,
    get_pre_derived_join_internal_features,
)
from chronon.repo.table_lineage.columns import SPARK


def group_by_features(group_by: structs.GroupBy) -> list[str]:
    """The features of a group-by."""
    return derived(get_pre_derived_group_by_features(group_by), group_by.derivations)


def join_features(join: structs.Join) -> tuple[list[str], list[str]]:
    """The features of a join that its table holds, and those that come from external sources alone."""
    internal, external = get_pre_derived_join_internal_features(join), get_pre_derived_external_features(join)
    only = set(external)
    only |= {one.name or "" for one in join.derivations or [] if _reads_only(one.expression or "", set(external))}
    features = derived([*internal, *external], join.derivations)
    return [name for name in features if name not in only], [name for name in features if name in only]


def _reads_only(expression: str, columns: set[str]) -> bool:
    """Whether an expression reads columns, and all of them are among these."""
    if expression == "*":
        return False
    if expression in columns:
        return True
    try:
        read = {column.name for column in exp.maybe_parse(expression, dialect=SPARK).find_all(exp.Column)}
    except SqlglotError:
        return False  # that it cannot be read is said where its lineage is looked for
    return bool(read) and read <= columns
