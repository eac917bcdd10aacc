"""What a backfill has published, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronon.offline.result import Backfill

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine


def hand_over(result: Backfill, engine: Engine, start: str | None, end: str) -> Backfill:
    """The same result, which reads the partitions of its table from ``start`` (the first if ``None``) to ``end``."""
    column = engine.partitions_spec.column
    since = f"`{column}` >= '{start}' AND " if start else ""

    def read() -> pa.RecordBatchReader:
        namespace, _, table = result.table.partition(".")
        return engine.query(f"SELECT * FROM `{namespace}`.`{table}` WHERE {since}`{column}` <= '{end}'")  # noqa: S608 - days

    result.read = read
    return result
