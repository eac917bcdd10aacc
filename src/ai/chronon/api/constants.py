"""The structs and enumerations of definitions, under the second name of their module."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from ai.chronon.api.ttypes import *
