"""Repos of definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.repo.definition import GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME, STAGING_QUERY_FOLDER_NAME
from chronon.repo.teams import FILE as TEAMS_FILE_PATH
