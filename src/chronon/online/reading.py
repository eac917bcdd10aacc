"""Reading what a store holds of a group-by by a definition that may be another than it was written for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chronon.aggregate.aggregator import Aggregator
from chronon.api.naming import aggregation_columns
from chronon.api.structs import Aggregation, GroupBy
from chronon.base.errors import DataError
from chronon.base.types import Schema
from chronon.store.serving_info import GroupByInfo


class Reading:
    """Batch records and stream rows of one generation, read by their columns' meaning.

    Parameters
    ----------
    asked:
        The definition to answer for, beside the other.
    written:
        The one that the generation was made for; of columns of one name, those of ``asked`` count.
    selected:
        The columns that the generation's rows have, and their types.
    info:
        The generation's.
    layouts:
        Descriptions of all layouts in which rows may have been written.

    Attributes
    ----------
    columns:
        The columns that can be read, with their types.
    mixed:
        Whether something may be stored in another layout than that of ``columns``.
    """

    def __init__(
        self, asked: GroupBy, written: GroupBy, selected: Schema, info: GroupByInfo, layouts: Sequence[bytes]
    ) -> None:
        own = Aggregator(written.aggregations or [], selected, definition=info.name)
        read = own
        if asked is not written:
            some = [one for one in asked.aggregations or [] if _inputs(one) <= selected.keys()]
            newer = Aggregator(some, selected, definition=info.name)
            read = own.only(list({part.name: part for part in (*own.parts, *newer.parts)}.values()))
        self.columns = read.outputs
        self.serving = read.serving(stale_after=info.stale_after)
        self._generation = own.layout.hash
        others = {own.layout.description, *layouts} - {read.layout.description}
        self.mixed = bool(others)
        for description in others:
            try:
                self.serving.learn(description)
            except DataError:  # of a later version; a row of that layout is an error of the request that meets it
                continue

    def fetch(
        self, record: bytes | None, rows: Sequence[bytes], batch_end: int, at: int, *, changes: bool
    ) -> list[Any] | None:
        """The values of ``columns``; see ``Serving.fetch``."""
        return self.serving.fetch(record, rows, batch_end, at, changes=changes, generation=self._generation)


def _inputs(aggregation: Aggregation) -> frozenset[str]:
    """The columns that an aggregation reads."""
    return frozenset([aggregation.inputColumn or "", *(aggregation.buckets or [])])


def feature_columns(definition: GroupBy) -> list[str]:
    """The columns of a definition's aggregations, before derivations."""
    return [name for aggregation in definition.aggregations or [] for name in aggregation_columns(aggregation)]
