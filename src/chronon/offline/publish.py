"""Publishing the partitions of one output table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.offline.partitions import Inputs, stamp, with_stamp
from chronon.offline.result import Backfill

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine


@dataclass(frozen=True)
class Publisher:
    """Writes days of an output table, whose lock is held, and adds them to a result.

    Parameters
    ----------
    definition:
        What is computed.
    table:
        Its output table.
    schema:
        The columns of the table but its partition.
    inputs:
        What is read, listed before it is.
    outdated:
        Partitions that another definition has made, with its hash; they are kept under another name.
    result:
        What is told at the end.
    engine:
        Has the warehouse.
    marks:
        What else is written into the partition of a day.
    """

    definition: structs.GroupBy | structs.Join | structs.StagingQuery
    table: str
    schema: Schema
    inputs: Inputs
    outdated: dict[str, str]
    result: Backfill
    engine: Engine
    marks: Callable[[str], Mapping[str, str]] | None = None

    def days(self, days: Sequence[str], rows: Iterable[tuple[str, Iterator[pa.RecordBatch]]]) -> None:
        """Publish all ``days``; those for which there are no rows as files without rows."""
        waiting = list(days)
        for ds, batches in rows:
            while waiting and waiting[0] != ds:
                self._day(waiting.pop(0), iter(()))
            self._day(waiting.pop(0), batches)
        for ds in waiting:
            self._day(ds, iter(()))

    def given(self, rows: Iterable[tuple[str, Iterator[pa.RecordBatch]]]) -> None:
        """Publish the days for which there are rows, and no others."""
        for ds, batches in rows:
            self._day(ds, batches)

    def retire(self, days: Mapping[str, str]) -> None:
        """Move partitions that another definition has made, with its hash, out of the table into an archive."""
        column = self.engine.partitions_spec.column
        for ds, made_by in days.items():
            self.engine.warehouse.archive(self.table, (column, ds), self._archive(made_by))
            self.engine.warehouse.remove(self.table, (column, ds))

    def _archive(self, made_by: str) -> str:
        return f"{self.table}_{made_by[:8]}"

    def _day(self, ds: str, batches: Iterator[pa.RecordBatch]) -> None:
        column = self.engine.partitions_spec.column
        marks = self.marks(ds) if self.marks is not None else {}
        schema = with_stamp(self.schema, {**stamp(self.definition, ds, self.inputs, self.engine), **marks})
        if ds in self.outdated:
            self.engine.warehouse.archive(self.table, (column, ds), self._archive(self.outdated[ds]))
        self.result.rows += self.engine.warehouse.publish(self.table, (column, ds), batches, schema)
        self.result.filled.append(ds)
