"""The ways in which the project answers a case. A path is pluggable: it has a name, modes, and an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chronon.base.errors import RequestError
from chronon.base.types import DataType
from chronon.testing.golden.cases import Case, Target
from chronon.testing.oracle import Oracle


@dataclass(frozen=True)
class Answer:
    """Output columns with their types, and a row of values for each time asked; ``None`` for a refused request."""

    outputs: Mapping[str, DataType]
    rows: Sequence[Sequence[Any] | None]


class Path(Protocol):
    """One way from a case to its values."""

    name: str
    modes: frozenset[str]
    """The modes that it computes, of ``cases.MODES``."""

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        """The values at ``target.times``. Raises a ``ChrononError`` where it refuses the definition."""
        ...


class OraclePath:
    """The naive oracle, in all modes: shows that the oracle itself is right."""

    name = "oracle"
    modes = frozenset({"temporal", "snapshot", "online", "mutations"})

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        oracle = Oracle(case.aggregations, case.schema)
        ask: dict[str, Callable[[int], dict[str, Any]]] = {
            "temporal": lambda at: oracle.at(case.rows, at),
            "snapshot": lambda at: oracle.snapshot(case.rows, at),
            "online": lambda at: oracle.visible(
                case.rows, case.rows, target.batch_end, at, stale_after=target.stale_after
            ),
            "mutations": lambda at: oracle.mutations(case.rows, case.changes, target.batch_end, at),
        }
        return Answer(oracle.outputs, [_row(ask[mode], at) for at in target.times])


def _row(ask: Callable[[int], dict[str, Any]], at: int) -> list[Any] | None:
    try:
        return list(ask(at).values())
    except RequestError:
        return None


def _kernel() -> Path:
    from chronon.testing.golden.kernel import KernelPath

    return KernelPath()


def _backfill() -> Path:
    from chronon.testing.golden.real import BackfillPath

    return BackfillPath()


def _serving() -> Path:
    from chronon.testing.golden.real import ServingPath

    return ServingPath()


PATHS: Mapping[str, Callable[[], Path]] = {
    "oracle": OraclePath,
    "kernel": _kernel,
    "backfill": _backfill,
    "serving": _serving,
}
"""Every path by its name; what it needs is imported when it is made."""
