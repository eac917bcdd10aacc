"""What the footers of a table's Parquet files say about its partitions: nothing is read but footers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronon.base.errors import DataError

if TYPE_CHECKING:
    from chronon.engine.tables.files import File, Files


@dataclass(frozen=True)
class ColumnStatistics:
    """A column of a partition.

    Parameters
    ----------
    nulls:
        How many rows are null; ``None`` where a file does not say.
    least, greatest:
        The bounds of the other rows; ``None`` where a file does not say, or there are none.
    """

    nulls: int | None
    least: Any
    greatest: Any


@dataclass(frozen=True)
class PartitionStatistics:
    """A partition.

    Parameters
    ----------
    partition:
        Its columns and values; empty for a table without partitions.
    rows:
        How many rows it has.
    bytes:
        The size of its files.
    files:
        How many there are.
    columns:
        Its columns that are not nested.
    """

    partition: Mapping[str, str | None]
    rows: int
    bytes: int
    files: int
    columns: Mapping[str, ColumnStatistics]


def statistics(files: Files) -> list[PartitionStatistics]:
    """The statistics of each partition, ascending.

    Raises
    ------
    DataError
        If the table's files are not Parquet, or one of them cannot be read.
    """
    if files.format != "parquet":
        raise DataError(f"the files of {files.table} are {files.format}, which have no statistics")
    groups: dict[tuple[str | None, ...], list[File]] = {}
    for file in files.files:
        groups.setdefault(tuple(file.partition.values()), []).append(file)
    return [_partition(files, members) for members in groups.values()]


def _partition(table: Files, files: list[File]) -> PartitionStatistics:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    found: dict[str, list[ColumnStatistics]] = {}
    for file in files:
        try:
            footer = pq.read_metadata(file.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"{file.path} of {table.table} cannot be read: {error}") from error
        rows += footer.num_rows
        for place in range(footer.num_row_groups):
            for name, column in _columns(footer.row_group(place)):
                found.setdefault(name, []).append(column)
    columns = {name: _merged(parts) for name, parts in found.items()}
    return PartitionStatistics(files[0].partition, rows, sum(f.size for f in files), len(files), columns)


def _columns(group: Any) -> Iterable[tuple[str, ColumnStatistics]]:
    for place in range(group.num_columns):
        chunk = group.column(place)
        if "." in chunk.path_in_schema:
            continue
        held = chunk.statistics
        nulls = held.null_count if held is not None and held.has_null_count else None
        if held is not None and held.has_min_max:
            yield chunk.path_in_schema, ColumnStatistics(nulls, held.min, held.max)
        else:
            bound = None if nulls == chunk.num_values else UNKNOWN
            yield chunk.path_in_schema, ColumnStatistics(nulls, bound, bound)


UNKNOWN = object()
"""A bound of rows of which nothing is known."""


def _merged(parts: list[ColumnStatistics]) -> ColumnStatistics:
    nulls = [part.nulls for part in parts]
    total = None if None in nulls else sum(n for n in nulls if n is not None)
    if any(part.least is UNKNOWN for part in parts):
        return ColumnStatistics(total, None, None)
    bounded = [part for part in parts if part.least is not None]
    if not bounded:
        return ColumnStatistics(total, None, None)
    return ColumnStatistics(total, min(p.least for p in bounded), max(p.greatest for p in bounded))
