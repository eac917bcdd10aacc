"""One input column as the loops see it: values without nulls, as numbers, with a map from row positions to theirs.

Rows become *elements*: a row without a value has none, a row with a list has one for each non-null item. A window's
range of rows is translated to a range of elements, so that no loop meets a null or a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate.ordering import ordered_bits, payload_ranks, utf16_order
from chronon.base.arrow import compute

if TYPE_CHECKING:
    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Rows:
    """What every column of a chunk shares: the key, time and sequence of its rows, sorted by them."""

    keys: Longs
    times: Longs
    sequences: Longs | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def places(self) -> Longs:
        """The place of each row: 0, 1, 2 ..."""
        return np.arange(len(self), dtype=np.int64)

    @cached_property
    def tied(self) -> np.ndarray:
        """Whether a row has the key, time and sequence of the row before it."""
        same = np.zeros(len(self), dtype=bool)
        same[1:] = (self.keys[1:] == self.keys[:-1]) & (self.times[1:] == self.times[:-1])
        if self.sequences is not None:
            same[1:] &= self.sequences[1:] == self.sequences[:-1]
        return same


@dataclass
class Series:
    """The elements of one input column over the rows of a chunk.

    Parameters
    ----------
    values:
        The elements, in row order, none of them null.
    row_of:
        The row of each element.
    offsets:
        For each row, and one past the last, the position of its first element; ``None`` if rows are elements.
    rows:
        The rows that the elements came from.
    """

    values: pa.Array
    row_of: Longs
    offsets: Longs | None
    rows: Rows
    derived: dict[tuple[str, int], Any] = field(default_factory=dict[tuple[str, int], Any], init=False, repr=False)
    """What operations made of the elements, to be used for every window."""
    _spans: dict[int, tuple[Longs, Longs]] = field(
        default_factory=dict[int, "tuple[Longs, Longs]"], init=False, repr=False
    )

    @classmethod
    def of(cls, column: pa.Array, rows: Rows, *, flatten: bool, skip_nan: bool = False) -> Series:
        """The series of a column: one element a row, or with ``flatten`` one for each item of its list."""
        pc = compute()

        count = len(column)
        if flatten:
            lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
            values = column.flatten()
            row_of = np.repeat(np.arange(count, dtype=np.int64), lengths)
        else:
            values = column
            row_of = rows.places
        valid = usable(values, skip_nan=skip_nan)
        if valid is None and not flatten:
            return cls(values, row_of, None, rows)
        if valid is not None:
            row_of = row_of[valid.to_numpy(zero_copy_only=False)]
            values = values.filter(valid)
        offsets = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(row_of, minlength=count), out=offsets[1:])
        return cls(values, row_of, offsets, rows)

    def __len__(self) -> int:
        return len(self.values)

    def span(self, positions: Longs) -> Longs:
        """Translate row positions to element positions; one array for each, so that operations can share more."""
        if self.offsets is None:
            return positions
        if id(positions) not in self._spans:
            self._spans[id(positions)] = positions, self.offsets[positions]
        return self._spans[id(positions)][1]

    @cached_property
    def longs(self) -> Longs:
        """The elements as int64; booleans are 0 and 1."""
        import pyarrow as pa

        values = self.values
        if pa.types.is_boolean(values.type):
            return values.to_numpy(zero_copy_only=False).astype(np.int64)
        return np.ascontiguousarray(values.to_numpy(zero_copy_only=False), dtype=np.int64)

    @cached_property
    def doubles(self) -> Longs:
        """The elements as the bits of doubles; a float is widened exactly."""
        import pyarrow as pa

        if pa.types.is_boolean(self.values.type):
            return self.longs.astype(np.float64).view(np.int64)
        numbers = np.ascontiguousarray(self.values.to_numpy(zero_copy_only=False), dtype=np.float64)
        return numbers.view(np.int64)

    @cached_property
    def words_in_order(self) -> Longs | None:
        """The elements of a type of eight bytes as these, in the total order of ``by_payload``; else ``None``."""
        import pyarrow as pa

        if not (pa.types.is_int64(self.values.type) or pa.types.is_float64(self.values.type)):
            return None
        words = self.longs if pa.types.is_int64(self.values.type) else self.doubles
        return words[self.by_payload] if self.rows.tied.any() else words

    @cached_property
    def ranks(self) -> Longs:
        """Integers in the natural order of the elements: numbers by value, strings by UTF-16 units."""
        import pyarrow as pa

        kind = self.values.type
        if pa.types.is_floating(kind):
            return ordered_bits(self.doubles)
        if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            return self.longs
        return self.coded[0]

    @cached_property
    def coded(self) -> tuple[Longs, pa.Array]:
        """The elements as codes, and the distinct values that the codes stand for, in ascending order.

        Numbers are distinct by their words: every NaN is one value, 0.0 and -0.0 are two. Text is ordered by UTF-16
        units.
        """
        import pyarrow as pa

        values = self.values
        if pa.types.is_floating(values.type):
            numbers = self.doubles.view(np.float64)
            values = pa.array(ordered_bits(np.where(np.isnan(numbers), np.nan, numbers).view(np.int64)))
        elif pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
            values = pa.array(self.longs)
        encoded = values.dictionary_encode()
        distinct = encoded.dictionary
        order = utf16_order(distinct)
        rank = np.empty(len(distinct), dtype=np.int64)
        rank[order] = np.arange(len(distinct))
        codes = rank[encoded.indices.to_numpy(zero_copy_only=False)]
        distinct = distinct.take(pa.array(order))
        if pa.types.is_floating(self.values.type):
            distinct = pa.array(ordered_bits(distinct.to_numpy()).view(np.float64))
        return codes, distinct

    @cached_property
    def by_payload(self) -> Longs:
        """Element positions in the total order (time, sequence, payload) within each key.

        Rows come sorted by time and sequence; only ties are left to be ordered, by the element's own value.
        """
        positions = self.rows.places if len(self) == len(self.rows) else np.arange(len(self), dtype=np.int64)
        if not self.rows.tied.any():
            return positions
        # an element is tied to the one before it if all rows between the two of them are tied
        run_of_row = np.cumsum(~self.rows.tied)
        run = run_of_row[self.row_of]
        again = np.zeros(len(self), dtype=bool)
        again[1:] = run[1:] == run[:-1]
        if not again.any():
            return positions
        inside = again.copy()
        inside[:-1] |= again[1:]
        some = positions[inside]
        positions = positions.copy()
        ranks = payload_ranks(self.values.take(_arrow(some)))
        positions[inside] = some[np.lexsort((ranks, run[inside]))]
        return positions


def usable(values: pa.Array, *, skip_nan: bool) -> pa.Array | None:
    """Which values are no nulls, or with ``skip_nan`` no NaN either; ``None`` if all are usable."""
    pc = compute()
    if skip_nan and (bad := pc.fill_null(pc.is_nan(values), fill_value=True)).true_count:
        return pc.invert(bad)
    return values.is_valid() if values.null_count else None


def _arrow(positions: Longs) -> pa.Array:
    import pyarrow as pa

    return pa.array(positions)


def longs(column: pa.ChunkedArray | pa.Array) -> Longs:
    """A column of whole numbers without nulls as one array."""
    return np.ascontiguousarray(
        column.to_numpy(zero_copy_only=False) if hasattr(column, "offset") else column.to_numpy(), dtype=np.int64
    )
