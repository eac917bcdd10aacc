"""Group-bys."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import inspect
import json
import logging
from typing import Callable, Dict, List, Optional, Tuple, Union

from ai.chronon import utils
from ai.chronon.api import ttypes
from chronon.api.group_by import *

LOGGER = logging.getLogger(__name__)
