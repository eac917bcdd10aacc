"""Models."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.api.model import InferenceSpec, Model, ModelTransform, ModelTransforms
