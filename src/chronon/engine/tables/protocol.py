"""What a table format does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.tables.files import Files


@dataclass(frozen=True)
class Location:
    """Where a table is.

    Parameters
    ----------
    table:
        ``namespace.table``.
    folder:
        Its folder; a single file lies beside it, with the format's extension.
    root:
        The warehouse. What is written is prepared in ``<root>/.staging``.
    options:
        What the settings say about the table, the format's own entries among them.
    as_of:
        The instant (ms) as of which its files are listed; ``None`` for now.
    """

    table: str
    folder: Path
    root: Path
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    as_of: int | None = None


class TableFormat(Protocol):
    """Finds the files of tables and, where it can be written, makes partitions part of them.

    Formats are found through the entry points ``chronon.tables``; each is a class without parameters.
    """

    name: str
    extensions: tuple[str, ...]
    """Of the files of a table that is only a folder of them, such as ``csv``; none where the format keeps a log."""
    writes: bool
    """Whether partitions can be published."""
    history: bool
    """Whether the files of an earlier instant can be listed."""

    def holds(self, folder: str) -> bool:
        """Whether a folder is a table of this format, by what lies in it besides files of its extensions."""
        ...

    def files(self, at: Location) -> Files:
        """The files of a table, as of now.

        Raises
        ------
        DataError
            If the table uses what cannot be read here, or is damaged.
        """
        ...

    def publish(
        self, at: Location, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        """Replace a partition, in one step.

        Parameters
        ----------
        at:
            The table; its lock is held.
        partition:
            Its column and value; ``None``: the table has no partitions and is replaced as a whole.
        batches:
            The rows, without the partition column.
        schema:
            Their columns. Its metadata, the stamp, is kept with the partition.

        Returns
        -------
        The number of rows.
        """
        ...

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        """The stamps of the partitions that were published here; one that cannot be read counts as absent."""
        ...

    def keep(self, at: Location, partition: tuple[str, str], into: Location) -> None:
        """Keep a partition as it is now in another table too, whose own is replaced."""
        ...

    def remove(self, at: Location, partition: tuple[str, str]) -> None:
        """Remove a partition, in one step; nothing happens if there is none."""
        ...
