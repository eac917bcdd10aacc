"""Operations whose state is a few numbers: counts, sums, averages, moments and the extremes of numbers.

Their arithmetic is in ``kernel/states.pxd``, once; here it is given types and names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chronon.aggregate.kernel import fold, onekey
from chronon.aggregate.operation import Operation
from chronon.base.types import DOUBLE, FLOAT, LONG, DataType

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.earlier import Earlier
    from chronon.aggregate.series import Series

    Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]
    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Words:
    """A column of states of a fixed number of eight-byte words."""

    block: Longs
    present: np.ndarray


class WordOperation(Operation):
    """An operation whose state is a fixed block of words.

    The kind is the loop of the kernel that runs it; ``reals`` says whether that loop reads doubles.
    """

    reals: bool = True
    kind_name: str

    def __init__(self, input: DataType, arguments: Mapping[str, Any]) -> None:  # noqa: A002
        super().__init__(input, arguments)
        self.kind = fold.KINDS[self.kind_name]
        self.width = fold.WORDS[self.kind]

    @property
    def output(self) -> DataType:
        return LONG if self.kind in fold.WHOLE else DOUBLE

    @property
    def bytes_per_key(self) -> str:
        return str(8 * self.width)

    def slide(self, series: Series, lo: Longs, hi: Longs) -> Words:
        block = np.zeros(len(lo) * self.width, dtype=np.int64)
        fold.fold(self.kind, self.elements(series), lo, hi, block)
        return Words(block, hi > lo)

    def elements(self, series: Series) -> Longs:
        """The words that the loop reads, one for each element."""
        return series.doubles if self.reals else series.longs

    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Words:
        states = self.slide(series, lo, hi)
        present = states.present.view("u1")
        for low, high, seed in earlier.runs(self.joined):
            block = states.block[low * self.width : high * self.width]
            fold.lead(self.kind, seed, block, present[low:high], high - low)
        return states

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        words = np.zeros(len(lo), dtype=np.int64)
        fold.fold(self.kind, self.elements(series), lo, hi, words, results=True)
        return self._column(words if self.kind in fold.WHOLE else words.view(np.float64), hi > lo)

    def finish(self, states: Words) -> pa.Array:
        whole = self.kind in fold.WHOLE
        numbers = np.zeros(len(states.present), dtype=np.int64 if whole else np.float64)
        (fold.finish_whole if whole else fold.finish_real)(self.kind, states.block, numbers)
        return self._column(numbers, states.present)

    def _column(self, numbers: np.ndarray, present: np.ndarray) -> pa.Array:
        import pyarrow as pa

        array = pa.array(numbers, mask=~present)
        return array if self.output in (LONG, DOUBLE) else array.cast(_arrow(self.output), safe=False)

    def export(self, states: Words) -> Sequence[bytes | None]:
        raw, size = states.block.tobytes(), 8 * self.width
        return [raw[i * size : i * size + size] if seen else None for i, seen in enumerate(states.present.tolist())]

    def lift(self, value: Any, ts: int, seq: int) -> bytes:
        del ts, seq
        return onekey.lift(self.kind, value)

    def merge(self, states: Sequence[bytes]) -> bytes:
        return onekey.merge(self.kind, states)

    def remove(self, state: bytes | None, value: Any) -> bytes | None:
        return onekey.remove(self.kind, state, value) if self.reversible else state

    def result(self, state: bytes) -> int | float:
        number = onekey.result(self.kind, state)
        return onekey.narrowed(number) if self.output == FLOAT else number


class Count(WordOperation):
    """How many elements there are."""

    kind_name = "count"
    reversible: ClassVar[bool] = True

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        del series
        return self._column(hi - lo, hi > lo)

    def elements(self, series: Series) -> Longs:
        return series.row_of  # the values are not looked at


class Sum(WordOperation):
    """The sum: of whole numbers in 64 bits that wrap, of reals in pairs of doubles, so that nothing is lost."""

    reversible: ClassVar[bool] = True

    def __init__(self, input: DataType, arguments: Mapping[str, Any]) -> None:  # noqa: A002
        self.reals = input in (FLOAT, DOUBLE)
        self.kind_name = "sum_double" if self.reals else "sum_long"
        super().__init__(input, arguments)

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        if not self.reals:
            return super().answers(series, lo, hi)
        return self._column(_totals(series, lo, hi), hi > lo)


class Average(WordOperation):
    """The mean, as a sum in pairs of doubles and a count."""

    kind_name = "average"
    reversible: ClassVar[bool] = True

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        return self._column(_totals(series, lo, hi) / np.maximum(hi - lo, 1), hi > lo)


def _totals(series: Series, lo: Longs, hi: Longs) -> Doubles:
    """The sums of ranges of doubles: SUM and AVERAGE of one window take them from here, so they are added up once."""
    key = "totals", id(lo)
    if key not in series.derived or series.derived[key][1] is not hi:
        totals = np.zeros(len(lo), dtype=np.int64)
        fold.fold(fold.KINDS["sum_double"], series.doubles, lo, hi, totals, results=True)
        series.derived[key] = lo, hi, totals.view(np.float64)
    return series.derived[key][2]


class Variance(WordOperation):
    """The population variance ``m2 / n``."""

    kind_name = "variance"


class Skew(WordOperation):
    """The population skewness ``sqrt(n) m3 / m2^1.5``; undefined below three elements and where all are equal."""

    kind_name = "skew"


class Kurtosis(WordOperation):
    """The excess kurtosis ``n m4 / m2^2 - 3``; undefined below four elements and where all are equal."""

    kind_name = "kurtosis"


class NumberExtreme(WordOperation):
    """The least or greatest of numbers. NaN wins over every number; -0.0 is below 0.0."""

    def __init__(self, input: DataType, arguments: Mapping[str, Any], *, end: str) -> None:  # noqa: A002
        self.reals = input in (FLOAT, DOUBLE)
        self.kind_name = f"{end}_double" if self.reals else f"{end}_long"
        super().__init__(input, arguments)

    @property
    def output(self) -> DataType:
        return self.input


def _arrow(kind: DataType) -> pa.DataType:
    from chronon.base.arrow import to_arrow

    return to_arrow(kind)
