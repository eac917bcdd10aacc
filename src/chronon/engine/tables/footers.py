"""What the footers of Parquet files say, read once for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronon.base.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.tables.files import File, Files

SHOWN = 3
"""Damaged files that a message names."""


class Footers:
    """Remembers the schemas of files, so that a table that grew by a file costs one footer."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], pa.Schema] = {}

    def examples(self, files: Files) -> list[File]:
        """For each set of columns and types that occurs in a table, its first file.

        Raises
        ------
        DataError
            If files are damaged, or have columns whose names differ only by case.
        """
        found: dict[pa.Schema, File] = {}
        damaged: list[str] = []
        for file in files.files:
            try:
                schema = self._schema(file)
            except DataError as error:
                damaged.append(error.problem)
                continue
            if schema not in found:
                found[schema] = file
        if damaged:
            raise DataError(
                f"{len(damaged)} of {len(files.files)} files of {files.table} cannot be read: "
                + "; ".join(damaged[:SHOWN])
                + ("; ..." if len(damaged) > SHOWN else ""),
                mend="the file is damaged or is not Parquet: write that partition again, or remove the file",
            )
        for schema, file in found.items():
            _distinct_names(files, schema, file)
        return list(found.values())

    def _schema(self, file: File) -> pa.Schema:
        import pyarrow as pa
        import pyarrow.parquet as pq

        identity = (file.path, file.size, file.modified)
        if identity not in self._known:
            try:
                self._known[identity] = pq.read_schema(file.path, memory_map=False).remove_metadata()
            except (pa.ArrowInvalid, OSError) as error:
                first = str(error).split("\n", 1)[0]
                raise DataError(f"{file.path} ({file.size} bytes): {first}") from error
        return self._known[identity]


def _distinct_names(files: Files, schema: pa.Schema, file: File) -> None:
    seen: dict[str, str] = {}
    for name in schema.names:
        other = seen.setdefault(name.lower(), name)
        if other != name or schema.names.count(name) > 1:
            raise DataError(
                f"{files.table} has the columns {other} and {name} in {file.path}; SQL takes them for one",
                mend="write the table with one of them renamed",
            )
