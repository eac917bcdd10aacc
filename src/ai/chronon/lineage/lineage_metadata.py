"""What lineage by tables consists of."""
# pyright: reportUnusedImport=false

from chronon.repo.table_lineage.records import (
    ColumnTransform,
    Config,
    ConfigType,
    Feature,
    LineageMetaData,
    Table,
    TableType,
    extract_column_name,
    extract_table_name,
)
