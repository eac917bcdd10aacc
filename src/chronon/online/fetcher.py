"""From requests to answers: find what is prepared, read everything at once, merge and finalise, derive.

>>> import tempfile
>>> from chronon.store.lmdb import LmdbStore
>>> fetcher = Fetcher(LmdbStore(tempfile.mkdtemp()))
>>> print(fetcher.fetch_group_by("shop.purchases.v1", [Request({"user_id": "u1"})])[0].error.mend)
upload shop.purchases.v1
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from chronon.api.naming import sanitize
from chronon.base.clock import Clock, SystemClock
from chronon.base.errors import ChrononError, MissingDataError
from chronon.online.catalogue import Catalogue
from chronon.online.group_bys import NOTHING, PreparedGroupBy
from chronon.online.join_answers import JoinAnswer
from chronon.online.joins import EXCEPTION
from chronon.online.lookups import Lookup, read_all
from chronon.online.messages import Request, Response, new_response
from chronon.online.metrics import Metrics, as_error, why_missing
from chronon.store.protocol import KVStore

Fetch = Callable[[str, Sequence[Request], int, bool], list[Response]]


class Fetcher:
    """Answers requests from a store. May be shared by threads.

    Parameters
    ----------
    store:
        Where uploads and stream rows are. It stays the caller's, unless the fetcher is used in a ``with`` statement,
        which closes it.
    clock:
        Tells now to requests that do not say when.
    metrics:
        Where to count.
    """

    def __init__(self, store: KVStore, clock: Clock | None = None, *, metrics: Metrics | None = None) -> None:
        self.store = store
        self.clock = clock or SystemClock()
        self.metrics = metrics or Metrics()
        self.catalogue = Catalogue(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.store.close()

    def fetch(self, name: str, requests: Sequence[Request]) -> list[Response]:
        """Answers from the join of that name, or else from the group-by."""
        return (self.fetch_join if self.catalogue.is_join(name) else self.fetch_group_by)(name, requests)

    def fetch_join(self, name: str, requests: Sequence[Request]) -> list[Response]:
        """One answer for each request, in their order.

        Parameters
        ----------
        name:
            The join's name, with dots or with a slash after the team.
        requests:
            The keys of its left side. A part whose key is null, or whose entity is unknown, adds no features; a part
            that fails adds ``<part>_exception``.
        """
        return self._fetch("join", name, requests, self._fetch_join)

    def fetch_group_by(self, name: str, requests: Sequence[Request]) -> list[Response]:
        """One answer for each request, in order; an entity that is unknown, or whose key is null, has no values."""
        return self._fetch("group_by", name, requests, self._fetch_group_by)

    def _fetch(self, kind: str, name: str, requests: Sequence[Request], fetch: Fetch) -> list[Response]:
        started = time.perf_counter()
        now = self.clock.now()
        try:
            self.catalogue.refresh()
            try:
                answers = fetch(name, requests, now, False)
            except MissingDataError:  # something was published meanwhile, and the generation before the last removed
                self.catalogue.refresh(force=True)
                answers = fetch(name, requests, now, True)
        except ChrononError as error:
            self.metrics.count("chronon_request_errors_total", (("kind", kind),), len(requests))
            return [Response(request.keys, request.at or now, {}, found=False, error=error) for request in requests]
        labels = (("kind", kind), ("name", name))
        self.metrics.count("chronon_requests_total", labels, len(requests))
        self.metrics.took(labels, time.perf_counter() - started)
        return answers

    def _fetch_join(self, name: str, requests: Sequence[Request], now: int, last: bool) -> list[Response]:
        join = self.catalogue.join(name)
        lookups = [Lookup(keys, group_bys) for keys, group_bys in join.lookups]
        answers = [JoinAnswer(join, request, now, lookups) for request in requests]
        read_all(self.store, lookups, last=last)
        return [answer.finish(self.metrics) for answer in answers]

    def _fetch_group_by(self, name: str, requests: Sequence[Request], now: int, last: bool) -> list[Response]:
        group_by = self.catalogue.group_by(name)
        lookup = Lookup(group_by.keys, [group_by])
        ends = {sanitize(group_by.name): group_by.batch_end}
        answers = [new_response(request, now, ends) for request in requests]
        keys: list[bytes | None] = []
        typed: list[dict[str, object]] = [{} for _ in requests]
        for answer, values in zip(answers, typed, strict=True):
            key = lookup.ask(answer.keys, answer.at, values) if answer.error is None else None
            if isinstance(key, ChrononError):
                self.metrics.part_failed(group_by.name)
                answer.error, key = key, None
            keys.append(key)
        read_all(self.store, [lookup], last=last)
        for answer, key, values in zip(answers, keys, typed, strict=True):
            answer.found = False
            if key is not None:
                try:
                    self._fill(answer, group_by, lookup, key, values)
                except Exception as error:  # noqa: BLE001 - a request fails alone, and its answer says why
                    self.metrics.part_failed(group_by.name)
                    answer.error = as_error(error)
        return answers

    def _fill(
        self, answer: Response, group_by: PreparedGroupBy, lookup: Lookup, key: bytes, typed: dict[str, object]
    ) -> None:
        found = lookup.answer(lookup.reads[0], key, answer.at)
        stale = group_by.empty_stale(found, answer.at) if found is not None else NOTHING
        unknown = group_by.unknown(found) if found is not None else NOTHING
        values = group_by.named(found, typed, answer.at, stale, unknown)
        if values is None:
            self.metrics.unknown(group_by.name)
            return
        if stale:
            self.metrics.stale(group_by.name, len(stale))
        if stale or unknown:
            values[sanitize(group_by.name) + EXCEPTION] = why_missing(group_by.batch_end, answer.at, stale, unknown)
        answer.values, answer.found = values, True
