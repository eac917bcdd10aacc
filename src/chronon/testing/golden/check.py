"""Runs one case along one path and says what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chronon.base.errors import ChrononError
from chronon.testing.golden.cases import Case, Target
from chronon.testing.golden.paths import Answer, Path
from chronon.testing.near import Near
from chronon.testing.tolerance import Difference, differences


@dataclass(frozen=True)
class Failure:
    """One thing that a path got wrong."""

    case: str
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.case} [{self.path}] {self.problem}"


def applies(case: Case, path: Path) -> bool:
    """Whether the path can say anything on the case."""
    return case.refused or any(mode in path.modes for mode in case.targets)


def check(case: Case, path: Path) -> list[Failure]:
    """Everything that the path gets wrong in the case, in all the modes that both have."""
    if case.refused:
        mode = next(mode for mode in ("temporal", "snapshot", "online", "mutations") if mode in path.modes)
        refusal = Target(case.queries, None, batch_end=min(case.queries))
        return _check_mode(case, path, mode, refusal)
    return [
        failure
        for mode, target in case.targets.items()
        if mode in path.modes
        for failure in _check_mode(case, path, mode, target)
    ]


def _check_mode(case: Case, path: Path, mode: str, target: Target) -> list[Failure]:
    def failure(problem: str) -> Failure:
        return Failure(case.name, f"{path.name}, {mode}", problem)

    try:
        answer = path.answer(case, mode, target)
    except ChrononError as refusal:
        return [] if target.rows is None else [failure(f"refused: {refusal}")]
    except Exception as crash:  # noqa: BLE001 - one case must not end the run
        return [failure(f"crashed: {type(crash).__name__}: {crash}")]
    if target.rows is None:
        return [failure("not refused")]
    return [failure(problem) for problem in _compare(case, target, answer)]


def _compare(case: Case, target: Target, answer: Answer) -> Iterator[str]:
    names, rows = list(answer.outputs), target.rows or []
    if names != list(target.columns):
        yield f"columns: expected {', '.join(target.columns)}, got {', '.join(names)}"
        return
    for name, kind, actual in zip(names, case.types, answer.outputs.values(), strict=False):
        if kind != actual:
            yield f"{name}: expected type {kind}, got {actual}"
    if len(rows) != len(answer.rows):
        yield f"rows: expected {len(rows)}, got {len(answer.rows)}"
        return
    for i, (at, expected, actual) in enumerate(zip(target.times, rows, answer.rows, strict=True)):
        if expected is not None and actual is not None:
            for name, one, other in zip(names, expected, actual, strict=True):
                yield from (f"at {at}: {difference}" for difference in _differences(case, name, i, one, other))
        elif expected is not actual:
            yield f"at {at}: expected {'a refusal' if expected is None else 'values'}, got {actual}"


def _differences(case: Case, name: str, i: int, expected: Any, actual: Any) -> list[Difference]:
    bounds = case.approximate(name)
    if bounds is not None:
        expected = _within(bounds, i, expected, actual)
    relative, absolute = case.tolerance(name)
    return differences(expected, actual, relative=relative, absolute=absolute, path=name)


def _within(bounds: Mapping[str, Any], i: int, expected: Any, actual: Any) -> Any:
    """What a sketch may answer at query ``i``: ``expected``, which is only one run, widened to the bounds."""
    exact = bounds["exact"][i]
    if expected is None or exact is None:
        return exact
    if "rel_error" in bounds:
        good = isinstance(actual, int) and abs(actual - exact) <= bounds["rel_error"] * exact
        return actual if good else exact
    quantiles = zip(exact, bounds["lo"][i], bounds["hi"][i], strict=True)
    return [Near(float(value), float(low), float(high)) for value, low, high in quantiles]
