"""The compiled algebra on its own: rows of one key straight into ``Aggregator``, without tables, engine or store."""

from __future__ import annotations

from typing import Any

from chronon.base.time import DAY_MS
from chronon.testing.algebra import Algebra
from chronon.testing.golden.cases import Case, Target
from chronon.testing.golden.paths import Answer


class KernelPath:
    """Backfills by ``run``, those of entities by ``changes``, serving by ``uploads`` and ``serving``."""

    name = "kernel"
    modes = frozenset({"temporal", "snapshot", "online", "mutations"})

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        algebra = Algebra(case.aggregations, case.schema, definition=case.name)
        ask = {"online": _fetch, "mutations": _changed}.get(mode, _backfill)
        return Answer(algebra.outputs, ask(algebra, case, target))


def _backfill(algebra: Algebra, case: Case, target: Target) -> list[list[Any]]:
    """The answers at all times of the target, in one pass."""
    times = sorted(target.times)
    answers = algebra.run({0: case.rows}, [(0, at) for at in times])
    found = dict(zip(times, answers, strict=True))
    return [list(found[at].values()) for at in target.times]


def _fetch(algebra: Algebra, case: Case, target: Target) -> list[list[Any] | None]:
    """A fetch at each time, ``None`` where that is before the batch end. The stream has the rows of the batch too."""
    return [
        None
        if at < target.batch_end
        else list(algebra.visible(case.rows, case.rows, target.batch_end, at, stale_after=target.stale_after).values())
        for at in target.times
    ]


def _changed(algebra: Algebra, case: Case, target: Target) -> list[list[Any] | None]:
    """The queries of the day after the snapshot in one backfill; later ones, which a backfill has not, by fetches."""
    of_day = [at for at in target.times if target.batch_end <= at < target.batch_end + DAY_MS]
    found = dict(zip(of_day, algebra.point_in_time(case.rows, case.changes, target.batch_end, of_day), strict=True))
    for at in target.times:
        if at >= target.batch_end + DAY_MS:
            found[at] = algebra.mutations(case.rows, case.changes, target.batch_end, at, stale_after=target.stale_after)
    return [list(found[at].values()) if at in found else None for at in target.times]
