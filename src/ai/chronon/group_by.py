"""Group-bys."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import inspect
import json
import logging

from ai.chronon import utils
from ai.chronon.api import ttypes
from chronon.api.group_by import *

LOGGER = logging.getLogger(__name__)
