"""The warehouse: a folder of tables, each a folder of partitions, each of ours exactly one Parquet file.

``<root>/<namespace>/<table>/ds=2024-01-10/part-0.parquet`` is the Hive layout. Source tables may also be folders of CSV
files, folders without partitions, or a single file ``<root>/<namespace>/<table>.parquet`` (or ``.csv``).
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chronon.base.errors import ConfigError, DataError, MissingDataError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa

PART = "part-0.parquet"
FORMATS = ("parquet", "csv")
ROWS_PER_GROUP = 122_880
"""Rows in a row group of our files; DuckDB's own choice."""


@dataclass(frozen=True)
class File:
    """One file of a table, and the partition columns that its path names."""

    path: str
    partition: Mapping[str, str]
    size: int
    modified: int


@dataclass(frozen=True)
class Files:
    """The files of a table."""

    table: str
    format: str
    files: tuple[File, ...]

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """The columns that the paths name, outermost first."""
        return tuple(self.files[0].partition) if self.files else ()

    def fingerprint(self, column: str, days: Iterable[str] | None = None) -> str:
        """A digest of the files of some partitions: it changes when one of them is rewritten."""
        wanted = None if days is None else set(days)
        lines = [
            f"{f.partition.get(column)} {os.path.basename(f.path)} {f.size} {f.modified}"  # noqa: PTH119 - see _walk
            for f in self.files
            if wanted is None or f.partition.get(column) in wanted
        ]
        return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


class Warehouse:
    """Finds tables and publishes partitions.

    Parameters
    ----------
    root:
        The folder. It is made when the first partition is written.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).absolute()

    def files(self, table: str) -> Files:
        """The files of a table in the order of their partitions.

        Raises
        ------
        MissingDataError
            If there is no such table, with the names of those that look alike.
        """
        folder = self._folder(table)
        for extension in FORMATS:
            single = folder.with_name(f"{folder.name}.{extension}")
            if single.is_file():
                return Files(table, extension, (_file(str(single), {}),))
        if not folder.is_dir():
            raise self._unknown(table)
        found = sorted(_walk(str(folder), {}), key=lambda f: (tuple(f.partition.values()), f.path))
        formats = {f.path.rpartition(".")[2] for f in found}
        if len(formats) > 1:
            raise DataError(f"table {table} mixes {' and '.join(sorted(formats))} files in {folder}")
        shapes = {tuple(f.partition) for f in found}
        if len(shapes) > 1:
            raise DataError(f"the partitions of table {table} differ in depth: {sorted(shapes)}, in {folder}")
        return Files(table, formats.pop() if formats else "parquet", tuple(found))

    def exists(self, table: str) -> bool:
        """Whether there is a table of that name."""
        folder = self._folder(table)
        return folder.is_dir() or any(folder.with_name(f"{folder.name}.{e}").is_file() for e in FORMATS)

    def tables(self) -> list[str]:
        """The names of all tables."""
        if not self.root.is_dir():
            return []
        return sorted(
            f"{namespace.name}.{table.name if table.is_dir() else table.stem}"
            for namespace in self.root.iterdir()
            if namespace.is_dir() and not namespace.name.startswith(".")
            for table in namespace.iterdir()
            if table.is_dir() or table.suffix.lstrip(".") in FORMATS
        )

    @contextmanager
    def writing(self, table: str) -> Generator[None]:
        """Hold the lock of a table: one writer at a time. It dies with its process; what that left over is removed."""
        import fcntl

        self._folder(table)
        locks = self._make(self.root / ".locks")
        try:
            descriptor = os.open(locks / f"{table}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _storage(error, locks) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(
                    f"another process is writing {table}", mend="wait until it has ended, then run again"
                ) from None
            for left_over in (self.root / ".staging").glob(f"{table}.*"):
                left_over.unlink()
            yield
        finally:
            os.close(descriptor)

    def publish(
        self, table: str, partition: tuple[str, str], batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        """Write a partition as one file and move it to its place in one step. The table's lock must be held.

        Parameters
        ----------
        table:
            ``namespace.table``.
        partition:
            Its column and value.
        batches:
            The rows.
        schema:
            Their columns; its metadata is stored in the file.

        Returns
        -------
        The number of rows.
        """
        column, ds = partition
        folder = self._make(self._folder(table) / f"{column}={ds}")
        others = [p.name for p in folder.iterdir() if p.name != PART]
        if others:
            raise StorageError(
                f"{folder} holds files that were not written here: {', '.join(sorted(others)[:3])}",
                mend="write to another namespace, or move those files away",
            )
        staged = self._make(self.root / ".staging") / f"{table}.{uuid4().hex}"
        try:
            rows = _write(staged, batches, schema)
            staged.replace(folder / PART)
            _sync(folder)
        except OSError as error:
            raise _storage(error, folder) from error
        finally:
            staged.unlink(missing_ok=True)
        return rows

    def archive(self, table: str, partition: tuple[str, str], into: str) -> None:
        """Keep the present file of a partition under another table's name too."""
        column, ds = partition
        present = self._folder(table) / f"{column}={ds}" / PART
        kept = self._make(self._folder(into) / f"{column}={ds}") / PART
        try:
            kept.unlink(missing_ok=True)
            kept.hardlink_to(present)
        except OSError as error:
            raise _storage(error, kept) from error

    def stamps(self, table: str, column: str) -> dict[str, dict[str, str]]:
        """What is written into the files of a table that we made: partition to key-value metadata.

        A file that cannot be read counts as absent, so that it is made again.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.exists(table):
            return {}
        found: dict[str, dict[str, str]] = {}
        for file in self.files(table).files:
            ds = file.partition.get(column)
            if ds is None:
                continue
            try:
                metadata = pq.read_schema(file.path).metadata or {}
            except (pa.ArrowInvalid, OSError):
                continue
            found[ds] = {
                key.decode()[len("chronon.") :]: value.decode()
                for key, value in metadata.items()
                if key.startswith(b"chronon.")
            }
        return found

    def _folder(self, table: str) -> Path:
        namespace, dot, name = table.partition(".")
        if not dot or not namespace or not name or "/" in table or ".." in table:
            raise ConfigError(f"{table!r} is not a table", expected="namespace.table")
        return self.root / namespace / name

    def _make(self, folder: Path) -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _storage(error, folder) from error
        return folder

    def _unknown(self, table: str) -> MissingDataError:
        from difflib import get_close_matches

        known = self.tables()
        close = get_close_matches(table, known, n=3, cutoff=0.6)
        mend = f"did you mean {' or '.join(close)}?" if close else f"put it at {self._folder(table)}/ds=.../*.parquet"
        shown = ", ".join(known[:8]) + (" ..." if len(known) > 8 else "")  # noqa: PLR2004 - enough to recognise
        return MissingDataError(
            f"there is no table {table} in {self.root}", expected=f"one of: {shown}" if known else None, mend=mend
        )


def _walk(folder: str, partition: dict[str, str]) -> Iterator[File]:
    # tables have thousands of folders, and every job lists them: os.scandir and plain text, no paths as objects
    from urllib.parse import unquote

    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir():
                column, equals, value = entry.name.partition("=")
                if equals:
                    yield from _walk(entry.path, {**partition, column: unquote(value)})
            elif entry.name.rpartition(".")[2] in FORMATS:
                yield _file(entry.path, partition)


def _file(path: str, partition: Mapping[str, str]) -> File:
    status = os.stat(path)  # noqa: PTH116 - see _walk
    return File(path, partition, status.st_size, status.st_mtime_ns)


def _write(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
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


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _storage(error: OSError, path: Path) -> StorageError:
    return StorageError(
        f"cannot write {path}: {error.strerror or error}",
        mend="check permissions and free space, or set another warehouse",
    )
