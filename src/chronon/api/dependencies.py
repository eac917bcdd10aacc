"""What a definition waits for: one line of JSON for each table it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from chronon.api import structs
from chronon.api.inspect import query_of
from chronon.api.metadata import ensure_name
from chronon.api.tables import get_join_output_table_name

LOGGED_TABLE = "{{ logged_table }}"
"""Stands for the table of a join's flattened log, in bootstrap parts; the compiler replaces it."""

JOIN_TABLE = "{{ join_backfill_table }}"
"""Stands for the table of a join in what its labels wait for; the compiler replaces it."""


def wait_for_table(table: str, query: structs.Query, lag: int = 0) -> str:
    """The dependency on the partition of a table on the day of the run, or ``lag`` days before.

    >>> json.loads(wait_for_table("raw.views/region=eu", structs.Query(), 1))["spec"]
    'raw.views/ds={{ macros.ds_add(ds, -1) }}/region=eu'
    """
    base, *subs = table.split("/")
    column = query.partitionColumn or "ds"
    day = f"{{{{ macros.ds_add(ds, -{lag}) }}}}" if lag else "{{ ds }}"
    name = f"wait_for_{base}_{column}" + (f"_minus_{lag}" if lag else "")
    spec = "/".join([base, f"{column}={day}", *subs])
    return json.dumps({"name": name, "spec": spec, "start": query.startPartition, "end": query.endPartition})


def wait_for_join(table: str) -> str:
    """The dependency of labels on the table of their join."""
    return json.dumps({"name": f"wait_for_{table}", "spec": f"{table}/ds={{{{ ds }}}}"})


def wait_for_spec(spec: str, query: structs.Query) -> str:
    """A dependency that the user wrote."""
    return json.dumps({"name": spec_name(spec), "spec": spec, "start": query.startPartition, "end": query.endPartition})


def spec_name(spec: str) -> str:
    """The name of the task that waits for what a user wrote: every run of other characters is one ``_``."""
    return f"wait_for_{re.sub(r'[^a-zA-Z0-9]+', '_', spec).strip('_')}"


def of_source(source: structs.Source, explicit: Sequence[str] | None, lag: int) -> list[str]:
    """The dependencies of one source."""
    query = query_of(source)
    if explicit:
        return [wait_for_spec(spec, query) for spec in explicit]
    return [wait_for_table(table, query, lag) for table in tables_of(source)]


def tables_of(source: structs.Source) -> list[str]:
    """The tables that a source reads, with their sub-partitions."""
    if source.events is not None:
        return [source.events.table] if source.events.table else []
    if source.entities is not None:
        found = (source.entities.snapshotTable, source.entities.mutationTable)
        return [table for table in found if table]
    if source.joinSource is not None and source.joinSource.join is not None:
        parent = source.joinSource.join
        return [get_join_output_table_name(parent, full_name=True)] if ensure_name(parent, "joins") else []
    return []


def in_order(items: Iterable[str]) -> list[str]:
    """Each item once, where it first stood."""
    return list(dict.fromkeys(items))
