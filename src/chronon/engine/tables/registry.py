"""Table formats by name, by what lies in a folder, and by the extension of a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from chronon.base.errors import SettingsError

if TYPE_CHECKING:
    from chronon.engine.tables.protocol import TableFormat

GROUP = "chronon.tables"

_OURS = {
    "parquet": "chronon.engine.tables.parquet:Parquet",
    "csv": "chronon.engine.tables.delimited:Csv",
    "json": "chronon.engine.tables.jsonlines:JsonLines",
    "view": "chronon.engine.tables.view:Views",
    "delta": "chronon.engine.tables.delta:Delta",
    "iceberg": "chronon.engine.tables.iceberg:Iceberg",
}
"""Known without a look at what is installed, which takes longer than listing a table."""


@cache
def formats() -> dict[str, TableFormat]:
    """All formats by name: ours, then those that are installed beside."""
    from importlib.metadata import entry_points

    found = {name: ours(name) for name in _OURS}
    for entry in entry_points(group=GROUP):
        if entry.name not in found:
            found[entry.name] = entry.load()()
    return found


@cache
def ours(name: str) -> TableFormat:
    """One of the formats that come with the project."""
    module, _, attribute = _OURS[name].partition(":")
    return getattr(import_module(module), attribute)()


def format_named(name: str) -> TableFormat:
    """A format by its name; ``SettingsError`` where there is none."""
    if name in _OURS:
        return ours(name)
    if name not in formats():
        raise SettingsError(
            f"there is no table format {name!r}",
            expected=" or ".join(sorted(formats())),
            mend="format = ... of the table in chronon.toml",
        )
    return formats()[name]


@cache
def extensions() -> dict[str, str]:
    """The extensions of files and the names of our formats that read them."""
    return {extension: name for name in _OURS for extension in ours(name).extensions}


PACKED = ("gz", "zst")
"""Endings of packed files, which engines unpack on the way; only of texts, as Parquet is packed inside."""


def format_of_file(name: str) -> str | None:
    """The name of the format of a file.

    >>> format_of_file("part-0.parquet"), format_of_file("events.jsonl.gz"), format_of_file("README.md")
    ('parquet', 'json', None)
    """
    stem, _, extension = name.rpartition(".")
    known = extensions()
    if extension in PACKED:
        found = known.get(stem.rpartition(".")[2])
        return found if found != "parquet" else None
    return known.get(extension)


def format_of_folder(folder: str) -> TableFormat | None:
    """The format of ours whose log lies in a folder; ``None`` if it is only a folder of files.

    Formats of others are named in the settings: looking for them would cost each job a look at all that is installed.
    """
    return next((ours(name) for name in _OURS if ours(name).holds(folder)), None)
