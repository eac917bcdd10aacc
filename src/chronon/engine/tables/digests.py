"""Digests of the contents of files, each computed once as long as its file is not touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from chronon.base.errors import MissingDataError
from chronon.engine.tables.places import folder_at, storage_error

if TYPE_CHECKING:
    from chronon.engine.tables.files import File, Files

Known = dict[str, tuple[int, int, str]]
"""Paths with the size, the time and the digest of their files."""


class Digests:
    """Remembers in a folder of the warehouse what was computed, table by table.

    Parameters
    ----------
    folder:
        Where; it is made when the first digest is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, Known] = {}

    def of(self, files: Files, column: str, days: Iterable[str] | None = None) -> str:
        """The digest of the rows of some partitions (of all if ``None``).

        Equal files give an equal digest, whatever they are called and whenever they were written.
        """
        inside = files.by_partition(column)
        chosen = files.files if days is None else [file for ds in set(days) for file in inside.get(ds, ())]
        contents = zip(chosen, self._each(files.table, chosen), strict=True)
        lines = sorted(f"{sorted(file.partition.items(), key=str)} {content}" for file, content in contents)
        return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()

    def _each(self, table: str, files: Sequence[File]) -> list[str]:
        path = self._folder / f"{table}.json"
        if table not in self._tables:
            self._tables[table] = _load(path)
        known = self._tables[table]
        unknown = [f for f in files if known.get(f.path, ())[:2] != (f.size, f.modified)]
        if unknown:
            with ThreadPoolExecutor(2) as pool:
                for file, digest in zip(unknown, pool.map(_content, unknown), strict=True):
                    known[file.path] = file.size, file.modified, digest
            _store(path, known)
        return [known[file.path][2] for file in files]


def _content(file: File) -> str:
    try:
        with Path(file.path).open("rb") as opened:
            return file_digest(opened, lambda: blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError as error:
        raise MissingDataError(f"{file.path} was removed while it was read", mend="run again") from error


def _load(path: Path) -> Known:
    if not path.exists():
        return {}
    try:
        return {
            name: (size, modified, digest) for name, (size, modified, digest) in json.loads(path.read_text()).items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}  # a damaged memory is none


def _store(path: Path, known: Known) -> None:
    staged = folder_at(path.parent) / f".{uuid4().hex}"
    try:
        staged.write_text(json.dumps({name: entry for name, entry in known.items() if Path(name).exists()}))
        staged.replace(path)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        staged.unlink(missing_ok=True)
