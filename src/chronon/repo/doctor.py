"""What would change for a repo that the original compiled and computed: files, names, answers.

Nothing is written. Files are compared with those under ``production/``; answers that differ from the original's on
purpose are looked for in the definitions, by the number of the deviation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chronon.api import structs
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.inspect import accuracy_of, is_events, query_of, window_ms
from chronon.api.naming import name_of
from chronon.base.time import DAY_MS
from chronon.plan.names import SEQUENCE
from chronon.repo.compile import CompileResult
from chronon.repo.definition import AnyDefinition, Definition, embedded_group_bys
from chronon.repo.diff import Change, diff


@dataclass(frozen=True)
class Files:
    """The compiled files of a repo against those that are there.

    Parameters
    ----------
    same:
        Equal byte for byte.
    text:
        Written otherwise, with the same content.
    changes:
        With other content, new, or of no definition any more.
    renamed:
        Old path to new path, of definitions that differ in nothing but their name.
    """

    same: tuple[str, ...]
    text: tuple[str, ...]
    changes: tuple[Change, ...]
    renamed: Mapping[str, str]


def files_of(result: CompileResult) -> Files:
    """Compare what a compilation would write with what is there."""
    before, after = result.before, result.after
    both = sorted(before.keys() & after.keys())
    changes = diff(before, after)
    changed = {change.path for change in changes}
    gone = {_nameless(before[c.path]): c.path for c in changes if c.kind == "removed"}
    renamed = {
        gone[content]: c.path for c in changes if c.kind == "added" and (content := _nameless(after[c.path])) in gone
    }
    apart = {*renamed, *renamed.values()}
    return Files(
        same=tuple(path for path in both if before[path] == after[path]),
        text=tuple(path for path in both if before[path] != after[path] and path not in changed),
        changes=tuple(change for change in changes if change.path not in apart),
        renamed=renamed,
    )


def deviations_of(definitions: Iterable[Definition]) -> dict[str, list[str]]:
    """The deviations that touch the answers of these definitions: number to names."""
    found: dict[str, set[str]] = {}
    for group_by in _group_bys(definition.value for definition in definitions):
        for quirk, touches in _TOUCHES.items():
            if any(touches(group_by, aggregation) for aggregation in group_by.aggregations or []):
                found.setdefault(quirk, set()).add(name_of(group_by))
    return {quirk: sorted(names) for quirk, names in sorted(found.items(), key=lambda item: int(item[0][1:]))}


def _group_bys(values: Iterable[AnyDefinition]) -> Iterator[structs.GroupBy]:
    seen: set[int] = set()
    for value in values:
        inside = embedded_group_bys(value) if isinstance(value, structs.Join) else [value]
        for group_by in inside:
            named = isinstance(group_by, structs.GroupBy) and (group_by.metaData or structs.MetaData()).name
            if isinstance(group_by, structs.GroupBy) and named and id(group_by) not in seen:
                seen.add(id(group_by))
                yield group_by


_Touches = Callable[[structs.GroupBy, structs.Aggregation], bool]


def _uses(*operations: Operation) -> _Touches:
    return lambda _, a: _operation(a) in operations


def _operation(aggregation: structs.Aggregation) -> Operation:
    return Operation(aggregation.operation if aggregation.operation is not None else Operation.LAST)


def _windows(aggregation: structs.Aggregation) -> list[structs.Window]:
    return [window for window in aggregation.windows or [] if window is not None]  # pyright: ignore[reportUnnecessaryComparison] - older repos write None


def _timed(group_by: structs.GroupBy, aggregation: structs.Aggregation) -> bool:
    """FIRST and LAST of rows whose ties nothing orders."""
    timed = (Operation.FIRST, Operation.LAST, Operation.FIRST_K, Operation.LAST_K)
    ordered = all(SEQUENCE in (query_of(source).selects or {}) for source in group_by.sources or [])
    return _operation(aggregation) in timed and not ordered


def _changing(group_by: structs.GroupBy, _: structs.Aggregation) -> bool:
    """Entities whose changes are followed through the day."""
    return accuracy_of(group_by) == Accuracy.TEMPORAL and not all(map(is_events, group_by.sources or []))


def _served(group_by: structs.GroupBy, aggregation: structs.Aggregation) -> bool:
    online = bool((group_by.metaData or structs.MetaData()).online)
    return online and accuracy_of(group_by) == Accuracy.TEMPORAL and bool(_windows(aggregation))


_LONG_HOURS = 12 * DAY_MS

_TOUCHES: dict[str, _Touches] = {
    "Q2": _uses(Operation.APPROX_HISTOGRAM_K),
    "Q3": lambda _, a: _operation(a) == Operation.HISTOGRAM and int((a.argMap or {}).get("k") or 0) > 0,
    "Q4": lambda _, a: bool(a.elementWise and a.windows),
    "Q6": _changing,
    "Q7": _served,
    "Q8": lambda _, a: any(
        w.timeUnit == TimeUnit.HOURS and window_ms(w) >= _LONG_HOURS and window_ms(w) % DAY_MS for w in _windows(a)
    ),
    "Q9": _served,
    "Q12": _uses(Operation.TOP_K, Operation.BOTTOM_K),
    "Q13": _timed,
    "Q14": lambda g, a: _changing(g, a) and _operation(a) == Operation.LAST,
    "Q16": _uses(Operation.UNIQUE_COUNT, Operation.BOUNDED_UNIQUE_COUNT),
    "Q20": _uses(Operation.APPROX_PERCENTILE),
    "Q23": lambda _, a: a.windows == [] or a.buckets == [],
    "Q39": lambda g, a: not a.windows and any(query_of(s).timeColumn for s in g.sources or []),
}
"""Which aggregations a deviation touches, as far as a definition tells; some depend on the data too."""


def _nameless(text: str) -> str:
    """The content of a compiled definition without its name."""
    data: dict[str, Any] = json.loads(text)
    metadata: dict[str, Any] = {k: v for k, v in data.get("metaData", {}).items() if k not in ("name", "customJson")}
    return json.dumps({**data, "metaData": metadata}, sort_keys=True)
