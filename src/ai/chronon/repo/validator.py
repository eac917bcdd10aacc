"""Checks of a repo against what it has compiled before."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import json
import logging
import os
import re
from collections import defaultdict

from ai.chronon.api.ttypes import Derivation, ExternalPart, GroupBy, Join, Source, StagingQuery
from ai.chronon.group_by import get_output_col_names
from ai.chronon.logger import get_logger
from ai.chronon.repo import GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME
from ai.chronon.repo.serializer import file2thrift, thrift_simple_json
from chronon.repo.output_columns import (
    FeatureDisplayKeys,
    build_derived_columns,
    get_external_part_full_name,
    get_group_by_output_columns,
    get_join_key_columns,
    get_join_output_columns,
    get_pre_derived_external_features,
    get_pre_derived_group_by_columns,
    get_pre_derived_group_by_features,
    get_pre_derived_join_features,
    get_pre_derived_join_internal_features,
    get_pre_derived_source_keys,
    is_identifier,
)
from chronon.repo.validator import (
    EXTERNAL_KEY,
    SKIPPED_FIELDS,
    ChrononRepoValidator,
    extract_json_confs,
    is_batch_upload_needed,
    is_valid_conf,
)
