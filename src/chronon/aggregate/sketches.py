"""Operations that answer approximately in bounded memory: distinct counts and percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate.bags import BagOperation, Ranges
from chronon.aggregate.kernel import coupons, quantiles
from chronon.aggregate.operation import Operation
from chronon.base.types import FLOAT, FLOATS, LONG, DataType, ListType

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.earlier import Earlier
    from chronon.aggregate.series import Series

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]
    Floats = np.ndarray[tuple[int], np.dtype[np.float32]]


class ApproxUniqueCount(BagOperation):
    """How many distinct values there are, by a CPC sketch with ``2**k`` rows; empty text and bytes are not counted.

    The estimate of a merged CPC sketch depends on nothing but how many distinct *coupons* its values have: a coupon is
    the row and column to which a value's hash assigns it. So the coupons themselves are kept and counted, and Apache
    DataSketches says what a merged sketch with so many of them estimates. The number is the same however the values
    were split.
    """

    @property
    def lg_k(self) -> int:
        """The binary logarithm of the sketch's size."""
        return self.arguments["k"]

    @property
    def output(self) -> DataType:
        return LONG

    @property
    def bytes_per_key(self) -> str:
        return "8 * 2^k at most"

    # ---- columns

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Ranges:
        key = ("dense coupons", self.lg_k)
        position, of_values = self._coupons(series)
        if key not in series.derived:
            series.derived[key] = _dense(of_values)
        codes, distinct = series.derived[key]
        return _Counted(codes, distinct, None, position[lo], position[hi], hi > lo)

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Ranges:
        position, of_values = self._coupons(series)
        older: list[Longs] = [*earlier.seeds]
        sizes = [len(seed) for seed in older]
        first, last = position[lo] + sum(sizes), position[hi] + sum(sizes)
        first[: earlier.count] = earlier.starts(sizes)
        seen = (hi > lo) | (np.arange(len(lo)) < earlier.count)
        return _Counted(*_dense(np.concatenate([*older, of_values])), None, first, last, seen)

    def seeds(self, series: Series, lo: Longs, hi: Longs) -> Sequence[Longs | None]:
        position, of_values = self._coupons(series)
        ranges = zip(position[lo].tolist(), position[hi].tolist(), (hi > lo).tolist(), strict=True)
        return [np.unique(of_values[low:high]) if there else None for low, high, there in ranges]

    def joined(self, seeds: Sequence[Longs]) -> Longs:
        return np.unique(np.concatenate(seeds))

    def _coupons(self, series: Series) -> tuple[Longs, Longs]:
        """For each element, and one past the last, how many before it have a coupon; and the coupons of those."""
        key = ("coupons", self.lg_k)
        if key not in series.derived:
            found = self._found(series)
            kept = found >= 0
            series.derived[key] = np.concatenate(([0], np.cumsum(kept))), found[kept]
        return series.derived[key]

    def _found(self, series: Series) -> Longs:
        """The coupon of each element, below zero where it has none."""
        import pyarrow as pa

        found = np.empty(len(series), dtype=np.int64)
        if pa.types.is_floating(series.values.type):
            numbers = series.doubles.view(np.float64)
            canonical = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # -0.0 + 0.0 is 0.0
            coupons.of_words(canonical.view(np.int64), self.lg_k, found)
        elif pa.types.is_integer(series.values.type):
            coupons.of_words(series.longs, self.lg_k, found)
        else:
            values = pa.concat_arrays([series.values.cast(pa.binary())])
            _, offsets, data = values.buffers()
            ends = np.frombuffer(offsets, dtype=np.int32)[: len(values) + 1]
            text = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
            coupons.of_texts(ends, text, self.lg_k, found)
        return found

    def finish(self, states: Ranges) -> pa.Array:
        import pyarrow as pa

        sizes = states.sizes()
        known = estimates(self.lg_k, frozenset(np.unique(sizes).tolist()))
        seen = states.seen if isinstance(states, _Counted) else states.hi > states.lo
        return pa.array(np.array([known[size] for size in sizes.tolist()], dtype=np.int64), mask=~seen)

    def export(self, states: Ranges) -> Sequence[Any]:
        distinct = states.distinct.to_numpy()
        found = distinct[states.codes] if len(distinct) else states.codes
        seen = states.seen if isinstance(states, _Counted) else states.hi > states.lo
        ranges = zip(states.lo.tolist(), states.hi.tolist(), seen.tolist(), strict=True)
        return [coupons.packed(found[lo:hi], self.lg_k) if there else None for lo, hi, there in ranges]

    # ---- one key

    def lift(self, value: Any, ts: int, seq: int) -> Any:
        del ts, seq
        if value in ("", b""):
            return b""
        return coupons.packed(np.array([self._coupon(value)], dtype=np.int64), self.lg_k)

    def _coupon(self, value: Any) -> int:
        if self.input in FLOATS:
            number = np.float64(np.nan if math.isnan(value) else value + 0.0)
            return coupons.of_word(int(number.view(np.int64)), self.lg_k)
        if isinstance(value, int):
            return coupons.of_word(value, self.lg_k)
        return coupons.of_text(value.encode() if isinstance(value, str) else value, self.lg_k)

    def merge(self, states: Sequence[Any]) -> Any:
        return coupons.merged(states, self.lg_k)

    def result(self, state: Any) -> int:
        held = coupons.size(state, self.lg_k)
        return estimates(self.lg_k, frozenset((held,)))[held]


@dataclass
class _Counted(Ranges):
    """Ranges of coupons. Of an element that has none, such as the empty text, it is known that it was there."""

    seen: np.ndarray
    """Which ranges hold an element, counted or not."""


def _dense(of_values: Longs) -> tuple[Longs, pa.Array]:
    import pyarrow as pa

    encoded = pa.array(of_values).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary


@cache
def _novel(lg_k: int, enough: int) -> Longs:
    """Whole numbers each of which has a coupon that no smaller one has; at least ``enough`` of them."""
    some = max(64, 2 * enough)
    while True:
        numbers = np.arange(some, dtype=np.int64)
        found = np.empty(some, dtype=np.int64)
        coupons.of_words(numbers, lg_k, found)
        _, first = np.unique(found, return_index=True)
        if len(first) >= enough:
            return np.sort(first)
        some *= 4


_KNOWN: dict[int, dict[int, int]] = {}
"""By size of sketch and number of coupons; a process needs few of them, and asks for them often."""


def estimates(lg_k: int, sizes: frozenset[int]) -> dict[int, int]:
    """The distinct count that a merged sketch reports for each number of coupons, rounded down as the original does."""
    sketching: Any = import_module("datasketches")  # it comes without types
    known = _KNOWN.setdefault(lg_k, {0: 0})
    missing = sorted(sizes - known.keys())
    if missing:
        sketch = sketching.cpc_sketch(lg_k)
        numbers = _novel(lg_k, missing[-1]).tolist()
        held = 0
        for size in missing:
            for number in numbers[held:size]:
                sketch.update(number)
            held = size
            union = sketching.cpc_union(lg_k)
            union.update(sketch)
            known[size] = int(union.get_result().get_estimate())
    return known


class ApproxPercentile(Operation):
    """Percentiles by a KLL sketch of size k over floats of 32 bits: exact up to k values, NaN left out.

    The value for a fraction p of n values is the first whose rank exceeds ``p * n``.
    """

    @cached_property
    def fractions(self) -> np.ndarray:
        """The requested fractions, in their order."""
        return np.array(self.arguments["percentiles"], dtype=np.float64)

    @property
    def k(self) -> int:
        """The size of the sketch."""
        return self.arguments["k"]

    @property
    def output(self) -> DataType:
        return ListType(FLOAT)

    @property
    def bytes_per_key(self) -> str:
        return "about 12 k"

    def entries(self, series: Series) -> int:
        del series
        return len(self.fractions)

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Sketched:
        key = ("floats", 32)
        if key not in series.derived:
            series.derived[key] = self._floats(series)
        return Sketched(series.derived[key], lo, hi)

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Sketched:
        states = self.slide(series, lo, hi)
        runs = earlier.runs(self.joined)
        states.seeds = [seed for _, _, seed in runs]
        states.seeded = np.repeat(np.arange(len(runs), dtype=np.int64), [high - low for low, high, _ in runs])
        return states

    @staticmethod
    def _floats(series: Series) -> Floats:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(series.values.to_numpy(zero_copy_only=False)).astype(np.float32)

    def finish(self, states: Sketched) -> pa.Array:
        import pyarrow as pa

        out = np.zeros((len(states.lo), len(self.fractions)), dtype=np.float32)
        seen = np.zeros(len(states.lo), dtype=np.uint8)
        quantiles.sliding(
            states.values, self.k, self.fractions, states.lo, states.hi, out, seen, states.seeds, states.seeded
        )
        there = seen.astype(bool)
        sizes = np.where(there, len(self.fractions), 0)
        offsets = pa.array(np.concatenate(([0], np.cumsum(sizes))).astype(np.int32), mask=np.append(~there, [False]))
        return pa.ListArray.from_arrays(offsets, pa.array(out[there].ravel()))

    def export(self, states: Sketched) -> Sequence[bytes | None]:
        return quantiles.sketches(states.values, self.k, states.lo, states.hi)

    def lift(self, value: Any, ts: int, seq: int) -> bytes:
        del ts, seq
        return quantiles.of_value(self.k, value)

    def merge(self, states: Sequence[bytes]) -> bytes:
        return quantiles.merged(states)

    def result(self, state: bytes) -> list[float] | None:
        return quantiles.results(state, self.fractions)


@dataclass
class Sketched:
    """A column of sketches: the ranges of values that they are made of."""

    values: Floats
    lo: Longs
    hi: Longs
    seeds: Sequence[bytes] = ()
    seeded: Longs | None = None
    """For each of the leading ranges which of the seeds stands in front of it."""
