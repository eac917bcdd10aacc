"""Lineage of compiled definitions, by the tables that their jobs write."""
# pyright: reportUnusedImport=false

from ai.chronon.lineage.lineage_metadata import Config, ConfigType, LineageMetaData, TableType
from chronon.repo.table_lineage.columns import append_transform, build_lineage, get_transform
from chronon.repo.table_lineage.parser import LineageParser, logger
