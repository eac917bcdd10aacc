"""Model backends by name: ours, then those that are installed beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError

if TYPE_CHECKING:
    from chronon.api import structs
    from chronon.models.protocol import ModelBackend

GROUP = "chronon.models"


def backend_of(model: structs.Model) -> ModelBackend:
    """The backend that a model names; ``ConfigError`` where there is none."""
    from importlib.metadata import entry_points

    from chronon.models.python import PythonModels

    wanted = (model.inferenceSpec.modelBackend if model.inferenceSpec is not None else None) or ""
    if wanted == PythonModels.name:
        return PythonModels()
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if wanted not in found:
        raise ConfigError(
            f"there is no model backend {wanted!r}",
            place=place_of(model, "inferenceSpec.modelBackend"),
            expected=" or ".join(sorted({PythonModels.name, *found})),
            mend="install the package that has it",
        )
    return found[wanted].load()()
