"""Ties between the images of an entity that was updated in place, in recorded joins.

Both images have one time. Which of them FIRST, LAST and their kin take depends in the original on how the job was
executed (deviation Q13), so where the tie decides, a recorded value says nothing, and our own order is expected as the
oracle has it. All other values of such a column are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chronon.base.time import DAY_MS, day_of, floor
from chronon.plan.changes import OWN_TIME, REVERSAL
from chronon.plan.derivations import quoted
from chronon.testing.columns import Row
from chronon.testing.oracle import Oracle
from chronon.testing.tolerance import differences

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.plan.join import JoinPlan, PartPlan
    from chronon.plan.scans import Scan


def decided_by_tie(plan: JoinPlan, engine: Engine, left: Mapping[str, Any], column: str, value: Any) -> bool:
    """Whether a tie between images decides over a value, and it is the oracle's.

    Parameters
    ----------
    plan:
        The join.
    engine:
        Has its tables.
    left:
        A row of the output: its keys and its time are read.
    column:
        A column of the output.
    value:
        What we have computed.
    """
    for part in plan.parts:
        name = _computed(part, column)
        if name is None or not part.changes or part.plan.sequenced:
            continue
        key = {own: left[its] for own, its in part.keys.items()}
        at = left["ts"]
        if at is None or None in key.values():
            return False
        begun = floor(at, DAY_MS)
        snapshot = list(_rows(part, part.plan.scans, engine, key, day_of(begun - DAY_MS)))
        changes = list(_rows(part, part.changes, engine, key, day_of(begun)))
        oracle = Oracle(part.plan.definition.aggregations or [], part.plan.selected)
        ours, forth, back = (
            oracle.mutations(snapshot, [_placed(row, direction) for row in changes], begun, at)[name]
            for direction in (0, 1, -1)
        )
        return bool(differences(forth, back)) and not differences(ours, value, relative=1e-9)
    return False


def _computed(part: PartPlan, column: str) -> str | None:
    """The aggregation that becomes an output column as it is."""
    name = next((name for name, shown in part.columns.items() if shown == column), None)
    derived = part.plan.derivations
    return name if name is None or derived is None or derived[name] == quoted(name) else None


def _placed(row: Row, direction: int) -> Row:
    """A change with its place among rows of one time: none, in the order in which they were made, or the reverse."""
    return replace(row, sequence=direction * (row.mutation_ts or 0))


def _rows(part: PartPlan, scans: Sequence[Scan], engine: Engine, key: Mapping[str, Any], ds: str) -> Iterator[Row]:
    for scan in scans:
        for row in engine.rows_of_key(part.plan, scan, key, (ds, ds)).to_pylist(maps_as_pydicts="strict"):
            values = {name: row[name] for name in part.plan.selected if name in row}
            if scan in part.changes:
                yield Row(row[OWN_TIME], values, mutation_ts=row["__ts"], is_before=bool(row[REVERSAL]))
            else:
                yield Row(row["__ts"], values)
