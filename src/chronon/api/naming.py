"""How things are called: feature columns, prefixes, tables, files and keys of definitions."""

from __future__ import annotations

import re
from re import fullmatch

from chronon.api.enums import Operation, TimeUnit
from chronon.api.inspect import WHOLE_HISTORY
from chronon.api.structs import (
    Aggregation,
    ExternalPart,
    ExternalSource,
    GroupBy,
    Join,
    JoinPart,
    MetaData,
    StagingQuery,
    Window,
)
from chronon.base.errors import ConfigError

_WITH_K = {
    Operation.LAST_K: "last",
    Operation.FIRST_K: "first",
    Operation.TOP_K: "top",
    Operation.BOTTOM_K: "bottom",
}


def sanitize(name: str) -> str:
    """A name with every character outside ``[A-Za-z0-9_]`` replaced by ``_``.

    >>> sanitize("shop.purchases.v1")
    'shop_purchases_v1'
    """
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def operation_name(aggregation: Aggregation) -> str:
    """The operation as it stands in a column's name: ``sum``, ``last10``."""
    operation = Operation(aggregation.operation if aggregation.operation is not None else Operation.LAST)
    if operation in _WITH_K:
        k = (aggregation.argMap or {}).get("k", "")
        return f"{_WITH_K[operation]}{int(k) if fullmatch(r'[+-]?[0-9]+', k) else k}"
    return operation.name.lower()


def window_suffix(window: Window | None) -> str:
    """``_7d`` or ``_12h``, as declared; nothing for the whole history.

    >>> window_suffix(Window(7, TimeUnit.DAYS)), window_suffix(Window(WHOLE_HISTORY, TimeUnit.DAYS))
    ('_7d', '')
    """
    if window is None or window.length == WHOLE_HISTORY:
        return ""
    return f"_{window.length}{'h' if window.timeUnit == TimeUnit.HOURS else 'd'}"


def aggregation_columns(aggregation: Aggregation) -> list[str]:
    """The output columns of an aggregation: for each bucket, all windows.

    >>> aggregation_columns(Aggregation("price", Operation.SUM, windows=[Window(7, TimeUnit.DAYS)], buckets=["shop"]))
    ['price_sum_7d_by_shop']
    """
    base = f"{aggregation.inputColumn}_{operation_name(aggregation)}"
    return [
        f"{base}{window_suffix(window)}{f'_by_{bucket}' if bucket is not None else ''}"
        for bucket in (aggregation.buckets or [None])
        for window in (aggregation.windows or [None])
    ]


def name_of(definition: GroupBy | Join | StagingQuery) -> str:
    """The full name of a definition: ``team.file.variable``."""
    name = (definition.metaData or MetaData()).name
    if not name:
        raise ConfigError(
            f"a {type(definition).__name__} has no name",
            mend="compile it from a file of a repo, or give it name='team.something'",
        )
    return name


def slashed(name: str) -> str:
    """The form of a name in keys and requests: the first dot is a slash.

    >>> slashed("shop.training_set.v1")
    'shop/training_set.v1'
    """
    return name if "/" in name else name.replace(".", "/", 1)


def dotted(name: str) -> str:
    """The form of a name in metadata: ``shop/training_set.v1`` is ``shop.training_set.v1``."""
    return name.replace("/", ".", 1)


def part_prefix(part: JoinPart) -> str:
    """What stands before the features of a join part: ``[<prefix>_]<group-by name>``."""
    if part.groupBy is None:
        raise ConfigError("a join part has no group-by")
    name = sanitize(name_of(part.groupBy))
    return f"{part.prefix}_{name}" if part.prefix else name


def external_prefix(part: ExternalPart) -> str:
    """What stands before the values of an external part: ``ext_[<prefix>_]<source>``."""
    name = sanitize(((part.source or ExternalSource()).metadata or MetaData()).name or "")
    return f"ext_{part.prefix}_{name}" if part.prefix else f"ext_{name}"


DATABASE = "{{ db }}"
"""Stands for a namespace that is not known yet; the compiler replaces it."""


def output_table(definition: GroupBy | Join | StagingQuery) -> str:
    """The table that a definition's backfill writes: ``<namespace>.<sanitized name>``."""
    namespace = (definition.metaData or MetaData()).outputNamespace
    if not namespace:
        raise ConfigError(
            f"{name_of(definition)} has no output namespace",
            mend="set output_namespace, or the team's namespace in teams.json",
        )
    return f"{namespace}.{sanitize(name_of(definition))}"


def features_table(join: Join) -> str:
    """The table that a join's features are written to; where it has models, theirs is the one that bears its name."""
    return f"{output_table(join)}_pre_mt" if join.modelTransforms is not None else output_table(join)
