"""What a user writes: sources, group-bys, joins, staging queries, models. Knows no engine and never runs anything.

The public names are found in the modules of this folder when they are first asked for, so that importing it costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.api.datatypes import DataType as DataType
    from chronon.api.functions import udf as udf
    from chronon.api.group_by import Accuracy as Accuracy
    from chronon.api.group_by import Aggregation as Aggregation
    from chronon.api.group_by import Aggregations as Aggregations
    from chronon.api.group_by import DefaultAggregation as DefaultAggregation
    from chronon.api.group_by import Derivation as Derivation
    from chronon.api.group_by import GroupBy as GroupBy
    from chronon.api.group_by import Operation as Operation
    from chronon.api.group_by import TimeUnit as TimeUnit
    from chronon.api.group_by import Window as Window
    from chronon.api.join import BootstrapPart as BootstrapPart
    from chronon.api.join import ContextualSource as ContextualSource
    from chronon.api.join import ExternalPart as ExternalPart
    from chronon.api.join import ExternalSource as ExternalSource
    from chronon.api.join import Join as Join
    from chronon.api.join import JoinPart as JoinPart
    from chronon.api.join import LabelPart as LabelPart
    from chronon.api.model import InferenceSpec as InferenceSpec
    from chronon.api.model import Model as Model
    from chronon.api.model import ModelTransform as ModelTransform
    from chronon.api.model import ModelTransforms as ModelTransforms
    from chronon.api.query import Query as Query
    from chronon.api.query import select as select
    from chronon.api.staging_query import StagingQuery as StagingQuery
    from chronon.api.staging_query import StagingQueryEntitySource as StagingQueryEntitySource
    from chronon.api.staging_query import StagingQueryEventSource as StagingQueryEventSource
    from chronon.api.structs import EntitySource as EntitySource
    from chronon.api.structs import EventSource as EventSource
    from chronon.api.structs import JoinSource as JoinSource
    from chronon.api.structs import MetaData as MetaData
    from chronon.api.structs import Source as Source

PUBLIC = {
    "datatypes": ("DataType",),
    "functions": ("udf",),
    "group_by": (
        "Accuracy", "Aggregation", "Aggregations", "DefaultAggregation", "Derivation", "GroupBy", "Operation",
        "TimeUnit", "Window",
    ),
    "join": ("BootstrapPart", "ContextualSource", "ExternalPart", "ExternalSource", "Join", "JoinPart", "LabelPart"),
    "model": ("InferenceSpec", "Model", "ModelTransform", "ModelTransforms"),
    "query": ("Query", "select"),
    "staging_query": ("StagingQuery", "StagingQueryEntitySource", "StagingQueryEventSource"),
    "structs": ("EntitySource", "EventSource", "JoinSource", "MetaData", "Source"),
}  # fmt: skip
"""The public names, by the module that defines them."""

_HOME = {name: module for module, names in PUBLIC.items() for name in names}
__all__ = sorted(_HOME)  # noqa: PLE0605 # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
