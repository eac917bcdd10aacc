"""The files of a table: what an engine must know to read it, whatever its format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronon.base.time import DAY_MS, HOUR_MS, Partitions

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class File:
    """One file of a table.

    Parameters
    ----------
    path:
        Absolute.
    partition:
        The partition columns and their values, outermost first; a value is ``None`` where the column is null.
    size:
        In bytes.
    modified:
        In nanoseconds since 1970: when the file became part of the table.
    named:
        Of a table with ``own`` partitions, the one that the path names; ``partition`` then holds that of outputs.
    """

    path: str
    partition: Mapping[str, str | None]
    size: int
    modified: int
    named: str | None = None


@dataclass(frozen=True)
class Files:
    """The files of a table at one moment.

    Parameters
    ----------
    table:
        ``namespace.table``.
    format:
        What the files are: ``parquet``, ``csv``, ``json``, or the one file of a ``view``.
    files:
        In the order of their partitions.
    schema:
        The table's columns, where its format keeps them apart from the files; else ``None``.
    ids:
        The field ids by which the columns of ``schema`` are found in the files; without them, by name.
    hive:
        The values of partition columns are read from the paths; else the files hold them.
    arrived:
        An expression of a row's time of arrival and an instant (ms): rows that arrived later, or nobody knows when, are
        left out. ``None``: all rows count.
    own:
        How the partitions of the table are named, where the settings say that they are other than those of outputs:
        hours under days, days under hours, or another text. Each counts as the output partition in which it ends.
    """

    table: str
    format: str
    files: tuple[File, ...]
    schema: pa.Schema | None = None
    ids: Mapping[str, int] = field(default_factory=dict[str, int])
    hive: bool = True
    arrived: tuple[str, int] | None = None
    own: Partitions | None = None
    _inside: dict[str, dict[str | None, list[File]]] = field(
        default_factory=dict[str, "dict[str | None, list[File]]"], init=False, compare=False, repr=False
    )

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """The partition columns, outermost first."""
        return tuple(self.files[0].partition) if self.files else ()

    def partitions(self, column: str, subs: Mapping[str, str] | None = None) -> list[str]:
        """The values of a partition column, ascending, of the files that have the other values ``subs``.

        Rows whose partition is null belong to no day, so they are in none.
        """
        inside = self.by_partition(column)
        if not subs:
            return sorted(value for value in inside if value is not None)
        return sorted(
            value
            for value, files in inside.items()
            if value is not None and any(all(f.partition.get(n) == v for n, v in subs.items()) for f in files)
        )

    def by_partition(self, column: str) -> Mapping[str | None, Sequence[File]]:
        """The files of each value of a partition column. They are sorted out once: jobs ask for day after day."""
        if column not in self._inside:
            found = self._inside[column] = {}
            for file in self.files:
                found.setdefault(file.partition.get(column), []).append(file)
        return self._inside[column]

    def latest(self, files: Iterable[File]) -> list[File]:
        """Of some files those of the last hour of each day; all where partitions are those of outputs."""
        chosen = list(files)
        if self.own is None:
            return chosen
        last: dict[str | None, str] = {}
        for file in chosen:
            day = file.partition[self.own.column]
            last[day] = max(last.get(day, ""), file.named or "")
        return [file for file in chosen if (file.named or "") == last[file.partition[self.own.column]]]

    def lacking(self, days: Collection[str]) -> list[str]:
        """The hours that are not there of days of which some are; none where partitions are not hours."""
        own = self.own
        if own is None or own.span != HOUR_MS:
            return []
        present = {own.start(f.named) for f in self.files if f.named is not None and f.partition[own.column] in days}
        midnights = {instant // DAY_MS * DAY_MS for instant in present}
        whole = (midnight + hour * HOUR_MS for midnight in sorted(midnights) for hour in range(24))
        return [own.of(instant) for instant in whole if instant not in present]
