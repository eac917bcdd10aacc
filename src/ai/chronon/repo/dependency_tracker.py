"""What builds on a definition."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import logging
import os

from ai.chronon.api.ttypes import GroupBy, Join
from ai.chronon.logger import get_logger
from ai.chronon.repo import GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME
from chronon.repo.dependents import ChrononEntityDependencyTracker
from chronon.repo.validator import extract_json_confs
