"""Lineage of a folder of compiled definitions, by the tables that their jobs write."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from sqlglot import exp
from sqlglot.errors import SqlglotError

from chronon.api import structs
from chronon.api.inspect import query_of
from chronon.api.naming import name_of, output_table, part_prefix, sanitize
from chronon.base.errors import ChrononError, ConfigError
from chronon.repo.definition import AnyDefinition
from chronon.repo.serializer import file2thrift
from chronon.repo.table_lineage import queries
from chronon.repo.table_lineage.columns import Sql, build_lineage, find_all_tables
from chronon.repo.table_lineage.features import group_by_features, join_features
from chronon.repo.table_lineage.records import ColumnName, ConfigType, Inputs, LineageMetaData, TableType
from chronon.repo.teams import Teams

logger = logging.getLogger(__name__)

D = TypeVar("D", structs.StagingQuery, structs.GroupBy, structs.Join)


class LineageParser:
    """Finds columns, tables and features of compiled definitions, and from which columns each column is computed.

    Parameters
    ----------
    schema_provider:
        The columns of a table with their types; ``*`` in a staging query is expanded by it.
    """

    def __init__(self, schema_provider: Callable[[str], Mapping[str, str]] | None = None) -> None:
        self.schema_provider = schema_provider
        self.base_path: str | None = None
        self.teams = Teams()
        self.staging_queries: dict[str, structs.StagingQuery] = {}
        self.metadata = LineageMetaData()
        self.parsed_staging_query_tables: set[str] = set()

    build_select_sql = staticmethod(queries.select)

    build_aggregate_sql = staticmethod(queries.aggregate)
    build_gb_derive_sql = staticmethod(queries.derive_group_by)
    build_join_derive_sql = staticmethod(queries.derive_join)
    find_all_tables = staticmethod(find_all_tables)

    @staticmethod
    def check_source_select_non_empty(source: structs.Source) -> dict[str, str] | None:
        """What a source selects; nothing if it selects all."""
        return query_of(source).selects

    @staticmethod
    def base_table_name(table: str) -> str:
        """A table without its sub-partitions.

        >>> LineageParser.base_table_name("raw.orders/city=berlin")
        'raw.orders'
        """
        return table.partition("/")[0]

    def parse_lineage(self, base_path: str, config_filter: Collection[str] | None = None) -> LineageMetaData:
        """The lineage of a repo: of all its staging queries, then of its group-bys, then of its joins.

        What cannot be read is kept in ``unparsed_configs`` by its name, and the rest goes on.

        Parameters
        ----------
        base_path:
            The folder with ``teams.json`` and ``production/``.
        config_filter:
            Names of the group-bys and joins that are wanted; all, if none is named.
        """
        self.base_path = str(base_path)
        self.teams = Teams.of(Path(base_path))
        self.parse_configs(self.handle_staging_query, "production/staging_queries", structs.StagingQuery)
        self.parse_configs(self.parse_group_by, "production/group_bys", structs.GroupBy, config_filter)
        self.parse_configs(self.parse_join, "production/joins", structs.Join, config_filter)
        return self.metadata

    def parse_configs(
        self,
        parser: Callable[[D], None],
        config_path: str,
        config_ttype: type[D],
        config_filter: Collection[str] | None = None,
    ) -> None:
        """Read the compiled definitions of one kind; files that are in no team's folder are passed over."""
        top = Path(self.base_path or ".", config_path)
        unparsed = self.metadata.unparsed_configs[top.name]
        for file in sorted(top.glob("*/**/*")):
            if not file.is_file() or file.name.startswith("."):
                continue
            name = f"{file.parent.name}.{file.name}"
            try:
                value = file2thrift(file, config_ttype)
                if value.metaData is None:
                    continue
                name = name_of(value)
                if not config_filter or name in config_filter:
                    parser(value)
            except (ChrononError, SqlglotError, ValueError, RecursionError) as error:
                unparsed.append(name)
                logger.warning("the lineage of %s %s could not be read: %s", top.name, name, error)

    def handle_staging_query(self, staging_query: structs.StagingQuery) -> None:
        """Know a staging query, and read it."""
        self.staging_queries[self.object_table_name(staging_query)] = staging_query
        self.parse_staging_query(staging_query)

    def parse_staging_query(self, staging_query: structs.StagingQuery) -> None:
        """The lineage of a staging query."""
        name, table = name_of(staging_query), self.object_table_name(staging_query)
        self.metadata.store_config(name, ConfigType.STAGING_QUERY, staging_query)
        if table in self.parsed_staging_query_tables:
            return
        self.parsed_staging_query_tables.add(table)
        query = staging_query.query or ""
        provider = self.schema_provider
        schema = {one: provider(one) for one in find_all_tables(query)} if provider else {}
        lineage = build_lineage(table, query, schema=schema)
        self.metadata.store_table(name, table, TableType.STAGING_QUERY)
        self.metadata.store_lineage(lineage, table)

    def parse_group_by(
        self, gb: structs.GroupBy, join_part_table: str | None = None, join_config_name: str | None = None
    ) -> None:
        """The lineage of a group-by: of its own tables, or of the table of a join's part.

        Parameters
        ----------
        gb:
            The group-by.
        join_part_table, join_config_name:
            The table that a join writes for it, and the name of the join.
        """
        name, keys = name_of(gb), gb.keyColumns or []
        self.metadata.store_config(name, ConfigType.GROUP_BY, gb)
        sql, sources = self._group_by_queries(gb)
        store = self.metadata
        if join_part_table:
            table = join_part_table
            store.store_table(join_config_name or name, table, TableType.JOIN_PART, key_columns=keys)
        else:
            table = self.object_table_name(gb)
            if (gb.metaData or structs.MetaData()).online:
                upload = f"{table}_upload"
                store.store_table(name, upload, TableType.GROUP_BY_UPLOAD, key_columns=["key_json"])
                store.store_lineage(_uploaded(build_lineage(upload, sql, sources), keys), upload)
            store.store_table(name, table, TableType.GROUP_BY_BACKFILL, gb.backfillStartDate, keys)
        store.store_lineage(build_lineage(table, sql, sources), table)
        for feature in group_by_features(gb):
            store.store_feature(name, ConfigType.GROUP_BY, feature, table)

    def parse_join(self, join: structs.Join) -> None:
        """The lineage of a join: of its left side, of the tables of its parts, and of its own table."""
        name, table, store = name_of(join), self.object_table_name(join), self.metadata
        store.store_config(name, ConfigType.JOIN, join)
        keys = self.get_join_key_columns(join)
        bootstrap = f"{table}_bootstrap"
        scanned, where, selects = self.parse_source(join.left or structs.Source())
        left = self.build_select_sql(scanned, selects.items(), where)
        store.store_table(name, bootstrap, TableType.JOIN_BOOTSTRAP, key_columns=keys)
        store.store_lineage(build_lineage(bootstrap, left), table)
        for part in join.joinParts or []:
            if part.groupBy is not None:
                self.parse_group_by(part.groupBy, f"{table}_{part_prefix(part)}", name)
        sql: Sql = self.build_join_sql(join)
        sources: dict[str, Sql] = {}
        if join.derivations:
            sources, sql = {"join_table": sql}, self.build_join_derive_sql("join_table", join)
        internal, external = join_features(join)
        for feature in internal:
            store.store_feature(name, ConfigType.JOIN, feature, table)
        for feature in external:
            store.store_feature(name, ConfigType.JOIN, feature)
        store.store_table(name, table, TableType.JOIN, key_columns=keys)
        store.store_lineage(build_lineage(table, sql, sources), table)

    def parse_source(self, source: structs.Source) -> tuple[str, str, dict[str, str]]:
        """The table of a source, its conditions as one, and its selects; the parent of a chained source is read too."""
        if source.joinSource is not None:
            parent = source.joinSource.join or structs.Join()
            self.parse_join(parent)
            table, query = self.object_table_name(parent), source.joinSource.query
        elif source.entities is not None:
            table, query = source.entities.snapshotTable or "", source.entities.query
        else:
            events = source.events or structs.EventSource()
            table, query = events.table or "", events.query
        query = query or structs.Query()
        wheres = " AND ".join(f"({where})" for where in sorted(query.wheres or []))
        return self.base_table_name(table), wheres, dict(query.selects or {})

    def build_join_sql(self, join: structs.Join) -> exp.Select:
        """The query that joins the parts of a join to its left side."""
        return queries.join_parts(join, self.object_table_name(join))

    @staticmethod
    def get_join_key_columns(join: structs.Join) -> set[str]:
        """The left columns that a join's parts are looked up by."""
        found: set[str] = set()
        for part in join.joinParts or []:
            mapped = {right: left for left, right in (part.keyMapping or {}).items()}
            found |= {mapped.get(key, key) for key in (part.groupBy or structs.GroupBy()).keyColumns or []}
        return found

    def get_team(self, metadata: structs.MetaData) -> str:
        """The team of a definition, or the one that its ``customJson`` names as ``team_override``."""
        custom: dict[str, Any] = json.loads(metadata.customJson or "{}")
        return custom.get("team_override") or metadata.team or ""

    def object_table_name(self, obj: AnyDefinition) -> str:
        """The table that a definition writes; without a namespace of its own, in that of its team."""
        metadata = obj.metaData or structs.MetaData()
        if metadata.outputNamespace:
            return output_table(obj)
        namespace = self.teams.namespace(self.get_team(metadata))
        if not namespace:
            raise ConfigError(f"{name_of(obj)} has no namespace", mend="give its team one in teams.json")
        return f"{namespace}.{sanitize(name_of(obj))}"

    def _group_by_queries(self, gb: structs.GroupBy) -> tuple[Sql, dict[str, Sql]]:
        """The last query of a group-by, and those that its table names stand for."""
        selects: dict[str, str] = {}
        scans: list[exp.Query] = []
        for source in gb.sources or []:
            table, where, selects = self.parse_source(source)
            self.metadata.store_table(name_of(gb), table, TableType.OTHER)
            scans.append(self.build_select_sql(table, selects.items(), where))
        if not scans:
            raise ConfigError(f"{name_of(gb)} has no sources", mend="sources=EventSource(...)")
        sources: dict[str, Sql] = {"select_table": reduce(exp.union, scans)}
        sql: Sql = self.build_aggregate_sql("select_table", gb, selects.items())
        if gb.derivations:
            sources["aggregate_table"], sql = sql, self.build_gb_derive_sql("aggregate_table", gb)
        return sql, sources


def _uploaded(lineage: Mapping[ColumnName, Inputs], keys: Collection[str]) -> dict[ColumnName, Inputs]:
    """The lineage of an upload, which holds all keys as one column and all values as another."""
    found: defaultdict[ColumnName, Inputs] = defaultdict(set)
    for (table, column), inputs in lineage.items():
        found[table, "key_json" if column in keys else "value_json"] |= inputs
    return dict(found)
