"""The output columns of a join."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from ai.chronon.api import ttypes as api
from ai.chronon.repo import validator
from chronon.repo.output_columns import get_output_columns as get_join_output_columns
