"""What a backfill reads, without reading it: for each table the partitions that the wanted days can see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chronon.base.time import Partitions
from chronon.plan.group_by import GroupByPlan
from chronon.plan.join import AsOf, JoinPlan
from chronon.plan.ranges import first_partition
from chronon.plan.scans import ENTITIES, Scan

_SNAPSHOTS = {
    AsOf.INSTANT: "the snapshot of the {unit} before",
    AsOf.MIDNIGHT: "the snapshot of the day before",
    AsOf.PARTITION_END: "the snapshot of its {unit}",
}


@dataclass(frozen=True)
class Reads:
    """One table as a job reads it.

    Parameters
    ----------
    role:
        What for: ``left side``, a part's group-by, a bootstrap table.
    sees:
        What a row or a day sees of it, in words.
    scan:
        What is read.
    first, last:
        The first and last partition; ``None`` for no bound.
    """

    role: str
    sees: str
    scan: Scan
    first: str | None
    last: str | None

    @property
    def columns(self) -> list[str]:
        """The columns of the table that are read."""
        from chronon.sql import parse

        texts = [*self.scan.selects.values(), *self.scan.wheres, *([self.scan.time] if self.scan.time else [])]
        named = {name for text in texts for name in parse(text).columns}
        return [name for name in self.scan.schema if name in named]


def reads_of_join(plan: JoinPlan, days: Sequence[str], spec: Partitions) -> Iterator[Reads]:
    """The tables of a join's backfill for some days, ascending; of parts that are seen alike, each table once."""
    if not days:
        return
    yield Reads("left side", "its own partition", plan.left, days[0], days[-1])
    for table in plan.given.tables:
        yield Reads("bootstrap", "its own partition", table.scan, days[0], days[-1])
    for part in plan.parts:
        if part.plan.kind == ENTITIES:
            sees = _SNAPSHOTS[part.as_of].format(unit=spec.unit)
            yield from _scans(part.plan, sees, part.seen(days[0], spec), part.seen(days[-1], spec))
            since = "midnight" if spec.unit == "day" else "its hour began"
            for scan in part.changes:
                yield Reads(part.plan.name, f"changes since {since}", scan, days[0], days[-1])
            continue
        widest = part.plan.aggregator.widest_window if part.plan.aggregator is not None else 0
        earliest = part.as_of.instant(spec.start(days[0]), spec)
        yield from _scans(part.plan, f"rows before {part.as_of.value}", first_partition(earliest, widest, spec), None)


def reads_of_group_by(plan: GroupByPlan, days: Sequence[str], spec: Partitions) -> Iterator[Reads]:
    """The tables of a group-by's backfill for some days, ascending."""
    if not days:
        return
    if plan.kind == ENTITIES:
        yield from _scans(plan, f"the snapshot of its {spec.unit}", days[0], days[-1])
        return
    widest = plan.aggregator.widest_window if plan.aggregator is not None else 0
    sees = f"rows before the end of its {spec.unit}"
    yield from _scans(plan, sees, first_partition(spec.end(days[0]), widest, spec), None)


def _scans(plan: GroupByPlan, sees: str, first: str | None, last: str | None) -> Iterator[Reads]:
    for scan in plan.scans:
        yield Reads(plan.name, sees, scan, first, last)
