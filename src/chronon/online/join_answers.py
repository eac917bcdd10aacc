"""The answer of a join to one request: its parts side by side, then its derivations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chronon.base.errors import ChrononError
from chronon.online.group_bys import NOTHING
from chronon.online.joins import PreparedJoin, PreparedPart
from chronon.online.lookups import Lookup
from chronon.online.messages import Request, Response, new_response
from chronon.online.metrics import Metrics, as_error, why_missing


class JoinAnswer:
    """An answer on its way: made, it has asked for what it needs; when that has been read, ``finish`` it.

    Parameters
    ----------
    join, request:
        What is asked of what.
    now:
        The instant if the request names none.
    lookups:
        Parallel to ``join.lookups``.
    """

    def __init__(self, join: PreparedJoin, request: Request, now: int, lookups: Sequence[Lookup]) -> None:
        self.join = join
        self.response = new_response(request, now, join.batch_ends)
        self.lookups = lookups
        self.typed: dict[str, Any] = {}
        at, keys = self.response.at, request.keys
        self.keys = [lookup.ask(keys, at, self.typed) for lookup in lookups] if self.response.error is None else []
        self.values: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self.failed: list[str] = []
        self.stale: list[str] = []
        self.unknown: list[str] = []

    def finish(self, metrics: Metrics) -> Response:
        """Put the parts together."""
        response, join = self.response, self.join
        if response.error is not None:
            return response
        for part in join.parts:
            try:
                self._add(part, metrics)
            except Exception as error:  # noqa: BLE001 - a part that fails spoils no other, and the answer says why
                metrics.part_failed(part.name)
                self.failed.append(part.prefix)
                self.problems[part.exception] = f"Failed to fetch {part.prefix}: {as_error(error)}"
        values = self.values if join.derived is None else self._derive()
        if self.problems:
            values |= self.problems
        response.values = values
        response.keys = {**response.keys, **self.typed}
        return response

    def _add(self, part: PreparedPart, metrics: Metrics) -> None:
        """Add the columns of a part; none if its key is null or its entity unknown."""
        group_by = part.group_by
        if group_by is None:
            raise part.problem or ChrononError(f"{part.name} cannot be served")
        key, at = self.keys[part.lookup], self.response.at
        if key is None:
            return
        if isinstance(key, ChrononError):
            raise key
        lookup = self.lookups[part.lookup]
        found = lookup.answer(lookup.reads[part.read], key, at)
        stale = group_by.empty_stale(found, at) if found is not None else NOTHING
        unknown = group_by.unknown(found) if found is not None else NOTHING
        if found is None:
            metrics.unknown(part.name)
        if group_by.derived is not None or unknown:
            own = {key: self.typed[left] for key, left in zip(group_by.key_types, part.keys.names, strict=True)}
            named = group_by.named(found, own, at, stale, unknown) or {}
            self.values.update((part.column(name), value) for name, value in named.items())
        elif found is not None:
            self.values.update(zip(part.columns, found, strict=True))
        if stale:
            metrics.stale(part.name, len(stale))
            self.stale += part.columns_of(stale)
        if unknown:
            self.unknown += part.columns_of(unknown)
        if stale or unknown:
            self.problems[part.exception] = why_missing(group_by.batch_end, at, stale, unknown)

    def _derive(self) -> dict[str, Any]:
        """The columns that leave; not those made of what failed or is unknown, and empty those of an emptied column."""
        derived = self.join.derived
        if derived is None:
            return self.values
        values = derived.apply(self.values, self.typed, self.response.at)
        for prefix in self.failed:
            for name in self.join.dependants[prefix]:
                values.pop(name, None)
        if self.stale:
            values |= dict.fromkeys(derived.readers(self.stale) & values.keys())
        for name in derived.readers(self.unknown) if self.unknown else ():
            values.pop(name, None)
        return values
