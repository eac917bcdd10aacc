"""Records of an old layout, read by the identity of their columns, and written as records of the current one.

A column that the old layout has not is not null: it cannot be answered, and its place is named.
"""

from __future__ import annotations

from functools import cached_property

from chronon.aggregate.batches import Batch, BatchRecords, Hops
from chronon.aggregate.layout import Layout
from chronon.aggregate.record import header
from chronon.aggregate.rows import StreamRows
from chronon.aggregate.tiles import read_tile, write_tile


class Translation:
    """From one layout to another.

    Parameters
    ----------
    old:
        The layout that records were written with.
    new:
        The one that they are to be read with.
    """

    def __init__(self, old: Layout, new: Layout) -> None:
        self.old = old
        self.new = new

    # ---- which parts of the new layout cannot be answered, by place

    @cached_property
    def missing_in_batches(self) -> frozenset[int]:
        """Those whose base over that window an old batch record has no state of."""
        return frozenset(
            i for i, part in enumerate(self.new.parts) if (part.base.identity, part.window) not in self._at
        )

    @cached_property
    def missing_in_tiles(self) -> frozenset[int]:
        """Those whose base an old tile has no state of."""
        known = self.old.base_numbers
        return frozenset(i for i, part in enumerate(self.new.parts) if part.base.identity not in known)

    @cached_property
    def missing_in_rows(self) -> frozenset[int]:
        """Those of whose columns an old row has not all, of the same type."""

        def known(name: str | None) -> bool:
            return name is None or name in self._same_inputs

        return frozenset(
            i for i, part in enumerate(self.new.parts) if not (known(part.base.input) and known(part.base.bucket))
        )

    @cached_property
    def _same_inputs(self) -> frozenset[str]:
        """The inputs that an old row holds and that have their old types."""
        old, new = self.old, self.new
        return frozenset(n for n in new.inputs if n in old.inputs and str(old.schema[n]) == str(new.schema[n]))

    @cached_property
    def _at(self) -> dict[tuple[str, int | None], int]:
        return {(part.base.identity, part.window): i for i, part in enumerate(self.old.parts)}

    # ---- records

    def batch(self, stored: bytes) -> bytes:
        """A batch record."""
        found = BatchRecords(self.old).read(stored)
        at = [self._at.get((part.base.identity, part.window)) for part in self.new.parts]
        collapsed = [None if i is None else found.collapsed[i] for i in at]
        hops = [self._hops(size, table) for size, table in enumerate(found.hops)]
        _, batch_end, stale_after = header(stored)
        return BatchRecords(self.new).write(Batch(collapsed, hops), batch_end, stale_after)

    def _hops(self, size: int, table: Hops) -> Hops:
        starts, columns = table
        at = self.old.hop_columns[size]
        nothing = [None] * len(starts)
        return starts, [
            columns[at[base.identity]] if base.identity in at else nothing for base in self.new.hop_bases[size]
        ]

    def row(self, stored: bytes) -> bytes:
        """A stream row."""
        found = StreamRows(self.old).values(stored)
        values = [found[name] if name in self._same_inputs else None for name in self.new.inputs]
        reversal, ts, seq = header(stored)
        return StreamRows(self.new).write(ts, values, seq, reversal=reversal)

    def tile(self, stored: bytes) -> bytes:
        """A tile."""
        states, at = read_tile(self.old, stored), self.old.base_numbers
        _, start, width = header(stored)
        kept = [states[at[base.identity]] if base.identity in at else None for base in self.new.bases]
        return write_tile(self.new, start, width, kept)
