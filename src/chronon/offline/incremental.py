"""Partial aggregates by day, kept beside a group-by's table, so that the next day does not read all rows again.

The table ``<output>_daily_inc`` has a partition for each partition of the sources: the rows that landed in it, as one
state for each key and day. Rows that landed late are so never lost, and a partition is computed once, unless its input
has been rewritten or the definition means something else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronon.aggregate.partials import DAY
from chronon.api.naming import output_table
from chronon.base.arrow import schema_to_arrow
from chronon.offline.partitions import HASH, Inputs
from chronon.offline.result import Progress
from chronon.plan.group_by import GroupByPlan
from chronon.plan.hashes import row_hash
from chronon.plan.ranges import bounded, first_partition
from chronon.plan.scans import Scan

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine


def partials_table(plan: GroupByPlan) -> str:
    """Where the partial aggregates of a group-by are kept."""
    return f"{output_table(plan.definition)}_daily_inc"


def with_partials(
    plan: GroupByPlan, earliest: int, engine: Engine, progress: Progress, *, keep: bool = False
) -> GroupByPlan:
    """The plan of a group-by, answered from its partial aggregates; what is missing of them is computed first.

    Parameters
    ----------
    plan:
        Of the group-by. Without ``keep`` only one that is declared incremental keeps partial aggregates; any other, and
        one that cannot, is returned as it is.
    earliest:
        The first instant that will be asked for, in ms.
    engine, progress:
        Where it runs, and who is told.
    keep:
        Whether this job keeps partial aggregates of every group-by that can have some.
    """
    if not (plan.definition.isIncremental or keep) or not plan.can_keep_partials or plan.aggregator is None:
        return plan
    if engine.warehouse.as_of is not None:  # what had arrived by then is not what later runs may use
        return plan
    import json

    table, spec = partials_table(plan), engine.partitions_spec
    first = first_partition(earliest, plan.aggregator.widest_window, spec)
    days = sorted({ds for scan in plan.scans for ds in _partitions(scan, engine)})
    wanted = bounded(days, first, None)
    with engine.warehouse.writing(table):
        made_by = _made_by(plan)
        stamps = engine.warehouse.stamps(table, spec.column)
        inputs = Inputs.of([(scan, 0) for scan in plan.scans], engine)
        schema = _schema(plan)
        for number, ds in enumerate(wanted):
            stamp = {
                HASH: made_by,
                "inputs": json.dumps(inputs.of_partition(ds, engine.warehouse.digests), sort_keys=True),
            }
            known = stamps.get(ds, {})
            if all(known.get(name) == value for name, value in stamp.items()):
                continue
            progress.step(f"{table}: {ds}", number, len(wanted))
            stamped = schema.with_metadata({f"chronon.{name}": value for name, value in stamp.items()})
            rows = inputs.still(engine.partials(plan, ds), [ds], engine)
            engine.warehouse.publish(table, (spec.column, ds), rows, stamped)
    return replace(plan, partials=table)


def _partitions(scan: Scan, engine: Engine) -> list[str]:
    column = scan.partition or engine.partitions_spec.column
    return bounded(engine.partitions(scan.table, column, dict(scan.subs)), scan.start, scan.end)


def _schema(plan: GroupByPlan) -> pa.Schema:
    import pyarrow as pa

    assert plan.aggregator is not None  # noqa: S101 - the caller asked
    columns = schema_to_arrow(plan.keys)
    for name, kind in {DAY: pa.int64(), **plan.aggregator.partials.states}.items():
        columns = columns.append(pa.field(name, kind))
    return columns


def _made_by(plan: GroupByPlan) -> str:
    """What the states are of: rows, keys, and bases in their order; windows do not matter."""
    from hashlib import blake2b

    assert plan.aggregator is not None  # noqa: S101 - the caller asked
    bases = [base.identity for base in plan.aggregator.layout.bases]
    keys = [f"{name} {kind}" for name, kind in plan.keys.items()]
    text = "\n".join([row_hash(plan.definition), *keys, *bases])
    return blake2b(text.encode(), digest_size=16).hexdigest()
