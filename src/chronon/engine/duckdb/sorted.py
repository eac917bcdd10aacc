"""Sorted rows for the algebra: the keys that are asked for as dense numbers, and the rows that they can see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow
from chronon.engine.duckdb.connection import Macros, identifier
from chronon.engine.duckdb.memory import Memory
from chronon.engine.duckdb.scan import DS, TS, Source, scan_sql
from chronon.engine.duckdb.scratch import Scratch
from chronon.engine.duckdb.sorting import in_key_order
from chronon.plan.names import SEQUENCE
from chronon.plan.ranges import bounded
from chronon.plan.scans import ENTITIES, Scan

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from chronon.base.time import Partitions
    from chronon.plan.group_by import GroupByPlan

KEYS = '"__keys"'
"""The table of distinct keys: ``__key``, the key columns, and for entities the partition ``__ds``."""
KEY = '"__key"'
NEVER = 2**62
"""After every instant (ms)."""


@dataclass(frozen=True)
class Reader:
    """Reads the rows of a group-by on one connection.

    With ``partly``, a composite key counts as one although some of it is null; nobody can ask for such a key, but a
    group-by's own table has it.
    """

    connection: duckdb.DuckDBPyConnection
    source_of: Callable[[str], Source]
    partitions_of: Callable[[Scan], list[str]]
    spec: Partitions
    macros: Macros
    memory: Memory
    scratch: Scratch
    partly: bool = False

    def union(
        self,
        plan: GroupByPlan,
        columns: Sequence[str],
        days: tuple[str | None, str | None],
        between: tuple[int | None, int | None],
    ) -> str:
        """The rows of all sources of a group-by, as SQL.

        Parameters
        ----------
        plan:
            The group-by.
        columns:
            Which of its columns.
        days:
            The first and last partition to read, where a source has partitions.
        between:
            As for ``scan_sql``.
        """
        wanted = dict.fromkeys([*columns, SEQUENCE] if plan.sequenced else columns)
        scans = (scan.only(list(wanted)) for scan in plan.scans)
        return self.macros.ready_for(" UNION ALL ".join(self._one(plan, scan, days, between) for scan in scans))

    def _one(
        self,
        plan: GroupByPlan,
        scan: Scan,
        days: tuple[str | None, str | None],
        between: tuple[int | None, int | None],
    ) -> str:
        chosen = self.days(scan, days)
        types: dict[str, t.DataType] = {SEQUENCE: t.LONG, **plan.selected, **plan.keys}
        timed = scan.time is not None or scan.kind != ENTITIES
        return scan_sql(
            self.source_of(scan.table),
            scan,
            self.spec,
            days=chosen,
            types=types,
            between=between if timed else (None, None),
        )

    def days(self, scan: Scan, days: tuple[str | None, str | None]) -> list[str] | None:
        """The partitions of a scan that are read: those asked for, within the source's own bounds."""
        if scan.partition is None:
            return None
        present = bounded(self.partitions_of(scan), scan.start, scan.end)
        return present[-1:] if scan.cumulative else bounded(present, *days)

    def number_keys(self, asked: str, keys: Sequence[str], *, ordered: bool = False) -> None:
        """Give each distinct key of ``asked`` (SQL with the columns ``keys``) a number from 0 on."""
        listed = ", ".join(identifier(key) if key != "__ds" else DS for key in keys)
        some = " OR " if self.partly else " AND "
        present = some.join(f"{identifier(key) if key != '__ds' else DS} IS NOT NULL" for key in keys)
        order = f"ORDER BY {listed}" if ordered else ""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {KEYS} AS "
            f"SELECT CAST(row_number() OVER ({order}) - 1 AS BIGINT) AS {KEY}, {listed} "
            f"FROM (SELECT DISTINCT {listed} FROM ({asked}) WHERE {present})"
        )

    def events(self, plan: GroupByPlan, union: str, keys: Sequence[str]) -> Iterable[pa.RecordBatch]:
        """The inputs of the rows of ``union`` that have a numbered key, in total order.

        Rows of entities that have no time are at 0.
        """
        inputs = plan.aggregator.inputs if plan.aggregator is not None else ()
        match = self.same_key("e", keys)
        listed = [f"e.{identifier(name)} AS {identifier(name)}" for name in inputs if name != "ts"]
        time = f"e.{TS}" if plan.has_time else "0::BIGINT"
        if plan.sequenced:
            listed = [f"coalesce(e.{SEQUENCE}, 0) AS __seq", *listed]
        columns = ", ".join([f"k.{KEY} AS __key", f"{time} AS ts", *listed])
        sql = f"SELECT {columns} FROM ({union}) AS e JOIN {KEYS} AS k ON {match}"
        return self.in_key_order(sql)

    def same_key(self, rows: str, keys: Sequence[str]) -> str:
        """The condition that some ``rows`` have a numbered key ``k``."""
        equal = "IS NOT DISTINCT FROM" if self.partly and len(keys) > 1 else "="
        return " AND ".join(f"{rows}.{quoted(key)} {equal} k.{quoted(key)}" for key in keys)

    def in_key_order(self, sql: str) -> Iterable[pa.RecordBatch]:
        """The rows of ``sql``, which have the numbers of keys, in total order; see ``sorting.in_key_order``."""
        return in_key_order(self.connection, sql, self.key_count(), self.memory.sort_bytes, self.scratch)

    def key_count(self) -> int:
        """How many keys are numbered."""
        ((keys,),) = self.connection.sql(f"SELECT count(*) FROM {KEYS}").fetchall()
        return keys


def key_table(reader: Reader, plan: GroupByPlan, first: int = 0, end: int = NEVER) -> pa.Table:
    """The keys numbered from ``first`` to before ``end``, in the order of their numbers."""
    listed = ", ".join(quoted(key) for key in plan.keys)
    found = reader.connection.sql(
        f"SELECT {listed} FROM {KEYS} WHERE {KEY} >= {first} AND {KEY} < {end} ORDER BY {KEY}"
    ).to_arrow_table()
    return found.cast(schema_to_arrow(plan.keys)).combine_chunks()


def quoted(key: str) -> str:
    """A key column, or the partition of an entity's snapshot."""
    return DS if key == "__ds" else identifier(key)


def greatest(identity: Iterable[str], features: Iterable[str]) -> str:
    """The condition that keeps one row of each ``identity`` (SQL): the greatest by its features, nulls last."""
    order = ", ".join(f"{identifier(name)} DESC NULLS LAST" for name in features)
    return f"row_number() OVER (PARTITION BY {', '.join(identity)} ORDER BY {order}) = 1"
