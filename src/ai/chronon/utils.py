"""Names of tables, and small questions about definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import gc
import importlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import Enum
from math import ceil
from typing import Dict, List, Optional, Union, cast

from ai.chronon.api import ttypes as api
from ai.chronon.repo import TEAMS_FILE_PATH, teams
from ai.chronon.repo import extract_objects as eo
from ai.chronon.repo.external_join_part import ExternalJoinPart
from chronon.api.helpers import (
    DotDict,
    JsonDiffer,
    check_contains,
    check_contains_single,
    convert_json_to_obj,
    dict_to_bash_commands,
    dict_to_exports,
    edit_distance,
    get_config_path,
)
from chronon.api.metadata import module_of as get_mod_name_from_gc
from chronon.api.metadata import set_name as __set_name
from chronon.api.modes import (
    ChrononJobTypes,
    Modes,
    SubStage,
    get_applicable_modes,
    get_modes_tables,
    get_offline_schedule,
    get_related_table_names,
    requires_log_flattening_task,
)
from chronon.api.naming import sanitize
from chronon.api.questions import (
    dedupe_in_order,
    get_bootstrap_dependencies,
    get_columns,
    get_dependencies,
    get_label_table_dependencies,
    get_max_window_for_gb_in_days,
    get_query,
    get_streaming_sources,
    get_table,
    get_topic,
    get_underlying_source,
    has_topic,
    is_streaming,
    wait_for_name,
    wait_for_simple_schema,
)
from chronon.api.tables import (
    get_join_output_table_name,
    get_staging_query_output_table_name,
    group_by_output_table_name,
    join_part_name,
    join_part_output_table_name,
    log_table_name,
    output_table_name,
)
from chronon.repo.output_columns import FeatureDisplayKeys

chronon_root_path = os.environ.get("CHRONON_ROOT", "")
