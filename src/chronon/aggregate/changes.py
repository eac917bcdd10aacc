"""Entities at an instant within a day: the snapshot of the midnight before, and the changes made since.

Each query is answered for itself, by the very code that answers a fetch: the snapshot becomes a batch record, a change
becomes a stream row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chronon.aggregate.serving import Serving
from chronon.aggregate.uploads import Uploads
from chronon.base.arrow import to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    Changes = list[tuple[int, bytes]]
    """When each change was made, in ms, and its row."""


def answer_changes(
    serving: Serving, snapshot: Iterable[pa.RecordBatch], changes: pa.Table, queries: pa.Table, batch_end: int
) -> pa.Table:
    """One row of features for each query, in their order.

    Parameters
    ----------
    serving:
        Of the group-by.
    snapshot:
        The rows of the snapshot as of ``batch_end``, sorted as for ``Aggregator.uploads``.
    changes:
        ``__key``, ``ts`` (the row's own time), ``mutation_ts``, ``is_before``, optionally ``__seq``, and the inputs;
        changes made before ``batch_end`` are passed over. Times in ms.
    queries:
        ``__key`` and ``ts``, not before ``batch_end``.
    batch_end:
        The midnight at which the snapshot was taken, in ms.
    """
    import pyarrow as pa

    records: dict[int, bytes] = {}
    for batch in Uploads(serving.layout, batch_end, serving.stale_after).run(snapshot):
        records.update(zip(batch["key"].to_pylist(), batch["value"].to_pylist(), strict=True))
    made = _by_key(serving, changes, batch_end)
    answers: list[list[Any]] = []
    nothing: list[Any] = [None] * len(serving.parts)
    for key, at in zip(queries["__key"].to_pylist(), queries["ts"].to_pylist(), strict=True):
        rows = [row for when, row in made.get(key, ()) if when < at]
        answers.append(serving.fetch(records.get(key), rows, batch_end, at, changes=True) or nothing)
    columns = zip(*answers, strict=True) if answers else ([] for _ in serving.parts)
    return pa.table(
        {
            part.name: pa.array(list(column), to_arrow(part.base.output))
            for part, column in zip(serving.parts, columns, strict=True)
        }
    )


def _by_key(serving: Serving, changes: pa.Table, batch_end: int) -> dict[int, Changes]:
    order = np.lexsort((changes["mutation_ts"].to_numpy(), changes["__key"].to_numpy()))
    keys = changes["__key"].to_numpy()[order]
    table = changes.take(order)
    times, made, before = (table[name].to_pylist() for name in ("ts", "mutation_ts", "is_before"))
    sequences = table["__seq"].to_pylist() if "__seq" in table.column_names else [0] * len(times)
    values: Sequence[Sequence[Any]] = [table[name].to_pylist(maps_as_pydicts="strict") for name in serving.inputs]
    found: dict[int, Changes] = {}
    bounds = [*np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1)).tolist(), len(keys)]
    for low, high in pairwise(bounds):
        found[int(keys[low])] = [
            (
                made[i],
                serving.encode_row(
                    times[i], [column[i] for column in values], seq=sequences[i], reversal=bool(before[i])
                ),
            )
            for i in range(low, high)
            if made[i] >= batch_end
        ]
    return found
