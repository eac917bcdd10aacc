"""Tables of CSV files with a head, packed or not; read only."""

from __future__ import annotations

from chronon.engine.tables.folders import FolderFormat


class Csv(FolderFormat):
    """The separator, the quotes and the types are recognised."""

    name = "csv"
    extensions = ("csv", "tsv")
