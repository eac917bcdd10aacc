"""Staging queries."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.api.staging_query import (
    StagingQueryEntitySource,
    StagingQueryEventSource,
    get_staging_query_dependencies,
)
