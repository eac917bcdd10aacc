"""Joins."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import copy
import gc
import importlib
import json
import logging
from collections import Counter
from typing import Dict, List, Optional, Tuple, Union

from ai.chronon import utils
from ai.chronon.api import ttypes
from ai.chronon.api import ttypes as api
from ai.chronon.repo import extract_objects as eo
from chronon.api.datatypes import FieldsType
from chronon.api.group_by import validate_group_by
from chronon.api.join import *
