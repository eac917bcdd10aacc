"""The upload: the state of every key as of a midnight, published to the store that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.naming import name_of, slashed
from chronon.api.provenance import place_of
from chronon.base.errors import MissingDataError, raise_all
from chronon.base.time import DAY_MS
from chronon.offline.incremental import with_partials
from chronon.offline.join import STEP_DAYS, backfill_parents
from chronon.offline.partitions import Inputs, gaps, untimed
from chronon.offline.result import Progress, Silent, Upload
from chronon.plan.functions import function_failures
from chronon.plan.group_by import GroupByPlan, plan_group_by
from chronon.plan.hashes import batch_hash, row_hash
from chronon.plan.ranges import bounded, first_partition
from chronon.plan.scans import ENTITIES, Scan

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine
    from chronon.store.protocol import KVStore
    from chronon.store.serving_info import GroupByInfo

STALE_AFTER = 2 * DAY_MS
"""For how long after its batch end an upload answers exactly without a newer one, in ms."""


def upload_join(
    join: structs.Join, engine: Engine, store: KVStore, *, ds: str, progress: Progress | None = None
) -> list[Upload]:
    """Upload every group-by of a join, then the join itself, so that it can be fetched by name."""
    from chronon.api.wire import to_json

    watch = progress or Silent()
    group_bys = group_bys_of(join)
    done: list[Upload] = []
    for group_by in group_bys:
        watch.step(f"uploading {name_of(group_by)}", len(done), len(group_bys))
        done.append(upload_group_by(group_by, engine, store, ds=ds))
    store.put_meta({f"joins/{slashed(name_of(join))}": to_json(join).encode()})
    return done


def group_bys_of(join: structs.Join) -> list[structs.GroupBy]:
    """The group-bys of a join, each once however many parts it is."""
    found = {name_of(part.groupBy): part.groupBy for part in join.joinParts or [] if part.groupBy is not None}
    return list(found.values())


def upload_group_by(
    group_by: structs.GroupBy, engine: Engine, store: KVStore, *, ds: str, stale_after: int = STALE_AFTER
) -> Upload:
    """Publish what serving needs of all keys as of the end of ``ds``.

    The records are written aside first; readers see them from one instant on, all of them or none.

    Parameters
    ----------
    group_by:
        With its name.
    engine, store:
        Where the rows are and where the records go.
    ds:
        The last partition that counts; the batch ends at its midnight.
    stale_after:
        For how long after that (ms) windows stay exact without a newer upload.

    Raises
    ------
    MissingDataError
        If a source lacks the partition ``ds``.
    """
    from chronon.store.layouts import describe
    from chronon.store.names import batch_dataset
    from chronon.store.serving_info import encode

    told = backfill_parents(group_by, engine, end=ds, step_days=STEP_DAYS, progress=Silent())
    plan = plan_group_by(group_by, engine)
    _require_day(plan, ds, engine)
    batch_end = engine.partitions_spec.end(ds)
    dataset = batch_dataset(plan.name)
    info = serving_info(plan, batch_end, stale_after)
    generation = f"{ds}-{info.batch_hash[:12]}"
    window = plan.aggregator.widest_window if plan.aggregator is not None else 0
    inputs = Inputs.of([(scan, 0 if plan.kind == ENTITIES else window) for scan in plan.scans], engine)
    ready = plan if _temporal(plan) else with_partials(plan, batch_end, engine, Silent())
    rows = store.bulk_put(dataset, generation, _records(plan, info, engine.upload(ready, ds, stale_after)))
    inputs.require_same([ds], engine)
    if _temporal(plan) and plan.aggregator is not None:
        layout = plan.aggregator.layout
        describe(store, plan.name, layout.hash, layout.description)
    store.publish(dataset, generation, encode(info))
    spec = engine.partitions_spec
    first = ds if plan.kind == ENTITIES else first_partition(batch_end, window, spec)
    left_out = untimed(plan.scans, first, ds if plan.kind == ENTITIES else None, engine)
    notes = [
        *told,
        *gaps(plan, first, ds, engine),
        *(f"{rows:,} {reason}" for reason, rows in left_out.items() if rows),
        *function_failures(),
    ]
    return Upload(dataset, generation, rows, batch_end, tuple(notes))


def serving_info(plan: GroupByPlan, batch_end: int, stale_after: int) -> GroupByInfo:
    """What a fetcher must know of a group-by."""
    from chronon.api.wire import to_json
    from chronon.store.serving_info import GroupByInfo

    return GroupByInfo(
        name=plan.name,
        definition=to_json(plan.definition),
        batch_end=batch_end,
        stale_after=stale_after,
        record="temporal" if _temporal(plan) else "values",
        keys={name: str(kind) for name, kind in plan.keys.items()},
        selected={name: str(kind) for name, kind in plan.selected.items()},
        outputs={name: str(kind) for name, kind in plan.raw_outputs.items()},
        row_hash=row_hash(plan.definition),
        batch_hash=batch_hash(plan.definition),
        sources=[_read_columns(scan) for scan in plan.scans],
    )


def _read_columns(scan: Scan) -> dict[str, str]:
    """The columns of a table that a scan's expressions read, with their types."""
    from chronon.sql import parse

    texts = [*scan.selects.values(), *scan.wheres, *([scan.time] if scan.time is not None else [])]
    named = {name for text in texts for name in parse(text).columns}
    return {name: str(kind) for name, kind in scan.schema.items() if name in named}


def _temporal(plan: GroupByPlan) -> bool:
    return plan.accuracy == Accuracy.TEMPORAL and plan.aggregator is not None


def _records(plan: GroupByPlan, info: GroupByInfo, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from chronon.store.keys import encode_columns
    from chronon.store.records import encode_rows

    types = list(plan.keys.values())
    for batch in batches:
        keys = encode_columns([batch.column(name) for name in plan.keys], types)
        if info.record == "temporal":
            values = batch.column("__value")
        else:
            values = encode_rows([batch.column(name) for name in plan.raw_outputs])
        records = pa.record_batch({"key": keys, "value": values})
        yield records.filter(keys.is_valid()) if keys.null_count else records


def _require_day(plan: GroupByPlan, ds: str, engine: Engine) -> None:
    """Each source has the partition ``ds``, unless it ended before."""
    problems: list[MissingDataError] = []
    for number, scan in enumerate(plan.scans):
        if scan.partition is None or scan.cumulative or (scan.end is not None and scan.end < ds):
            continue
        present = bounded(engine.partitions(scan.table, scan.partition, dict(scan.subs)), scan.start, scan.end)
        if ds not in present:
            problems.append(
                MissingDataError(
                    f"{scan.table} has no partition {scan.partition}={ds}",
                    place=place_of(plan.definition, f"sources[{number}]"),
                    expected=f"one of {present[0]} to {present[-1]}" if present else "partitions",
                    mend="wait for it, or upload an earlier day with --ds",
                )
            )
    raise_all(problems)
