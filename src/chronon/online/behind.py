"""What stands behind a fetched value: the upload it starts from, and the rows that a stream brought since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chronon.aggregate.record import header
from chronon.base.errors import MissingDataError
from chronon.online.group_bys import PreparedGroupBy
from chronon.store.layouts import described
from chronon.store.names import batch_dataset
from chronon.store.protocol import KVStore


class Behind(NamedTuple):
    """What a group-by answers from.

    Parameters
    ----------
    generation:
        The upload that is published.
    batch_end:
        Its end in ms: rows before are in it.
    streamed:
        The times (ms) and inputs of the stream's rows since then, before the instant; ``None`` without a stream.
    """

    generation: str
    batch_end: int
    streamed: list[tuple[int, Mapping[str, Any]]] | None


def behind(store: KVStore, name: str, keys: Mapping[str, Any], at: int) -> Behind:
    """What a group-by answers from for one key at an instant (ms).

    Raises
    ------
    MissingDataError
        If it was never uploaded.
    """
    published = store.published(batch_dataset(name))
    if published is None:
        raise MissingDataError(f"no upload of {name} is published", mend=f"chronon upload {name}")
    prepared = PreparedGroupBy(published, described(store, name))
    key = prepared.keys.read(keys, {})
    if not prepared.streams or key is None:
        return Behind(published.generation, prepared.batch_end, None)
    rows = store.scan(prepared.stream, key, prepared.batch_end, at)
    streamed = [(header(row)[1], prepared.inputs_of(row)) for row in rows]
    return Behind(published.generation, prepared.batch_end, streamed)
