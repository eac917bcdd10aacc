"""The reads of one call: every batch record and every stretch of stream rows once, all in two round trips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chronon.base.errors import MissingDataError, RequestError
from chronon.online.group_bys import Keys, PreparedGroupBy
from chronon.store.protocol import Gets, KVStore, Scans

_NO_ROWS: list[bytes] = []


class Read:
    """What is read of one group-by in one call."""

    def __init__(self, group_by: PreparedGroupBy) -> None:
        self.group_by = group_by
        self.records: list[bytes | None] = []
        self.rows: list[list[bytes]] = []
        self.error: Exception | None = None


class Lookup:
    """The entities that a call asks for by one key, and the group-bys that are looked up with that key.

    Parameters
    ----------
    keys:
        How the key is read from a request.
    group_bys:
        All of which answer for each entity.
    """

    def __init__(self, keys: Keys, group_bys: Sequence[PreparedGroupBy]) -> None:
        self.reads = [Read(group_by) for group_by in group_bys]
        self._keys = keys
        self._changes = any(group_by.changes for group_by in group_bys)
        self.entities: dict[bytes, int] = {}
        self.moments: dict[tuple[bytes, int], int] = {}

    def ask(self, request: Mapping[str, Any], at: int, typed: dict[str, Any]) -> bytes | RequestError | None:
        """Note an entity and an instant, and add the values of its key to ``typed``.

        Returns
        -------
        Its key as bytes; ``None`` if a component is null; an error if one is missing or cannot be cast.
        """
        try:
            key = self._keys.read(request, typed)
        except RequestError as error:
            return error
        if key is not None:
            self.entities.setdefault(key, len(self.entities))
            if self._changes:  # events after the instant do no harm, changes of entities would
                self.moments.setdefault((key, at), len(self.moments))
        return key

    def answer(self, read: Read, key: bytes, at: int) -> list[Any] | None:
        """What a group-by says of an entity: its columns, or ``None`` if nothing is known of it.

        Raises
        ------
        ChrononError
            If the instant is before the batch end, or its records cannot be read.
        """
        if read.error is not None:
            raise read.error
        group_by, place = read.group_by, self.entities[key]
        rows = _NO_ROWS
        if group_by.streams:
            rows = read.rows[self.moments[key, at] if group_by.changes else place]
        return group_by.answer(read.records[place], rows, at)

    def scans(self, group_by: PreparedGroupBy, keys: list[bytes]) -> list[Scans]:
        """The stream rows since the batch end, of all entities; of changes, for each moment until then."""
        stream, since = group_by.stream, group_by.batch_end
        if group_by.changes:
            return [Scans(stream, [key], since, at) for key, at in self.moments]
        return [Scans(stream, keys, since)]


def read_all(store: KVStore, lookups: Sequence[Lookup], *, last: bool) -> None:
    """Read what was asked for, all at once; if that fails, one group-by after the other, so that others are spared.

    Raises
    ------
    MissingDataError
        If a generation is gone that was published when the call began, and this is not the ``last`` attempt.
    """
    wanted = [(lookup, read) for lookup in lookups if lookup.entities for read in lookup.reads]
    try:
        _read(store, wanted)
    except MissingDataError:
        if not last:
            raise
        _read_each(store, wanted)
    except Exception:  # noqa: BLE001 - reading one by one finds out whose it is, and tells it there
        _read_each(store, wanted)


def _read_each(store: KVStore, wanted: Sequence[tuple[Lookup, Read]]) -> None:
    for pair in wanted:
        try:
            _read(store, [pair])
        except Exception as error:  # noqa: BLE001 - told in the answers of that part
            pair[1].error = error


def _read(store: KVStore, wanted: Sequence[tuple[Lookup, Read]]) -> None:
    keys = {lookup: list(lookup.entities) for lookup, _ in wanted}
    gets = [Gets(read.group_by.dataset, keys[lookup], read.group_by.published) for lookup, read in wanted]
    for (_, read), records in zip(wanted, store.multi_get_many(gets), strict=True):
        read.records = records
    scans: list[Scans] = []
    owners: list[Read] = []
    for lookup, read in wanted:
        if read.group_by.streams:
            mine = lookup.scans(read.group_by, keys[lookup])
            scans += mine
            owners += [read] * len(mine)
            read.rows = []
    if scans:
        for read, rows in zip(owners, store.scan_many(scans), strict=True):
            read.rows += rows
