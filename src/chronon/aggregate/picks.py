"""Operations that pick elements: the first, the last, the greatest, the least, one of them or k.

A state is a list of at most k picked elements. Over columns it is a list of element positions, so that the payload may
be of any type; for one key it is a list of values, with their time and sequence where these decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest, nsmallest
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chronon.aggregate.kernel import ranges, tops
from chronon.aggregate.operation import Operation
from chronon.aggregate.ordering import payload_order, utf16_key
from chronon.base.arrow import compute
from chronon.base.types import FLOATS, STRING, DataType, ListType

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.earlier import Earlier
    from chronon.aggregate.series import Series

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Picks:
    """A column of states: how many elements each has picked, and the positions of all of them in ``series``."""

    series: Series
    counts: Longs
    positions: Longs

    @property
    def offsets(self) -> Longs:
        """Where the picks of each state begin, and one past the last."""
        return _offsets(self.counts)


def _offsets(counts: Longs) -> Longs:
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _lists(counts: Longs, elements: pa.Array) -> pa.Array:
    """A list for each count, of elements that come one list after the other; null where there are none."""
    import pyarrow as pa

    offsets = pa.array(_offsets(counts).astype(np.int32), mask=np.append(counts == 0, [False]))
    return pa.ListArray.from_arrays(offsets, elements)


class PickOperation(Operation):
    """Picks ``limit`` elements; gives a list of them, or with ``single`` the element itself."""

    single: bool = False

    @property
    def limit(self) -> int:
        """How many elements are picked at most."""
        return 1 if self.single else self.arguments["k"]

    @property
    def output(self) -> DataType:
        return self.input if self.single else ListType(self.input)

    @property
    def bytes_per_key(self) -> str:
        return "one value" if self.single else "k values"

    def entries(self, series: Series) -> int:
        return min(self.limit, len(series))

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Picks:
        older = [self.values(seed) for seed in earlier.seeds]
        longer = self.behind([value for values in older for value in values], series)
        shift = len(longer) - len(series)
        lo, hi = lo + shift, hi + shift
        lo[: earlier.count] = earlier.starts([len(values) for values in older])
        return self.slide(longer, lo, hi)

    def behind(self, values: list[Any], series: Series) -> Series:
        """The series with some values, all of them older, in front."""
        import pyarrow as pa

        from chronon.aggregate.series import Series

        older = pa.array(values, series.values.type)
        rows = np.zeros(len(older), dtype=np.int64)
        longer = Series(
            pa.concat_arrays([older, series.values]), np.concatenate((rows, series.row_of)), None, series.rows
        )
        longer.by_payload = np.concatenate((np.arange(len(older)), series.by_payload + len(older)))
        return longer

    def values(self, state: list[Any]) -> list[Any]:
        """The values of a state, oldest first where time decides."""
        return state

    def finish(self, states: Picks) -> pa.Array:
        import pyarrow as pa

        if self.single:
            where = np.zeros(len(states.counts), dtype=np.int64)
            where[states.counts > 0] = states.positions
            return states.series.values.take(pa.array(where, mask=states.counts == 0))
        return _lists(states.counts, states.series.values.take(pa.array(states.positions)))

    def export(self, states: Picks) -> Sequence[list[Any] | None]:
        picked = self.export_elements(states)
        bounds = states.offsets.tolist()
        return [picked[a:b] if b > a else None for a, b in pairwise(bounds)]

    def export_elements(self, states: Picks) -> list[Any]:
        """The picked elements of all states, as they stand in a state for one key."""
        import pyarrow as pa

        return states.series.values.take(pa.array(states.positions)).to_pylist(maps_as_pydicts="strict")


class TimedPick(PickOperation):
    """Picks by time. The order is total: time, then sequence, then the payload itself."""

    timed: ClassVar[bool] = True
    newest: ClassVar[bool]
    """Whether to read from the back of the order, the newest element first."""

    @property
    def bytes_per_key(self) -> str:
        return "one value, its time and sequence" if self.single else "k values, their times and sequences"

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Picks:
        counts = np.clip(hi - lo, 0, self.limit)
        positions = np.empty(int(counts.sum()), dtype=np.int64)
        ranges.ends_of_ranges(series.by_payload, lo, hi, counts, self.newest, positions)
        return Picks(series, counts, positions)

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        import pyarrow as pa

        elements = None if self.single else series.words_in_order
        if elements is None:
            return super().answers(series, lo, hi)
        counts = np.clip(hi - lo, 0, self.limit)
        words = np.empty(int(counts.sum()), dtype=np.int64)
        ranges.ends_of_ranges(elements, lo, hi, counts, self.newest, words)
        return _lists(counts, pa.Array.from_buffers(series.values.type, len(words), [None, pa.py_buffer(words)]))

    def export_elements(self, states: Picks) -> list[Any]:
        rows, series = states.series.rows, states.series
        picked_rows = series.row_of[states.positions]
        times = rows.times[picked_rows].tolist()
        sequences = rows.sequences[picked_rows].tolist() if rows.sequences is not None else [0] * len(times)
        return [list(entry) for entry in zip(times, sequences, super().export_elements(states), strict=True)]

    def values(self, state: list[Any]) -> list[Any]:
        in_order = reversed(state) if self.newest else state
        return [entry[2] for entry in in_order]

    def lift(self, value: Any, ts: int, seq: int) -> list[Any]:
        return [[ts, seq, value]]

    def merge(self, states: Sequence[list[Any]]) -> list[Any]:
        pick = nlargest if self.newest else nsmallest
        entries = [entry for state in states for entry in state]
        payload = self._payload_order
        return pick(self.limit, entries, key=lambda entry: (entry[0], entry[1], payload(entry[2])))

    @cached_property
    def _payload_order(self) -> Callable[[Any], Any]:
        return payload_order(self.input)

    def result(self, state: list[Any]) -> Any:
        return state[0][2] if self.single else [entry[2] for entry in state]


class First(TimedPick):
    """The oldest value."""

    single = True
    newest: ClassVar[bool] = False


class Last(TimedPick):
    """The newest value."""

    single = True
    newest: ClassVar[bool] = True


class FirstK(TimedPick):
    """The k oldest values, oldest first."""

    newest: ClassVar[bool] = False


class LastK(TimedPick):
    """The k newest values, newest first."""

    newest: ClassVar[bool] = True


class RankedPick(PickOperation):
    """Picks by the natural order of values: numbers by value, strings by UTF-16 units. NaN is left out."""

    def __init__(
        self,
        input: DataType,  # noqa: A002
        arguments: Mapping[str, Any],
        *,
        greatest: bool,
        single: bool = False,
    ) -> None:
        super().__init__(input, arguments)
        self.greatest = greatest
        self.single = single
        self.skips_nan = input in FLOATS

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Picks:
        if self.skips_nan:
            series, lo, hi = _without_nan(series, lo, hi)  # by position a NaN holds its place until here
        ranks = series.ranks if self.greatest else ~series.ranks
        counts = np.clip(hi - lo, 0, self.limit)
        positions = np.zeros(counts.sum(), dtype=np.int64)
        tops.greatest(ranks, lo, hi, int(counts.max(initial=0)), positions)
        return Picks(series, counts, positions)

    def lift(self, value: Any, ts: int, seq: int) -> list[Any]:
        del ts, seq
        return [value]

    def merge(self, states: Sequence[list[Any]]) -> list[Any]:
        pick = nlargest if self.greatest else nsmallest
        key = utf16_key if self.input == STRING else payload_order(self.input)
        return pick(self.limit, [value for state in states for value in state], key=key)

    def result(self, state: list[Any]) -> Any:
        return state[0] if self.single else state


def _without_nan(series: Series, lo: Longs, hi: Longs) -> tuple[Series, Longs, Longs]:
    """The series without NaN, and the ranges in its positions."""
    pc = compute()

    bad = pc.is_nan(series.values).to_numpy(zero_copy_only=False)
    if not bad.any():
        return series, lo, hi
    from chronon.aggregate.series import Series

    kept = np.concatenate(([0], np.cumsum(~bad)))
    rest = Series(series.values.filter(pc.invert(pc.is_nan(series.values))), series.row_of[~bad], None, series.rows)
    return rest, kept[lo], kept[hi]
