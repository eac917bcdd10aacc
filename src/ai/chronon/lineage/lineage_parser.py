"""Lineage of compiled definitions, by the tables that their jobs write."""
# pyright: reportUnusedImport=false

from ai.chronon.group_by import get_output_col_names
from ai.chronon.lineage.lineage_metadata import Config, ConfigType, LineageMetaData, TableType
from ai.chronon.repo.validator import (
    FeatureDisplayKeys,
    extract_json_confs,
    get_group_by_output_columns,
    get_join_output_columns,
    get_pre_derived_external_features,
    get_pre_derived_group_by_columns,
    get_pre_derived_group_by_features,
    get_pre_derived_join_features,
    get_pre_derived_join_internal_features,
    get_pre_derived_source_keys,
    is_identifier,
)
from ai.chronon.utils import output_table_name, sanitize
from chronon.repo.table_lineage.columns import append_transform, build_lineage, get_transform
from chronon.repo.table_lineage.parser import LineageParser, logger
