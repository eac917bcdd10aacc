"""Files for what does not fit into memory: a folder for each process, rows in groups."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from chronon.base.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Generator

    import pyarrow as pa

    Longs = np.ndarray[tuple[int], np.dtype[np.int64]]

BYTES_AT_ONCE = 16 << 20
"""So many bytes are collected before they are written, each group's as one batch."""


class Scratch:
    """A folder that lives as long as its owner; what a killed process left is removed by the next one.

    Parameters
    ----------
    root:
        Where the folders of all processes are.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.name = f"run-{os.getpid()}-{uuid4().hex[:8]}"

    @property
    def path(self) -> Path:
        """Where the folder is, or will be once something is written."""
        return self._root / self.name

    @cached_property
    def folder(self) -> Path:
        """The folder, made now."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with _locked(self._root / ".lock"):
                _remove_left_overs(self._root)
                self.path.mkdir(exist_ok=True)
                held = _lock(self.path / ".lock", wait=False)
        except OSError as error:
            raise _storage(error, self.path) from error
        weakref.finalize(self, _remove, self.path, held)
        return self.path

    def prepare(self) -> None:
        """Make the folder if that is possible; on a disk that is read only, work that fits into memory goes on."""
        with suppress(StorageError):
            _ = self.folder

    def file(self, what: str) -> Path:
        """A new file."""
        return self.folder / f"{what}-{uuid4().hex[:8]}.arrow"


class Groups:
    """Rows in a file, by groups: each group's come back together, in the order in which they came.

    Parameters
    ----------
    scratch:
        Where the file is.
    schema:
        The columns.
    count:
        How many groups there are; they are numbered from 0.
    """

    def __init__(self, scratch: Scratch, schema: pa.Schema, count: int) -> None:
        import pyarrow as pa

        self.schema = schema
        self.bytes = np.zeros(count, dtype=np.int64)
        self._path = scratch.file("rows")
        self._batches: list[list[int]] = [[] for _ in range(count)]
        self._written = 0
        self._waiting: list[tuple[pa.RecordBatch, Longs]] = []
        with _full(self._path):
            self._sink = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_file(self._sink, schema)
        self._remove = weakref.finalize(self, _unlink, self._path)

    def add(self, batch: pa.RecordBatch, groups: Longs) -> None:
        """Add rows; ``groups`` holds the group of each."""
        self._waiting.append((batch, groups))
        if sum(waiting.nbytes for waiting, _ in self._waiting) >= BYTES_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._waiting:
            return
        table = pa.Table.from_batches([batch for batch, _ in self._waiting], self.schema).combine_chunks()
        groups = np.concatenate([groups for _, groups in self._waiting])
        self._waiting = []
        order = np.argsort(groups.astype(np.uint16), kind="stable")  # a radix sort
        groups = groups[order]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        ends = [*starts[1:].tolist(), len(groups)]
        for batch in table.take(pa.array(order)).combine_chunks().to_batches():
            with _full(self._path):
                for start, end in zip(starts.tolist(), ends, strict=True):
                    some = batch.slice(start, end - start)
                    self._writer.write_batch(some)
                    self._batches[groups[start]].append(self._written)
                    self.bytes[groups[start]] += some.nbytes
                    self._written += 1

    def finish(self) -> None:
        """No more rows will come; they can be read now."""
        import pyarrow as pa

        self._flush()
        with _full(self._path):
            self._writer.close()
            self._sink.close()
        self._reader = pa.ipc.open_file(pa.OSFile(str(self._path), "rb"))

    def read(self, groups: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """The rows of some groups, one group after the other."""
        for group in groups:
            for number in self._batches[group]:
                yield self._reader.get_batch(number)

    def close(self) -> None:
        """Remove the file."""
        self._remove()


@contextmanager
def _full(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise _storage(error, path) from error


def _storage(error: OSError, path: Path) -> StorageError:
    return StorageError(
        f"cannot write {path}: {error.strerror or error}",
        mend="free some space, raise the memory limit, or set another temp folder",
    )


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _remove(folder: Path, held: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)


def _remove_left_overs(root: Path) -> None:
    for folder in root.glob("run-*"):
        try:
            held = _lock(folder / ".lock", wait=False)
        except OSError:
            continue  # its process is alive
        _remove(folder, held)


def _lock(path: Path, *, wait: bool) -> int:
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path) -> Generator[None]:
    descriptor = _lock(path, wait=True)
    try:
        yield
    finally:
        os.close(descriptor)
