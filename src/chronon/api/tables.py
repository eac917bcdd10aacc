"""Names of the tables that definitions write, for use inside other definitions.

A namespace that is not known while a file is read stands as ``{{ db }}``; the compiler fills it in.
"""

from __future__ import annotations

from chronon.api import structs
from chronon.api.metadata import ensure_name
from chronon.api.naming import part_prefix, template_table
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError


def get_staging_query_output_table_name(staging_query: structs.StagingQuery, full_name: bool = False) -> str:
    """The table that a staging query writes."""
    return _table(staging_query, "staging_queries", full_name)


def get_join_output_table_name(join: structs.Join, full_name: bool = False) -> str:
    """The table that a join's backfill writes."""
    return _table(join, "joins", full_name)


def group_by_output_table_name(group_by: structs.GroupBy, full_name: bool = False) -> str:
    """The table that a group-by's backfill writes."""
    return _table(group_by, "group_bys", full_name)


def log_table_name(join: structs.Join, full_name: bool = False) -> str:
    """The table of a join's flattened log."""
    return f"{_table(join, 'joins', full_name)}_logged"


def join_part_name(part: structs.JoinPart) -> str:
    """The name of a part: its prefix and the name of its group-by."""
    if part.groupBy is not None:
        ensure_name(part.groupBy, "group_bys")
    return part_prefix(part)


def join_part_output_table_name(join: structs.Join, part: structs.JoinPart, full_name: bool = False) -> str:
    """The table that a backfill of a join writes for one of its parts."""
    return f"{_table(join, 'joins', full_name)}_{join_part_name(part)}"


def _table(definition: structs.GroupBy | structs.Join | structs.StagingQuery, folder: str, full_name: bool) -> str:
    if not ensure_name(definition, folder):
        raise ConfigError(
            f"Couldn't find module name of a {type(definition).__name__}",
            place=place_of(definition),
            mend=f"define it as a variable of a file under {folder}/, or give it a name",
        )
    table = template_table(definition)
    return table if full_name else table.rpartition(".")[2]
