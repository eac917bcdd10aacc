"""Whether tables hold what the jobs of a definition need: they can be read, times are times, history reaches back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chronon.base import types as t
from chronon.base.errors import ChrononError, MissingDataError
from chronon.base.time import DAY_MS, Partitions
from chronon.plan.derivations import quoted
from chronon.plan.join import AsOf
from chronon.plan.ranges import bounded
from chronon.plan.scans import ENTITIES, Scan

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.plan.group_by import GroupByPlan

Outcome = Literal["ok", "failed", "warning", "not checked"]
OK: Outcome = "ok"
FAILED: Outcome = "failed"
WARNING: Outcome = "warning"
NOT_CHECKED: Outcome = "not checked"

EARLIEST, LATEST = 31_536_000_000, 4_102_444_799_999
"""What an instant in ms may be: 1971-01-01 to 2099-12-31."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    what:
        ``definition``, ``table``, ``timestamps`` or ``history``.
    of:
        The definition or the table.
    outcome:
        ``not checked`` where there is nothing to look at.
    detail:
        What is wrong, and what was expected.
    """

    what: str
    of: str
    outcome: Outcome
    detail: str = ""


def rows_of(scan: Scan, columns: Sequence[str], days: tuple[str, str] | None, engine: Engine) -> str:
    """The query of the rows of a scan: some of its columns, and its time in ms as ``__at`` if it has one."""
    selects = [f"{scan.selects[name]} AS {quoted(name)}" for name in columns]
    if scan.time is not None:
        selects.append(f"{in_ms(scan)} AS `__at`")
    conditions = [f"({where})" for where in scan.wheres]
    conditions += [f"{quoted(name)} = '{value}'" for name, value in scan.subs.items()]
    if days is not None and scan.partition is not None:
        within = bounded(
            engine.partitions(scan.table, scan.partition, dict(scan.subs)),
            max(filter(None, (days[0], scan.start))),
            min(filter(None, (days[1], scan.end))),
        )
        conditions.append(f"{quoted(scan.partition)} IN ({', '.join(map(repr, within)) or 'NULL'})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(selects) or '1 AS `__one`'} FROM {scan.table}{where}"


def in_ms(scan: Scan) -> str:
    """The time of a scan in ms, as an expression."""
    from chronon.sql import parse

    text = scan.time or "NULL"
    kind = parse(text).type(scan.schema)
    if kind in t.INTEGERS:
        return f"CAST({text} AS LONG)"
    return f"unix_millis(CAST({text} AS TIMESTAMP))"


def readable(scans: Iterable[Scan], engine: Engine) -> Iterator[Check]:
    """For each table whether its last partition can be read."""
    for scan in _once(scans):
        try:
            days = engine.partitions(scan.table, scan.partition, dict(scan.subs)) if scan.partition else []
            last = (days[-1], days[-1]) if days else None
            engine.query(f"{rows_of(scan, [*scan.selects], last, engine)} LIMIT 1").read_all()
        except MissingDataError as problem:
            yield Check("table", scan.table, NOT_CHECKED, problem.problem)
        except ChrononError as problem:
            yield Check("table", scan.table, FAILED, str(problem))
        else:
            yield Check("table", scan.table, OK, f"last partition {days[-1]}" if days else "")


def timestamps(scans: Iterable[Scan], days: tuple[str, str], engine: Engine) -> Iterator[Check]:
    """For each table with a time whether it is one, in the rows of some days."""
    for scan in _once(scans):
        if scan.time is None:
            continue
        good = f"count(CASE WHEN `__at` BETWEEN {EARLIEST} AND {LATEST} THEN 1 END)"
        try:
            query = f"SELECT count(*) AS n, {good} AS good FROM ({rows_of(scan, [], days, engine)}) AS r"
            (found,) = engine.query(query).read_all().to_pylist()
        except MissingDataError as problem:
            yield Check("timestamps", scan.table, NOT_CHECKED, problem.problem)
            continue
        except ChrononError as problem:
            yield Check("timestamps", scan.table, FAILED, str(problem))
            continue
        bad = found["n"] - found["good"]
        if not found["n"]:
            yield Check("timestamps", scan.table, NOT_CHECKED, f"no rows from {days[0]} to {days[1]}")
        elif bad:
            yield Check(
                "timestamps",
                scan.table,
                FAILED,
                f"{bad:,} of {found['n']:,} rows have no time from 1971 to 2099: {scan.time} must give milliseconds "
                "since 1970",
            )
        else:
            yield Check("timestamps", scan.table, OK, f"{found['n']:,} rows")


def history(plan: GroupByPlan, as_of: AsOf, first: str | None, engine: Engine, *, given: bool = False) -> Check:
    """Whether the tables of a group-by reach back as far as the first day that is to be computed sees.

    Parameters
    ----------
    plan:
        The group-by.
    as_of:
        Until when a row of that day sees it.
    first:
        That day; ``None`` if nothing is to be computed.
    engine:
        Where its tables are.
    given:
        Whether a bootstrap may give what is missing: then it is only a warning.
    """
    widest = plan.aggregator.widest_window if plan.aggregator is not None else None
    if first is None:
        return Check("history", plan.name, NOT_CHECKED, "there is no day to compute")
    if widest is None or any(scan.cumulative or scan.partition is None for scan in plan.scans):
        return Check("history", plan.name, NOT_CHECKED, "there is no bound: it reads all that is there")
    needed = _needed(plan.kind, as_of, first, widest, engine.partitions_spec)
    try:
        present = [
            ds
            for scan in plan.scans
            for ds in bounded(
                engine.partitions(scan.table, scan.partition or "", dict(scan.subs)), scan.start, scan.end
            )
        ]
    except MissingDataError as problem:
        return Check("history", plan.name, NOT_CHECKED, problem.problem)
    if present and min(present) <= needed:
        return Check("history", plan.name, OK, f"from {min(present)}, and {needed} is needed")
    detail = f"{first} needs the partitions from {needed} on; the first one is {min(present, default='not there')}"
    return Check("history", plan.name, WARNING if given else FAILED, detail)


def _needed(kind: str, as_of: AsOf, first: str, widest: int, spec: Partitions) -> str:
    """The first partition that is needed; of events as of a midnight one day more."""
    until = as_of.instant(spec.start(first), spec)
    if kind == ENTITIES:
        return spec.before(until)
    return spec.of(until - widest - (DAY_MS if as_of is AsOf.MIDNIGHT else 0))


def _once(scans: Iterable[Scan]) -> list[Scan]:
    """Scans that read the same in the same way, once."""
    return list({(s.table, s.time, s.wheres, tuple(s.subs.items()), s.start, s.end): s for s in scans}.values())
