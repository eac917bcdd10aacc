"""The warehouse: a folder of tables, each of which is found, locked and written here.

``<root>/<namespace>/<table>`` is a table: a folder of partitions such as ``ds=2024-01-10/part-0.parquet`` in the Hive
layout, a folder without partitions, a Delta or Iceberg table; or ``<root>/<namespace>/<table>.parquet``, a single file.
The formats are in ``chronon.engine.tables``.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chronon.base.errors import ConfigError, DataError, MissingDataError, SettingsError, StorageError
from chronon.base.time import DAY_MS, HOUR_MS, Partitions
from chronon.engine.tables.digests import Digests
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.folders import single_file
from chronon.engine.tables.places import folder_at, storage_error
from chronon.engine.tables.protocol import Location, TableFormat
from chronon.engine.tables.registry import format_named, format_of_file, format_of_folder, ours
from chronon.engine.tables.statistics import PartitionStatistics, statistics
from chronon.engine.tables.view import View, publish_view, read_view

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["File", "Files", "Warehouse"]


class Warehouse:
    """Finds tables and publishes partitions.

    Parameters
    ----------
    root:
        The folder. It is made when the first partition is written.
    tables:
        What the settings say about tables, by ``namespace.table`` or for all tables of a ``namespace``: the ``format``
        in which they are made, a ``location`` outside the warehouse, the ``arrival`` of rows, entries of that format.
    as_of:
        Only rows that had arrived by this instant (ms) are listed; ``None`` for all. The tables that are made as of it
        are seen as they are.
    partitions:
        How partitions of outputs are named: those of tables that have others are given that name.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        tables: Mapping[str, Mapping[str, str]] | None = None,
        *,
        as_of: int | None = None,
        partitions: Partitions | None = None,
    ) -> None:
        self.root = Path(root).absolute()
        self.as_of = as_of
        self._partitions = partitions or Partitions()
        self._later: dict[str, int] = {}
        self.digests = Digests(self.root / ".digests")
        self._tables = tables or {}

    def files(self, table: str) -> Files:
        """The files of a table in the order of their partitions.

        Raises
        ------
        MissingDataError
            If there is no such table, with the names of those that look alike.
        """
        at = self._location(table)
        known = self._format(at)
        if known is None:
            raise self._unknown(table)
        if self.as_of is None or table.endswith(known_at(self.as_of)):
            return self._as_outputs(known.files(at), at)
        return self._as_outputs(self._arrived(known, at, self.as_of), at)

    def _as_outputs(self, files: Files, at: Location) -> Files:
        """The files of a table with partitions of its own, with those of outputs; of any other as they are."""
        named = at.options.get("partition_format")
        if named is None or not files.files:
            return files
        own = Partitions(at.options.get("partition_column", next(iter(files.partition_columns), "")), named)
        if own.span == self._partitions.span == DAY_MS or own.column not in files.partition_columns:
            other = "days or hours" if self._partitions.span == HOUR_MS else "hours such as yyyy-MM-dd-HH"
            raise SettingsError(
                f"{at.table} has partition_format = {named!r} in the settings",
                expected=f"{other}, in folders {own.column or 'hour'}=...",
            )
        try:
            return replace(files, files=tuple(self._ending(file, own) for file in files.files), own=own)
        except ConfigError as error:
            raise DataError(f"{at.table}: {error.problem}", expected=error.expected) from error

    def _ending(self, file: File, own: Partitions) -> File:
        named = file.partition[own.column]
        if named is None:
            return file
        ds = self._partitions.of(own.end(named) - 1)
        return replace(file, partition={**file.partition, own.column: ds}, named=named)

    def _arrived(self, known: TableFormat, at: Location, as_of: int) -> Files:
        """The files with what had arrived by an instant."""
        if "arrival" in at.options:
            return replace(known.files(at), arrived=(at.options["arrival"], as_of))
        if known.history:
            found = known.files(replace(at, as_of=as_of))
        else:
            found = known.files(at)
            if known.name == "view":  # the tables that it reads are listed as of then
                return found
            inside = tuple(file for file in found.files if file.modified <= as_of * 1_000_000)
            if len(inside) < len(found.files):
                self._later[at.table] = len(found.files) - len(inside)
            found = replace(found, files=inside)
        if not found.files:
            raise MissingDataError(f"nothing of {at.table} had arrived by {_shown(as_of)}", mend="take a later instant")
        return found

    def changed(self, files: Files, chosen: Iterable[File]) -> File | None:
        """The first of some of a table's ``files`` that is no longer what it was when they were listed."""
        suspects = chosen if files.schema is not None else (file for file in chosen if not _as_it_was(file))
        present: dict[str, File] | None = None
        for file in suspects:
            if present is None:  # what its format says counts, and the file alone does not tell that
                present = {found.path: found for found in self.files(files.table).files}
            if present.get(file.path) != file:
                return file
        return None

    def later(self) -> dict[str, int]:
        """The tables of which files were left out because they were written after ``as_of``, and how many."""
        return dict(self._later)

    def statistics(self, table: str) -> list[PartitionStatistics]:
        """Rows, bytes and the bounds of columns for each partition of a table of Parquet files, from their footers."""
        return statistics(self.files(table))

    def exists(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return self._format(self._location(table)) is not None

    def tables(self) -> list[str]:
        """The names of all tables."""
        found = {name for name in self._tables if "." in name and self.exists(name)}
        for namespace in self.root.iterdir() if self.root.is_dir() else ():
            if namespace.is_dir() and not namespace.name.startswith("."):
                found |= {f"{namespace.name}.{name}" for name in _names(namespace)}
        return sorted(found)

    @contextmanager
    def writing(self, table: str) -> Generator[None]:
        """Hold the lock of a table: one writer at a time. It dies with its process; what that left over is removed."""
        import fcntl

        self._location(table)
        locks = folder_at(self.root / ".locks")
        try:
            descriptor = os.open(locks / f"{table}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(error, locks) from error
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
        self, table: str, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        """Replace a partition in one step: a reader sees the old rows or the new ones. The table's lock must be held.

        Parameters
        ----------
        table:
            ``namespace.table``. A new one gets the format of the settings, else Parquet.
        partition:
            Its column and value; ``None`` for a table without partitions, which is replaced as a whole.
        batches:
            The rows.
        schema:
            Their columns; its metadata, the stamp, is stored with the partition.

        Returns
        -------
        The number of rows.
        """
        at = self._location(table)
        return self._written(at).publish(at, partition, batches, schema)

    def publish_view(self, table: str, view: View) -> None:
        """Make a query readable as a table, or replace it, in one step. The table's lock must be held."""
        publish_view(self._location(table), view)

    def view(self, table: str) -> View:
        """What the view of that name is; its ``files`` have the format ``view``."""
        return read_view(self._location(table))

    def archive(self, table: str, partition: tuple[str, str], into: str) -> None:
        """Keep what a partition holds now under another table's name too."""
        at = self._location(table)
        self._written(at).keep(at, partition, self._location(into))

    def remove(self, table: str, partition: tuple[str, str]) -> None:
        """Remove a partition in one step. The table's lock must be held; nothing happens if there is none."""
        at = self._location(table)
        self._written(at).remove(at, partition)

    def stamps(self, table: str, column: str) -> dict[str, dict[str, str]]:
        """What is written into the partitions of a table that we made: partition to key-value metadata.

        A file that cannot be read counts as absent, so that it is made again.
        """
        at = self._location(table)
        known = self._format(at)
        return {} if known is None else known.stamps(at, column)

    def _written(self, at: Location) -> TableFormat:
        """The format in which a table is written, that it has or will have."""
        wanted = at.options.get("format")
        return self._format(at) or (format_named(wanted) if wanted is not None else ours("parquet"))

    def _format(self, at: Location) -> TableFormat | None:
        """The format of a table that is there; ``None`` if there is none."""
        named = at.options.get("format")
        if named is not None and format_named(named).holds(str(at.folder)):
            return format_named(named)
        if at.folder.is_file():
            return ours(format_of_file(at.folder.name) or "parquet")
        if at.folder.is_dir():
            return format_of_folder(str(at.folder)) or ours("parquet")
        single = single_file(at.folder)
        return ours(single[1]) if single is not None else None

    def _location(self, table: str) -> Location:
        namespace, dot, name = table.partition(".")
        if not dot or not namespace or not name or "/" in table or ".." in table:
            raise ConfigError(f"{table!r} is not a table", expected="namespace.table")
        options = {**self._tables.get(namespace, {}), **self._tables.get(table, {})}
        folder = Path(options["location"]) if "location" in options else self.root / namespace / name
        return Location(table, folder, self.root, options)

    def _unknown(self, table: str) -> MissingDataError:
        from difflib import get_close_matches

        known = self.tables()
        close = get_close_matches(table, known, n=3, cutoff=0.6)
        folder = self._location(table).folder
        mend = f"did you mean {' or '.join(close)}?" if close else f"put it at {folder}/ds=.../*.parquet"
        shown = ", ".join(known[:8]) + (" ..." if len(known) > 8 else "")  # enough to recognise
        return MissingDataError(
            f"there is no table {table} in {self.root}", expected=f"one of: {shown}" if known else None, mend=mend
        )


def _as_it_was(file: File) -> bool:
    try:
        status = os.stat(file.path)  # noqa: PTH116 - for every file of every day
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified)


def known_at(as_of: int) -> str:
    """The end of the names of tables that are made from what was known at an instant (ms).

    >>> known_at(1_704_844_800_000)
    '_as_of_20240110000000000'
    """
    return "_as_of_" + "".join(digit for digit in _shown(as_of) if digit.isdigit())


def _shown(instant: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(instant // 1000, UTC):%Y-%m-%d %H:%M:%S}.{instant % 1000:03d}"


def _names(namespace: Path) -> set[str]:
    """The tables of a namespace: its folders, and its files of a known format."""
    with os.scandir(namespace) as entries:
        return {
            entry.name if entry.is_dir() else entry.name.partition(".")[0]
            for entry in entries
            if not entry.name.startswith(".") and (entry.is_dir() or format_of_file(entry.name) is not None)
        }
