"""The features of every key at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.base.arrow import compute
from chronon.base.errors import RequestError
from chronon.base.moments import instant_from
from chronon.base.types import LONG
from chronon.offline.features import Features, features_of_rows
from chronon.offline.frames import Frame
from chronon.offline.parents import require_parents
from chronon.plan.join import PartPlan
from chronon.plan.ranges import first_partition
from chronon.plan.rows import plan_rows, wanted
from chronon.plan.scans import ENTITIES, EVENTS

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.progress import Progress
    from chronon.engine.protocol import Engine


def features_of_everyone(
    definition: structs.Join | structs.GroupBy,
    engine: Engine,
    entities: str,
    rows: Any,
    ts: Any,
    *,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Features:
    """The features of every key that has any, at the instant ``ts``; see ``chronon.session.features``."""
    if entities != "all" or rows is not None or ts is None:
        raise RequestError("what is wanted is not clear", expected='either rows, or entities="all" with ts=...')
    at = instant_from(ts)
    keys = _keys(definition, engine, only, at)
    import pyarrow as pa

    if wanted(definition, engine, only).kind == EVENTS:
        asked = keys.append_column("ts", pa.array([at] * keys.num_rows, pa.int64()))
    else:
        spec = engine.partitions_spec
        asked = keys.append_column(spec.column, pa.array([spec.of(at)] * keys.num_rows, pa.string()))
    found = features_of_rows(definition, engine, asked, only=only, progress=progress)
    some = None
    for column in found.features.columns:
        valid = compute().is_valid(column)
        some = valid if some is None else compute().or_(some, valid)
    if some is None:
        return found
    found.frame = Frame(None, "", found.frame.table.filter(some))
    found.features = found.features.filter(some)
    return found


def _keys(definition: structs.Join | structs.GroupBy, engine: Engine, only: Sequence[str] | None, at: int) -> pa.Table:
    """The distinct keys that any part knows of before an instant, in order."""
    import pyarrow as pa

    asked = wanted(definition, engine, only)
    require_parents(asked.definition, engine)
    columns = {**asked.keys, **({"ts": LONG} if asked.kind == EVENTS else {})}
    plan = plan_rows(asked, columns, engine)
    differing = {tuple(sorted(part.keys.values())) for part in plan.parts}
    if len(differing) != 1:
        shown = "; ".join(sorted(", ".join(keys) for keys in differing))
        raise RequestError(
            f"the parts of {plan.name} have different keys ({shown}), so there is no list of all",
            mend="only=[...] of parts with one key, or features(entities='all') of each group-by",
        )
    tables = [_of_part(part, engine, at).select(list(asked.keys)) for part in plan.parts]
    together = pa.concat_tables(tables, promote_options="permissive")
    names = list(asked.keys)
    return together.group_by(names).aggregate([]).sort_by([(name, "ascending") for name in names])


def _of_part(part: PartPlan, engine: Engine, at: int) -> pa.Table:
    spec, plan = engine.partitions_spec, part.plan
    until = part.as_of.instant(at, spec)
    if plan.kind == ENTITIES:
        day = spec.before(until)
        found = engine.keys(plan, (day, day), None)
    else:
        window = plan.aggregator.widest_window if plan.aggregator is not None else 0
        found = engine.keys(plan, (first_partition(until, window, spec), None), until)
    return found.rename_columns([part.keys[key] for key in plan.keys])
