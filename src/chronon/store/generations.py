"""Batch data in LMDB files: one immutable file for each writing of a generation.

A file is written in key order under a name that readers pass over, synced, and renamed. Readers hold it open without
locks; when it is removed they keep what they have.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from chronon.base.errors import ConfigError, DataError, MissingDataError, StorageError
from chronon.store.keys import LONGEST, own_value, shorten
from chronon.store.sorting import Row, sorted_rows

if TYPE_CHECKING:
    import pyarrow as pa

MAP_SIZE = 1 << 40
"""Address space of a file that is being written; the file only takes what is written."""
AT_ONCE = 1 << 24
"""About how many bytes go into one transaction of a file that is being written."""
UNUSED_DAYS = 7
"""Generations that were written and never published are removed after so many days."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,120}")


class BatchFile:
    """A file of batch records, open for reading. May be shared by threads."""

    def __init__(self, path: Path) -> None:
        import lmdb

        try:
            self._env = lmdb.open(
                str(path), subdir=False, readonly=True, lock=False, create=False, max_dbs=0, readahead=False
            )
        except lmdb.Error as error:
            if not path.exists():
                raise MissingDataError(f"the batch file {path} is gone", mend="read what is published now") from error
            raise StorageError(f"the batch file {path} cannot be opened: {error}", mend="upload again") from error
        self._pid = os.getpid()
        self._local = threading.local()

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The records of some keys."""
        try:
            get = self._local.get
        except AttributeError:
            get = self._local.get = self._env.begin(buffers=False).get
        return [get(key) if len(key) <= LONGEST else own_value(key, get(shorten(key))) for key in keys]

    def rows(self, *, without: bytes | None = None) -> Iterator[Row]:
        """All keys and values as they are stored, in order, but for one key."""
        with self._env.begin() as transaction:
            for key, value in transaction.cursor():
                if key != without:
                    yield key, value

    @property
    def entries(self) -> int:
        """How many records there are."""
        return self._env.stat()["entries"]


class Generations:
    """The files of one dataset, in one folder: ``<generation>~<edition>.lmdb``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, generation: str, edition: str) -> Path:
        """The file of one writing of a generation."""
        return self.folder / f"{generation}~{edition}.lmdb"

    def newest(self, generation: str) -> str | None:
        """The last edition of a generation that was written to its end."""
        found = [(path.stat().st_mtime_ns, path.stem.partition("~")[2]) for path in self._files(generation)]
        return max(found)[1] if found else None

    def _files(self, generation: str) -> list[Path]:
        return [path for path in self.folder.glob("*~*.lmdb") if path.stem.partition("~")[0] == generation]

    def write(self, generation: str, batches: Iterable[pa.RecordBatch]) -> tuple[str, int]:
        """Write batches of ``key`` and ``value`` as a new edition; give its name and the count of records.

        Raises
        ------
        DataError
            If two rows have one key, or a key or value is null.
        StorageError
            If the disk is full or fails.
        """
        return self._write(generation, lambda scratch: sorted_rows(batches, scratch))

    def rewrite(self, generation: str, edition: str, without: bytes) -> str:
        """Write a generation again without one key, and name the new edition."""
        old = BatchFile(self.path(generation, edition))
        return self._write(generation, lambda _: old.rows(without=without))[0]

    def _write(self, generation: str, rows: Callable[[Path], Iterable[Row]]) -> tuple[str, int]:
        if not _NAME.fullmatch(generation):
            raise ConfigError(
                f"{generation!r} cannot name a generation", expected="letters, digits and _ . = -, at most 120"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        edition = secrets.token_hex(6)
        final = self.path(generation, edition)
        part = final.with_suffix(".part")
        scratch = final.with_suffix(".sort")
        with _held(part) as file:
            try:
                count = _fill(part, rows(scratch))
                os.fsync(file.fileno())
                part.rename(final)
                _sync_folder(self.folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
                part.unlink(missing_ok=True)
        return edition, count

    def sweep(self, keep: Iterable[tuple[str, str]] | None = None, dropped: tuple[str, str] | None = None) -> None:
        """Remove what killed writers left and, where ``keep`` names the editions in use, what nobody will read."""
        for part in self.folder.glob("*.part"):
            _remove_if_dead(part)
        if keep is None:
            return
        kept = {self.path(*pair): pair[0] for pair in keep}
        long_ago = time.time() - UNUSED_DAYS * 86_400
        for path in set(self.folder.glob("*~*.lmdb")) - kept.keys():
            replaced = path.stem.partition("~")[0] in kept.values()
            if replaced or (dropped and path == self.path(*dropped)) or path.stat().st_mtime < long_ago:
                path.unlink(missing_ok=True)


def _fill(path: Path, rows: Iterable[Row]) -> int:
    """Write rows, which come in key order, with LMDB's append mode, some megabytes in each transaction."""
    import lmdb

    env = lmdb.open(
        str(path), subdir=False, map_size=MAP_SIZE, lock=False, sync=False, metasync=False, create=True, readahead=False
    )
    try:
        count = 0
        for chunk in _chunks(rows):
            with env.begin(write=True) as transaction:
                consumed, added = transaction.cursor().putmulti(chunk, overwrite=False, append=True)
            if added != len(chunk) or consumed != len(chunk):
                raise DataError("a key occurs twice", expected="one record for each key")
            count += added
        env.sync(True)
    except lmdb.Error as error:
        raise StorageError(f"{path} cannot be written: {error}", mend="check the free space") from error
    finally:
        env.close()
    return count


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row[0]) + len(row[1]) + 16
        if size >= AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@contextmanager
def _held(part: Path) -> Generator[IO[bytes]]:
    """A new file with a lock on it, which tells a file that is being written from one whose writer died."""
    while True:
        with part.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if part.exists() and part.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield file
                return
        # somebody swept it away before it was locked


def _remove_if_dead(part: Path) -> None:
    try:
        file = part.open("rb")
    except FileNotFoundError:
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(part.with_suffix(".sort"), ignore_errors=True)
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
