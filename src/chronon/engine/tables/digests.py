"""Digests of the contents of files, each computed once as long as its file is not touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from chronon.base.errors import MissingDataError
from chronon.engine.tables.places import folder_at, storage_error

if TYPE_CHECKING:
    from chronon.engine.tables.files import File, Files

Known = dict[str, tuple[int, int, str]]
"""Paths with the size, the time and the digest of their files."""

WORN = 2
"""A memory with this many lines for each file is written anew."""


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
        self._whole: dict[str, tuple[Files, str]] = {}

    def of(self, files: Files, column: str, days: Iterable[str] | None = None) -> str:
        """The digest of the rows of some partitions (of all if ``None``).

        Equal files give an equal digest, whatever they are called and whenever they were written.
        """
        if days is not None:
            inside = files.by_partition(column)
            return self._of(files, [file for ds in set(days) for file in inside.get(ds, ())])
        known = self._whole.get(files.table)
        if known is None or known[0] is not files:  # asked for again with each partition that is written
            known = self._whole[files.table] = files, self._of(files, files.files)
        return known[1]

    def _of(self, files: Files, chosen: Sequence[File]) -> str:
        contents = zip(chosen, self._each(files.table, chosen), strict=True)
        lines = sorted(f"{sorted(file.partition.items(), key=str)} {content}" for file, content in contents)
        return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()

    def _each(self, table: str, files: Sequence[File]) -> list[str]:
        path = self._folder / f"{table}.jsonl"
        if table not in self._tables:
            self._tables[table] = _load(path)
        known = self._tables[table]
        unknown = [f for f in files if known.get(f.path, ())[:2] != (f.size, f.modified)]
        if unknown:
            found = {
                file.path: (file.size, file.modified, digest)
                for file, digest in zip(unknown, _contents(unknown), strict=True)
            }
            known |= found
            _append(path, found)
        return [known[file.path][2] for file in files]


def _contents(files: Sequence[File]) -> list[str]:
    if len(files) == 1:  # as it is day after day
        return [_content(files[0])]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(_content, files))


def _content(file: File) -> str:
    try:
        with Path(file.path).open("rb") as opened:
            return file_digest(opened, lambda: blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError as error:
        raise MissingDataError(f"{file.path} was removed while it was read", mend="run again") from error


def _load(path: Path) -> Known:
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    known: Known = {}
    for line in lines:
        try:
            name, size, modified, digest = json.loads(line)
        except (ValueError, TypeError):
            continue  # its writer was killed, or two wrote at once: what is not known is computed again
        known[name] = size, modified, digest
    if len(lines) > WORN * len(known):
        known = {name: entry for name, entry in known.items() if Path(name).exists()}
        path.unlink(missing_ok=True)
        _append(path, known)
    return known


def _append(path: Path, found: Known) -> None:
    """Write down what is new; a table of many days has many files, and each day adds one."""
    lines = "".join(f"{json.dumps([name, *entry])}\n" for name, entry in found.items())
    try:
        with (folder_at(path.parent) / path.name).open("ab", buffering=0) as opened:
            opened.write(lines.encode())
    except OSError as error:
        raise storage_error(error, path) from error
