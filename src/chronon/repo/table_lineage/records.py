"""What lineage by tables consists of: tables, features, configurations, and edges between columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chronon.repo.definition import AnyDefinition


class TableType(StrEnum):
    """What a table is to the definition that writes it."""

    GROUP_BY_UPLOAD = "group_by_upload"
    GROUP_BY_BACKFILL = "group_by_backfill"
    JOIN_BOOTSTRAP = "join_bootstrap"
    JOIN_PART = "join_part"
    JOIN = "join"
    STAGING_QUERY = "staging_query"
    OTHER = "other"


class ConfigType(StrEnum):
    """The kind of a definition."""

    GROUP_BY = "group_by"
    JOIN = "join"
    STAGING_QUERY = "staging_query"


@dataclass
class Table:
    """A table, and the columns of it that were met.

    Parameters
    ----------
    config_name:
        The definition that writes it, or that reads a table of another system.
    table_name, table_type:
        Its name with the namespace, and what it is.
    materialized:
        Whether a job writes it; of a group-by's own table the date of its backfill, or none.
    key_columns:
        The columns that it is joined on; none, where nobody says.
    columns:
        All columns that were met.
    """

    config_name: str
    table_name: str
    table_type: TableType
    materialized: bool | str | None
    key_columns: set[str] | None = None
    columns: set[str] = field(default_factory=set[str])


@dataclass(frozen=True)
class Feature:
    """A feature, and the column that holds it; external ones are in no table."""

    config_name: str
    config_type: ConfigType
    feature_name: str
    table_name: str | None = None
    column_name: str | None = None


@dataclass(frozen=True)
class ColumnTransform:
    """A column is computed from another, by transforms that are named from the input to the output."""

    input_table: str
    input_column: str
    output_table: str
    output_column: str
    transforms: tuple[str, ...]


@dataclass
class Config:
    """A compiled definition, with the tables it reads and writes and its features."""

    config_name: str
    config_type: ConfigType
    t_object: AnyDefinition
    tables: dict[str, Table] = field(default_factory=dict[str, Table])
    features: dict[str, Feature] = field(default_factory=dict[str, Feature])


ColumnName = tuple[str, str]
"""A table and a column of it."""
Inputs = set[tuple[ColumnName, tuple[str, ...]]]
"""Columns that another is computed from, each with the transforms from the output back to it."""


class LineageMetaData:
    """All that was found in a folder of compiled definitions."""

    def __init__(self) -> None:
        self.lineages: set[ColumnTransform] = set()
        self.tables: dict[str, Table] = {}
        self.features: dict[str, Feature] = {}
        self.configs: dict[str, Config] = {}
        self.unparsed_configs: defaultdict[str, list[str]] = defaultdict(list)
        """Definitions that could not be read, by the folder of their kind."""
        self.unparsed_columns: defaultdict[str, list[str]] = defaultdict(list)
        """Columns that come from nowhere, as ``COUNT(*)`` does, by table."""

    def store_config(self, config_name: str, config_type: ConfigType, t_object: AnyDefinition) -> None:
        """Know a definition; what was known of one with this name is forgotten, its tables and features stay."""
        self.configs[config_name] = Config(config_name, config_type, t_object)

    def store_column(self, table_name: str, column_name: str) -> None:
        """Know a column; a table that is not known yet is one of another system."""
        table = self.tables.setdefault(table_name, Table("", table_name, TableType.OTHER, materialized=True))
        table.columns.add(column_name)

    def store_feature(
        self, config_name: str, config_type: ConfigType, feature_name: str, output_table: str | None = None
    ) -> None:
        """Know a feature; without a table it is one that only serving knows."""
        full = f"{config_name}.{feature_name}"
        column = feature_name if output_table else None
        feature = Feature(config_name, config_type, full, output_table or None, column)
        self.features[full] = self.configs[config_name].features[full] = feature

    def store_table(
        self,
        config_name: str,
        table_name: str,
        table_type: TableType,
        materialized: bool | str | None = True,
        key_columns: Iterable[str] | None = None,
    ) -> None:
        """Know a table; one that was met only as another's input becomes what this says."""
        keys = set(key_columns) if key_columns is not None else None
        table = self.tables.setdefault(table_name, Table(config_name, table_name, table_type, materialized, keys))
        if table.table_type == TableType.OTHER != table_type:
            table.table_type, table.config_name, table.key_columns = table_type, config_name, keys
        self.configs[config_name].tables[table_name] = table

    def store_lineage(self, parsed_lineages: Mapping[ColumnName, Inputs], table_name: str) -> None:
        """Know the edges that ``build_lineage`` found; columns without inputs are kept under the table's name."""
        for (output_table, output_column), inputs in parsed_lineages.items():
            self.store_column(output_table, output_column)
            if not inputs:
                self.unparsed_columns[table_name].append(output_column)
            for (table, column), transforms in inputs:
                self.store_column(table, column)
                self.lineages.add(ColumnTransform(table, column, output_table, output_column, transforms[::-1]))

    def filter_lineages(self, input_table: str | None = None, output_table: str | None = None) -> set[ColumnTransform]:
        """The edges from one table, into one table, or both; all, if none is named."""
        return {
            edge
            for edge in self.lineages
            if (not input_table or edge.input_table == input_table)
            and (not output_table or edge.output_table == output_table)
        }


def extract_table_name(full_column_name: str) -> str:
    """The table of a column's full name.

    >>> extract_table_name("shop.orders.price")
    'shop.orders'
    """
    return full_column_name.partition("./")[0].rpartition(".")[0]


def extract_column_name(full_column_name: str) -> str:
    """The column of a column's full name.

    >>> extract_column_name("shop.orders.price")
    'price'
    """
    return full_column_name[len(extract_table_name(full_column_name)) + 1 :]
