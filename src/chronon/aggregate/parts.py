"""From a group-by's aggregations and its input types to the parts that are computed, one for each output column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from re import fullmatch
from typing import TYPE_CHECKING, Any

from chronon.aggregate.operation import Operation
from chronon.aggregate.shapes import Shape
from chronon.api import naming
from chronon.api.enums import Operation as Code
from chronon.api.inspect import WHOLE_HISTORY, window_ms
from chronon.base.errors import ChrononError, ConfigError, DataError, Place, raise_all
from chronon.base.time import tail_hop
from chronon.base.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SCALARS,
    SHORT,
    STRING,
    TIMESTAMP,
    DataType,
    ListType,
    MapType,
    Schema,
    parse_type,
)

if TYPE_CHECKING:
    from chronon.api import structs

NUMERIC = frozenset({INT, LONG, SHORT, FLOAT, DOUBLE})
_ANYTHING = None


@dataclass(frozen=True)
class Argument:
    """A whole number that an operation takes: its bounds, and what it is when it is not given."""

    default: int | None = None
    least: int = 1
    most: int = 2**31 - 1


@dataclass(frozen=True)
class Kind:
    """An operation as a definition names it: what it takes, and what makes it for one element type."""

    accepts: frozenset[DataType] | None
    make: Callable[[DataType, Mapping[str, Any]], Operation]
    timed: bool = False
    k: Argument | None = None
    percentiles: bool = False


@dataclass(frozen=True)
class Base:
    """An aggregation apart from its windows: what tail hops and tiles hold one state of.

    Two aggregations that differ only in windows share a base.
    """

    input: str
    operation: Operation
    bucket: str | None
    shape: Shape
    identity: str
    """Input, operation, arguments, bucket and type as text: what makes stored states comparable."""

    @property
    def grouped(self) -> bool:
        """Whether the result is a map or a list of results."""
        return self.bucket is not None or self.shape in (Shape.MAPPED, Shape.ELEMENT_WISE)

    @property
    def flattened(self) -> bool:
        """Whether the items of a list are the elements."""
        return self.shape is Shape.FLATTENED

    @property
    def output(self) -> DataType:
        """The type of the column."""
        if self.shape is Shape.ELEMENT_WISE:
            return ListType(self.operation.output)
        return MapType(STRING, self.operation.output) if self.grouped else self.operation.output


@dataclass(frozen=True)
class Part:
    """One output column: a base over one window.

    Parameters
    ----------
    name:
        The output column.
    base:
        What is aggregated.
    window:
        Its length in ms; ``None`` for the whole history.
    """

    name: str
    base: Base
    window: int | None

    @property
    def hop(self) -> int:
        """By how many ms the window's trailing edge moves."""
        return tail_hop(self.window) if self.window is not None else tail_hop(2**62)


def unpack(
    aggregations: Sequence[structs.Aggregation], schema: Schema, *, definition: str | None = None
) -> tuple[Part, ...]:
    """The parts of a group-by in output order: aggregations, then buckets, then windows.

    Raises
    ------
    ConfigError
        With every problem of every aggregation: an input that is not there, a type that an operation does not take,
        arguments that are missing or wrong, two columns of one name.
    """
    problems: list[ChrononError] = []
    parts: list[Part] = []
    for number, aggregation in enumerate(aggregations):
        place = Place(definition=definition, field=f"aggregations[{number}]")
        try:
            parts.extend(_unpack_one(aggregation, schema, place))
        except ChrononError as problem:
            problems.append(problem)
    names = [part.name for part in parts]
    problems += [
        ConfigError(
            f"two aggregations give a column named {name}",
            place=Place(definition=definition, field="aggregations"),
            mend="select the input under a second name and aggregate that",
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    raise_all(problems)
    return tuple(parts)


def _unpack_one(aggregation: structs.Aggregation, schema: Schema, place: Place) -> list[Part]:
    column = aggregation.inputColumn or ""
    if column not in schema:
        raise ConfigError(
            f"input column {column!r} is not selected",
            place=place,
            expected=f"one of {', '.join(schema)}",
            mend="add it to the selects of every source",
        )
    code = _code(aggregation, place)
    windows = aggregation.windows or [None]
    names = naming.aggregation_columns(aggregation)
    bases = [_base(aggregation, code, schema, bucket, place) for bucket in (aggregation.buckets or [None])]
    lengths = [_length(window, place) for window in windows]
    pairs = [(base, length) for base in bases for length in lengths]
    return [Part(name, base, length) for name, (base, length) in zip(names, pairs, strict=True)]


def _length(window: structs.Window | None, place: Place) -> int | None:
    if window is None or window.length == WHOLE_HISTORY:
        return None
    if window_ms(window) <= 0:
        raise ConfigError(
            f"a window of length {window.length}", place=place, expected="a positive length", mend='like "7d"'
        )
    return window_ms(window)


def _code(aggregation: structs.Aggregation, place: Place) -> Code:
    try:
        return Code(aggregation.operation if aggregation.operation is not None else Code.LAST)
    except ValueError:
        raise ConfigError(
            f"{aggregation.operation!r} is no operation", place=place, expected=", ".join(code.name for code in KINDS)
        ) from None


def _base(aggregation: structs.Aggregation, code: Code, schema: Schema, bucket: str | None, place: Place) -> Base:
    column = aggregation.inputColumn or ""
    kind = KINDS[code]
    declared = schema[column]
    shape, element = _shape(declared, kind, bool(aggregation.elementWise), bucket, place)
    if bucket is not None and schema.get(bucket) != STRING:
        found = schema.get(bucket)
        raise ConfigError(
            f"bucket column {bucket!r} is {f'of type {found}' if found else 'not selected'}",
            place=place,
            expected="a selected column of type string",
            mend=f"select {bucket}='CAST({bucket} AS STRING)'",
        )
    if kind.accepts is not None and element not in kind.accepts:
        raise ConfigError(
            f"{element} is incompatible with {code.name} (input column {column!r} of type {declared})",
            place=place,
            expected=f"one of {', '.join(sorted(map(str, kind.accepts)))}, or a list or map of these",
            mend="cast the input in the source's selects",
        )
    arguments = _arguments(code, kind, aggregation.argMap or {}, place)
    return _made(column, code, arguments, bucket, shape, declared)


def _made(
    column: str, code: Code, arguments: Mapping[str, Any], bucket: str | None, shape: Shape, declared: DataType
) -> Base:
    operation = KINDS[code].make(_element(declared, shape), arguments)
    identity = json.dumps(
        [column, code.name, sorted(arguments.items()), bucket, shape.name, str(declared)], separators=(",", ":")
    )
    return Base(column, operation, bucket, shape, identity)


def _element(declared: DataType, shape: Shape) -> DataType:
    if shape is Shape.MAPPED and isinstance(declared, MapType):
        return declared.value
    if shape is not Shape.DIRECT and isinstance(declared, ListType):
        return declared.element
    return declared


def base_of(identity: str) -> Base:
    """The base that an identity names.

    >>> base_of('["price","TOP_K",[["k",3]],null,"DIRECT","double"]').output
    list<double>

    Raises
    ------
    DataError
        For an identity that this version cannot make anything of.
    """
    try:
        column, code, arguments, bucket, shape, declared = json.loads(identity)
        base = _made(column, Code[code], dict(arguments), bucket, Shape[shape], parse_type(declared))
    except (ValueError, KeyError, TypeError, ChrononError) as problem:
        raise DataError(
            f"a stored column is named {identity}, which this version does not know",
            mend="upload again with this version of the package",
        ) from problem
    return base


def _shape(
    declared: DataType, kind: Kind, element_wise: bool, bucket: str | None, place: Place
) -> tuple[Shape, DataType]:
    if declared in (DATE, TIMESTAMP):
        raise ConfigError(
            f"a {declared} cannot be aggregated",
            place=place,
            mend="select it as milliseconds (unix_millis) or as a string",
        )
    if kind.timed:
        return Shape.DIRECT, declared
    items = declared.element if isinstance(declared, ListType) and declared.element in SCALARS else None
    if element_wise:
        if items is None:
            raise ConfigError(
                f"element_wise needs a list of scalars, the input is {declared}", place=place, expected="list<double>"
            )
        if bucket is not None:
            raise ConfigError("element_wise and buckets cannot be combined", place=place, mend="drop one of them")
        return Shape.ELEMENT_WISE, items
    if items is not None:
        return Shape.FLATTENED, items
    if isinstance(declared, MapType) and declared.key == STRING:
        if bucket is not None:
            raise ConfigError(
                "a map input and buckets cannot be combined", place=place, mend="aggregate a scalar by bucket"
            )
        return Shape.MAPPED, declared.value
    return Shape.DIRECT, declared


def _arguments(code: Code, kind: Kind, given: Mapping[str, str], place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if kind.k is not None:
        found["k"] = _whole(code, kind.k, given.get("k"), place)
    if kind.percentiles:
        found["percentiles"] = _fractions(given.get("percentiles"), place)
    return found


def _whole(code: Code, argument: Argument, text: str | None, place: Place) -> int:
    if text is None and argument.default is not None:
        return argument.default
    number = int(text) if text is not None and fullmatch(r"[+-]?[0-9]+", text) else None
    if number is None or not argument.least <= number <= argument.most:
        raise ConfigError(
            f"k needs to be specified in the argMap for {code.name}"
            if text is None
            else f"k is {text!r} for {code.name}",
            place=place,
            expected=f"a whole number from {argument.least} to {argument.most}",
        )
    return number


def _fractions(text: str | None, place: Place) -> list[float]:
    try:
        numbers = json.loads(text) if text is not None else [0.5]
    except ValueError:
        numbers = None
    if not isinstance(numbers, list) or not all(
        isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n <= 1 for n in numbers
    ):
        raise ConfigError(
            f"percentiles are {text!r}",
            place=place,
            expected="a JSON list of fractions from 0 to 1",
            mend="Operation.APPROX_PERCENTILE([0.5, 0.9])",
        )
    return [float(number) for number in numbers]


def _kinds() -> dict[Code, Kind]:
    from chronon.aggregate import bags, picks, sketches, words

    def extreme(element: DataType, arguments: Mapping[str, Any], *, greatest: bool) -> Operation:
        if element == STRING:
            return picks.RankedPick(element, arguments, greatest=greatest, single=True)
        return words.NumberExtreme(element, arguments, end="max" if greatest else "min")

    ranked = NUMERIC | {STRING}
    counted = ranked | {BINARY}
    return {
        Code.MIN: Kind(ranked, partial(extreme, greatest=False)),
        Code.MAX: Kind(ranked, partial(extreme, greatest=True)),
        Code.FIRST: Kind(_ANYTHING, picks.First, timed=True),
        Code.LAST: Kind(_ANYTHING, picks.Last, timed=True),
        Code.FIRST_K: Kind(_ANYTHING, picks.FirstK, timed=True, k=Argument()),
        Code.LAST_K: Kind(_ANYTHING, picks.LastK, timed=True, k=Argument()),
        Code.TOP_K: Kind(ranked, partial(picks.RankedPick, greatest=True), k=Argument()),
        Code.BOTTOM_K: Kind(ranked, partial(picks.RankedPick, greatest=False), k=Argument()),
        Code.COUNT: Kind(_ANYTHING, words.Count),
        Code.SUM: Kind(NUMERIC | {BOOLEAN}, words.Sum),
        Code.AVERAGE: Kind(NUMERIC, words.Average),
        Code.VARIANCE: Kind(NUMERIC, words.Variance),
        Code.SKEW: Kind(NUMERIC, words.Skew),
        Code.KURTOSIS: Kind(NUMERIC, words.Kurtosis),
        Code.UNIQUE_COUNT: Kind(counted, bags.UniqueCount),
        Code.BOUNDED_UNIQUE_COUNT: Kind(counted, bags.BoundedUniqueCount, k=Argument(default=8)),
        Code.HISTOGRAM: Kind(frozenset({STRING}), bags.Histogram, k=Argument(default=0, least=-(2**31))),
        Code.APPROX_HISTOGRAM_K: Kind(ranked, bags.FrequentItems, k=Argument(default=8)),
        Code.APPROX_UNIQUE_COUNT: Kind(counted, sketches.ApproxUniqueCount, k=Argument(default=8, least=4, most=26)),
        Code.APPROX_PERCENTILE: Kind(
            NUMERIC, sketches.ApproxPercentile, k=Argument(default=128, least=8, most=65535), percentiles=True
        ),
    }


KINDS = _kinds()
"""The operations by their code in a definition."""
