"""The fingerprint of a training set: what it was made from, in one short text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from chronon.base.errors import MissingDataError
from chronon.offline.partitions import HASH, INPUTS, LIBRARIES
from chronon.plan.ranges import bounded

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine


@dataclass(frozen=True)
class Fingerprint:
    """What partitions of a table were made from.

    Parameters
    ----------
    table:
        ``namespace.table``.
    value:
        The fingerprint, 32 hex digits: equal where definitions, the contents of all inputs, engine and libraries are.
    partitions:
        The partitions that it covers, ascending.
    definitions:
        The hashes of the definitions by which they were made; usually one.
    inputs:
        For each partition the tables that it was computed from, with a digest of what they held.
    software:
        The engine and the versions of the libraries; several where the partitions were made by several.
    unstamped:
        Partitions that were not made here, of which nothing is known; they are not covered.
    """

    table: str
    value: str
    partitions: tuple[str, ...]
    definitions: tuple[str, ...]
    inputs: dict[str, dict[str, str]]
    software: tuple[str, ...]
    unstamped: tuple[str, ...]


def fingerprint(table: str, engine: Engine, *, start: str | None = None, end: str | None = None) -> Fingerprint:
    """The fingerprint of the partitions of a table from ``start`` to ``end``; of all without them.

    It is read from what the backfill wrote into the partitions, so inputs that have changed since do not matter.

    Raises
    ------
    MissingDataError
        If the table is not there, or none of those partitions was made here.
    """
    engine.warehouse.files(table)  # refuses what is no table
    found = engine.warehouse.stamps(table, engine.partitions_spec.column)
    stamps = {ds: found[ds] for ds in bounded(sorted(found), start, end)}
    known = {ds: stamp for ds, stamp in stamps.items() if HASH in stamp and INPUTS in stamp}
    if not known:
        raise MissingDataError(f"{table} has no partition in that range that was made by a backfill")
    inputs: dict[str, dict[str, str]] = {ds: json.loads(stamp[INPUTS]) for ds, stamp in known.items()}
    definitions = {ds: stamp[HASH] for ds, stamp in known.items()}
    software = {ds: f"{stamp.get('engine')} {stamp.get(LIBRARIES)}" for ds, stamp in known.items()}
    told = json.dumps([definitions, inputs, software], sort_keys=True)
    return Fingerprint(
        table=table,
        value=blake2b(told.encode(), digest_size=16).hexdigest(),
        partitions=tuple(known),
        definitions=tuple(sorted(set(definitions.values()))),
        inputs=inputs,
        software=tuple(sorted(set(software.values()))),
        unstamped=tuple(ds for ds in stamps if ds not in known),
    )
