"""The objects that definitions are made of, field by field as in the original's wire format.

Each class lists its fields in the order of their ids; that is the order of positional arguments and of the JSON form.
The objects are plain and open: attributes that are not declared may be set, count for equality (unless they begin with
an underscore), and are never written.

>>> EntitySource(snapshot_table="shop.users").snapshotTable
'shop.users'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import wraps
from importlib import import_module
from typing import Any, ClassVar, TypeVar, dataclass_transform

from chronon.api.verbs import SourceVerbs, TableVerbs, Verbs

T = TypeVar("T")


@dataclass_transform(eq_default=False)
def struct(cls: type[T]) -> type[T]:
    """Make a class a struct: a dataclass whose arguments may also be written in snake_case."""
    made = dataclass(eq=False, repr=False)(cls)
    declared = field_names(made)
    aliases = {snake(name): name for name in declared if snake(name) != name}
    if not aliases:
        return made
    construct: Any = made.__init__

    @wraps(construct)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if not aliases.keys().isdisjoint(kwargs):
            doubled = sorted(name for name in kwargs if aliases.get(name) in kwargs)
            if doubled:
                raise TypeError(f"{cls.__name__}() got {doubled[0]} twice, also as {aliases[doubled[0]]}")
            kwargs = {aliases.get(name, name): value for name, value in kwargs.items()}
        construct(self, *args, **kwargs)

    made.__init__ = init
    return made


def snake(name: str) -> str:
    """A field's name in snake_case.

    >>> snake("snapshotTable"), snake("metaData")
    ('snapshot_table', 'metadata')
    """
    return "metadata" if name == "metaData" else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """The declared fields of a struct in the order of their ids."""
    return tuple(f.name for f in fields(cls))


def _thrift() -> Any:
    """The module that builds on this one, when it is first needed."""
    return import_module("chronon.api.thrift")


class _Spec:
    """The description of a struct's fields that code written for the original's generated classes looks at."""

    def __get__(self, instance: Struct | None, cls: type[Struct]) -> tuple[Any, ...]:
        if cls is Struct:
            raise AttributeError("thrift_spec")
        return _thrift().spec(_thrift().written_as(cls))


class Struct:
    """The root of all structs: equal by type and attributes, without a hash."""

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    thrift_spec: ClassVar[_Spec] = _Spec()

    def write(self, oprot: Any) -> None:
        """Write this to a Thrift protocol."""
        _thrift().write(self, oprot)

    def read(self, iprot: Any) -> None:
        """Fill this from a Thrift protocol."""
        _thrift().read(self, iprot)

    def validate(self) -> None:
        """Nothing is required of a struct by itself."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and type(self) is type(other) and self._attributes() == other._attributes()

    def _attributes(self) -> dict[str, Any]:
        """Everything that was set, but for what we remember of where the object was written."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in field_names(type(self)))
        return f"{type(self).__name__}({inside})"


@struct
class Query(Struct):
    """Which rows and columns of a table a source gives."""

    selects: dict[str, str] | None = None
    wheres: list[str] | None = None
    startPartition: str | None = None
    endPartition: str | None = None
    timeColumn: str | None = None
    setups: list[str] | None = field(default_factory=list)
    mutationTimeColumn: str | None = None
    reversalColumn: str | None = None
    partitionColumn: str | None = None


@struct
class StagingQuery(Struct, TableVerbs):
    """A table that a SQL query makes."""

    metaData: MetaData | None = None
    query: str | None = None
    startPartition: str | None = None
    setups: list[str] | None = None
    createView: bool | None = None


@struct
class EventSource(Struct, SourceVerbs):
    """Things that happened: a table with a time, and the topic they also arrive on."""

    table: str | None = None
    topic: str | None = None
    query: Query | None = None
    isCumulative: bool | None = None


@struct
class EntitySource(Struct, SourceVerbs):
    """Things that are: a daily snapshot, and the changes in between."""

    snapshotTable: str | None = None
    mutationTable: str | None = None
    mutationTopic: str | None = None
    query: Query | None = None


@struct
class JoinSource(Struct):
    """The output of a join as a source."""

    join: Join | None = None
    query: Query | None = None


@struct
class Source(Struct, SourceVerbs):
    """One of the three kinds of source."""

    events: EventSource | None = None
    entities: EntitySource | None = None
    joinSource: JoinSource | None = None


@struct
class ExternalSourceFactoryConfig(Struct):
    """How a handler of an external source is made."""

    factoryName: str | None = None
    factoryParams: dict[str, str] | None = None


@struct
class ExternalSource(Struct):
    """A service outside that gives values for keys."""

    metadata: MetaData | None = None
    keySchema: TDataType | None = None
    valueSchema: TDataType | None = None
    factoryConfig: ExternalSourceFactoryConfig | None = None
    offlineGroupBy: GroupBy | None = None


@struct
class Window(Struct):
    """How far back an aggregation looks."""

    length: int | None = None
    timeUnit: int | None = None


@struct
class Aggregation(Struct):
    """An operation on a column, over windows, by buckets."""

    inputColumn: str | None = None
    operation: int | None = None
    argMap: dict[str, str] | None = None
    windows: list[Window] | None = None
    buckets: list[str] | None = None
    elementWise: bool | None = None


@struct
class AggregationPart(Struct):
    """One window and bucket of an aggregation."""

    inputColumn: str | None = None
    operation: int | None = None
    argMap: dict[str, str] | None = None
    window: Window | None = None
    bucket: str | None = None
    elementWise: bool | None = None


@struct
class MetaData(Struct):
    """What is said about a definition."""

    name: str | None = None
    online: bool | None = None
    production: bool | None = None
    customJson: str | None = None
    dependencies: list[str] | None = None
    tableProperties: dict[str, str] | None = None
    outputNamespace: str | None = None
    team: str | None = None
    modeToEnvMap: dict[str, dict[str, str]] | None = None
    consistencyCheck: bool | None = None
    samplePercent: float | None = None
    offlineSchedule: str | None = None
    consistencySamplePercent: float | None = None
    historicalBackfill: bool | None = None
    deprecationDate: str | None = None
    description: str | None = None


@struct
class GroupBy(Struct, Verbs):
    """Features of one kind of key, from one kind of source."""

    metaData: MetaData | None = None
    sources: list[Source] | None = None
    keyColumns: list[str] | None = None
    aggregations: list[Aggregation] | None = None
    accuracy: int | None = None
    backfillStartDate: str | None = None
    derivations: list[Derivation] | None = None
    isIncremental: bool | None = None


@struct
class JoinPart(Struct):
    """A group-by as it is used in a join."""

    groupBy: GroupBy | None = None
    keyMapping: dict[str, str] | None = None
    prefix: str | None = field(default=None, metadata={"id": 4})


@struct
class ExternalPart(Struct):
    """An external source as it is used in a join."""

    source: ExternalSource | None = None
    keyMapping: dict[str, str] | None = None
    prefix: str | None = None


@struct
class Derivation(Struct):
    """A column computed from others."""

    name: str | None = None
    expression: str | None = None
    metaData: MetaData | None = None


@struct
class Join(Struct, Verbs):
    """Features of several group-bys, put together for the rows of a left side."""

    metaData: MetaData | None = None
    left: Source | None = None
    joinParts: list[JoinPart] | None = None
    skewKeys: dict[str, list[str]] | None = None
    onlineExternalParts: list[ExternalPart] | None = None
    labelPart: LabelPart | None = None
    bootstrapParts: list[BootstrapPart] | None = None
    rowIds: list[str] | None = None
    derivations: list[Derivation] | None = None
    modelTransforms: ModelTransforms | None = None


@struct
class BootstrapPart(Struct):
    """Values that are taken from a table instead of being computed."""

    metaData: MetaData | None = None
    table: str | None = None
    query: Query | None = None
    keyColumns: list[str] | None = None


@struct
class LabelPart(Struct):
    """Labels that are joined to features later."""

    labels: list[JoinPart] | None = None
    leftStartOffset: int | None = None
    leftEndOffset: int | None = None
    metaData: MetaData | None = None


@struct
class GroupByServingInfo(Struct):
    """What the original's fetcher knows of an uploaded group-by."""

    groupBy: GroupBy | None = None
    inputAvroSchema: str | None = None
    selectedAvroSchema: str | None = None
    keyAvroSchema: str | None = None
    batchEndDate: str | None = None
    dateFormat: str | None = None


@struct
class DataField(Struct):
    """A named type."""

    name: str | None = None
    dataType: TDataType | None = None


@struct
class TDataType(Struct):
    """A declared type."""

    kind: int | None = None
    params: list[DataField] | None = None
    name: str | None = None


@struct
class InferenceSpec(Struct):
    """Which backend runs a model."""

    modelBackend: str | None = None
    modelBackendParams: dict[str, str] | None = None


@struct
class Model(Struct):
    """A model that turns features into values."""

    metaData: MetaData | None = None
    inferenceSpec: InferenceSpec | None = None
    inputSchema: TDataType | None = None
    outputSchema: TDataType | None = None


@struct
class ModelTransform(Struct):
    """A model as it is used in a join."""

    model: Model | None = None
    inputMappings: dict[str, str] | None = None
    outputMappings: dict[str, str] | None = None
    prefix: str | None = None


@struct
class ModelTransforms(Struct):
    """The models of a join."""

    transforms: list[ModelTransform] | None = None
    passthroughFields: list[str] | None = None
