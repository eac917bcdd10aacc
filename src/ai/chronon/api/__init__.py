"""The structs of definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from ai.chronon.api import ttypes
