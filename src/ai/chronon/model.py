"""Models."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import logging
from typing import Dict, List, Optional, Tuple

from ai.chronon.api import ttypes as api
from chronon.api.datatypes import DataType, FieldsType
from chronon.api.model import InferenceSpec, Model, ModelTransform, ModelTransforms
