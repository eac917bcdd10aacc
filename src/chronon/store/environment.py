"""One LMDB environment that several processes read and write: it grows when it is full, and cleans up after the dead.

A process opens each environment once. A fork after that is refused, because LMDB's locks do not survive it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar
from weakref import WeakValueDictionary

from chronon.base.errors import StorageError

if TYPE_CHECKING:
    import lmdb

    Transaction = lmdb.Transaction[bytes]

T = TypeVar("T")

FIRST_SIZE = 1 << 26
"""Bytes of address space at first; doubled whenever they are used up. The file only holds what is written."""
READERS = 512
"""Processes that may read at once."""


class Environment:
    """A folder with an LMDB environment. Made by ``Environment.at``; ``with environment as transaction`` reads.

    Reads wait for each other, so that nobody reads while the map is moved; a read takes microseconds.
    """

    _known: ClassVar[WeakValueDictionary[tuple[int, int], Environment]] = WeakValueDictionary()
    _opening = threading.Lock()

    def __init__(self, folder: Path, env: lmdb.Environment) -> None:
        self.folder = folder
        self._env = env
        self._pid = os.getpid()
        self._read: Transaction
        self._reading = threading.Lock()
        self._writing = threading.Lock()

    @classmethod
    def at(cls, folder: Path) -> Environment:
        """The environment in a folder, which is made if it is not there.

        Raises
        ------
        StorageError
            If the folder cannot be made, read or written.
        """
        import lmdb

        with cls._opening:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                status = folder.stat()
                found = cls._known.get((status.st_dev, status.st_ino))
                if found is not None and found.belongs_here:
                    return found
                size = max(FIRST_SIZE, _size(folder / "data.mdb"))
                env = lmdb.open(str(folder), map_size=size, max_readers=READERS, max_spare_txns=4)
                env.reader_check()
            except (OSError, lmdb.Error) as error:
                raise StorageError(
                    f"the store in {folder} cannot be opened: {error}",
                    mend="check its permissions, and that it is on a local disk",
                ) from error
            made = cls(folder, env)
            cls._known[status.st_dev, status.st_ino] = made
            return made

    @property
    def belongs_here(self) -> bool:
        """Whether this process opened it, and not the one it was forked from."""
        return self._pid == os.getpid()

    def __enter__(self) -> Transaction:
        """Begin to read what is committed now. Keep it short: reads of a process wait for each other."""
        import lmdb

        if self._pid != os.getpid():
            self._check_process()
        while True:
            self._reading.acquire()
            try:
                self._read = self._begin()
            except lmdb.MapResizedError:
                self._reading.release()
                with self._writing:
                    self._resize(0)
            except BaseException:
                self._reading.release()
                raise
            else:
                return self._read

    def __exit__(self, *error: object) -> None:
        self._read.abort()
        self._reading.release()

    def _begin(self) -> Transaction:
        import lmdb

        try:
            return self._env.begin(buffers=False)
        except lmdb.ReadersFullError:
            self._env.reader_check()
            return self._env.begin(buffers=False)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction and commit it; after this it is durable. It may run again in a larger map.

        Raises
        ------
        StorageError
            If the disk is full or fails.
        """
        import lmdb

        self._check_process()
        with self._writing:
            while True:
                try:
                    with self._env.begin(write=True, buffers=False) as transaction:
                        return work(transaction)
                except lmdb.MapResizedError:
                    self._resize(0)
                except lmdb.MapFullError:
                    self._resize(2 * self._env.info()["map_size"])
                except lmdb.Error as error:
                    raise StorageError(
                        f"the store in {self.folder} cannot be written: {error}",
                        mend="check the free space and the permissions",
                    ) from error

    def _resize(self, size: int) -> None:
        """Give the map a size; 0 is the one that another process gave it. No transaction is open meanwhile."""
        with self._reading:
            self._env.set_mapsize(size)

    def _check_process(self) -> None:
        if not self.belongs_here:
            raise StorageError(
                f"the store in {self.folder} was opened before this process was forked",
                mend="start workers by spawn, or open the store in each of them",
            )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
