"""Tables of Parquet files in the Hive layout; a partition of ours is exactly one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from chronon.base.errors import StorageError
from chronon.engine.tables.folders import FolderFormat
from chronon.engine.tables.places import folder_at, storage_error, sync

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from chronon.engine.tables.files import Files
    from chronon.engine.tables.protocol import Location

PART = "part-0.parquet"
ROWS_PER_GROUP = 122_880
"""Rows in a row group of our files; DuckDB's own choice."""


class Parquet(FolderFormat):
    """``<table>/ds=2024-01-10/part-0.parquet``, moved in by one rename; its stamp is in the file's metadata."""

    name = "parquet"
    extensions = ("parquet",)
    writes = True

    def publish(
        self, at: Location, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        folder = _folder(at, partition)
        try:
            present = list(folder.iterdir()) if folder.exists() else []
        except OSError as error:
            raise storage_error(error, folder) from error
        others = [p.name for p in present if p.name != PART and not p.name.startswith(".")]
        if others:
            raise StorageError(
                f"{folder} holds files that were not written here: {', '.join(sorted(others)[:3])}",
                mend="write to another namespace, or move those files away",
            )
        staged = folder_at(at.root / ".staging") / f"{at.table}.{uuid4().hex}"
        try:
            rows = write(staged, batches, schema)
            staged.replace(folder_at(folder) / PART)  # not sooner: what fails leaves no empty table behind
            sync(folder)
        except OSError as error:
            raise storage_error(error, folder) from error
        finally:
            staged.unlink(missing_ok=True)
        return rows

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        return stamps_in(self.files(at), column)

    def keep(self, at: Location, partition: tuple[str, str], into: Location) -> None:
        kept = folder_at(_folder(into, partition)) / PART
        try:
            kept.unlink(missing_ok=True)
            kept.hardlink_to(_folder(at, partition) / PART)
        except OSError as error:
            raise storage_error(error, kept) from error

    def remove(self, at: Location, partition: tuple[str, str]) -> None:
        folder = _folder(at, partition)
        try:
            (folder / PART).unlink(missing_ok=True)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        except OSError as error:
            raise storage_error(error, folder) from error


STAMP = b"chronon."
"""With which the names of our metadata begin."""


def stamps_in(files: Files, column: str) -> dict[str, dict[str, str]]:
    """The stamps that are in the metadata of Parquet files; a file that cannot be read counts as absent."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, dict[str, str]] = {}
    for file in files.files:
        ds = file.partition.get(column)
        if ds is None:
            continue
        try:
            metadata = pq.read_schema(file.path).metadata or {}
        except (pa.ArrowInvalid, OSError):
            continue
        ours = {key[len(STAMP) :]: value for key, value in metadata.items() if key.startswith(STAMP)}
        found[ds] = {key.decode(): value.decode() for key, value in ours.items()}
    return found


def _folder(at: Location, partition: tuple[str, str] | None) -> Path:
    return at.folder if partition is None else at.folder / path_of(partition)


def path_of(partition: tuple[str, str]) -> str:
    """The name of the folder of a partition, with what paths cannot hold escaped as Hive does.

    >>> path_of(("ds", "2024-01-10")), path_of(("region", "a/b"))
    ('ds=2024-01-10', 'region=a%2Fb')
    """
    column, value = partition
    return f"{column}={quote(value, safe=' :+,@')}"


def new_file(folder: Path, at: Location, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> tuple[Path, int]:
    """A file under a new name, complete and synced, for a table that keeps a log; returns it and how many rows it has.

    Nobody sees it before the log names it.
    """
    staged = folder_at(at.root / ".staging") / f"{at.table}.{uuid4().hex}"
    path = folder_at(folder) / f"part-{uuid4().hex}.parquet"
    try:
        rows = write(staged, batches, schema)
        staged.replace(path)
        sync(folder)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        staged.unlink(missing_ok=True)
    return path, rows


def linked(file: str, folder: Path) -> Path:
    """The same file under a new name in a folder."""
    path = folder_at(folder) / f"part-{uuid4().hex}.parquet"
    try:
        path.hardlink_to(file)
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def write(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
    """Write rows to a new file and sync it; returns how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    with path.open("wb") as file:
        options: dict[str, Any] = {"compression": "snappy", "use_dictionary": _texts(schema)}
        with pq.ParquetWriter(file, schema, **options) as writer:
            for table in _grouped(batches, schema):
                writer.write_table(table, row_group_size=ROWS_PER_GROUP)
                rows += table.num_rows
            if not rows:
                writer.write_table(pa.Table.from_batches([], schema))
        file.flush()
        os.fsync(file.fileno())
    return rows


def _texts(schema: pa.Schema) -> list[str]:
    """The columns of text. A dictionary of numbers costs a third of the writing and saves nothing."""
    import pyarrow as pa

    return [field.name for field in schema if pa.types.is_string(field.type)]


def _grouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in tables of whole row groups, so that a file does not depend on how its rows came in batches."""
    import pyarrow as pa

    waiting: Sequence[pa.RecordBatch] = []
    for batch in batches:
        waiting = [*waiting, batch]
        if sum(b.num_rows for b in waiting) >= ROWS_PER_GROUP:
            table = pa.Table.from_batches(waiting, schema)
            whole = table.num_rows // ROWS_PER_GROUP * ROWS_PER_GROUP
            yield table.slice(0, whole).combine_chunks()
            waiting = table.slice(whole).combine_chunks().to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()
