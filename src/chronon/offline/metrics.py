"""How two sides of a comparison differ, hour by hour: counts, relative errors and quantiles of each column.

The names and their order are the original's. A row of the frame that is measured has the columns by which the sides are
matched, then ``<column>_left`` and ``<column>_right``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.enums import Operation
from chronon.base import types as t
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.time import HOUR_MS
from chronon.plan.derivations import quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import DataType, Schema
    from chronon.engine.protocol import Engine

LEFT, RIGHT = "_left", "_right"
"""What the columns of both sides end with."""
JOIN_PATH, BUCKET = "JoinPath", "ts"
RELATIVE = 1e-9
"""How far floats may be apart, relative to the larger, and still agree."""
BINS = 41
QUANTILES = {"k": "128", "percentiles": json.dumps([at / BINS for at in range(BINS + 1)])}
_AT = "__bucket"


@dataclass(frozen=True)
class Sides:
    """A column of some rows, on both sides."""

    left: pa.Array
    right: pa.Array
    kind: DataType

    @staticmethod
    def of(batch: pa.RecordBatch, column: str, kind: DataType) -> Sides:
        """A column of a frame."""
        return Sides(batch.column(column + LEFT), batch.column(column + RIGHT), kind)

    @cached_property
    def left_only(self) -> pa.Array:
        """Where only the left side is null."""
        return compute().and_(self.left.is_null(), self.right.is_valid())

    @cached_property
    def right_only(self) -> pa.Array:
        """Where only the right side is null."""
        return compute().and_(self.left.is_valid(), self.right.is_null())

    @cached_property
    def neither(self) -> pa.Array:
        """Where both sides are null."""
        return compute().and_(self.left.is_null(), self.right.is_null())

    @cached_property
    def differ(self) -> pa.Array:
        """Where both sides have a value, and not the same; floats may be a rounding apart."""
        import pyarrow as pa

        both = compute().and_(self.left.is_valid(), self.right.is_valid())
        if isinstance(self.kind, t.ListType | t.MapType | t.StructType):
            values = (side.to_pylist(maps_as_pydicts="strict") for side in (self.left, self.right))
            equal = pa.array([*map(alike, *values)], pa.bool_())
        else:
            equal = compute().equal(self.left, self.right).fill_null(fill_value=False)
            if self.kind in t.FLOATS:
                one, other = self._doubles
                equal = compute().or_(equal, pa.array(_near(one, other)))
        return compute().and_(both, compute().invert(equal))

    @cached_property
    def _doubles(self) -> tuple[Any, Any]:
        """Both sides as doubles; null is NaN."""
        import pyarrow as pa

        one, other = (side.cast(pa.float64(), safe=False) for side in (self.left, self.right))
        return one.to_numpy(zero_copy_only=False), other.to_numpy(zero_copy_only=False)

    def number(self, values: Any) -> pa.Array:
        """Doubles, null where either side is."""
        import pyarrow as pa

        return pa.array(
            values, mask=compute().or_(self.left.is_null(), self.right.is_null()).to_numpy(zero_copy_only=False)
        )

    @property
    def difference(self) -> pa.Array:
        """The left side minus the right one."""
        one, other = self._doubles
        return self.number(one - other)

    @property
    def error(self) -> pa.Array:
        """The difference relative to the mean of both, from 0 to 2."""
        import numpy as np

        one, other = self._doubles
        size = abs(one) + abs(other)
        return self.number(np.divide(2 * abs(one - other), size, out=np.zeros_like(size), where=size != 0))

    def edits(self, side: int) -> pa.Array:
        """How many items of a side are not in the longest sequence that both have in common; null has no items."""
        import pyarrow as pa

        lists = self.left.to_pylist(maps_as_pydicts="strict"), self.right.to_pylist(maps_as_pydicts="strict")
        pairs = ((one or [], other or []) for one, other in zip(*lists, strict=True))
        return pa.array([len(pair[side]) - common(*pair) for pair in pairs], pa.int64())

    @property
    def lengths_differ(self) -> pa.Array:
        """Where both sides are lists of different lengths."""
        lengths = compute().list_value_length
        return compute().not_equal(lengths(self.left), lengths(self.right)).fill_null(fill_value=False)


def _near(one: Any, other: Any) -> Any:
    import numpy as np

    with np.errstate(invalid="ignore"):
        near = abs(one - other) <= RELATIVE * np.maximum(abs(one), abs(other))
    return near | (np.isnan(one) & np.isnan(other))


def alike(one: Any, other: Any) -> bool:
    """Whether two values agree, as deep as they go; the order of a map's entries is none.

    >>> alike([{"a": 1.0}], [{"a": 1.0 + 1e-12}]), alike([1, None], [1, 2])
    (True, False)
    """
    if isinstance(one, float) and isinstance(other, float):
        same = one == other or abs(one - other) <= RELATIVE * max(abs(one), abs(other))
        return same or (one != one and other != other)  # noqa: PLR0124 - NaN
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    return bool(one == other)


def common(left: Sequence[Any], right: Sequence[Any]) -> int:
    """The length of the longest sequence of items that two lists have in common, in their order.

    >>> common(["u", "v"], ["v", "w"]), common([1, 2, 3], [1, 3])
    (1, 2)
    """
    lengths = [0] * (len(right) + 1)
    for one in left:
        before = 0
        for at, other in enumerate(right, 1):
            before, lengths[at] = lengths[at], before + 1 if one == other else max(lengths[at], lengths[at - 1])
    return lengths[-1]


Measure = tuple[str, Operation, Callable[[Sides], Any]]
"""What is measured of a column: its name, what is made of the values of an hour, and the value for each row."""

_BEFORE: tuple[Measure, ...] = (
    ("both_null", Operation.SUM, lambda sides: sides.neither),
    ("left_null", Operation.SUM, lambda sides: sides.left_only),
    ("right_null", Operation.SUM, lambda sides: sides.right_only),
)
_OF_NUMBERS: tuple[Measure, ...] = (
    ("smape", Operation.AVERAGE, lambda sides: sides.error),
    ("left_minus_right", Operation.APPROX_PERCENTILE, lambda sides: sides.difference),
    ("left", Operation.APPROX_PERCENTILE, lambda sides: sides.left),
    ("right", Operation.APPROX_PERCENTILE, lambda sides: sides.right),
)
_OF_LISTS: tuple[Measure, ...] = (
    ("edit_distance_insert", Operation.APPROX_PERCENTILE, lambda sides: sides.edits(0)),
    ("edit_distance_delete", Operation.APPROX_PERCENTILE, lambda sides: sides.edits(1)),
    ("left_length", Operation.APPROX_PERCENTILE, lambda sides: compute().list_value_length(sides.left)),
    ("right_length", Operation.APPROX_PERCENTILE, lambda sides: compute().list_value_length(sides.right)),
    ("mismatch_length", Operation.SUM, lambda sides: sides.lengths_differ),
)
_AFTER: tuple[Measure, ...] = (
    ("mismatch", Operation.SUM, lambda sides: sides.differ),
    ("total", Operation.COUNT, lambda sides: sides.neither),
)


def measures_of(kind: DataType) -> Iterator[Measure]:
    """What is measured of a column of some type, in order. Nulls are counted, and left out of everything else."""
    yield from _BEFORE
    if kind in t.NUMBERS:
        yield from _OF_NUMBERS
    if isinstance(kind, t.ListType):
        yield from _OF_LISTS
    yield from _AFTER


@dataclass(frozen=True)
class Measured:
    """The metrics of a frame.

    Parameters
    ----------
    table:
        ``JoinPath``, the metrics, and ``ts``, the beginning of the hour (ms): a row for each hour, ascending.
    schema:
        Its columns.
    columns:
        The columns that were measured.
    """

    table: pa.Table
    schema: Schema
    columns: Sequence[str]

    def discrepancies(self) -> dict[int, int]:
        """For each hour (ms) the greatest number of nulls on either side alone, and of values that differ, added up."""
        found: dict[int, int] = {}
        for row in self.table.to_pylist(maps_as_pydicts="strict"):
            worst = (
                max((row[f"{column}_{what}_sum"] for column in self.columns), default=0)
                for what in ("left_null", "right_null", "mismatch")
            )
            found[row[BUCKET]] = sum(worst)
        return found


def measure(frame: str, columns: Schema, keys: Sequence[str], path: str, engine: Engine) -> Measured:
    """Measure a frame that is a table of the warehouse.

    Parameters
    ----------
    frame:
        The table.
    columns:
        The columns that are measured, with their types.
    keys:
        The columns by which the sides are matched: the partition, and ``ts`` (ms) where there are times.
    path:
        Written into each row.
    engine:
        Has the table.
    """
    import numpy as np
    import pyarrow as pa

    from chronon.aggregate import Aggregator

    wanted = [(column, kind, measure) for column, kind in columns.items() for measure in measures_of(kind)]
    asked = [_aggregation(f"{column}_{what}", operation) for column, _, (what, operation, _) in wanted]
    kinds = {f"{column}_{what}": _kind(kind, operation) for column, kind, (what, operation, _) in wanted}
    aggregator = Aggregator(asked, kinds, definition=path)
    bucket = _bucket(keys, engine)
    listed = ", ".join([f"{bucket} AS `{_AT}`", *(quoted(name + side) for name in columns for side in (LEFT, RIGHT))])
    hours = engine.query(f"SELECT DISTINCT {bucket} AS `{_AT}` FROM {frame} ORDER BY 1")  # noqa: S608 - our names
    starts = hours.read_all().column(0).to_numpy()
    rows = engine.query(f"SELECT {listed} FROM {frame} ORDER BY 1")  # noqa: S608 - our names
    schema = schema_to_arrow({"__key": t.LONG, "ts": t.LONG, **kinds})

    def events() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            hour = np.searchsorted(starts, batch.column(_AT).to_numpy())
            sides = {column: Sides.of(batch, column, kind) for column, kind in columns.items()}
            values = [of(sides[column]) for column, _, (_, _, of) in wanted]
            arrays = [pa.array(hour.astype(np.int64)), pa.array(np.zeros(batch.num_rows, np.int64)), *values]
            cast = (array.cast(field.type) for array, field in zip(arrays, schema, strict=True))
            yield pa.RecordBatch.from_arrays([*cast], schema=schema)

    queries = pa.record_batch({"__key": np.arange(len(starts), dtype=np.int64), "ts": np.ones(len(starts), np.int64)})
    found = pa.Table.from_batches(aggregator.run(events(), [queries]), schema_to_arrow(aggregator.outputs))
    made = found.add_column(0, JOIN_PATH, pa.array([path] * len(starts), pa.string()))
    written = {JOIN_PATH: t.STRING, **aggregator.outputs, BUCKET: t.LONG}
    return Measured(made.append_column(BUCKET, pa.array(starts, pa.int64())), written, list(columns))


def _aggregation(name: str, operation: Operation) -> structs.Aggregation:
    arguments = QUANTILES if operation == Operation.APPROX_PERCENTILE else None
    return structs.Aggregation(inputColumn=name, operation=operation, argMap=arguments)


def _kind(kind: DataType, operation: Operation) -> DataType:
    """The type of what is measured: counts are whole, and so are lengths; the rest is as exact as a double."""
    whole = operation in (Operation.SUM, Operation.COUNT) or isinstance(kind, t.ListType)
    return t.LONG if whole else t.DOUBLE


def _bucket(keys: Sequence[str], engine: Engine) -> str:
    """The beginning of the hour of a row; of one without a time, of its partition."""
    spec = engine.partitions_spec
    begun = f"unix_millis(to_timestamp({quoted(spec.column)}, '{spec.format}'))"
    at = f"coalesce(`ts`, {begun})" if "ts" in keys else begun
    return f"{at} - pmod({at}, {HOUR_MS}L)"


def by_day(discrepancies: Mapping[int, int], engine: Engine) -> dict[str, int]:
    """The same added up by day, without days that have none."""
    found: dict[str, int] = {}
    for at, number in discrepancies.items():
        ds = engine.partitions_spec.of(at)
        found[ds] = found.get(ds, 0) + number
    return {ds: number for ds, number in sorted(found.items()) if number}
