"""The algebra over DuckDB's sorted rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chronon.aggregate.rule import WindowRule
from chronon.base.arrow import schema_to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.aggregate.aggregator import Aggregator


def answer(
    aggregator: Aggregator,
    events: Iterable[pa.RecordBatch],
    queries: Iterable[pa.RecordBatch],
    rule: WindowRule | None,
    threads: int,
) -> pa.Table:
    """The answers to all queries, in their order."""
    import pyarrow as pa

    found = aggregator.run(events, queries, rule=rule or WindowRule.SAWTOOTH, threads=threads)
    return pa.Table.from_batches(found, schema_to_arrow(aggregator.outputs))
