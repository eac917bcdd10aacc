"""Labels, joined to the rows of a join when they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.provenance import place_of
from chronon.base.errors import MissingDataError
from chronon.base.time import DAY_MS
from chronon.offline.partitions import Inputs, gaps, stamp, untimed, with_stamp
from chronon.offline.result import Backfill, Progress, Silent
from chronon.offline.reuse import part_inputs
from chronon.plan.join import PartPlan
from chronon.plan.labels import LABEL_DS, LabelPlan, plan_labels
from chronon.plan.ranges import first_partition
from chronon.plan.scans import EVENTS

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine


def backfill_labels(join: structs.Join, engine: Engine, *, label_ds: str, progress: Progress | None = None) -> Backfill:
    """Join what is known at the end of a day to the left rows that lie the labels' offsets before it.

    Writes the partition ``label_ds`` of ``<join>_labels``, and renews two views: ``<join>_labeled``, each row of the
    join's table with each version of its labels, and ``<join>_labeled_latest``, with the last version only. Run twice,
    it leaves the same.

    Parameters
    ----------
    join:
        With its labels; its own table must be there, as the views read it.
    engine:
        Where it runs.
    label_ds:
        The day as of whose end the labels are taken.
    progress:
        Told of each step.
    """
    watch = progress or Silent()
    plan = plan_labels(join, engine)
    if not engine.warehouse.exists(plan.table):
        raise MissingDataError(
            f"there is no table {plan.table} of the features", mend=f"chronon backfill {plan.join.name} first"
        )
    result = Backfill(plan.labels)
    days = _days(plan, label_ds, result, engine)
    parts = plan.join.parts
    for number, part in enumerate(parts):
        watch.step(f"labels of {part.plan.name}", number, len(parts) + 1)
        _values(join, plan, part, label_ds, result, engine)
    result.notes += [f"derivations of {name} are not computed for labels" for name in plan.underived]
    watch.step(f"{days[0]} to {days[-1]}: {plan.labels}", len(parts), len(parts) + 1)
    left = plan.join.left, plan.start_offset * DAY_MS
    inputs = Inputs.of([left, *(read for part in parts for read in part_inputs(part))], engine)
    values = Inputs.named(((plan.part_table(part), LABEL_DS, 0) for part in parts), engine)
    schema = with_stamp(plan.columns, stamp(join, label_ds, inputs, engine))
    rows = engine.query(plan.query(days, label_ds, engine.partitions_spec))
    with engine.warehouse.writing(plan.labels):
        batches = (batch.select(schema.names).cast(schema) for batch in rows)
        same = values.still(inputs.only(left[0].table, 0).still(batches, days, engine), [label_ds], engine)
        result.rows = engine.warehouse.publish(plan.labels, (LABEL_DS, label_ds), same, schema)
    result.filled.append(label_ds)
    _views(join, plan, label_ds, engine)
    return result


def _days(plan: LabelPlan, label_ds: str, result: Backfill, engine: Engine) -> list[str]:
    """The days of the left side that get labels; those that it lacks are noted."""
    left, spec = plan.join.left, engine.partitions_spec
    wanted = plan.days(label_ds, spec)
    present = set(engine.partitions(left.table, left.partition or spec.column, dict(left.subs)))
    found = [ds for ds in wanted if ds in present and (left.start or ds) <= ds <= (left.end or ds)]
    if not found:
        raise MissingDataError(
            f"{left.table} has no partition from {wanted[0]} to {wanted[-1]}, whose labels {label_ds} gives",
            place=place_of(plan.join.definition, "left"),
        )
    if len(found) < len(wanted):
        result.notes.append(f"{left.table} has no rows for {len(wanted) - len(found)} of {len(wanted)} days")
    return found


def _values(
    join: structs.Join, plan: LabelPlan, part: PartPlan, label_ds: str, result: Backfill, engine: Engine
) -> None:
    """Write the values of a part for all keys, as of the end of the day: one row for each key."""
    spec = engine.partitions_spec
    events = part.plan.kind == EVENTS
    window = part.plan.aggregator.widest_window if part.plan.aggregator is not None else 0
    first = first_partition(spec.end(label_ds), window, spec) if events else label_ds
    for scan in part.plan.scans:
        if not events and label_ds not in engine.partitions(scan.table, scan.partition or spec.column, dict(scan.subs)):
            raise MissingDataError(f"{scan.table} has no snapshot of {label_ds}, which gives the labels")
    result.notes += gaps(part.plan, first, label_ds, engine)
    for reason, rows in untimed(part.plan.scans, first, label_ds, engine).items():
        result.count(reason, rows)
    table = plan.part_table(part)
    inputs = Inputs.of(part_inputs(part), engine)
    schema = with_stamp({**part.plan.keys, **part.plan.outputs}, stamp(join, label_ds, inputs, engine))
    with engine.warehouse.writing(table):
        for _, batches in inputs.unchanged(engine.snapshots(part.plan, [label_ds]), engine):
            if part.plan.aggregator is not None:
                engine.warehouse.publish(table, (LABEL_DS, label_ds), batches, schema)
                continue
            given = sum(batch.num_rows for batch in batches)
            rows = inputs.still(
                engine.upload(part.plan, label_ds, 0), [label_ds], engine
            )  # one row for each key, as in joins
            written = engine.warehouse.publish(table, (LABEL_DS, label_ds), rows, schema)
            result.count(f"rows of {part.plan.name} whose key has another row (left out)", given - written)


def _views(join: structs.Join, plan: LabelPlan, label_ds: str, engine: Engine) -> None:
    """Renew both views."""
    from chronon.engine.tables.view import View

    features = list(engine.columns(plan.table))
    queries = {f"{plan.table}_labeled": plan.view(features), f"{plan.table}_labeled_latest": plan.latest_view()}
    marks = {**stamp(join, label_ds, Inputs({}), engine), "feature_table": plan.table, "label_table": plan.labels}
    for name, query in queries.items():
        with engine.warehouse.writing(name):
            engine.warehouse.publish_view(name, View(query, marks))
