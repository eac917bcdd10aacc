"""The structs and enumerations of definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import sys

from chronon.api.enums import Accuracy, DataKind, Operation, TimeUnit
from chronon.api.structs import *
