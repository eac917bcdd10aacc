"""The reads of one call: every batch record and every stretch of stream rows once, all in two round trips."""

from __future__ import annotations

from collections.abc import Iterable

from chronon.online.group_bys import PreparedGroupBy
from chronon.store.protocol import Gets, KVStore, Scan

Ticket = tuple["Table", int, int]
"""Where the answer to one lookup will be: of which group-by, which batch record, which stretch of stream rows."""


class Table:
    """What is read of one group-by."""

    def __init__(self, group_by: PreparedGroupBy) -> None:
        self.group_by = group_by
        self.places: dict[bytes, int] = {}
        self.stretches: dict[tuple[bytes, int | None], int] = {}
        self.records: list[bytes | None] = []
        self.rows: list[list[bytes]] = []
        self.error: Exception | None = None

    def add(self, key: bytes, at: int) -> Ticket:
        """Ask for an entity at an instant. Stream rows after it do no harm, changes of entities would."""
        place = self.places.setdefault(key, len(self.places))
        if not self.group_by.streams:
            return self, place, -1
        stretch = (key, at if self.group_by.changes else None)
        return self, place, self.stretches.setdefault(stretch, len(self.stretches))

    @property
    def gets(self) -> Gets:
        """The batch records."""
        return Gets(self.group_by.dataset, list(self.places), self.group_by.published)

    @property
    def scans(self) -> list[Scan]:
        """The stream rows since the batch end."""
        stream, since = self.group_by.stream, self.group_by.batch_end
        return [Scan(stream, key, since, before) for key, before in self.stretches]


class Lookups:
    """Collects what a call needs, then reads it."""

    def __init__(self, store: KVStore) -> None:
        self._store = store
        self._tables: dict[str, Table] = {}

    def table(self, group_by: PreparedGroupBy) -> Table:
        """The table of a group-by."""
        found = self._tables.get(group_by.dataset)
        if found is None:
            found = self._tables[group_by.dataset] = Table(group_by)
        return found

    def read(self) -> None:
        """Read everything.

        Raises
        ------
        MissingDataError
            If a generation is gone that was published when the call began.
        """
        tables = [table for table in self._tables.values() if table.places]
        self._read(tables)

    def read_each(self) -> None:
        """Read one group-by after the other, so that those that can be read are; the others have an ``error``."""
        for table in self._tables.values():
            if not table.places:
                continue
            try:
                self._read([table])
            except Exception as error:  # noqa: BLE001 - told in the answers of that part
                table.error = error

    def _read(self, tables: Iterable[Table]) -> None:
        tables = list(tables)
        found = self._store.multi_get_many([table.gets for table in tables])
        for table, records in zip(tables, found, strict=True):
            table.records = records
        scans = [scan for table in tables for scan in table.scans]
        if scans:
            rows = self._store.scan_many(scans)
            position = 0
            for table in tables:
                end = position + len(table.stretches)
                table.rows = rows[position:end]
                position = end
