"""The definitions that are served, prepared once and prepared again when something else is published."""

from __future__ import annotations

import threading

from chronon.api.naming import dotted, slashed
from chronon.base.errors import RequestError
from chronon.online.group_bys import PreparedGroupBy
from chronon.online.joins import PreparedJoin
from chronon.store.layouts import described
from chronon.store.names import JOINS, batch_dataset, join_entry
from chronon.store.protocol import KVStore


class Catalogue:
    """Prepared joins and group-bys of a store.

    Whether anything changed is one small read for each fetch; only then are definitions looked at again, and only those
    that changed are prepared anew. What is unknown is not remembered, so made-up names take no memory.
    """

    def __init__(self, store: KVStore) -> None:
        self._store = store
        self._version = -1
        self._group_bys: dict[str, PreparedGroupBy] = {}
        self._joins: dict[str, PreparedJoin] = {}
        self._fresh_group_bys: dict[str, PreparedGroupBy] = {}
        self._fresh_joins: dict[str, PreparedJoin] = {}
        self._preparing = threading.RLock()

    def refresh(self, *, force: bool = False) -> None:
        """Notice what was published since the last call."""
        version = self._store.version()
        if version != self._version or force:
            with self._preparing:
                self._fresh_group_bys, self._fresh_joins = {}, {}
                self._version = version

    def group_by(self, name: str) -> PreparedGroupBy:
        """A group-by by its name, with dots or with a slash.

        Raises
        ------
        RequestError
            If no upload of it is published.
        """
        found = self._fresh_group_bys.get(name)
        return found if found is not None else self._look_up_group_by(name)

    def _look_up_group_by(self, name: str) -> PreparedGroupBy:
        with self._preparing:
            dataset = batch_dataset(name)
            published = self._store.published(dataset)
            if published is None:
                raise RequestError(
                    f"Couldn't fetch group by serving info for {dataset}, "
                    "please make sure a batch upload was successful",
                    expected=f"a group-by that was uploaded; of joins {', '.join(self.joins()[:10]) or 'none so far'}",
                    mend=f"upload {dotted(name)}",
                )
            known, layouts = self._group_bys.get(dataset), described(self._store, name)
            if known is None or (known.published, known.layouts) != (published, layouts):
                known = PreparedGroupBy(published, layouts)
                self._group_bys[dataset] = known
            self._fresh_group_bys[name] = known
            return known

    def join(self, name: str) -> PreparedJoin:
        """A join by its name, with dots or with a slash.

        Raises
        ------
        RequestError
            If it was never uploaded.
        ConfigError
            If it cannot be served.
        """
        found = self._fresh_joins.get(name)
        return found if found is not None else self._look_up_join(name)

    def _look_up_join(self, name: str) -> PreparedJoin:
        with self._preparing:
            entry = join_entry(name)
            data = self._store.get_meta(entry)
            if data is None:
                raise RequestError(
                    f"Couldn't fetch the join for key {entry}. Perhaps its upload wasn't successful.",
                    expected=f"one of {', '.join(self.joins()[:10]) or 'none so far'}",
                    mend=f"upload {dotted(name)}",
                )
            known = self._joins.get(entry)
            if known is None or not known.still_holds(data, self.group_by):
                known = PreparedJoin(data, self.group_by)
                self._joins[entry] = known
            self._fresh_joins[name] = known
            return known

    def is_join(self, name: str) -> bool:
        """Whether a join of that name was uploaded."""
        return self._store.get_meta(join_entry(name)) is not None

    def joins(self) -> list[str]:
        """The names of all joins, as they are requested."""
        return [slashed(entry.removeprefix(JOINS)) for entry in self._store.list_meta(JOINS)]
