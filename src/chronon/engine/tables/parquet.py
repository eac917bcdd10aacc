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
        folder = folder_at(_folder(at, partition))
        others = [p.name for p in folder.iterdir() if p.name != PART and not p.name.startswith(".")]
        if others:
            raise StorageError(
                f"{folder} holds files that were not written here: {', '.join(sorted(others)[:3])}",
                mend="write to another namespace, or move those files away",
            )
        staged = folder_at(at.root / ".staging") / f"{at.table}.{uuid4().hex}"
        try:
            rows = write(staged, batches, schema)
            staged.replace(folder / PART)
            sync(folder)
        except OSError as error:
            raise storage_error(error, folder) from error
        finally:
            staged.unlink(missing_ok=True)
        return rows

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        found: dict[str, dict[str, str]] = {}
        for file in self.files(at).files:
            ds = file.partition.get(column)
            if ds is None:
                continue
            try:
                metadata = pq.read_schema(file.path).metadata or {}
            except (pa.ArrowInvalid, OSError):
                continue
            found[ds] = stamp_of({key.decode(): value.decode() for key, value in metadata.items() if _ours(key)})
        return found

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


STAMP = "chronon."
"""With which the names of our metadata begin."""


def stamp_of(metadata: dict[str, str]) -> dict[str, str]:
    """The entries of a stamp among all metadata."""
    return {key.removeprefix(STAMP): value for key, value in metadata.items() if key.startswith(STAMP)}


def _ours(key: bytes) -> bool:
    return key.startswith(STAMP.encode())


def _folder(at: Location, partition: tuple[str, str] | None) -> Path:
    if partition is None:
        return at.folder
    column, value = partition
    return at.folder / f"{column}={quote(value, safe=' :+,@')}"


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
