"""Feature tests run: the rows in a warehouse of their own, features by the plan and the kernel of a backfill."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.inspect import query_of, underlying
from chronon.base.display import BAD, DIM, Grid, Page, Shown, instant, shown
from chronon.base.errors import ChrononError, MissingDataError
from chronon.base.moments import instant_from
from chronon.testing.feature_files import Case, FeatureFile
from chronon.testing.literals import write_table
from chronon.testing.tolerance import differences

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.offline.traced import Trace
    from chronon.session import Session

RELATIVE = 1e-9
"""By how much a float may differ from what a file says, which people write with few digits."""


@dataclass(repr=False)
class CaseResult(Shown):
    """What came out of a case.

    Parameters
    ----------
    file:
        Its file.
    case:
        What was expected.
    actual:
        The features; empty if there is a ``problem``.
    wrong:
        The names of those that differ.
    problem:
        Why nothing came out.
    trace:
        Of the first one that differs.
    """

    file: Path
    case: Case
    actual: dict[str, Any]
    wrong: list[str]
    problem: ChrononError | None = None
    trace: Trace | None = None

    @property
    def passed(self) -> bool:
        """Whether everything is as expected; a case that expects nothing yet has not passed."""
        return self.problem is None and not self.wrong and bool(self.case.features)

    def page(self) -> Page:
        title = f"{self.file.name}:{self.case.line} {self.case.name}"
        facts: dict[str, Any] = {"of": self.case.keys, "at": f"{instant(instant_from(self.case.at))} UTC"}
        if self.problem is not None:
            return Page(title, "failed", facts, notes=[str(self.problem)])
        if not self.case.features:
            return Page(title, "expects nothing", facts, notes=["chronon test --record writes what comes out"])
        rows = [
            [name, _text(want), _text(self.actual[name]), "differs" if name in self.wrong else ""]
            for name, want in self.case.features.items()
        ]
        marks = [BAD if name in self.wrong else DIM for name in self.case.features]
        grids = [Grid(["feature", "expected", "actual", ""], rows, marks=marks)]
        if self.trace is not None:
            grids += self.trace.page().grids
        return Page(title, "passed" if self.passed else "failed", facts, grids)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, str) else shown(value)


def run_file(file: FeatureFile, session: Session, *, record: bool = False) -> Iterator[CaseResult]:
    """Run the cases of a file over the definitions of a session's repo.

    With ``record``, all features of a case that expects none.
    """
    definition = session.definition(file.definition)
    with tempfile.TemporaryDirectory(prefix="chronon-test-") as folder:
        engine = _engine(file, definition, session, Path(folder))
        for case in file.cases:
            yield _run(file, case, definition, engine, everything=record and not case.features)


def _engine(file: FeatureFile, definition: structs.GroupBy | structs.Join, session: Session, folder: Path) -> Engine:
    """An engine over nothing but the tables of the file."""
    from chronon.engine.registry import open_engine

    settings = replace(session.settings, warehouse=str(folder), memory=None, threads=1)
    engine = open_engine(replace(settings, tables={}))
    times = dict(_times(definition))
    for name, table in file.tables.items():
        known = {**_real_types(session, name), **table.columns}
        known.pop(session.settings.partitions.column, None)
        time = times.get(name, "ts")
        write_table(folder, name, table.rows, columns=known, time=time, partitions=session.settings.partitions)
    return engine


def _real_types(session: Session, table: str) -> Mapping[str, Any]:
    """The types of a table's columns in the repo's own warehouse, if it is there."""
    try:
        return session.engine.columns(table)
    except MissingDataError:
        return {}


def _times(definition: structs.GroupBy | structs.Join) -> Iterator[tuple[str, str]]:
    """The tables of a definition, and the column of their time where it is one."""
    group_bys = [definition] if isinstance(definition, structs.GroupBy) else []
    if isinstance(definition, structs.Join):
        group_bys = [part.groupBy for part in definition.joinParts or [] if part.groupBy is not None]
    for source in (source for group_by in group_bys for source in group_by.sources or []):
        inner, time = underlying(source), (query_of(source).timeColumn or "").strip("`")
        table = inner.table if isinstance(inner, structs.EventSource) else inner.snapshotTable
        if table and time.isidentifier():
            yield table.partition("/")[0], time


def _run(
    file: FeatureFile, case: Case, definition: structs.GroupBy | structs.Join, engine: Engine, *, everything: bool
) -> CaseResult:
    from chronon.offline.features import features_of_rows
    from chronon.offline.frames import one_row
    from chronon.offline.trace import trace

    try:
        row = one_row(case.keys, case.at)
        if not case.features and not everything:
            return CaseResult(file.path, case, {}, [])
        names = None if everything else list(case.features)
        found = features_of_rows(definition, engine, _with_day(row, case, engine), only=names)
        (actual,) = found.features.to_pylist(maps_as_pydicts="strict")
        wrong = [name for name, value in case.features.items() if not same(value, actual[name])]
        why = trace(definition, engine, case.keys, case.at, wrong[0]) if wrong else None
    except ChrononError as problem:
        return CaseResult(file.path, case, {}, [], problem)
    return CaseResult(file.path, case, actual, wrong, trace=why)


def _with_day(row: Any, case: Case, engine: Engine) -> Any:
    import pyarrow as pa

    spec = engine.partitions_spec
    if spec.column in row.column_names:
        return row
    return row.append_column(spec.column, pa.array([spec.of(instant_from(case.at))]))


def same(expected: Any, actual: Any) -> bool:
    """Whether a value is what a file says: whole numbers stand for floats, and floats have as few digits as written.

    >>> same(25, 25.0), same([0.3, None], [0.1 + 0.2, None]), same(25, "25")
    (True, True, False)
    """
    return not differences(_like(expected, actual), actual, relative=RELATIVE)


def _like(expected: Any, actual: Any) -> Any:
    """What a file says, in the types of what came out."""
    if isinstance(actual, float) and isinstance(expected, int) and not isinstance(expected, bool):
        return float(expected)
    if isinstance(expected, list) and isinstance(actual, list):
        padded = [*actual, *([None] * len(expected))]
        return [_like(e, a) for e, a in zip(expected, padded, strict=False)]
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: _like(value, actual.get(key)) for key, value in expected.items()}
    return expected
