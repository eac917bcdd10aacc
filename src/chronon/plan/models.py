"""The models of a join: which columns each reads, and how its outputs are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chronon.api import structs
from chronon.api.datatypes import logical
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, SchemaError, raise_all


@dataclass(frozen=True)
class TransformPlan:
    """One model as it is used in a join.

    Parameters
    ----------
    name:
        The model's.
    model:
        The model itself.
    inputs:
        Its inputs, each with the column of the join that it is.
    outputs:
        Its outputs, each with the column that it becomes.
    types:
        The types of those columns.
    """

    name: str
    model: structs.Model
    inputs: dict[str, str]
    outputs: dict[str, str]
    types: dict[str, t.DataType]


@dataclass(frozen=True)
class ModelsPlan:
    """The models of a join over its columns.

    Parameters
    ----------
    transforms:
        The models that run.
    kept:
        The columns of the join that stay beside their outputs.
    outputs:
        All columns of the result but its partition.
    """

    transforms: tuple[TransformPlan, ...]
    kept: dict[str, t.DataType]
    outputs: dict[str, t.DataType]


def plan_models(join: structs.Join, columns: t.Schema, only: Sequence[str] | None = None) -> ModelsPlan:
    """Check the models of a join against its columns.

    Without ``passthroughFields`` the row ids are kept, or all columns if there are none.

    Parameters
    ----------
    join:
        With its models.
    columns:
        What the join gives, without its partition.
    only:
        The names of the models that run; all if ``None``.

    Raises
    ------
    ConfigError, SchemaError
        With everything that is wrong: unknown models, columns that are not there or have another type.
    """
    given = (join.modelTransforms or structs.ModelTransforms()).transforms or []
    planned = [_transform(one) for one in given]
    known = [one.name for one in planned]
    unknown = [name for name in only or [] if name not in known]
    if unknown or not planned:
        raise ConfigError(
            f"the join has no model {', '.join(unknown)}".rstrip(),
            place=place_of(join, "modelTransforms"),
            expected=f"one of {', '.join(known)}" if known else "model_transforms=ModelTransforms([...])",
        )
    chosen = tuple(one for one in planned if only is None or one.name in only)
    problems = [problem for one in chosen for problem in _problems(join, one, columns)]
    listed = (join.modelTransforms or structs.ModelTransforms()).passthroughFields or join.rowIds or list(columns)
    problems += [
        SchemaError(f"there is no column {name} to keep", place=place_of(join, "modelTransforms.passthroughFields"))
        for name in listed
        if name not in columns and name != "ds"
    ]
    kept = {name: columns[name] for name in listed if name in columns}
    outputs: dict[str, t.DataType] = dict(kept)
    for one in chosen:
        for name, kind in one.types.items():
            if outputs.get(name, kind) != kind or name in kept:
                problems.append(
                    ConfigError(
                        f"two columns are called {name}",
                        place=place_of(join, "modelTransforms"),
                        mend="a prefix, or output_mappings",
                    )
                )
            outputs[name] = kind
    raise_all(problems)
    return ModelsPlan(chosen, kept, outputs)


def _transform(transform: structs.ModelTransform) -> TransformPlan:
    model = transform.model or structs.Model()
    inputs = (model.inputSchema or structs.TDataType()).params or []
    outputs = (model.outputSchema or structs.TDataType()).params or []
    called = transform.outputMappings or {}
    prefix = f"{transform.prefix}_" if transform.prefix else ""
    names = {field.name or "": prefix + called.get(field.name or "", field.name or "") for field in outputs}
    kinds = {names[field.name or ""]: logical(field.dataType or structs.TDataType()) for field in outputs}
    mapped = transform.inputMappings or {}
    return TransformPlan(
        name=(model.metaData or structs.MetaData()).name or "",
        model=model,
        inputs={field.name or "": mapped.get(field.name or "", field.name or "") for field in inputs},
        outputs=names,
        types=kinds,
    )


def _problems(join: structs.Join, transform: TransformPlan, columns: t.Schema) -> list[ChrononError]:
    declared = {
        field.name or "": logical(field.dataType or structs.TDataType())
        for field in (transform.model.inputSchema or structs.TDataType()).params or []
    }
    found: list[ChrononError] = []
    for name, column in transform.inputs.items():
        kind = columns.get(column)
        if kind is None:
            found.append(
                SchemaError(
                    f"the join has no column {column}, the input {name} of the model {transform.name}",
                    place=place_of(join, "modelTransforms"),
                    expected=f"one of {', '.join(columns)}",
                    mend="input_mappings={'input of the model': 'column of the join'}",
                )
            )
        elif kind != declared[name] and not (kind in t.NUMBERS and declared[name] in t.NUMBERS):
            found.append(
                SchemaError(
                    f"{column} is a {kind}, the input {name} of the model {transform.name} a {declared[name]}",
                    place=place_of(join, "modelTransforms"),
                )
            )
    return found
