"""Hypothesis strategies: definitions, rows and query times that like edges.

``scenarios`` draws all of it together. Needs ``hypothesis``, which is not installed with the package.

    @given(scenarios(operations=["SUM", "LAST_K"]))
    def test_kernel_is_oracle(scenario):
        for query in scenario.queries:
            assert_same(scenario.oracle.at(scenario.rows, query), ours(scenario, query))
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from chronon.api import structs
from chronon.base.time import DAY_MS, HOUR_MS, MINUTE_MS, floor, tail_hop
from chronon.base.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SCALARS,
    SHORT,
    STRING,
    DataType,
    ListType,
    MapType,
    Schema,
    StructType,
)
from chronon.testing.columns import Row, Shape
from chronon.testing.formulas import FORMULAS
from chronon.testing.oracle import Oracle
from chronon.testing.shorthand import ORIGIN, aggregation

OPERATIONS = tuple(FORMULAS)
"""The names of all operations."""

SHAPES = (*Shape, "BUCKET")
"""The ways to meet a column; buckets are one more."""

WINDOWS = (None, "1h", "11h", "12h", "24h", "1d", "2d", "7d", "287h", "12d", "13d", "300h")
"""Lengths on both sides of every change of the hop; ``None`` is the whole history."""

STRUCT = StructType((("a", INT), ("b", STRING)))
_LISTS = (ListType(INT), ListType(BYTE), ListType(STRUCT), ListType(ListType(INT)))
_MAPS = (MapType(STRING, DOUBLE), MapType(INT, LONG), MapType(BINARY, ListType(INT)))
_PAYLOADS = (STRUCT, *_LISTS, *_MAPS, BYTE, BOOLEAN, BINARY)
_TEXTS = ("", "a", "b", "B", "é", "\uff01", "\U0001f600")
_INTEGER_BITS = {BYTE: 8, SHORT: 16, INT: 32, LONG: 64}
_BUCKET = "bucket"


@dataclass(frozen=True)
class Definition:
    """Aggregations with the schema they are defined over."""

    aggregations: tuple[structs.Aggregation, ...]
    schema: Mapping[str, DataType]
    tensors: frozenset[str] = frozenset()
    """Columns whose lists have one length and no nulls, for element-wise aggregations."""

    @cached_property
    def oracle(self) -> Oracle:
        """The oracle of the definition."""
        return Oracle(self.aggregations, self.schema)


@dataclass(frozen=True)
class Scenario:
    """A definition, the rows of one key in any order, and query times in ascending order."""

    definition: Definition
    rows: tuple[Row, ...]
    queries: tuple[int, ...]

    @property
    def oracle(self) -> Oracle:
        """The oracle of the definition."""
        return self.definition.oracle


@st.composite
def scenarios(
    draw: st.DrawFn,
    operations: Collection[str] = OPERATIONS,
    shapes: Collection[Shape | str] = SHAPES,
    windows: Sequence[str | None] = WINDOWS,
    *,
    extremes: bool = True,
    max_rows: int = 12,
    max_queries: int = 6,
) -> Scenario:
    """A definition with rows, and queries at which some row enters or leaves a window, or one ms beside it."""
    definition = draw(definitions(operations, shapes, windows))
    rows = draw(histories(definition.schema, tensors=definition.tensors, extremes=extremes, max_rows=max_rows))
    queries = draw(instants(definition.oracle, rows, max_size=max_queries))
    return Scenario(definition, tuple(rows), tuple(queries))


@st.composite
def definitions(
    draw: st.DrawFn,
    operations: Collection[str] = OPERATIONS,
    shapes: Collection[Shape | str] = SHAPES,
    windows: Sequence[str | None] = WINDOWS,
    *,
    kinds: Collection[DataType] | None = None,
    max_aggregations: int = 3,
) -> Definition:
    """One to ``max_aggregations`` valid aggregations of these operations, shapes and windows, over inputs of ``kinds``.

    Each has an input column of its own, named after its place (``x0``, ``x1``); buckets are in ``bucket``.
    """
    made: list[structs.Aggregation] = []
    schema: dict[str, DataType] = {"ts": LONG}
    tensors: set[str] = set()
    for i in range(draw(st.integers(1, max_aggregations))):
        operation = draw(st.sampled_from(sorted(operations)))
        shape = draw(st.sampled_from([shape for shape in SHAPES if shape in shapes and _fits(operation, shape)]))
        column = f"x{i}"
        possible = input_types(operation, shape)
        schema[column] = draw(st.sampled_from([kind for kind in possible if kinds is None or kind in kinds]))
        if shape is Shape.ELEMENT_WISE:
            tensors.add(column)
        if shape == "BUCKET":
            schema[_BUCKET] = STRING
        made.append(
            aggregation(
                column,
                operation,
                *draw(st.lists(st.sampled_from(windows), min_size=1, max_size=3, unique=True)),
                buckets=[_BUCKET] if shape == "BUCKET" else None,
                element_wise=shape is Shape.ELEMENT_WISE,
                **draw(_arguments(operation)),
            )
        )
    return Definition(tuple(made), schema, frozenset(tensors))


def _fits(operation: str, shape: Shape | str) -> bool:
    return not FORMULAS[operation].timed or shape in (Shape.DIRECT, "BUCKET")


def input_types(operation: str, shape: Shape | str) -> list[DataType]:
    """The types of input columns that an operation takes in a shape; none where it cannot have that shape.

    >>> input_types("SUM", Shape.FLATTENED)
    [list<boolean>, list<double>, list<float>, list<int>, list<long>, list<short>]
    """
    formula = FORMULAS[operation]
    if not _fits(operation, shape):
        return []
    accepted = formula.accepts if formula.accepts is not None else {INT, LONG, SHORT, FLOAT, DOUBLE, STRING, *_PAYLOADS}
    if shape in (Shape.FLATTENED, Shape.ELEMENT_WISE):
        return [ListType(kind) for kind in sorted(SCALARS & accepted, key=str)]
    if shape is Shape.PER_KEY:
        return [MapType(STRING, kind) for kind in sorted(accepted, key=str)]
    direct = accepted if formula.timed else {kind for kind in accepted if not _has_shape(kind)}
    return sorted(direct, key=str)


def _has_shape(kind: DataType) -> bool:
    """Whether a type makes operations that are not timed look into it."""
    if isinstance(kind, MapType):
        return kind.key == STRING
    return isinstance(kind, ListType) and kind.element in SCALARS


def _arguments(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    if operation == "APPROX_PERCENTILE":
        percentiles = st.lists(st.sampled_from([0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]), max_size=3)
        return st.fixed_dictionaries({"percentiles": percentiles}, optional={"k": st.sampled_from([8, 128])})
    k = FORMULAS[operation].k
    if k is None:
        return st.just({})
    return st.fixed_dictionaries({"k": st.integers(max(k.least, 1), max(k.least, 1) + 4)})


# ---- rows


@st.composite
def histories(
    draw: st.DrawFn,
    schema: Schema,
    *,
    tensors: Collection[str] = (),
    extremes: bool = True,
    reversals: bool = False,
    max_rows: int = 12,
) -> list[Row]:
    """Rows of one key in any order, many of them at the same instants, on hops or one ms beside them.

    Parameters
    ----------
    schema:
        The columns; ``ts`` is filled with the row's time.
    tensors:
        Columns whose lists all have one length and no nulls.
    extremes:
        Whether to draw the ends of the number ranges, infinities and NaN; without, small numbers that no formula loses.
    reversals:
        Whether some rows take others back.
    """
    times = draw(st.lists(_times(), min_size=1, max_size=5, unique=True))
    length = draw(st.integers(0, 3))
    columns = {
        name: st.none() | _tensor(kind, length, extremes=extremes)
        if name in tensors
        else cells(kind, extremes=extremes)
        for name, kind in schema.items()
        if name != "ts"
    }

    @st.composite
    def row(draw: st.DrawFn) -> Row:
        ts = draw(st.sampled_from(times))
        values = {"ts": ts} if "ts" in schema else {}
        values |= draw(st.fixed_dictionaries(columns))
        before = draw(st.booleans()) if reversals else False
        return Row(ts, values, sequence=draw(st.integers(0, 2)), is_before=before)

    return draw(st.lists(row(), max_size=max_rows))


@st.composite
def _times(draw: st.DrawFn) -> int:
    hop = draw(st.sampled_from([5 * MINUTE_MS, HOUR_MS, DAY_MS]))
    hops = draw(st.integers(-14 * DAY_MS // hop, DAY_MS // hop) | st.integers(-13, 1))
    return ORIGIN + hops * hop + draw(st.sampled_from([-1, 0, 0, 1]))


def cells(kind: DataType, *, extremes: bool = True) -> st.SearchStrategy[Any]:
    """Values of a type, or null."""
    return st.none() | _values(kind, extremes=extremes)


def _values(kind: DataType, *, extremes: bool) -> st.SearchStrategy[Any]:
    if isinstance(kind, ListType):
        return st.lists(cells(kind.element, extremes=extremes), max_size=3)
    if isinstance(kind, MapType):
        keys = st.sampled_from(_TEXTS[:4]) if kind.key == STRING else _values(kind.key, extremes=extremes)
        return st.dictionaries(keys, cells(kind.value, extremes=extremes), max_size=3)
    if isinstance(kind, StructType):
        return st.tuples(*(cells(part, extremes=extremes) for _, part in kind.fields))
    if kind in _INTEGER_BITS:
        ends = 2 ** (_INTEGER_BITS[kind] - 1)
        small = st.integers(-3, 10)
        return small | st.sampled_from([-ends, 1 - ends, ends - 1]) if extremes else small
    if kind in (FLOAT, DOUBLE):
        quarters = st.integers(-12, 40).map(lambda n: n / 4)
        return quarters | _unusual_floats(kind) if extremes else quarters
    if kind == STRING:
        return st.sampled_from(_TEXTS)
    if kind == BINARY:
        return st.sampled_from([b"", b"\x00", b"a", b"ab", b"\xff\x00"])
    return st.booleans()


def _unusual_floats(kind: DataType) -> st.SearchStrategy[float]:
    edges = st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0])
    return edges | st.floats(-(2.0**50), 2.0**50, width=32 if kind == FLOAT else 64)


def _tensor(kind: DataType, length: int, *, extremes: bool) -> st.SearchStrategy[list[Any]]:
    element = kind.element if isinstance(kind, ListType) else kind
    return st.lists(_values(element, extremes=extremes), min_size=length, max_size=length)


# ---- query times


@st.composite
def instants(
    draw: st.DrawFn, oracle: Oracle, rows: Sequence[Row], *, min_size: int = 1, max_size: int = 6
) -> list[int]:
    """Ascending query times at which a row enters or leaves a window of the definition, or one ms beside."""
    edges = {ORIGIN}
    for row in rows:
        if row.ts is None:
            continue
        edges.add(row.ts)
        for column in oracle.columns:
            if column.window is not None:
                hop = tail_hop(column.window)
                edges.update({floor(row.ts, hop) + column.window, floor(row.ts, hop) + column.window + hop})
    near = {edge + shift for edge in edges for shift in (-1, 0, 1)}
    return sorted(draw(st.lists(st.sampled_from(sorted(near)), min_size=min_size, max_size=max_size, unique=True)))
