"""Node."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.repo.scheduling import Node
