"""Operations that count distinct values: how many there are, how often each occurs, which occur most.

A state is a bag: values with their counts. For one key it is a list of ``[value, count]`` in ascending order of values,
so that equal bags are equal bytes.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chronon.aggregate.kernel import bags
from chronon.aggregate.operation import Operation
from chronon.aggregate.ordering import payload_order, utf16_key, utf16_order
from chronon.base.types import FLOATS, INT, INTEGERS, LONG, STRING, DataType, MapType

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.earlier import Earlier
    from chronon.aggregate.series import Series

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

Bag = list[list[Any]]
"""``[value, count]`` in ascending order of values."""


@dataclass
class Ranges:
    """A column of bags: the elements of each, as ranges of a series whose elements may have weights."""

    codes: Longs
    distinct: pa.Array
    weights: Longs | None
    lo: Longs
    hi: Longs

    def window(self) -> bags.Window:
        """A fresh counter over the codes."""
        return bags.Window(self.codes, len(self.distinct), self.weights)

    def sizes(self) -> Longs:
        """How many distinct values each bag holds."""
        out = np.zeros(len(self.lo), dtype=np.int64)
        self.window().distinct(self.lo, self.hi, out)
        return out

    def entries(self) -> tuple[Longs, Longs, Longs]:
        """How many entries each bag has, and the codes and counts of all, by code within a bag."""
        sizes = np.zeros(len(self.lo), dtype=np.int64)
        return _table(self.window().entries(self.lo, self.hi, sizes), sizes)

    def top(self, k: int) -> tuple[Longs, Longs, Longs]:
        """As ``entries``, but of each bag only the ``k`` of greatest count, these first."""
        sizes = np.zeros(len(self.lo), dtype=np.int64)
        return _table(self.window().top(self.lo, self.hi, k, sizes), sizes)


@dataclass(frozen=True)
class Tally:
    """Distinct values with their counts, as columns."""

    values: pa.Array
    counts: Longs


class BagOperation(Operation):
    """Counts distinct values."""

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Ranges:
        codes, distinct = series.coded
        return Ranges(codes, distinct, None, lo, hi)

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Ranges | Pieces:
        import pyarrow as pa

        older = pa.concat_arrays([seed.values for seed in earlier.seeds]).cast(series.values.type)
        weights = np.concatenate([*(seed.counts for seed in earlier.seeds), np.ones(len(series), dtype=np.int64)])
        lo, hi = lo + len(older), hi + len(older)
        lo[: earlier.count] = earlier.starts([len(seed.counts) for seed in earlier.seeds])
        return replace(self.slide(_behind(older, series), lo, hi), weights=weights)

    def seeds(self, series: Series, lo: Longs, hi: Longs) -> Sequence[Any]:
        return self._tallies(self.slide(series, lo, hi))

    def _tallies(self, states: Ranges) -> list[Tally | None]:
        import pyarrow as pa

        sizes, codes, counts = states.entries()
        values = states.distinct.take(pa.array(codes))
        ends = np.cumsum(sizes).tolist()
        kept = np.minimum(sizes, self.most).tolist()
        return [
            Tally(values.slice(end - size, some), counts[end - size :][:some]) if size else None
            for end, size, some in zip(ends, sizes.tolist(), kept, strict=True)
        ]

    @property
    def most(self) -> int:
        """More distinct values than these make no difference to a result."""
        return 2**62

    def joined(self, seeds: Sequence[Any]) -> Any:
        import pyarrow as pa

        from chronon.aggregate.series import Rows, Series

        tallies: Sequence[Tally] = seeds
        values = pa.concat_arrays([tally.values for tally in tallies])
        weights = np.concatenate([tally.counts for tally in tallies])
        nothing = np.zeros(0, dtype=np.int64)
        codes, distinct = Series(values, nothing, None, Rows(nothing, nothing)).coded
        whole = Ranges(codes, distinct, weights, np.zeros(1, dtype=np.int64), np.array([len(values)]))
        return self._tallies(whole)[0]

    def export(self, states: Ranges) -> Sequence[Bag | None]:
        sizes, codes, counts = states.entries()
        values = states.distinct.to_pylist()
        pairs = [[values[code], times] for code, times in zip(codes.tolist(), counts.tolist(), strict=True)]
        ends = np.cumsum(sizes).tolist()
        seen = (states.hi > states.lo).tolist()
        return [
            self.reduced(pairs[e - n : e]) if s else None for e, n, s in zip(ends, sizes.tolist(), seen, strict=True)
        ]

    def lift(self, value: Any, ts: int, seq: int) -> Bag:
        del ts, seq
        return [[self.canonical(value), 1]]

    def canonical(self, value: Any) -> Any:
        """The value as it stands in a bag: whole numbers and reals of any width are one."""
        if self.input in FLOATS:
            return math.nan if math.isnan(value) else float(value)
        return int(value) if self.input in INTEGERS else value

    def merge(self, states: Sequence[Bag]) -> Bag:
        *smaller, large = sorted(states, key=len)
        small = [pair for state in smaller for pair in state]
        if len(small) < len(large) // 32:  # a few values that come to many: these stay as they are
            return self._added(large, small)
        return self.reduced(self._sum([*large, *small]))

    def _added(self, bag: Bag, more: Bag) -> Bag:
        """A bag, already reduced, with some more values."""
        bag = list(bag)
        for value, times in more:
            key = self.order_key(value)
            place = bisect_left(bag, key, key=lambda pair: self.order_key(pair[0]))
            there = place < len(bag) and self.order_key(bag[place][0]) == key
            before = bag[place][1] if there else 0
            bag[place : place + there] = self.reduced([[value, before + times]])
        return bag

    def _sum(self, pairs: Sequence[Sequence[Any]]) -> Bag:
        counts: dict[Any, list[Any]] = {}
        for value, times in pairs:
            key = self.order_key(value)
            if key in counts:
                counts[key][1] += times
            else:
                counts[key] = [value, times]
        return [counts[key] for key in sorted(counts)]

    def order_key(self, value: Any) -> Any:
        """What makes two values the same, and orders them."""
        return utf16_key(value) if self.input == STRING else payload_order(self.input)(value)

    def reduced(self, bag: Bag) -> Bag:
        """The bag as it is kept, without what is not needed."""
        return bag


class UniqueCount(BagOperation):
    """How many distinct values there are, exactly. NaN is one value; 0.0 and -0.0 are two."""

    @property
    def output(self) -> DataType:
        return LONG

    @property
    def bytes_per_key(self) -> str:
        return "all distinct values"

    def reduced(self, bag: Bag) -> Bag:
        return [[value, 1] for value, _ in bag]

    def finish(self, states: Ranges) -> pa.Array:
        import pyarrow as pa

        return pa.array(states.sizes(), mask=states.hi <= states.lo)

    def result(self, state: Bag) -> int:
        return len(state)


class BoundedUniqueCount(UniqueCount):
    """How many distinct values there are, up to k: once k are known the count stays at k."""

    @property
    def bytes_per_key(self) -> str:
        return "k distinct values"

    @property
    def most(self) -> int:
        return self.arguments["k"]

    def _added(self, bag: Bag, more: Bag) -> Bag:
        return super()._added(bag, more)[: self.most]

    def reduced(self, bag: Bag) -> Bag:
        return super().reduced(bag[: self.most])

    def finish(self, states: Ranges) -> pa.Array:
        import pyarrow as pa

        return pa.array(np.minimum(states.sizes(), self.arguments["k"]), mask=states.hi <= states.lo)


class Histogram(BagOperation):
    """How often each value occurs; with k > 0 only the k most frequent, ties by value."""

    reversible: ClassVar[bool] = True

    @property
    def output(self) -> DataType:
        return MapType(STRING, INT)

    @property
    def bytes_per_key(self) -> str:
        return "all distinct values with counts"

    def entries(self, series: Series) -> int:
        k = self.arguments["k"]
        return k if k > 0 else len(series.coded[1])

    def finish(self, states: Ranges) -> pa.Array:
        import pyarrow as pa

        k = self.arguments["k"]
        sizes, codes, counts = states.top(k) if k > 0 else states.entries()
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        keys = states.distinct.take(pa.array(codes))
        bounds = pa.array(offsets, mask=np.append(states.hi <= states.lo, [False]))
        return pa.MapArray.from_arrays(bounds, keys, pa.array(counts).cast(pa.int32(), safe=False))

    def remove(self, state: Bag | None, value: Any) -> Bag:
        return self.merge([state or [], [[value, -1]]])

    def reduced(self, bag: Bag) -> Bag:
        return [[value, times] for value, times in bag if times != 0]

    def result(self, state: Bag) -> Mapping[str, int]:
        k = self.arguments["k"]
        return dict(top(state, k) if k > 0 else (tuple(pair) for pair in state))


class FrequentItems(BagOperation):
    """The k most frequent values with their counts; exact while there are at most ``max(64, 8k)`` distinct ones.

    Beyond that the summary is space-saving (Metwally et al. 2005; merged as by Agarwal et al. 2012). A state is
    ``[missed, bag]``: the bag holds as many values with estimates; an estimate is at least the true count and at most
    ``missed`` above it, and a value that is not there came at most ``missed`` times. Of ``n`` values, ``missed`` is at
    most ``n / (max(64, 8k) + 1)``.
    """

    @property
    def output(self) -> DataType:
        return MapType(STRING, LONG)

    @property
    def bytes_per_key(self) -> str:
        return "max(64, 8k) values with counts"

    def entries(self, series: Series) -> int:
        del series
        return self.arguments["k"]

    @property
    def room(self) -> int:
        """How many distinct values are kept."""
        return max(64, 8 * self.arguments["k"])

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Ranges:
        return self._texts(super().slide(series, lo, hi))

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Pieces:
        return Pieces(self._pieces(earlier, series, lo, hi))

    def _pieces(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Iterator[Ranges]:
        """A column of states for each run of ranges that follow the same summary, and one for the rest."""
        import pyarrow as pa

        texts = list({value: None for _, bag in earlier.seeds for value, _ in bag})
        whole = self.slide(_behind(pa.array(texts, pa.string()).cast(series.values.type), series), lo, hi)
        code_of = dict(zip(texts, whole.codes[: len(texts)].tolist(), strict=True))
        rows = whole.codes[len(texts) :]
        for low, high, (missed, bag) in earlier.runs(self.joined):
            known = np.array([code_of[value] for value, _ in bag], dtype=np.int64)
            ends = hi[low:high]
            codes = np.concatenate((known, rows[: ends[-1]]))
            counts = np.array([times for _, times in bag], dtype=np.int64)
            weights = np.concatenate((counts, np.ones(int(ends[-1]), dtype=np.int64)))
            yield _Missing(codes, whole.distinct, weights, np.zeros_like(ends), ends + len(bag), missed, known)
        rest = slice(earlier.count, None)
        yield Ranges(rows, whole.distinct, None, lo[rest], hi[rest])

    def seeds(self, series: Series, lo: Longs, hi: Longs) -> Sequence[Any]:
        return self.export(self.slide(series, lo, hi))

    def joined(self, seeds: Sequence[Any]) -> Any:
        return self.merge(seeds)

    def _texts(self, states: Ranges) -> Ranges:
        """The bags with their values as texts, in the order of texts."""
        import pyarrow as pa

        if self.input == STRING:
            return states
        texts = pa.array([self.canonical(value) for value in states.distinct.to_pylist()], pa.string())
        order = utf16_order(texts)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return replace(states, codes=rank[states.codes], distinct=texts.take(pa.array(order)))

    def canonical(self, value: Any) -> str:
        """The value as a key of the result: text as it is, whole numbers in decimal, reals as Java writes a double."""
        return java_double(value) if self.input in FLOATS else str(value)

    def order_key(self, value: str) -> bytes:
        return utf16_key(value)

    def export(self, states: Ranges) -> Sequence[Any]:
        return [None if bag is None else self._reduced(0, bag) for bag in super().export(states)]

    def lift(self, value: Any, ts: int, seq: int) -> Any:
        return [0, super().lift(value, ts, seq)]

    def merge(self, states: Sequence[Any]) -> Any:
        missed = sum(less for less, _ in states)
        above = self._sum([(value, times - less) for less, bag in states for value, times in bag])
        return self._reduced(missed, [[value, times + missed] for value, times in above])

    def _reduced(self, missed: int, bag: Bag) -> list[Any]:
        if len(bag) <= self.room:
            return [missed, bag]
        ranked = top(bag, self.room + 1)
        _, missed = ranked.pop()
        kept = {value for value, _ in ranked}
        return [missed, [pair for pair in bag if pair[0] in kept]]

    def finish(self, states: Ranges | Pieces) -> pa.Array:
        import pyarrow as pa

        if isinstance(states, Pieces):
            return pa.concat_arrays([self.finish(piece) for piece in states.columns])
        sizes, codes, counts = states.top(self.arguments["k"])
        bounds = pa.array(
            np.concatenate(([0], np.cumsum(sizes))).astype(np.int32), mask=np.append(states.hi <= states.lo, [False])
        )
        return pa.MapArray.from_arrays(bounds, states.distinct.take(pa.array(codes)), pa.array(counts))

    def result(self, state: Any) -> Mapping[str, int]:
        return dict(top(state[1], self.arguments["k"]))


@dataclass
class Pieces:
    """Columns of bags, one after the other; each is made when it is asked for."""

    columns: Iterator[Ranges]


@dataclass
class _Missing(Ranges):
    """Ranges that begin with a summary that may have missed some of the values."""

    missed: int
    known: Longs
    """The codes of the values that the summary holds."""

    def top(self, k: int) -> tuple[Longs, Longs, Longs]:
        extra = np.full(len(self.distinct), self.missed, dtype=np.int64)
        extra[self.known] = 0
        sizes = np.zeros(len(self.lo), dtype=np.int64)
        return _table(self.window().top(self.lo, self.hi, k, sizes, extra, len(self.lo)), sizes)


def _behind(older: pa.Array, series: Series) -> Series:
    """The series with older values in front."""
    import pyarrow as pa

    from chronon.aggregate.series import Series

    row_of = np.concatenate((np.zeros(len(older), dtype=np.int64), series.row_of))
    return Series(pa.concat_arrays([older, series.values]), row_of, None, series.rows)


def _table(flat: bytes, sizes: Longs) -> tuple[Longs, Longs, Longs]:
    pairs = np.frombuffer(flat, dtype=np.int64).reshape(-1, 2)
    return sizes, pairs[:, 0], pairs[:, 1]


def top(bag: Bag, k: int) -> list[tuple[Any, int]]:
    """The k entries of greatest count; of equal counts those of smaller value, which stand first in a bag."""
    return [(value, times) for value, times in sorted(bag, key=lambda pair: -pair[1])[:k]]


def java_double(number: float) -> str:
    """A double as Java's ``Double.toString`` writes it.

    >>> [java_double(number) for number in (1.0, 1e7, 1e-4, 5e-324, 1.234e-8, math.nan)]
    ['1.0', '1.0E7', '1.0E-4', '4.9E-324', '1.234E-8', 'NaN']
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:  # Java's own bounds
        text = repr(number)
        return text if "e" not in text else format(number, "f")
    text = format(number, ".1e")  # the least double is 4.9E-324: of two digits the nearest, not the shortest
    if float(text) != number:
        text = np.format_float_scientific(number, unique=True, trim="0")
    digits, _, shift = text.partition("e")
    return f"{digits}E{int(shift)}"
