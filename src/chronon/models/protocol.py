"""What a model backend does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.api import structs


class LoadedModel(Protocol):
    """A model that is ready to be asked."""

    @property
    def version(self) -> str:
        """Changes when the model would give other answers: a digest of its code or of its file."""
        ...

    def predict(self, inputs: pa.RecordBatch) -> pa.RecordBatch:
        """The outputs for each row of the inputs, in their order.

        Columns are named as in the model's own schemas.
        """
        ...


class ModelBackend(Protocol):
    """Loads the models of one kind. Each is a class without parameters."""

    name: str

    def load(self, model: structs.Model, repo: Path) -> LoadedModel:
        """Make a model ready.

        Parameters
        ----------
        model:
            Its ``inferenceSpec`` holds the backend's parameters.
        repo:
            The folder of the repo, in which its code or its file lies.

        Raises
        ------
        ConfigError
            If the parameters are wrong, or there is no such model.
        """
        ...
