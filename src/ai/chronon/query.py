"""What a source reads."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.api.query import Query, select
