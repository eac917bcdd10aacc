"""Models that turn features into values, as parts of a join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chronon.api import structs
from chronon.api.coerce import strings
from chronon.api.datatypes import FieldLike, struct_of
from chronon.api.provenance import stamp


def InferenceSpec(model_backend: str, model_backend_params: Mapping[str, str]) -> structs.InferenceSpec:
    """Which backend runs a model, and with what."""
    return structs.InferenceSpec(modelBackend=model_backend, modelBackendParams=dict(model_backend_params))


def Model(
    name: str,
    inference_spec: structs.InferenceSpec,
    input_schema: Iterable[FieldLike],
    output_schema: Iterable[FieldLike],
) -> structs.Model:
    """A model: its name, its backend, and the fields it takes and gives."""
    return stamp(
        structs.Model(
            metaData=structs.MetaData(name=name),
            inferenceSpec=inference_spec,
            inputSchema=struct_of(f"model_{name}_inputs", input_schema),
            outputSchema=struct_of(f"model_{name}_outputs", output_schema),
        )
    )


def ModelTransform(
    model: structs.Model,
    input_mappings: Mapping[str, str] | None = None,
    output_mappings: Mapping[str, str] | None = None,
    prefix: str | None = None,
) -> structs.ModelTransform:
    """A model as it is used in a join: which columns it reads, and how its outputs are called."""
    return stamp(
        structs.ModelTransform(
            model=model,
            inputMappings=dict(input_mappings) if input_mappings is not None else None,
            outputMappings=dict(output_mappings) if output_mappings is not None else None,
            prefix=prefix,
        )
    )


def ModelTransforms(
    transforms: Iterable[structs.ModelTransform], passthrough_fields: Iterable[str] | str | None = None
) -> structs.ModelTransforms:
    """The models of a join, and the columns that are kept beside their outputs."""
    return structs.ModelTransforms(transforms=list(transforms), passthroughFields=strings(passthrough_fields))
