"""Views: queries that are tables of the warehouse. Each is a folder with one small file of Spark SQL.

``<root>/<namespace>/<table>/view.sql`` begins with a comment line for each thing that is known of it. It is replaced in
one step, and reads what its tables hold at the time of reading.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from chronon.base.errors import StorageError
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.folders import FolderFormat
from chronon.engine.tables.places import folder_at, storage_error, sync
from chronon.engine.tables.protocol import Location

FILE = "view.sql"
_MARK = "-- chronon."


@dataclass(frozen=True)
class View:
    """A query under the name of a table.

    Parameters
    ----------
    query:
        Spark SQL over tables of the warehouse.
    stamp:
        How it came to be, as in the files of partitions.
    """

    query: str
    stamp: Mapping[str, str] = field(default_factory=dict[str, str])

    def text(self) -> str:
        r"""The content of its file.

        >>> View("SELECT 1 AS a", {"engine": "duckdb"}).text()
        '-- chronon.engine: duckdb\nSELECT 1 AS a\n'
        """
        marks = [f"{_MARK}{name}: {value}\n" for name, value in self.stamp.items()]
        return f"{''.join(marks)}{self.query.strip()}\n"


class Views(FolderFormat):
    """The format of views: engines read their queries, and partitions cannot be published into them."""

    name = "view"
    extensions = ()

    def holds(self, folder: str) -> bool:
        return Path(folder, FILE).is_file()

    def files(self, at: Location) -> Files:
        path = at.folder / FILE
        status = path.stat()
        return Files(at.table, self.name, (File(str(path), {}, status.st_size, status.st_mtime_ns),))


def read_view(at: Location) -> View:
    """The view at a place."""
    stamp: dict[str, str] = {}
    lines = (at.folder / FILE).read_text(encoding="utf-8").splitlines()
    while lines and lines[0].startswith(_MARK):
        name, _, value = lines.pop(0).removeprefix(_MARK).partition(": ")
        stamp[name] = value
    return View("\n".join(lines), stamp)


def publish_view(at: Location, view: View) -> None:
    """Make a query readable as a table, or replace it, in one step. The table's lock must be held.

    Raises
    ------
    StorageError
        If there is a table of that name that is no view.
    """
    others = [path.name for path in folder_at(at.folder).iterdir() if path.name != FILE]
    if others:
        raise StorageError(
            f"{at.table} would become a view, but its folder holds {', '.join(sorted(others)[:3])}",
            mend=f"move {at.folder} away first",
        )
    staged = folder_at(at.root / ".staging") / f"{at.table}.{uuid4().hex}"
    try:
        with staged.open("w", encoding="utf-8") as file:
            file.write(view.text())
            file.flush()
            os.fsync(file.fileno())
        staged.replace(at.folder / FILE)
        sync(at.folder)
    except OSError as error:
        raise storage_error(error, at.folder) from error
    finally:
        staged.unlink(missing_ok=True)
