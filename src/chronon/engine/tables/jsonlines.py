"""Tables of files with one JSON object a line, packed or not; read only."""

from __future__ import annotations

from chronon.engine.tables.folders import FolderFormat


class JsonLines(FolderFormat):
    """The types are recognised; objects become structs."""

    name = "json"
    extensions = ("jsonl", "ndjson", "json")
