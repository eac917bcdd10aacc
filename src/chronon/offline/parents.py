"""Joins whose output a definition reads: what a look at it needs of them. A backfill makes them, a look does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.naming import name_of, output_table
from chronon.api.provenance import place_of
from chronon.base.errors import MissingDataError, raise_all
from chronon.plan.chains import ancestors
from chronon.plan.scans import Scan

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine


def require_parents(definition: structs.GroupBy | structs.Join, engine: Engine) -> None:
    """Raise where the table of a join that a definition reads is not there; where joins read themselves too."""
    raise_all(
        MissingDataError(
            f"{output_table(parent)} is not there yet: the output of {name_of(parent)}, read by {name_of(definition)}",
            place=place_of(parent),
            mend=f"chronon backfill {name_of(parent)}, or backfill {name_of(definition)}, which makes it first",
        )
        for parent in ancestors(definition)
        if not engine.warehouse.exists(output_table(parent))
    )


def partitions_then(scan: Scan, made: Mapping[str, Iterable[str]], engine: Engine) -> list[str]:
    """The partitions of a scan's table once those ``made`` by then, by table, are there too."""
    column = scan.partition or engine.partitions_spec.column
    more: Sequence[str] = list(made.get(scan.table, ()))
    if scan.table in made and not engine.warehouse.exists(scan.table):
        return sorted(more)
    return sorted({*engine.partitions(scan.table, column, dict(scan.subs)), *more})
