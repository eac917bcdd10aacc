"""What offline work asks of an engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chronon.base.time import Partitions
from chronon.base.types import Schema
from chronon.plan.given import Given

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.warehouse import Warehouse
    from chronon.plan.group_by import GroupByPlan
    from chronon.plan.join import JoinPlan, PartPlan
    from chronon.plan.scans import Scan
    from chronon.sql import Translated


@dataclass(frozen=True)
class LeftRows:
    """The left rows of a piece of work.

    Parameters
    ----------
    count:
        How many there are.
    earliest, latest:
        The bounds of their times in ms; ``None`` where no row has a time.
    without_time:
        How many have no time.
    """

    count: int
    earliest: int | None
    latest: int | None
    without_time: int


@dataclass(frozen=True)
class Glance:
    """A look at a scan.

    Parameters
    ----------
    rows:
        Some rows: the scan's columns, then ``__ts`` (ms) and ``__ds``.
    read:
        How many rows there are.
    left_out:
        How many of those do not count, by reason.
    """

    rows: pa.Table
    read: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class Estimate:
    """How much some partitions hold.

    Parameters
    ----------
    partitions:
        Those that are there, ascending; empty for a table without partitions.
    files, bytes, rows:
        How many; rows about, and ``None`` where the format does not say.
    """

    partitions: list[str]
    files: int
    bytes: int
    rows: int | None


class JoinWork(Protocol):
    """A join over some days: left rows, then each part's columns beside them."""

    left: LeftRows
    told: dict[str, int]
    """Rows that are otherwise than they should be, by reason."""

    def answer(self, part: PartPlan) -> None:
        """Compute a part for all left rows and keep its columns."""
        ...

    def rows(self) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        """Each day with its finished rows in left order, without the partition column."""
        ...


class Engine(Protocol):
    """Runs plans over a warehouse. Rows cross as Arrow batches."""

    name: str
    warehouse: Warehouse
    partitions_spec: Partitions

    def known_at(self, as_of: int) -> Engine:
        """The same engine, to which rows that arrived after an instant (ms) are not there."""
        ...

    def columns(self, table: str) -> Schema:
        """Columns and logical types of a table, its partition columns among them."""
        ...

    def logged(self, table: str) -> Mapping[str, Schema]:
        """Of a flattened log, the schemas of its rows by their hash; empty for any other table."""
        ...

    def partitions(self, table: str, column: str, subs: dict[str, str] | None = None) -> list[str]:
        """The partitions of a table, ascending; those that have the sub-partitions ``subs``."""
        ...

    def hours_lacking(self, table: str, days: Collection[str]) -> list[str]:
        """Of a table whose partitions are hours, those that are not there of days of which some are."""
        ...

    def without_time(self, scan: Scan, first: str | None, last: str | None) -> int:
        """How many rows of the partitions from ``first`` to ``last`` are left out because their time is null."""
        ...

    def join(self, left: Scan, days: Sequence[str], outputs: JoinOutput) -> AbstractContextManager[JoinWork]:
        """Read the left rows of ``days`` and make ready to answer parts."""
        ...

    def join_rows(self, rows: pa.Table, outputs: JoinOutput) -> AbstractContextManager[JoinWork]:
        """Take left rows from memory and make ready to answer parts.

        ``rows`` hold the left columns of ``outputs``: ``ts`` in ms where the left side has a time, else the partition
        of each row. The finished rows come back in the same order, as if they were of one day without a name.
        """
        ...

    def keys(self, plan: GroupByPlan, days: tuple[str | None, str | None], before: int | None) -> pa.Table:
        """The distinct keys of a group-by's rows, without null components.

        Of the partitions from the first to the last of ``days``; of events, of what happened before an instant (ms).
        """
        ...

    def rows_of_key(
        self, plan: GroupByPlan, scan: Scan, key: Mapping[str, Any], days: tuple[str | None, str | None]
    ) -> pa.Table:
        """The rows that one source of a group-by has of one key, in order of time.

        The scan's columns, then ``__ts`` (ms) and ``__ds``; of the partitions from the first to the last of ``days``.
        """
        ...

    def glance(
        self,
        scan: Scan,
        days: tuple[str | None, str | None],
        limit: int,
        keys: Sequence[Mapping[str, Any]],
        named: Sequence[str],
    ) -> Glance:
        """A look at the partitions from the first to the last of ``days``.

        At most ``limit`` rows, of ``keys`` if there are some; a row without any of the columns ``named`` is left out.
        """
        ...

    def estimate(self, scan: Scan, days: tuple[str | None, str | None]) -> Estimate:
        """How much the partitions from the first to the last of ``days`` hold, without reading them."""
        ...

    def snapshots(self, plan: GroupByPlan, days: Sequence[str]) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        """The features of all keys at the end of each day: key columns, then features."""
        ...

    def partials(self, plan: GroupByPlan, ds: str) -> Iterator[pa.RecordBatch]:
        """The partial aggregates by day of the rows of one partition.

        Batches of the key columns, ``__day`` (the midnight in ms) and states. A plan whose ``partials`` name a table of
        them is answered from that table.
        """
        ...

    def upload(self, plan: GroupByPlan, ds: str, stale_after: int) -> Iterator[pa.RecordBatch]:
        """What serving needs of all keys as of the end of ``ds``.

        Batches of the key columns, then ``__value`` (a state in bytes) for a temporal group-by, else its features.
        ``stale_after`` in ms.
        """
        ...

    def translate(self, sql: str) -> Translated:
        """What Spark SQL over the tables of the warehouse gives, and which of them it reads, without running it."""
        ...

    def query(self, sql: str) -> pa.RecordBatchReader:
        """Run Spark SQL over the tables of the warehouse."""
        ...


@dataclass(frozen=True)
class JoinOutput:
    """The columns that leave a join.

    Parameters
    ----------
    left_columns, features, outputs:
        As in the plan of the join.
    expressions:
        Output columns as expressions over the others; ``None`` where each is one of them.
    given:
        What stands beside the left rows before parts are answered.
    """

    left_columns: Schema
    features: Schema
    expressions: dict[str, str] | None
    outputs: Schema
    given: Given = field(default_factory=Given)

    @staticmethod
    def of(plan: JoinPlan) -> JoinOutput:
        """What leaves a planned join."""
        return JoinOutput(plan.left_columns, plan.features, plan.expressions, plan.outputs, plan.given)
