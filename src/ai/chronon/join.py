"""Joins."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import json
import logging

from ai.chronon import utils
from ai.chronon.api import ttypes
from ai.chronon.api import ttypes as api
from chronon.api.join import *
