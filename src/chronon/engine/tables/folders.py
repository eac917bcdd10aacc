"""Tables that are folders of files, in the Hive layout, or single files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from chronon.base.errors import DataError, StorageError
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.registry import PACKED, extensions, format_of_file

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from chronon.engine.tables.protocol import Location

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value that stands for null in the path of a partition."""


class FolderFormat:
    """A format whose tables are only files. What only reads needs nothing more than a name and extensions."""

    name: str
    extensions: tuple[str, ...]
    writes = False
    history = False

    def holds(self, folder: str) -> bool:
        del folder  # by its files only
        return False

    def files(self, at: Location) -> Files:
        return listed(at)

    def publish(
        self, at: Location, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        del partition, batches, schema
        self._refuse(at)

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        del at, column
        return {}

    def keep(self, at: Location, partition: tuple[str, str], into: Location) -> None:
        del partition, into
        self._refuse(at)

    def remove(self, at: Location, partition: tuple[str, str]) -> None:
        del partition
        self._refuse(at)

    def _refuse(self, at: Location) -> NoReturn:
        raise StorageError(
            f"{at.table} is a table of {self.name} files, which are only read", mend="write to another table"
        )


def single_file(folder: Path) -> tuple[Path, str] | None:
    """The single file that is the table of that name, and the name of its format."""
    for extension, name in extensions().items():
        for ending in (extension, *(f"{extension}.{packed}" for packed in PACKED if name != "parquet")):
            path = folder.with_name(f"{folder.name}.{ending}")
            if path.is_file():
                return path, name
    return None


def listed(at: Location) -> Files:
    """The files of a table: those of its folder, or its single file."""
    if at.folder.is_file():
        name = format_of_file(at.folder.name)
        if name is None:
            raise DataError(f"{at.folder} has no known format", expected=", ".join(extensions()))
        return Files(at.table, name, (_file(str(at.folder), {}),))
    single = single_file(at.folder)
    if single is not None:
        return Files(at.table, single[1], (_file(str(single[0]), {}),))
    found = sorted(_walk(str(at.folder), {}), key=_place)
    formats = {format_of_file(f.path) for f in found}
    if len(formats) > 1:
        raise DataError(
            f"table {at.table} mixes {' and '.join(sorted(str(name) for name in formats))} files in {at.folder}",
            mend="move one kind to a table of its own",
        )
    shapes = {tuple(f.partition) for f in found}
    if len(shapes) > 1:
        raise DataError(f"the partitions of table {at.table} differ in depth: {sorted(shapes)}, in {at.folder}")
    return Files(at.table, formats.pop() or "parquet" if formats else "parquet", tuple(found))


def _place(file: File) -> tuple[tuple[str, ...], str]:
    return tuple(value or "" for value in file.partition.values()), file.path


def _walk(folder: str, partition: Mapping[str, str | None]) -> Iterator[File]:
    # tables have thousands of folders, and every job lists them: os.scandir and plain text, no paths as objects
    from urllib.parse import unquote

    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith((".", "_")):
                continue
            if entry.is_dir():
                column, equals, value = name.partition("=")
                if equals:
                    value = None if value == NULL_PARTITION else unquote(value)
                    yield from _walk(entry.path, {**partition, unquote(column): value})
            elif format_of_file(name) is not None:
                yield _file(entry.path, partition)


def _file(path: str, partition: Mapping[str, str | None]) -> File:
    status = os.stat(path)  # noqa: PTH116 - see _walk
    return File(path, partition, status.st_size, status.st_mtime_ns)
