"""What is to be known of each feature: its type, and what it is made by, from what, over which window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chronon.api import structs
from chronon.api.datatypes import logical
from chronon.api.enums import Operation
from chronon.api.naming import aggregation_columns, external_prefix, window_suffix
from chronon.base import types as t
from chronon.plan.group_by import GroupByPlan
from chronon.plan.join import JoinPlan

NO_OPERATION, DERIVATION, UNBOUNDED = "No Operation", "Derivation", "Unbounded"


@dataclass(frozen=True)
class Feature:
    """One feature.

    Parameters
    ----------
    name, kind:
        The column and its type.
    operation:
        As ``sum``; ``No Operation`` of a column that is taken as it is, ``Derivation`` of an expression over others;
        ``None`` of an external value.
    window:
        As ``7d``; ``unbounded`` for the whole history.
    input:
        The column that it is made from.
    group_by:
        Whose it is in a join; of an external value the name of its schema.
    """

    name: str
    kind: t.DataType
    operation: str | None
    window: str | None
    input: str | None
    group_by: str | None = None

    def data(self) -> dict[str, str | None]:
        """The same as plain data, under the names that the metadata of features have."""
        return {
            "name": self.name,
            "columnType": type_word(self.kind),
            "operation": self.operation,
            "window": self.window,
            "inputColumn": self.input,
            "groupBy": self.group_by,
        }


def features_of_group_by(plan: GroupByPlan) -> list[Feature]:
    """The features of a group-by, in the order of its output."""
    if plan.derivations is not None:
        return [Feature(name, kind, DERIVATION, UNBOUNDED, name) for name, kind in plan.outputs.items()]
    if plan.aggregator is None:
        return [Feature(name, kind, NO_OPERATION, UNBOUNDED, name) for name, kind in plan.outputs.items()]
    return [
        Feature(name, plan.outputs[name], operation, window, (aggregation.inputColumn or "").lower())
        for aggregation in plan.definition.aggregations or []
        for name, operation, window in _columns(aggregation)
    ]


def _columns(aggregation: structs.Aggregation) -> Iterator[tuple[str, str, str]]:
    """The columns of an aggregation, each with its operation and its window."""
    operation = Operation(aggregation.operation if aggregation.operation is not None else Operation.LAST)
    windows = [window_suffix(window).removeprefix("_") or "unbounded" for window in aggregation.windows or [None]]
    names = aggregation_columns(aggregation)
    for name, window in zip(names, windows * (len(names) // len(windows)), strict=True):
        yield name, operation.name.lower(), window


def features_of_join(plan: JoinPlan) -> list[Feature]:
    """The features of a join, in the order of its output; with derivations each is one of them."""
    if plan.expressions is not None:
        derived = {name: kind for name, kind in plan.outputs.items() if name not in plan.left_columns}
        return [Feature(name, kind, DERIVATION, UNBOUNDED, name) for name, kind in derived.items()]
    external = dict(_external(plan.definition))
    inside = [
        replace(feature, name=part.columns[feature.name], group_by=part.plan.name)
        for part in plan.parts
        for feature in features_of_group_by(part.plan)
    ]
    return [*(feature for feature in inside if feature.name not in external), *external.values()]


def _external(join: structs.Join) -> Iterator[tuple[str, Feature]]:
    for part in join.onlineExternalParts or []:
        schema = (part.source or structs.ExternalSource()).valueSchema or structs.TDataType()
        for value in schema.params or []:
            name = f"{external_prefix(part)}_{value.name}"
            kind = logical(value.dataType or structs.TDataType())
            yield name, Feature(name, kind, None, None, value.name, schema.name)


def type_word(kind: t.DataType) -> str:
    """A type as a word.

    >>> type_word(t.ListType(t.LONG)), type_word(t.MapType(t.STRING, t.BOOLEAN))
    ('list_long', 'map_string_bool')
    """
    if isinstance(kind, t.ListType):
        return f"list_{type_word(kind.element)}"
    if isinstance(kind, t.MapType):
        return f"map_{type_word(kind.key)}_{type_word(kind.value)}"
    if isinstance(kind, t.StructType):
        return f"struct_{len(kind.fields)}"
    return "bool" if kind == t.BOOLEAN else kind.name
