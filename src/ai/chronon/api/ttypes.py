"""The structs and enumerations of definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.api.enums import Accuracy, DataKind, Operation, TimeUnit
from chronon.api.structs import *
