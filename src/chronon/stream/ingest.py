"""Writing the rows of a group-by's sources into the store, as a stream brings them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chronon.aggregate.parts import unpack
from chronon.aggregate.serving import Serving
from chronon.api import structs, wire
from chronon.api.inspect import query_of
from chronon.base.errors import MissingDataError
from chronon.base.types import DataType, parse_type
from chronon.plan.functions import declare
from chronon.plan.names import SEQUENCE
from chronon.sql import compile_filter, compile_rows, compile_time
from chronon.store import keys
from chronon.store.names import batch_dataset, streaming_dataset
from chronon.store.protocol import KVStore, StreamRow
from chronon.store.serving_info import GroupByInfo, decode


@dataclass(frozen=True)
class _Source:
    """A source's expressions, compiled."""

    columns: Callable[[Mapping[str, Any]], dict[str, Any]]
    keep: Callable[[Mapping[str, Any]], bool]
    time: Callable[[Mapping[str, Any]], int | None]


class Ingest:
    """Writes rows of one group-by, which has been uploaded before.

    Parameters
    ----------
    store:
        Where the upload went, and the rows go.
    name:
        The group-by.

    Raises
    ------
    MissingDataError
        If nothing has been uploaded.
    """

    def __init__(self, store: KVStore, name: str) -> None:
        published = store.published(batch_dataset(name))
        if published is None:
            raise MissingDataError(
                f"{name} has not been uploaded", mend=f"chronon upload {name}: it says how rows are to be read"
            )
        info = decode(published.info)
        definition = wire.from_json(structs.GroupBy, info.definition)
        self._store = store
        self._dataset = streaming_dataset(name)
        self._keys = {column: parse_type(kind) for column, kind in info.keys.items()}
        selected = {column: parse_type(kind) for column, kind in info.selected.items()}
        parts = unpack(definition.aggregations or [], selected, definition=info.name)
        self._serving = Serving(parts, selected, stale_after=info.stale_after)
        self._sources = [
            _source(source, info, number, [*self._keys, *selected])
            for number, source in enumerate(definition.sources or [])
        ]

    def write(self, rows: Sequence[Mapping[str, Any]], *, partition: str, offset: int, source: int = 0) -> int:
        """Write rows as they come: filtered, selected, encoded. Writing the same rows again changes nothing.

        Parameters
        ----------
        rows:
            With the columns of the source's table.
        partition, offset:
            Where the first row stands in what brings the rows; the others follow it.
        source:
            Which source of the group-by they belong to.

        Returns
        -------
        How many rows were written: those that pass the source's conditions, have a time and all keys.
        """
        written: list[StreamRow] = []
        one = self._sources[source]
        for place, row in enumerate(rows, offset):
            if not one.keep(row):
                continue
            ts = one.time(row)
            columns = one.columns(row)
            key = keys.encode([columns[name] for name in self._keys], list(self._keys.values()))
            if ts is None or key is None:
                continue
            columns["ts"] = ts
            inputs = [columns[name] for name in self._serving.inputs]
            value = self._serving.encode_row(ts, inputs, seq=columns.get(SEQUENCE) or 0)
            written.append(StreamRow(key, ts, value, f"{partition}/{place:020d}".encode()))
        self._store.multi_put(self._dataset, written)
        return len(written)


def _source(source: structs.Source, info: GroupByInfo, number: int, columns: Sequence[str]) -> _Source:
    schema: dict[str, DataType] = {name: parse_type(kind) for name, kind in info.sources[number].items()}
    query = query_of(source)
    declare(query)
    selects = {name: (query.selects or {}).get(name, f"`{name}`") for name in columns if name != "ts"}
    if SEQUENCE in (query.selects or {}):
        selects[SEQUENCE] = (query.selects or {})[SEQUENCE]
    time = (query.selects or {}).get("ts") or query.timeColumn or "ts"
    return _Source(
        compile_rows(selects, schema), compile_filter(query.wheres or [], schema), compile_time(time, schema)
    )
