"""What every operation of the algebra offers, to columns of a backfill and to the one key of a fetch alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from chronon.base.types import DataType

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from chronon.aggregate.earlier import Earlier
    from chronon.aggregate.series import Series

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


class Operation(ABC):
    """An operation over elements of one type.

    A *state* is what an operation remembers of the elements it has seen (the original says IR). It exists in two forms
    with one meaning: as a column of states over ranges of elements (``slide``, ``finish``, ``export``), and as one
    Python value for one key (``lift``, ``merge``, ``remove``, ``result``). A state remembers at least one element;
    where there is nothing to remember there is no state, and the result is null.

    Parameters
    ----------
    input:
        The type of an element: the column's own, a list's items, a map's values.
    arguments:
        The definition's argument map, already parsed.
    """

    reversible: ClassVar[bool] = False
    """Whether a reversal takes a value back; where not, it is ignored until the next batch."""

    timed: ClassVar[bool] = False
    """Whether the time of a value decides; such an operation takes a whole cell as its payload and never flattens."""

    skips_nan: bool = False
    """Whether NaN counts as null."""

    def __init__(self, input: DataType, arguments: Mapping[str, Any]) -> None:  # noqa: A002 - the field's word
        self.input = input
        self.arguments = dict(arguments)

    @property
    @abstractmethod
    def output(self) -> DataType:
        """The type of a result."""

    @property
    @abstractmethod
    def bytes_per_key(self) -> str:
        """How much a state takes, for people: ``48`` or ``k values``."""

    # ---- columns

    def entries(self, series: Series) -> int:
        """How many values a result over elements of ``series`` holds at most; of a map, how many keys."""
        del series
        return 1

    @abstractmethod
    def slide(self, series: Series, lo: Longs, hi: Longs) -> Any:
        """States over the element ranges ``[lo[i], hi[i])``, both bounds ascending; no state where a range is empty."""

    @abstractmethod
    def finish(self, states: Any) -> pa.Array:
        """The results of a column of states, null where there is none. Undefined numbers are NaN."""

    def answers(self, series: Series, lo: Longs, hi: Longs) -> pa.Array:
        """The results over element ranges; what ``finish`` makes of ``slide``, but states need not come into being."""
        return self.finish(self.slide(series, lo, hi))

    @abstractmethod
    def export(self, states: Any) -> Sequence[Any]:
        """The states of a column in their form for one key; ``None`` where there is none."""

    @abstractmethod
    def slide_from(self, earlier: Earlier, series: Series, lo: Longs, hi: Longs) -> Any:
        """As ``slide``, with the seeds of earlier elements before the leading ranges."""

    def seeds(self, series: Series, lo: Longs, hi: Longs) -> Sequence[Any]:
        """What ``slide_from`` needs of ranges of elements that will not be there any more; ``None`` of an empty one."""
        return self.export(self.slide(series, lo, hi))

    def joined(self, seeds: Sequence[Any]) -> Any:
        """One seed for all of ``seeds`` (at least one, oldest first)."""
        return self.merge(seeds)

    # ---- one key

    @abstractmethod
    def lift(self, value: Any, ts: int, seq: int) -> Any:
        """The state that remembers one value; ``ts`` in ms."""

    @abstractmethod
    def merge(self, states: Sequence[Any]) -> Any:
        """One state for all of ``states`` (at least one, oldest first), none of which is changed."""

    def remove(self, state: Any | None, value: Any) -> Any | None:
        """The state without one occurrence of ``value``; an operation without an inverse returns it as it is."""
        del value
        return state

    @abstractmethod
    def result(self, state: Any) -> Any:
        """The final value of a state. Undefined numbers are NaN."""
