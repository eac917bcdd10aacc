"""Names of tables, and small questions about definitions."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from chronon.api.naming import sanitize
from chronon.api.tables import (
    get_join_output_table_name,
    get_staging_query_output_table_name,
    group_by_output_table_name,
    join_part_name,
    join_part_output_table_name,
    log_table_name,
)
