"""Models that are a Python function of the repo, over whole columns.

``InferenceSpec("python", {"function": "models.price:predict"})`` names the function ``predict`` of ``models/price.py``.
It takes the inputs as keyword arguments, each an Arrow array, and returns a mapping of the outputs: Arrow arrays, NumPy
arrays or lists, one value for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.datatypes import logical
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError, DataError
from chronon.base.modules import module_of

if TYPE_CHECKING:
    import pyarrow as pa


class PythonModels:
    """The backend ``python``."""

    name = "python"

    def load(self, model: structs.Model, repo: Path) -> PythonModel:
        """Import the function of a model from its repo."""
        place = place_of(model, "inferenceSpec.modelBackendParams")
        parameters = (model.inferenceSpec.modelBackendParams if model.inferenceSpec is not None else None) or {}
        written = parameters.get("function", "")
        module, colon, name = written.partition(":")
        if not (module and colon and name) or parameters.keys() != {"function"}:
            raise ConfigError(
                f"the parameters of the model are {parameters}", place=place, expected="{'function': 'module:function'}"
            )
        try:
            loaded = module_of(module, repo)
            function = getattr(loaded, name)
        except (ImportError, AttributeError) as error:
            raise ConfigError(
                f"there is no function {written}: {error}", place=place, expected=f"a module of {repo}"
            ) from error
        source = Path(loaded.__file__).read_bytes() if loaded.__file__ else b""
        return PythonModel(written, function, _schema(model), blake2b(source, digest_size=16).hexdigest())


@dataclass(frozen=True)
class PythonModel:
    """A function with the types of its outputs."""

    name: str
    function: Callable[..., Mapping[str, Any]]
    outputs: dict[str, pa.DataType]
    version: str

    def predict(self, inputs: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        try:
            given = self.function(**dict(zip(inputs.schema.names, inputs.columns, strict=True)))
        except Exception as error:
            raise DataError(f"the model {self.name} failed: {type(error).__name__}: {error}") from error
        missing = [name for name in self.outputs if name not in given]
        if missing:
            raise DataError(f"the model {self.name} gives no {', '.join(missing)}", expected=", ".join(self.outputs))
        arrays = [self._array(name, given[name], kind, inputs.num_rows) for name, kind in self.outputs.items()]
        return pa.RecordBatch.from_arrays(arrays, names=list(self.outputs))

    def _array(self, name: str, values: Any, kind: pa.DataType, rows: int) -> pa.Array:
        import pyarrow as pa

        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        try:
            made = values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise DataError(f"{name} of the model {self.name} is no {kind}: {error}") from error
        if len(made) != rows:
            raise DataError(f"the model {self.name} gives {len(made)} values of {name} for {rows} rows")
        return made


def _schema(model: structs.Model) -> dict[str, pa.DataType]:
    from chronon.base.arrow import to_arrow

    fields = (model.outputSchema or structs.TDataType()).params or []
    return {field.name or "": to_arrow(logical(field.dataType or structs.TDataType())) for field in fields}
