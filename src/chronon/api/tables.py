"""Names of the tables that definitions write, for use inside other definitions.

A namespace that is not known while a file is read stands as ``{{ db }}``; the compiler fills it in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from chronon.api import structs
from chronon.api.metadata import ensure_name
from chronon.api.naming import DATABASE, part_prefix, sanitize
from chronon.api.parts import ExternalJoinPart
from chronon.api.provenance import place_of
from chronon.base.errors import ConfigError

Definition = structs.GroupBy | structs.Join | structs.StagingQuery

FOLDERS: dict[type[Definition], str] = {
    structs.GroupBy: "group_bys",
    structs.Join: "joins",
    structs.StagingQuery: "staging_queries",
}

_namespaces: ContextVar[Callable[[str], str | None] | None] = ContextVar("_namespaces", default=None)


@contextmanager
def namespaces(of_team: Callable[[str], str | None]) -> Generator[None]:
    """Know the namespace of each team inside, so that table names need no template."""
    token = _namespaces.set(of_team)
    try:
        yield
    finally:
        _namespaces.reset(token)


def output_table_name(obj: Definition, full_name: bool) -> str:
    """The table that a definition writes.

    >>> output_table_name(structs.Join(metaData=structs.MetaData(name="shop.a.v1")), full_name=True)
    '{{ db }}.shop_a_v1'
    """
    for cls, folder in FOLDERS.items():
        if isinstance(obj, cls):
            return _table(obj, folder, full_name)
    raise ConfigError(f"a {type(obj).__name__} writes no table", expected="a group-by, a join or a staging query")


def get_staging_query_output_table_name(staging_query: structs.StagingQuery, full_name: bool = False) -> str:
    """The table that a staging query writes."""
    return _table(staging_query, "staging_queries", full_name)


def get_join_output_table_name(join: structs.Join, full_name: bool = False) -> str:
    """The table that a join's backfill writes."""
    return _table(join, "joins", full_name)


def group_by_output_table_name(obj: structs.GroupBy, full_name: bool = False) -> str:
    """The table that a group-by's backfill writes."""
    return _table(obj, "group_bys", full_name)


def log_table_name(obj: Definition, full_name: bool = False) -> str:
    """The table of a join's flattened log."""
    return f"{output_table_name(obj, full_name)}_logged"


def join_part_name(jp: structs.JoinPart) -> str:
    """The name of a part: its prefix and the name of its group-by; of an external one ``ext_`` and its source."""
    if isinstance(jp, ExternalJoinPart):
        return jp.external_join_full_prefix
    if jp.groupBy is not None:
        ensure_name(jp.groupBy, "group_bys")
    return part_prefix(jp)


def join_part_output_table_name(join: structs.Join, jp: structs.JoinPart, full_name: bool = False) -> str:
    """The table that a backfill of a join writes for one of its parts."""
    return f"{_table(join, 'joins', full_name)}_{join_part_name(jp)}"


def _table(definition: Definition, folder: str, full_name: bool) -> str:
    name = ensure_name(definition, folder)
    if not name:
        raise ConfigError(
            f"Couldn't find module name of a {type(definition).__name__}",
            place=place_of(definition),
            mend=f"define it as a variable of a file under {folder}/, or give it a name",
        )
    return f"{_namespace(definition, name)}.{sanitize(name)}" if full_name else sanitize(name)


def _namespace(definition: Definition, name: str) -> str:
    """The namespace of a definition: its own, else its team's where that is known, else a template."""
    own = (definition.metaData or structs.MetaData()).outputNamespace
    of_team = _namespaces.get()
    return own or (of_team(name.partition(".")[0]) if of_team is not None else None) or DATABASE
