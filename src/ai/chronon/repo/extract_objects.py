"""The definitions of files."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import glob
import importlib
import logging
import os

from ai.chronon.api.ttypes import GroupBy, Join, StagingQuery
from ai.chronon.logger import get_logger
from chronon.repo.extract import from_file, from_folder, import_module_set_name
