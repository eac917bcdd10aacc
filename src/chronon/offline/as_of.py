"""Backfills as of an instant: what would have been computed then, without the rows that arrived later."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.engine.warehouse import known_at
from chronon.offline.group_by import backfill_group_by
from chronon.offline.join import backfill_join
from chronon.plan.chains import parents

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.offline.result import Backfill


def backfill_as_of(definition: structs.GroupBy | structs.Join, engine: Engine, as_of: int, **how: Any) -> Backfill:
    """Compute a definition from what had arrived by an instant, into a table of its own: ``<table>_as_of_<instant>``.

    What had arrived: of a table with an ``arrival`` column in the settings, the rows whose arrival is not later; of a
    Delta or Iceberg table, its version of that instant; of any other table, the files that were not written later. Rows
    without an arrival are left out, as nobody knows when they came.

    Parameters
    ----------
    definition:
        A join or a group-by.
    engine:
        Where it runs.
    as_of:
        The instant, in ms.
    how:
        As for ``backfill_join`` and ``backfill_group_by``.
    """
    named = deepcopy(definition)
    for one in {id(found): found for found in (named, *_above(named))}.values():
        if one.metaData is not None and one.metaData.name is not None:
            one.metaData.name += known_at(as_of)
    then = engine.known_at(as_of)
    if isinstance(named, structs.Join):
        result = backfill_join(named, then, **how)
    else:
        result = backfill_group_by(named, then, **how)
    for table, files in then.warehouse.later().items():
        result.notes.append(f"{files} files of {table} were written after that instant and are left out")
    return result


def _above(definition: structs.GroupBy | structs.Join) -> Iterator[structs.Join]:
    for parent in parents(definition):
        yield parent
        yield from _above(parent)
