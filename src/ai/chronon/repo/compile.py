"""``compile.py``."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import click

from ai.chronon import utils
from ai.chronon.api import ttypes as api
from ai.chronon.api.ttypes import GroupBy, Join, StagingQuery
from ai.chronon.repo import (
    GROUP_BY_FOLDER_NAME,
    JOIN_FOLDER_NAME,
    STAGING_QUERY_FOLDER_NAME,
    TEAMS_FILE_PATH,
    dependency_tracker,
    teams,
)
from ai.chronon.repo import extract_objects as eo
from ai.chronon.repo.serializer import thrift_simple_json_protected
from ai.chronon.repo.validator import ChrononRepoValidator, get_group_by_output_columns, get_join_output_columns
from chronon.cli.scripts.compile import FOLDER_NAME_TO_CLASS, extract_and_convert, main
from chronon.repo.definition import folder_of as get_folder_name_from_class_name
from chronon.repo.teams import DEFAULT as DEFAULT_TEAM_NAME

if __name__ == "__main__":
    main()
