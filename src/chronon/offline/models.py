"""Models in batch: the table of a join's features, and beside them what its models make of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.naming import features_table, output_table
from chronon.base.errors import MissingDataError
from chronon.models.registry import backend_of
from chronon.offline.adopt import adopt
from chronon.offline.partitions import HASH, Inputs, requested, stamp, with_stamp
from chronon.offline.result import Backfill, Progress, Silent
from chronon.plan.hashes import digest, output_hash
from chronon.plan.models import ModelsPlan, TransformPlan, plan_models
from chronon.plan.ranges import missing

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import DataType
    from chronon.engine.protocol import Engine
    from chronon.models.protocol import LoadedModel


def backfill_models(
    join: structs.Join,
    engine: Engine,
    repo: Path,
    *,
    start: str | None = None,
    end: str,
    only: Sequence[str] | None = None,
    run_first_hole: bool = False,
    keep_outdated: bool = False,
    progress: Progress | None = None,
) -> Backfill:
    """Run the models of a join over the partitions of its features that have not been through them.

    Parameters
    ----------
    join:
        With its models; its own backfill has written ``<table>_pre_mt``.
    engine:
        Where the features are.
    repo:
        The folder in which the models lie.
    start, end:
        The first and last partition; all features if ``start`` is ``None``.
    only:
        The names of the models that run; all if ``None``.
    run_first_hole:
        Fill also what lies before the first partition that is there.
    keep_outdated:
        Partitions that other models or another definition have made stay, from now on as if these had made them.
    progress:
        Told of each day.
    """
    watch = progress or Silent()
    table, features = output_table(join), features_table(join)
    if not engine.warehouse.exists(features):
        raise MissingDataError(f"there is no table {features} of the features", mend="backfill the join first")
    spec = engine.partitions_spec
    columns = {name: kind for name, kind in engine.columns(features).items() if name != spec.column}
    plan = plan_models(join, columns, only)
    loaded = [backend_of(one.model).load(one.model, repo) for one in plan.transforms]
    now = models_hash(join, plan, loaded)
    result = Backfill(table)
    with engine.warehouse.writing(table):
        if keep_outdated:
            result.notes += adopt(table, now, engine)
        available = engine.partitions(features, spec.column)
        stamps = engine.warehouse.stamps(table, spec.column)
        outdated = {ds: marks[HASH] for ds, marks in stamps.items() if marks.get(HASH, now) != now}
        existing = stamps.keys() - outdated.keys()
        days = requested(join, start, end, available, None, engine)
        todo = missing(days, existing, set(available), skip_first_hole=not run_first_hole)
        result.present = sum(ds in existing for ds in days)
        inputs = Inputs({features: (engine.warehouse.files(features), spec.column, 0)})
        for number, ds in enumerate(todo):
            watch.step(f"{ds}: {', '.join(one.name for one in plan.transforms)}", number, len(todo))
            if ds in outdated:
                engine.warehouse.archive(table, (spec.column, ds), f"{table}_{outdated[ds][:8]}")
            schema = with_stamp(plan.outputs, {**stamp(join, ds, inputs, engine), HASH: now})
            rows = engine.query(f"SELECT * FROM {features} WHERE {spec.column} = '{ds}'")  # noqa: S608 - our names
            batches = inputs.still(_outputs(plan, loaded, rows, schema), [ds], engine)
            result.rows += engine.warehouse.publish(table, (spec.column, ds), batches, schema)
            result.filled.append(ds)
    return result


def models_hash(join: structs.Join, plan: ModelsPlan, loaded: Sequence[LoadedModel]) -> str:
    """The hash of what the models of a join write: which function or file each is counts, and what that holds."""
    from chronon.api.wire import to_data

    models = [
        [
            one.name,
            sorted(one.inputs.items()),
            sorted(one.outputs.items()),
            [
                to_data(part)
                for part in (one.model.inferenceSpec, one.model.inputSchema, one.model.outputSchema)
                if part
            ],
            model.version,
        ]
        for one, model in zip(plan.transforms, loaded, strict=True)
    ]
    return digest([output_hash(join), models, list(plan.kept)])


def _outputs(
    plan: ModelsPlan, loaded: Sequence[LoadedModel], rows: pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in rows:
        columns = {name: batch.column(name) for name in plan.kept}
        for transform, model in zip(plan.transforms, loaded, strict=True):
            given = model.predict(_inputs(transform, batch))
            columns |= {column: given.column(name) for name, column in transform.outputs.items()}
        arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _inputs(transform: TransformPlan, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns that a model reads, in the types that it declares."""
    import pyarrow as pa

    from chronon.api.datatypes import logical
    from chronon.base.arrow import to_arrow

    declared: dict[str, DataType] = {
        field.name or "": logical(field.dataType or structs.TDataType())
        for field in (transform.model.inputSchema or structs.TDataType()).params or []
    }
    arrays = [batch.column(column).cast(to_arrow(declared[name])) for name, column in transform.inputs.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(transform.inputs))
