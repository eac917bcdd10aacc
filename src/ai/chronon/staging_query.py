"""Staging queries."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import os

from ai.chronon.api import ttypes as api
from ai.chronon.repo import TEAMS_FILE_PATH, teams
from chronon.api.staging_query import (
    StagingQuery,
    StagingQueryEntitySource,
    StagingQueryEventSource,
    get_staging_query_dependencies,
)
from chronon.api.tables import get_staging_query_output_table_name

chronon_root_path = os.environ.get("CHRONON_ROOT", "")
