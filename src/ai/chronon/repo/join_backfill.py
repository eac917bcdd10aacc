"""The backfill of a join as jobs."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import json

from ai.chronon.scheduler.interfaces.flow import Flow
from ai.chronon.scheduler.interfaces.node import Node
from ai.chronon.scheduler.interfaces.orchestrator import WorkflowOrchestrator
from ai.chronon.utils import (
    ExternalJoinPart,
    convert_json_to_obj,
    dict_to_bash_commands,
    dict_to_exports,
    get_config_path,
    get_join_output_table_name,
    join_part_name,
    sanitize,
)
from chronon.repo.join_flow import (
    DEFAULT_SPARK_SETTINGS,
    TASK_PREFIX,
    JoinBackfill,
    get_regular_and_external_join_parts,
)
