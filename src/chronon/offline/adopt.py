"""Partitions of another definition that shall count as made by this one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chronon.offline.partitions import HASH, some
from chronon.offline.published import hand_over
from chronon.offline.result import Backfill
from chronon.offline.reuse import MADE_OF

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine


def adopt(table: str, now: str, engine: Engine) -> list[str]:
    """Write the hash ``now`` of a definition into the partitions of its table that have another; their rows stay.

    The table's lock must be held. Returns notes for the result.
    """
    if not engine.warehouse.exists(table):
        return []
    column = engine.partitions_spec.column
    stamps = engine.warehouse.stamps(table, column)
    adopted = sorted(ds for ds, stamp in stamps.items() if stamp.get(HASH, now) != now)
    for ds in adopted:
        stamp = {key: value for key, value in stamps[ds].items() if key != MADE_OF} | {HASH: now}
        reader = hand_over(Backfill(table), engine, ds, ds).reader()
        schema = reader.schema.remove(reader.schema.get_field_index(column))
        stamped = schema.with_metadata({f"chronon.{key}": value for key, value in stamp.items()})
        engine.warehouse.publish(table, (column, ds), _without(reader, stamped), stamped)
    if not adopted:
        return []
    return [f"{len(adopted)} partitions that another definition has made are kept: {some(adopted)}"]


def _without(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        yield batch.select(schema.names).cast(schema)
