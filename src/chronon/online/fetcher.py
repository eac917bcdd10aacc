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
from typing import Any, Self

from chronon.api.naming import sanitize
from chronon.base.clock import Clock, SystemClock
from chronon.base.errors import ChrononError, MissingDataError, RequestError
from chronon.online.catalogue import Catalogue
from chronon.online.group_bys import PreparedGroupBy
from chronon.online.joins import EXCEPTION, PreparedJoin, PreparedPart
from chronon.online.lookups import Lookups, Ticket
from chronon.online.messages import Request, Response, instant
from chronon.online.metrics import Metrics
from chronon.store.protocol import KVStore

_NO_ROWS: list[bytes] = []


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
            The join's name, with dots or a slash after the team.
        requests:
            The keys of its left side. A part whose key is null, or whose entity is unknown, adds no features; a part
            that fails adds ``<part>_exception``.
        """
        return self._timed("join", name, requests, self._fetch_join)

    def fetch_group_by(self, name: str, requests: Sequence[Request]) -> list[Response]:
        """One answer for each request, in their order; an entity that is unknown, or whose key is null, has no values."""
        return self._timed("group_by", name, requests, self._fetch_group_by)

    def _timed(
        self,
        kind: str,
        name: str,
        requests: Sequence[Request],
        fetch: Callable[[str, Sequence[Request], int, bool], list[Response]],
    ) -> list[Response]:
        started = time.perf_counter()
        now = self.clock.now()
        try:
            self.catalogue.refresh()
            try:
                answers = fetch(name, requests, now, False)
            except MissingDataError:  # a new generation was published meanwhile, and the one before the last removed
                self.catalogue.refresh(force=True)
                answers = fetch(name, requests, now, True)
        except ChrononError as error:
            self.metrics.count("chronon_request_errors_total", (("kind", kind),), len(requests))
            return [Response(request.keys, request.at or now, {}, found=False, error=error) for request in requests]
        labels = (("kind", kind), ("name", name))
        self.metrics.count("chronon_requests_total", labels, len(requests))
        self.metrics.took(labels, time.perf_counter() - started)
        return answers

    # ---- group-bys

    def _fetch_group_by(self, name: str, requests: Sequence[Request], now: int, last: bool) -> list[Response]:
        group_by = self.catalogue.group_by(name)
        lookups = Lookups(self.store)
        table = lookups.table(group_by)
        answers: list[Response] = []
        tickets: list[Ticket | None] = []
        ends = {sanitize(group_by.name): group_by.batch_end}
        for request in requests:
            answer = Response(request.keys, request.at or now, {}, found=False, batch_ends=ends)
            ticket = None
            try:
                answer.at = instant(request, now)
                _, key = group_by.keys.read(request.keys)
                group_by.check_time(answer.at)
                ticket = table.add(key, answer.at) if key is not None else None
            except RequestError as error:
                answer.error = self._failed(group_by, error)
            answers.append(answer)
            tickets.append(ticket)
        _read(lookups, last)
        for answer, ticket in zip(answers, tickets, strict=True):
            if ticket is not None:
                self._fill(answer, group_by, ticket)
        return answers

    def _fill(self, answer: Response, group_by: PreparedGroupBy, ticket: Ticket) -> None:
        try:
            found, problem = self._values(group_by, ticket, answer.keys, answer.at)
        except Exception as error:  # noqa: BLE001 - one request fails alone, and says why
            answer.error = self._failed(group_by, error)
            return
        if found is not None:
            answer.values, answer.found = found, True
            if problem is not None:
                found[sanitize(group_by.name) + EXCEPTION] = problem

    def _values(
        self, group_by: PreparedGroupBy, ticket: Ticket, keys: Any, at: int
    ) -> tuple[dict[str, Any] | None, str | None]:
        """The columns of a group-by by their own names, and what is wrong with some of them."""
        found = self._lookup(group_by, ticket, at)
        problem = self._drop_stale(group_by, found, at)
        values = dict(zip(group_by.columns, found, strict=True)) if found is not None else None
        if group_by.derived is None:
            return values, problem
        typed = dict(zip(group_by.keys.names, group_by.keys.read(keys)[0], strict=True))
        derived = group_by.derived.apply(values or {}, typed, at)
        if problem is not None:
            derived |= dict.fromkeys(group_by.derived.readers(group_by.stale(at)) & derived.keys())
        return derived, problem

    def _lookup(self, group_by: PreparedGroupBy, ticket: Ticket, at: int) -> list[Any] | None:
        table, record, rows = ticket
        if table.error is not None:
            raise table.error
        found = group_by.values(table.records[record], table.rows[rows] if rows >= 0 else _NO_ROWS, at)
        if found is None:
            self.metrics.count("chronon_unknown_entities_total", (("group_by", group_by.name),))
        return found

    def _drop_stale(self, group_by: PreparedGroupBy, found: list[Any] | None, at: int) -> str | None:
        """Empty the columns whose windows cannot be answered any more, and say so."""
        stale = group_by.stale(at)
        if not stale or found is None:
            return None
        for i, column in enumerate(group_by.columns):
            if column in stale:
                found[i] = None
        self.metrics.count("chronon_stale_columns_total", (("group_by", group_by.name),), len(stale))
        names = ", ".join(column for column in group_by.columns if column in stale)
        return f"The batch ends at {group_by.batch_end}, too long before {at} for the windows of {names}"

    def _failed(self, group_by: PreparedGroupBy, error: Exception) -> ChrononError:
        self.metrics.count("chronon_part_errors_total", (("group_by", group_by.name),))
        return error if isinstance(error, ChrononError) else ChrononError(f"{type(error).__name__}: {error}")

    # ---- joins

    def _fetch_join(self, name: str, requests: Sequence[Request], now: int, last: bool) -> list[Response]:
        join = self.catalogue.join(name)
        lookups = Lookups(self.store)
        works = [_Work(request, now, join) for request in requests]
        tables = [[lookups.table(_known(part)) for part in parts] for _, parts in join.keys_of_parts]
        for work in works:
            if work.answer.error is not None:
                continue
            answer, at = work.answer, work.answer.at
            for (keys, parts), of_parts in zip(join.keys_of_parts, tables, strict=True):
                try:
                    values, key = keys.read(answer.keys)
                except RequestError as error:
                    for part in parts:
                        work.errors[part.prefix] = self._failed(_known(part), error)
                    continue
                work.typed.update(zip(keys.names, values, strict=True))
                if key is None:
                    continue
                for part, table in zip(parts, of_parts, strict=True):
                    if at >= table.group_by.batch_end:
                        work.tickets[part.prefix] = table.add(key, at)
                    else:
                        work.errors[part.prefix] = self._too_early(table.group_by, at)
        _read(lookups, last)
        for work in works:
            if work.answer.error is None:
                self._fill_join(work, join)
        return [work.answer for work in works]

    def _too_early(self, group_by: PreparedGroupBy, at: int) -> ChrononError:
        try:
            group_by.check_time(at)
        except RequestError as error:
            return self._failed(group_by, error)
        raise AssertionError(at)

    def _fill_join(self, work: _Work, join: PreparedJoin) -> None:
        answer = work.answer
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        stale: list[str] = []
        for part in join.parts:
            error = part.problem or work.errors.get(part.prefix)
            if error is None:
                try:
                    problem = self._add_part(values, part, work)
                except Exception as failure:  # noqa: BLE001 - a part that fails spoils no other
                    error = self._failed(_known(part), failure)
                else:
                    if problem is not None:
                        problems[part.exception] = problem
                        stale += self._stale_columns(part, answer.at)
            if error is not None:
                work.errors[part.prefix] = error
                problems[part.exception] = f"Failed to fetch {part.prefix}: {error}"
        if join.derived is not None:
            values = join.derived.apply(values, work.typed, answer.at)
            for prefix in work.errors:
                for name in join.dependants[prefix]:
                    values.pop(name, None)
            values |= dict.fromkeys(join.derived.readers(stale) & values.keys())
        values |= problems
        answer.values = values
        if work.typed:
            answer.keys = {**answer.keys, **work.typed}

    def _add_part(self, values: dict[str, Any], part: PreparedPart, work: _Work) -> str | None:
        group_by = _known(part)
        ticket = work.tickets.get(part.prefix)
        if ticket is None:
            return None
        if group_by.derived is None:
            found = self._lookup(group_by, ticket, work.answer.at)
            if found is None:
                return None
            problem = self._drop_stale(group_by, found, work.answer.at)
            values.update(zip(part.columns, found, strict=True))
            return problem
        own = {key: work.typed.get(left) for key, left in zip(group_by.key_types, part.keys.names, strict=True)}
        derived, problem = self._values(group_by, ticket, own, work.answer.at)
        for name, value in (derived or {}).items():
            values[part.renamed.get(name) or f"{part.prefix}_{name}"] = value
        return problem

    @staticmethod
    def _stale_columns(part: PreparedPart, at: int) -> list[str]:
        group_by = _known(part)
        stale = group_by.stale(at)
        own = stale if group_by.derived is None else group_by.derived.readers(stale)
        return [part.renamed[name] for name in own if name in part.renamed]


class _Work:
    """One request on its way through a join."""

    def __init__(self, request: Request, now: int, join: PreparedJoin) -> None:
        self.answer = Response(request.keys, now, {}, batch_ends=join.batch_ends)
        self.typed: dict[str, Any] = {}
        self.tickets: dict[str, Ticket] = {}
        self.errors: dict[str, ChrononError] = {}
        try:
            self.answer.at = instant(request, now)
        except RequestError as error:
            self.answer.error, self.answer.found = error, False


def _known(part: PreparedPart) -> PreparedGroupBy:
    assert part.group_by is not None  # noqa: S101 - parts without a group-by are never looked up
    return part.group_by


def _read(lookups: Lookups, last: bool) -> None:
    """Read everything at once; if a store fails somewhere, one group-by after the other."""
    try:
        lookups.read()
    except MissingDataError:
        if not last:
            raise
        lookups.read_each()
    except Exception:  # noqa: BLE001 - read_each finds out whose it is, and keeps it
        lookups.read_each()
