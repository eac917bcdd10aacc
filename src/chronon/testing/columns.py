"""From aggregations to output columns, and the answer of one column over the rows it sees.

This is the half of the oracle that knows shapes: plain cells, lists, maps, positions, buckets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chronon.api import structs
from chronon.api.enums import Operation, TimeUnit
from chronon.base.errors import ConfigError, DataError
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import (
    DATE,
    SCALARS,
    STRING,
    TIMESTAMP,
    DataType,
    ListType,
    MapType,
    Schema,
    StructType,
)
from chronon.testing.arguments import Arguments, parse_arguments
from chronon.testing.exact import payload_key, to_float32
from chronon.testing.formulas import FORMULAS, Formula, Values

LIFETIME = 2147483647
"""The window length, in days, that means the whole history."""


@dataclass(frozen=True)
class Row:
    """One row of one key.

    Parameters
    ----------
    ts:
        When it happened, ms; ``None`` where the row has no time.
    values:
        Its columns. Absent means null. A struct is a tuple or a dict.
    sequence:
        What orders rows of the same ``ts``.
    mutation_ts:
        When a change of an entity was made, ms; of an event its ``ts``.
    is_before:
        Whether the row takes back an earlier one (the old image of a change).
    """

    ts: int | None
    values: Mapping[str, Any]
    sequence: int = 0
    mutation_ts: int | None = None
    is_before: bool = False


class Shape(Enum):
    """How an operation meets its column."""

    DIRECT = "each cell is a value"
    FLATTENED = "each element of a list is a value"
    PER_KEY = "each value of a map, separately for each key"
    ELEMENT_WISE = "each element of a list, separately for each position"


@dataclass(frozen=True)
class Column:
    """One output column: one operation, for one bucket column and one window."""

    name: str
    kind: DataType
    input: str
    input_type: DataType
    shape: Shape
    formula: Formula
    arguments: Arguments
    window: int | None
    in_days: bool
    bucket: str | None

    def answer(self, rows: Iterable[Row]) -> Any:
        """The result over ``rows``, whatever their time."""
        seen = [row for row in rows if self.formula.reversible or not row.is_before]
        if self.bucket is not None:
            return self._per_label(seen, self._bucket_items)
        if self.shape is Shape.PER_KEY:
            present = any(row.values.get(self.input) is not None for row in seen)
            return self._per_label(seen, self._map_items) or ({} if present else None)
        if self.shape is Shape.ELEMENT_WISE:
            return self._per_position(seen)
        if self.shape is Shape.DIRECT:
            cells = [(_as_declared(row.values.get(self.input), self.input_type), row) for row in seen]
            result = self._fold([(cell, row) for cell, row in cells if self.formula.usable(cell)])
        else:
            result = self._fold([(value, row) for row in seen for value in self._values(row)])
        return None if isinstance(result, float) and not math.isfinite(result) else result

    def _values(self, row: Row) -> list[Any]:
        cell = _as_declared(row.values.get(self.input), self.input_type)
        if self.shape is not Shape.FLATTENED or cell is None:
            return [cell] if self.formula.usable(cell) else []
        return [value for value in cell if self.formula.usable(value)]

    def _bucket_items(self, row: Row) -> list[tuple[str, Any]]:
        label = row.values.get(self.bucket or "")
        return [] if label is None else [(label, value) for value in self._values(row)]

    def _map_items(self, row: Row) -> list[tuple[str, Any]]:
        cell = _as_declared(row.values.get(self.input), self.input_type) or {}
        return [(key, value) for key, value in cell.items() if self.formula.usable(value)]

    def _per_label(self, rows: list[Row], items: Callable[[Row], list[tuple[str, Any]]]) -> dict[str, Any] | None:
        groups: dict[str, list[tuple[Any, Row]]] = {}
        for row in rows:
            for label, value in items(row):
                groups.setdefault(label, []).append((value, row))
        return {label: self._fold(entries) for label, entries in groups.items()} or None

    def _per_position(self, rows: list[Row]) -> list[Any] | None:
        cells = [(_as_declared(row.values.get(self.input), self.input_type), row) for row in rows]
        tensors = [(cell, row) for cell, row in cells if cell is not None]
        if not tensors:
            return None
        lengths = {len(cell) for cell, _ in tensors}
        if len(lengths) > 1:
            raise DataError(f"{self.name}: lists of lengths {sorted(lengths)}", expected="lists of one length")
        if any(element is None for cell, _ in tensors for element in cell):
            raise DataError(f"{self.name}: a null inside a list", expected="no null in an element-wise aggregation")
        positions = range(lengths.pop())
        return [self._fold([(c[i], row) for c, row in tensors if self.formula.usable(c[i])]) for i in positions]

    def _fold(self, entries: list[tuple[Any, Row]]) -> Any:
        if not entries:
            return None
        if self.formula.timed:
            entries = sorted(entries, key=lambda entry: (entry[1].ts, entry[1].sequence, payload_key(entry[0])))
        added = [value for value, row in entries if not row.is_before]
        removed = [value for value, row in entries if row.is_before]
        return self.formula.result(Values(added, removed, self.arguments))


# ---- from definitions to columns


def columns_of(aggregation: structs.Aggregation, schema: Schema) -> list[Column]:
    """The output columns of one aggregation, buckets before windows; ``ConfigError`` where it is wrong."""
    name = _operation_name(aggregation)
    formula = FORMULAS[name]
    source = aggregation.inputColumn or ""
    if source not in schema:
        raise ConfigError(f"there is no input column {source}", expected=f"one of {', '.join(schema)}")
    kind = schema[source]
    if kind in (DATE, TIMESTAMP):
        raise ConfigError(f"{source} is a {kind}, which cannot be aggregated", mend="convert it to a long or a string")
    element_wise = bool(aggregation.elementWise) and not formula.timed
    shape, element = _shape(kind, formula, element_wise=element_wise)
    if formula.accepts is not None and element not in formula.accepts:
        raise ConfigError(
            f"{name} does not take {source}, a {kind}", expected=", ".join(sorted(map(str, formula.accepts)))
        )
    buckets = list(aggregation.buckets or [None])
    for bucket in buckets:
        _check_bucket(bucket, shape, schema)
    arguments = parse_arguments(aggregation.argMap or {}, formula.k, percentiles=name == "APPROX_PERCENTILE")
    result = formula.output(element)
    if shape is Shape.ELEMENT_WISE:
        result = ListType(result)
    if shape is Shape.PER_KEY or buckets != [None]:
        result = MapType(STRING, result)
    stem = f"{source}_{_suffix(name, arguments.k)}"
    return [
        Column(
            name=stem + _window_text(window) + (f"_by_{bucket}" if bucket else ""),
            kind=result,
            input=source,
            input_type=kind,
            shape=shape,
            formula=formula,
            arguments=arguments,
            window=_window_ms(window),
            in_days=window is not None and window.timeUnit == TimeUnit.DAYS,
            bucket=bucket,
        )
        for bucket in buckets
        for window in aggregation.windows or [None]
    ]


def _operation_name(aggregation: structs.Aggregation) -> str:
    try:
        return Operation(aggregation.operation).name
    except ValueError:
        raise ConfigError(f"{aggregation.operation} is no operation", expected="a member of Operation") from None


def _shape(kind: DataType, formula: Formula, *, element_wise: bool) -> tuple[Shape, DataType]:
    """The shape, and the type of the values that the operation then sees."""
    if not formula.timed:
        if isinstance(kind, ListType) and kind.element in SCALARS:
            return (Shape.ELEMENT_WISE if element_wise else Shape.FLATTENED), kind.element
        if element_wise:
            raise ConfigError(
                f"element-wise over a {kind}", expected="a list of numbers, strings, binaries or booleans"
            )
        if isinstance(kind, MapType) and kind.key == STRING:
            return Shape.PER_KEY, kind.value
    return Shape.DIRECT, kind


def _check_bucket(bucket: str | None, shape: Shape, schema: Schema) -> None:
    if bucket is None:
        return
    if bucket not in schema:
        raise ConfigError(f"there is no bucket column {bucket}", expected=f"one of {', '.join(schema)}")
    if schema[bucket] != STRING:
        raise ConfigError(f"bucket column {bucket} is a {schema[bucket]}", expected="a string")
    if shape in (Shape.PER_KEY, Shape.ELEMENT_WISE):
        raise ConfigError(f"bucket column {bucket} with a map or an element-wise list", expected="one or the other")


def _suffix(name: str, k: int) -> str:
    return f"{name[:-2].lower()}{k}" if name in ("FIRST_K", "LAST_K", "TOP_K", "BOTTOM_K") else name.lower()


def _window_ms(window: structs.Window | None) -> int | None:
    if window is None or window.length == LIFETIME:
        return None
    length = window.length or 0
    if length <= 0:
        raise ConfigError(f"a window of length {length}", expected="a positive length")
    return length * (DAY_MS if window.timeUnit == TimeUnit.DAYS else HOUR_MS)


def _window_text(window: structs.Window | None) -> str:
    if window is None or _window_ms(window) is None:
        return ""
    return f"_{window.length}{'d' if window.timeUnit == TimeUnit.DAYS else 'h'}"


WHOLE_OR_TEXT = ("int", "long", "string")
"""Types whose cells are taken as they are; of others that is found out below."""


def _as_declared(value: Any, kind: DataType) -> Any:
    """A cell as its type says: floats are floats (32-bit ones rounded), structs are tuples."""
    if value is None or kind.name in WHOLE_OR_TEXT:  # by name: types are looked at once for every cell
        return value
    if kind.name in ("float", "double"):
        return to_float32(value) if kind.name == "float" else float(value)
    if isinstance(kind, ListType):
        return [_as_declared(item, kind.element) for item in value]
    if isinstance(kind, MapType):
        return {key: _as_declared(item, kind.value) for key, item in value.items()}
    if isinstance(kind, StructType):
        fields = [value[name] for name, _ in kind.fields] if isinstance(value, Mapping) else value
        return tuple(_as_declared(item, part) for item, (_, part) in zip(fields, kind.fields, strict=True))
    return value
