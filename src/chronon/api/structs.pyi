"""Made by ``python -m chronon.testing.stubs`` of ``structs.py``, for editors and type checkers."""

from typing import Any, ClassVar, TypeVar, overload

from chronon.api.verbs import SourceVerbs, TableVerbs, Verbs

T = TypeVar("T")

def struct(cls: type[T]) -> type[T]: ...
def snake(name: str) -> str: ...
def field_names(cls: type[Any]) -> tuple[str, ...]: ...

class Struct:
    __hash__: ClassVar[None]  # type: ignore[assignment]
    thrift_spec: ClassVar[tuple[Any, ...]]
    def write(self, oprot: Any) -> None: ...
    def read(self, iprot: Any) -> None: ...
    def validate(self) -> None: ...

class Query(Struct):
    """Which rows and columns of a table a source gives."""

    selects: dict[str, str] | None
    wheres: list[str] | None
    startPartition: str | None
    endPartition: str | None
    timeColumn: str | None
    setups: list[str] | None
    mutationTimeColumn: str | None
    reversalColumn: str | None
    partitionColumn: str | None
    @overload
    def __init__(
        self,
        selects: dict[str, str] | None = ...,
        wheres: list[str] | None = ...,
        startPartition: str | None = ...,
        endPartition: str | None = ...,
        timeColumn: str | None = ...,
        setups: list[str] | None = ...,
        mutationTimeColumn: str | None = ...,
        reversalColumn: str | None = ...,
        partitionColumn: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        selects: dict[str, str] | None = ...,
        wheres: list[str] | None = ...,
        start_partition: str | None = ...,
        end_partition: str | None = ...,
        time_column: str | None = ...,
        setups: list[str] | None = ...,
        mutation_time_column: str | None = ...,
        reversal_column: str | None = ...,
        partition_column: str | None = ...,
    ) -> None: ...

class StagingQuery(Struct, TableVerbs):
    """A table that a SQL query makes."""

    metaData: MetaData | None
    query: str | None
    startPartition: str | None
    setups: list[str] | None
    createView: bool | None
    @overload
    def __init__(
        self,
        metaData: MetaData | None = ...,
        query: str | None = ...,
        startPartition: str | None = ...,
        setups: list[str] | None = ...,
        createView: bool | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        query: str | None = ...,
        start_partition: str | None = ...,
        setups: list[str] | None = ...,
        create_view: bool | None = ...,
    ) -> None: ...

class EventSource(Struct, SourceVerbs):
    """Things that happened: a table with a time, and the topic they also arrive on."""

    table: str | None
    topic: str | None
    query: Query | None
    isCumulative: bool | None
    @overload
    def __init__(
        self,
        table: str | None = ...,
        topic: str | None = ...,
        query: Query | None = ...,
        isCumulative: bool | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        table: str | None = ...,
        topic: str | None = ...,
        query: Query | None = ...,
        is_cumulative: bool | None = ...,
    ) -> None: ...

class EntitySource(Struct, SourceVerbs):
    """Things that are: a daily snapshot, and the changes in between."""

    snapshotTable: str | None
    mutationTable: str | None
    mutationTopic: str | None
    query: Query | None
    @overload
    def __init__(
        self,
        snapshotTable: str | None = ...,
        mutationTable: str | None = ...,
        mutationTopic: str | None = ...,
        query: Query | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        snapshot_table: str | None = ...,
        mutation_table: str | None = ...,
        mutation_topic: str | None = ...,
        query: Query | None = ...,
    ) -> None: ...

class JoinSource(Struct):
    """The output of a join as a source."""

    join: Join | None
    query: Query | None
    def __init__(
        self,
        join: Join | None = ...,
        query: Query | None = ...,
    ) -> None: ...

class Source(Struct, SourceVerbs):
    """One of the three kinds of source."""

    events: EventSource | None
    entities: EntitySource | None
    joinSource: JoinSource | None
    @overload
    def __init__(
        self,
        events: EventSource | None = ...,
        entities: EntitySource | None = ...,
        joinSource: JoinSource | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        events: EventSource | None = ...,
        entities: EntitySource | None = ...,
        join_source: JoinSource | None = ...,
    ) -> None: ...

class ExternalSourceFactoryConfig(Struct):
    """How a handler of an external source is made."""

    factoryName: str | None
    factoryParams: dict[str, str] | None
    @overload
    def __init__(
        self,
        factoryName: str | None = ...,
        factoryParams: dict[str, str] | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        factory_name: str | None = ...,
        factory_params: dict[str, str] | None = ...,
    ) -> None: ...

class ExternalSource(Struct):
    """A service outside that gives values for keys."""

    metadata: MetaData | None
    keySchema: TDataType | None
    valueSchema: TDataType | None
    factoryConfig: ExternalSourceFactoryConfig | None
    offlineGroupBy: GroupBy | None
    @overload
    def __init__(
        self,
        metadata: MetaData | None = ...,
        keySchema: TDataType | None = ...,
        valueSchema: TDataType | None = ...,
        factoryConfig: ExternalSourceFactoryConfig | None = ...,
        offlineGroupBy: GroupBy | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        key_schema: TDataType | None = ...,
        value_schema: TDataType | None = ...,
        factory_config: ExternalSourceFactoryConfig | None = ...,
        offline_group_by: GroupBy | None = ...,
    ) -> None: ...

class Window(Struct):
    """How far back an aggregation looks."""

    length: int | None
    timeUnit: int | None
    @overload
    def __init__(
        self,
        length: int | None = ...,
        timeUnit: int | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        length: int | None = ...,
        time_unit: int | None = ...,
    ) -> None: ...

class Aggregation(Struct):
    """An operation on a column, over windows, by buckets."""

    inputColumn: str | None
    operation: int | None
    argMap: dict[str, str] | None
    windows: list[Window] | None
    buckets: list[str] | None
    elementWise: bool | None
    @overload
    def __init__(
        self,
        inputColumn: str | None = ...,
        operation: int | None = ...,
        argMap: dict[str, str] | None = ...,
        windows: list[Window] | None = ...,
        buckets: list[str] | None = ...,
        elementWise: bool | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        input_column: str | None = ...,
        operation: int | None = ...,
        arg_map: dict[str, str] | None = ...,
        windows: list[Window] | None = ...,
        buckets: list[str] | None = ...,
        element_wise: bool | None = ...,
    ) -> None: ...

class AggregationPart(Struct):
    """One window and bucket of an aggregation."""

    inputColumn: str | None
    operation: int | None
    argMap: dict[str, str] | None
    window: Window | None
    bucket: str | None
    elementWise: bool | None
    @overload
    def __init__(
        self,
        inputColumn: str | None = ...,
        operation: int | None = ...,
        argMap: dict[str, str] | None = ...,
        window: Window | None = ...,
        bucket: str | None = ...,
        elementWise: bool | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        input_column: str | None = ...,
        operation: int | None = ...,
        arg_map: dict[str, str] | None = ...,
        window: Window | None = ...,
        bucket: str | None = ...,
        element_wise: bool | None = ...,
    ) -> None: ...

class MetaData(Struct):
    """What is said about a definition."""

    name: str | None
    online: bool | None
    production: bool | None
    customJson: str | None
    dependencies: list[str] | None
    tableProperties: dict[str, str] | None
    outputNamespace: str | None
    team: str | None
    modeToEnvMap: dict[str, dict[str, str]] | None
    consistencyCheck: bool | None
    samplePercent: float | None
    offlineSchedule: str | None
    consistencySamplePercent: float | None
    historicalBackfill: bool | None
    deprecationDate: str | None
    description: str | None
    @overload
    def __init__(
        self,
        name: str | None = ...,
        online: bool | None = ...,
        production: bool | None = ...,
        customJson: str | None = ...,
        dependencies: list[str] | None = ...,
        tableProperties: dict[str, str] | None = ...,
        outputNamespace: str | None = ...,
        team: str | None = ...,
        modeToEnvMap: dict[str, dict[str, str]] | None = ...,
        consistencyCheck: bool | None = ...,
        samplePercent: float | None = ...,
        offlineSchedule: str | None = ...,
        consistencySamplePercent: float | None = ...,
        historicalBackfill: bool | None = ...,
        deprecationDate: str | None = ...,
        description: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        name: str | None = ...,
        online: bool | None = ...,
        production: bool | None = ...,
        custom_json: str | None = ...,
        dependencies: list[str] | None = ...,
        table_properties: dict[str, str] | None = ...,
        output_namespace: str | None = ...,
        team: str | None = ...,
        mode_to_env_map: dict[str, dict[str, str]] | None = ...,
        consistency_check: bool | None = ...,
        sample_percent: float | None = ...,
        offline_schedule: str | None = ...,
        consistency_sample_percent: float | None = ...,
        historical_backfill: bool | None = ...,
        deprecation_date: str | None = ...,
        description: str | None = ...,
    ) -> None: ...

class GroupBy(Struct, Verbs):
    """Features of one kind of key, from one kind of source."""

    metaData: MetaData | None
    sources: list[Source] | None
    keyColumns: list[str] | None
    aggregations: list[Aggregation] | None
    accuracy: int | None
    backfillStartDate: str | None
    derivations: list[Derivation] | None
    isIncremental: bool | None
    @overload
    def __init__(
        self,
        metaData: MetaData | None = ...,
        sources: list[Source] | None = ...,
        keyColumns: list[str] | None = ...,
        aggregations: list[Aggregation] | None = ...,
        accuracy: int | None = ...,
        backfillStartDate: str | None = ...,
        derivations: list[Derivation] | None = ...,
        isIncremental: bool | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        sources: list[Source] | None = ...,
        key_columns: list[str] | None = ...,
        aggregations: list[Aggregation] | None = ...,
        accuracy: int | None = ...,
        backfill_start_date: str | None = ...,
        derivations: list[Derivation] | None = ...,
        is_incremental: bool | None = ...,
    ) -> None: ...

class JoinPart(Struct):
    """A group-by as it is used in a join."""

    groupBy: GroupBy | None
    keyMapping: dict[str, str] | None
    prefix: str | None
    @overload
    def __init__(
        self,
        groupBy: GroupBy | None = ...,
        keyMapping: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        group_by: GroupBy | None = ...,
        key_mapping: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...

class ExternalPart(Struct):
    """An external source as it is used in a join."""

    source: ExternalSource | None
    keyMapping: dict[str, str] | None
    prefix: str | None
    @overload
    def __init__(
        self,
        source: ExternalSource | None = ...,
        keyMapping: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        source: ExternalSource | None = ...,
        key_mapping: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...

class Derivation(Struct):
    """A column computed from others."""

    name: str | None
    expression: str | None
    metaData: MetaData | None
    @overload
    def __init__(
        self,
        name: str | None = ...,
        expression: str | None = ...,
        metaData: MetaData | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        name: str | None = ...,
        expression: str | None = ...,
        metadata: MetaData | None = ...,
    ) -> None: ...

class Join(Struct, Verbs):
    """Features of several group-bys, put together for the rows of a left side."""

    metaData: MetaData | None
    left: Source | None
    joinParts: list[JoinPart] | None
    skewKeys: dict[str, list[str]] | None
    onlineExternalParts: list[ExternalPart] | None
    labelPart: LabelPart | None
    bootstrapParts: list[BootstrapPart] | None
    rowIds: list[str] | None
    derivations: list[Derivation] | None
    modelTransforms: ModelTransforms | None
    @overload
    def __init__(
        self,
        metaData: MetaData | None = ...,
        left: Source | None = ...,
        joinParts: list[JoinPart] | None = ...,
        skewKeys: dict[str, list[str]] | None = ...,
        onlineExternalParts: list[ExternalPart] | None = ...,
        labelPart: LabelPart | None = ...,
        bootstrapParts: list[BootstrapPart] | None = ...,
        rowIds: list[str] | None = ...,
        derivations: list[Derivation] | None = ...,
        modelTransforms: ModelTransforms | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        left: Source | None = ...,
        join_parts: list[JoinPart] | None = ...,
        skew_keys: dict[str, list[str]] | None = ...,
        online_external_parts: list[ExternalPart] | None = ...,
        label_part: LabelPart | None = ...,
        bootstrap_parts: list[BootstrapPart] | None = ...,
        row_ids: list[str] | None = ...,
        derivations: list[Derivation] | None = ...,
        model_transforms: ModelTransforms | None = ...,
    ) -> None: ...

class BootstrapPart(Struct):
    """Values that are taken from a table instead of being computed."""

    metaData: MetaData | None
    table: str | None
    query: Query | None
    keyColumns: list[str] | None
    @overload
    def __init__(
        self,
        metaData: MetaData | None = ...,
        table: str | None = ...,
        query: Query | None = ...,
        keyColumns: list[str] | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        table: str | None = ...,
        query: Query | None = ...,
        key_columns: list[str] | None = ...,
    ) -> None: ...

class LabelPart(Struct):
    """Labels that are joined to features later."""

    labels: list[JoinPart] | None
    leftStartOffset: int | None
    leftEndOffset: int | None
    metaData: MetaData | None
    @overload
    def __init__(
        self,
        labels: list[JoinPart] | None = ...,
        leftStartOffset: int | None = ...,
        leftEndOffset: int | None = ...,
        metaData: MetaData | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        labels: list[JoinPart] | None = ...,
        left_start_offset: int | None = ...,
        left_end_offset: int | None = ...,
        metadata: MetaData | None = ...,
    ) -> None: ...

class GroupByServingInfo(Struct):
    """What the original's fetcher knows of an uploaded group-by."""

    groupBy: GroupBy | None
    inputAvroSchema: str | None
    selectedAvroSchema: str | None
    keyAvroSchema: str | None
    batchEndDate: str | None
    dateFormat: str | None
    @overload
    def __init__(
        self,
        groupBy: GroupBy | None = ...,
        inputAvroSchema: str | None = ...,
        selectedAvroSchema: str | None = ...,
        keyAvroSchema: str | None = ...,
        batchEndDate: str | None = ...,
        dateFormat: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        group_by: GroupBy | None = ...,
        input_avro_schema: str | None = ...,
        selected_avro_schema: str | None = ...,
        key_avro_schema: str | None = ...,
        batch_end_date: str | None = ...,
        date_format: str | None = ...,
    ) -> None: ...

class DataField(Struct):
    """A named type."""

    name: str | None
    dataType: TDataType | None
    @overload
    def __init__(
        self,
        name: str | None = ...,
        dataType: TDataType | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        name: str | None = ...,
        data_type: TDataType | None = ...,
    ) -> None: ...

class TDataType(Struct):
    """A declared type."""

    kind: int | None
    params: list[DataField] | None
    name: str | None
    def __init__(
        self,
        kind: int | None = ...,
        params: list[DataField] | None = ...,
        name: str | None = ...,
    ) -> None: ...

class InferenceSpec(Struct):
    """Which backend runs a model."""

    modelBackend: str | None
    modelBackendParams: dict[str, str] | None
    @overload
    def __init__(
        self,
        modelBackend: str | None = ...,
        modelBackendParams: dict[str, str] | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        model_backend: str | None = ...,
        model_backend_params: dict[str, str] | None = ...,
    ) -> None: ...

class Model(Struct):
    """A model that turns features into values."""

    metaData: MetaData | None
    inferenceSpec: InferenceSpec | None
    inputSchema: TDataType | None
    outputSchema: TDataType | None
    @overload
    def __init__(
        self,
        metaData: MetaData | None = ...,
        inferenceSpec: InferenceSpec | None = ...,
        inputSchema: TDataType | None = ...,
        outputSchema: TDataType | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        metadata: MetaData | None = ...,
        inference_spec: InferenceSpec | None = ...,
        input_schema: TDataType | None = ...,
        output_schema: TDataType | None = ...,
    ) -> None: ...

class ModelTransform(Struct):
    """A model as it is used in a join."""

    model: Model | None
    inputMappings: dict[str, str] | None
    outputMappings: dict[str, str] | None
    prefix: str | None
    @overload
    def __init__(
        self,
        model: Model | None = ...,
        inputMappings: dict[str, str] | None = ...,
        outputMappings: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        model: Model | None = ...,
        input_mappings: dict[str, str] | None = ...,
        output_mappings: dict[str, str] | None = ...,
        prefix: str | None = ...,
    ) -> None: ...

class ModelTransforms(Struct):
    """The models of a join."""

    transforms: list[ModelTransform] | None
    passthroughFields: list[str] | None
    @overload
    def __init__(
        self,
        transforms: list[ModelTransform] | None = ...,
        passthroughFields: list[str] | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        transforms: list[ModelTransform] | None = ...,
        passthrough_fields: list[str] | None = ...,
    ) -> None: ...
