"""Cases as their files hold them, one JSON object a line, turned into definitions, rows and expected values."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base.time import DAY_MS
from chronon.base.types import BINARY, FLOATS, DataType, ListType, MapType, StructType, parse_type
from chronon.testing.deviations import DEVIATIONS
from chronon.testing.oracle import Oracle, Row
from chronon.testing.tolerance import differences

MODES = ("temporal", "snapshot", "online", "mutations")
"""The ways a feature is computed: backfill, daily backfill, serving, backfill of entities with mutations."""

SHORTEST_STALE_AFTER = 2 * DAY_MS


@dataclass(frozen=True)
class Target:
    """What one mode of a case must give.

    Parameters
    ----------
    times:
        Query times, or ends of partitions for snapshots; ms.
    rows:
        One list of values for each time, ``None`` where the request is refused; ``None`` if all of it is refused.
    batch_end:
        Where the uploaded batch or the snapshot of entities ends.
    columns:
        The names of the values.
    """

    times: Sequence[int]
    rows: Sequence[Sequence[Any] | None] | None
    batch_end: int = 0
    columns: Sequence[str] = field(default=())

    @property
    def stale_after(self) -> int:
        """How long the batch must answer exactly for all times of this target."""
        return max(SHORTEST_STALE_AFTER, *(at - self.batch_end for at in self.times))


class Case:
    """One case of a golden file. Everything is read from ``raw``, the parsed JSON object, when asked for."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.queries: list[int] = raw["queries"]

    def __repr__(self) -> str:
        return f"Case({self.name})"

    @property
    def category(self) -> str:
        """The kind of case: the longest known prefix of its name."""
        return self.name.rstrip("0123456789").rstrip("_")

    @property
    def operations(self) -> set[str]:
        """The operations that the definition uses."""
        return {a["operation"] for a in self.raw["aggregations"]}

    @cached_property
    def schema(self) -> dict[str, DataType]:
        """The input columns and their types."""
        return {name: read_type(kind) for name, kind in self.raw["schema"]}

    @cached_property
    def aggregations(self) -> list[structs.Aggregation]:
        """The definition."""
        return [_aggregation(raw) for raw in self.raw["aggregations"]]

    @cached_property
    def rows(self) -> list[Row]:
        """Events, or the snapshot of entities; the arrival index is the sequence."""
        events = self.raw["events"]
        return list(_rows(self.raw["schema"], events, range(len(events))))

    @cached_property
    def changes(self) -> list[Row]:
        """The mutations of entities; they arrive after the snapshot."""
        changes = self.raw.get("mutations", [])
        arrivals = range(len(self.rows), len(self.rows) + len(changes))
        return list(_rows(self.raw.get("mutation_schema", []), changes, arrivals))

    @property
    def quirks(self) -> list[str]:
        """The defects of the original that the case touches."""
        return self.raw["quirk"].split(",") if "quirk" in self.raw else []

    @property
    def refused(self) -> bool:
        """Whether the definition must be refused."""
        return "error" in self._values

    @cached_property
    def _values(self) -> dict[str, Any]:
        """The values to meet: the original's, with those recommended for a listed deviation laid over them."""
        listed = all(quirk in DEVIATIONS for quirk in self.quirks)
        return {**self.raw["expected"], **(self.raw.get("recommended", {}) if listed else {})}

    @cached_property
    def targets(self) -> dict[str, Target]:
        """What is to be met, by mode."""
        return {} if self.refused else {mode: self._target(mode) for mode in MODES if mode in self._values}

    @property
    def types(self) -> list[DataType]:
        """The types of the output columns; empty where the file does not say."""
        return [read_type(kind) for kind in self.raw.get("column_types", [])]

    def _target(self, mode: str) -> Target:
        found = self._values[mode]
        columns = self._values.get("columns", self.raw["columns"])
        if mode == "temporal":
            return Target(self.queries, self._read_rows(found), columns=columns)
        rows = self._read_rows(found["values"])
        if mode == "snapshot":
            return Target(found["end_ts"], rows, columns=columns)
        if mode == "mutations" and rows is not None:
            rows = self._settle_ties(rows, found["batch_end_ts"])
        return Target(self.queries, rows, found["batch_end_ts"], columns)

    def _settle_ties(self, rows: list[list[Any] | None], batch_end: int) -> list[list[Any] | None]:
        """Replace the values that a tie decides.

        The images of a row that was updated in place have one ``ts``. Which of them the original picks depends on its
        execution (deviation Q13), and these cases, unlike the others with ties, do not carry the recommended value.
        A tie decides where reversing the sequence changes the oracle's answer.
        """
        oracle = Oracle(self.aggregations, self.schema)

        def backwards(images: list[Row]) -> list[Row]:
            return [replace(row, sequence=-row.sequence) for row in images]

        settled: list[list[Any] | None] = []
        for at, row in zip(self.queries, rows, strict=True):
            forth = oracle.mutations(self.rows, self.changes, batch_end, at).values()
            back = oracle.mutations(backwards(self.rows), backwards(self.changes), batch_end, at).values()
            values = zip(row or [], forth, back, strict=True)
            settled.append([value if not differences(one, other) else one for value, one, other in values])
        return settled

    def _read_rows(self, rows: Any) -> list[list[Any] | None] | None:
        if isinstance(rows, dict):  # {"error": ...}: this mode is refused as a whole
            return None
        return [None if row is None else self._read_row(row) for row in rows]

    def _read_row(self, row: list[Any]) -> list[Any]:
        if not self.types:
            return row
        return [read_value(value, kind) for value, kind in zip(row, self.types, strict=True)]

    def approximate(self, column: str) -> Mapping[str, Any] | None:
        """The bounds of a sketch column beyond its exact regime."""
        return self.raw.get("approx", {}).get(column)

    def tolerance(self, column: str) -> tuple[float, float]:
        """The relative and the absolute tolerance of a column."""
        relative = self.raw.get("tolerance", {}).get(column, 0.0)
        return relative, self.raw.get("abs_tolerance", {}).get(column, 0.0)


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a ``.jsonl`` or ``.jsonl.gz`` file."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield Case(json.loads(line))


def read_type(kind: Any) -> DataType:
    """A type as golden files write it.

    >>> read_type({"map": ["string", {"list": "int"}]})
    map<string,list<int>>
    """
    if isinstance(kind, str):
        return parse_type(kind)
    if "list" in kind:
        return ListType(read_type(kind["list"]))
    if "map" in kind:
        return MapType(read_type(kind["map"][0]), read_type(kind["map"][1]))
    return StructType(tuple((name, read_type(part)) for name, part in kind["struct"]))


def read_value(value: Any, kind: DataType) -> Any:
    """A value as golden files write it: non-finite numbers as text, binary as base64, structs by position."""
    if value is None:
        return None
    if kind in FLOATS:
        return float(value)
    if kind == BINARY:
        return base64.b64decode(value)
    if isinstance(kind, ListType):
        return [read_value(item, kind.element) for item in value]
    if isinstance(kind, MapType):
        return {key: read_value(item, kind.value) for key, item in value.items()}
    if isinstance(kind, StructType):
        return tuple(read_value(item, part) for item, (_, part) in zip(value, kind.fields, strict=True))
    return value


def _rows(schema: Sequence[Any], arrays: Sequence[Sequence[Any]], sequences: Sequence[int]) -> Iterator[Row]:
    kinds = {name: read_type(kind) for name, kind in schema}
    for sequence, array in zip(sequences, arrays, strict=True):
        cells = {name: read_value(value, kinds[name]) for name, value in zip(kinds, array, strict=True)}
        changed, before = cells.pop("mutation_ts", None), cells.pop("is_before", False)
        yield Row(cells["ts"], cells, sequence, changed, before)


def _aggregation(raw: Mapping[str, Any]) -> structs.Aggregation:
    windows = raw.get("windows")
    return structs.Aggregation(
        inputColumn=raw["input_column"],
        operation=Operation[raw["operation"]],
        argMap=raw.get("arg_map"),
        windows=None if windows is None else [structs.Window(w["length"], TimeUnit[w["unit"]]) for w in windows],
        buckets=raw.get("buckets"),
        elementWise=raw.get("element_wise", False),
    )
