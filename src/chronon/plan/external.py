"""External parts of a join as a backfill sees them: null columns, fields of the left side, or an offline group-by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chronon.api import structs
from chronon.api.datatypes import logical
from chronon.api.external import CONTEXTUAL
from chronon.api.naming import external_prefix
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, SchemaError
from chronon.plan.group_by import GroupByPlan


@dataclass(frozen=True)
class Externals:
    """What the external parts of a join add to it.

    Parameters
    ----------
    values:
        The columns that nothing computes offline, with their types.
    keys:
        The left columns by which the services are asked, with their types.
    contextual:
        Fields that come with a request, each with the column that shows it.
    computed:
        Parts that an offline group-by computes, with their place among the external parts.
    """

    values: dict[str, t.DataType] = field(default_factory=dict[str, t.DataType])
    keys: dict[str, t.DataType] = field(default_factory=dict[str, t.DataType])
    contextual: dict[str, str] = field(default_factory=dict[str, str])
    computed: dict[int, structs.ExternalPart] = field(default_factory=dict[int, structs.ExternalPart])


def externals_of(join: structs.Join, left_columns: t.Schema) -> tuple[Externals, list[ChrononError]]:
    """The external parts of a join, and what is wrong with them."""
    found = Externals()
    problems: list[ChrononError] = []
    for number, part in enumerate(join.onlineExternalParts or []):
        place = place_of(join, f"onlineExternalParts[{number}]")
        source = part.source
        if source is None:
            problems.append(ConfigError("an external part has no source", place=place))
            continue
        prefix = external_prefix(part)
        if source.offlineGroupBy is not None:
            found.computed[number] = part
            continue
        left_of = {right: left for left, right in (part.keyMapping or {}).items()}
        fields = _fields(source.keySchema)
        for name, kind in fields.items():
            left = left_of.get(name, name)
            found.keys.setdefault(left, kind)
            if left in left_columns and left_columns[left] != kind:
                problems.append(
                    SchemaError(
                        f"the field {left} is a {left_columns[left]} on the left, {name} of {prefix} is a {kind}",
                        place=place,
                        mend="cast one of them, or map another column: ExternalPart(..., key_mapping=...)",
                    )
                )
        for name, kind in _fields(source.valueSchema).items():
            found.values[f"{prefix}_{name}"] = kind
            if (source.metadata or structs.MetaData()).name == CONTEXTUAL:
                found.contextual[left_of.get(name, name)] = f"{prefix}_{name}"
    return found, problems


def offline_problems(
    part: structs.ExternalPart, plan: GroupByPlan, join: structs.Join, number: int
) -> Iterator[SchemaError]:
    """Where an external source says otherwise than the group-by that computes it offline; each part for itself."""
    source = part.source or structs.ExternalSource()
    place = place_of(join, f"onlineExternalParts[{number}]")
    keys, values = _fields(source.keySchema), _fields(source.valueSchema)
    if set(keys) != set(plan.keys):
        yield SchemaError(
            f"the keys of the external source are {', '.join(sorted(keys)) or 'none'}, "
            f"those of its offline group-by {plan.name} are {', '.join(sorted(plan.keys))}",
            place=place,
            mend="declare the same keys in key_fields",
        )
    for name in sorted(values.keys() | plan.outputs.keys()):
        declared, computed = values.get(name), plan.outputs.get(name)
        if declared != computed:
            yield SchemaError(
                f"the value {name} is {_said(declared)} in the external source, {_said(computed)} in its offline "
                f"group-by {plan.name}",
                place=place,
                mend="declare in value_fields what the group-by gives",
            )


def _said(kind: t.DataType | None) -> str:
    return "absent" if kind is None else f"a {kind}"


def _fields(declared: structs.TDataType | None) -> dict[str, t.DataType]:
    params = (declared or structs.TDataType()).params or []
    return {each.name or "": logical(each.dataType or structs.TDataType()) for each in params}
