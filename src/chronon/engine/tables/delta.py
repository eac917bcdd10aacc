"""Delta tables on local disks. The log is read and written by ``deltalake``; the data are plain Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chronon.base.errors import DataError, SchemaError, StorageError
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.libraries import library
from chronon.engine.tables.parquet import linked, new_file, path_of, stamps_in

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.tables.protocol import Location

READ_AS_FILES = frozenset({"timestampNtz", "vacuumProtocolCheck", "v2Checkpoint"})
"""The features of readers under which the rows of a table are those of its files."""


class Delta:
    """A partition of ours is one file, and one commit; its stamp is in the file's metadata."""

    name = "delta"
    extensions: tuple[str, ...] = ()
    writes = True
    history = True

    def holds(self, folder: str) -> bool:
        return os.path.isdir(f"{folder}/_delta_log")  # noqa: PTH112 - for every table of every job

    def files(self, at: Location) -> Files:
        import pyarrow as pa

        table = _open(at)
        if at.as_of is not None and not _turn_back(table, at.as_of):
            return Files(at.table, "parquet", (), schema=pa.schema(table.schema().to_arrow()))
        _refuse_features(at, table.protocol().reader_features or ())
        columns = list(table.metadata().partition_columns)
        found: list[File] = []
        for action in pa.table(table.get_add_actions(flatten=True)).to_pylist():
            partition = {column: action[f"partition.{column}"] for column in columns}
            values = {c: None if value is None else str(value) for c, value in partition.items()}
            path = _path(at, action["path"], values)
            found.append(File(path, values, action["size_bytes"], action["modification_time"] * 1_000_000))
        found.sort(key=lambda file: (tuple(value or "" for value in file.partition.values()), file.path))
        return Files(at.table, "parquet", tuple(found), schema=pa.schema(table.schema().to_arrow()))

    def publish(
        self, at: Location, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        folder = at.folder if partition is None else at.folder / path_of(partition)
        path, rows = new_file(folder, at, batches, schema)
        self._commit(at, partition, [path], schema)
        return rows

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        return stamps_in(self.files(at), column)

    def keep(self, at: Location, partition: tuple[str, str], into: Location) -> None:
        import pyarrow.parquet as pq

        column, value = partition
        present = [file.path for file in self.files(at).files if file.partition.get(column) == value]
        paths = [linked(path, into.folder / path_of(partition)) for path in present]
        if paths:
            self._commit(into, partition, paths, pq.read_schema(paths[0]))

    def remove(self, at: Location, partition: tuple[str, str]) -> None:
        column, value = partition
        present = self.files(at)
        if any(file.partition.get(column) == value for file in present.files) and present.schema is not None:
            _write(at, _open(at), [], present.schema, partition)

    def _commit(self, at: Location, partition: tuple[str, str] | None, paths: Sequence[Path], rows: pa.Schema) -> None:
        """Make files the whole of a partition, in one entry of the log."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        deltalake = library("deltalake", "delta")
        schema = rows.remove_metadata()
        if partition is not None:
            schema = schema.append(pa.field(partition[0], pa.string()))
        actions: list[Any] = []
        for path in paths:
            status = path.stat()
            count = pq.read_metadata(path).num_rows
            values = {} if partition is None else dict([partition])
            place = str(path.relative_to(at.folder))
            modified = status.st_mtime_ns // 1_000_000
            actions.append(
                deltalake.transaction.AddAction(
                    place, status.st_size, values, modified, True, f'{{"numRecords": {count}}}'
                )
            )
        table: Any = None
        if self.holds(str(at.folder)):
            table = _open(at)
            if partition is not None:
                _refuse_other_partitions(at, table.metadata().partition_columns, partition[0])
                schema = _grown(at, pa.schema(table.schema().to_arrow()), schema, partition)
        _write(at, table, actions, schema, partition)


def _open(at: Location) -> Any:
    deltalake = library("deltalake", "delta")
    try:
        return deltalake.DeltaTable(str(at.folder))
    except deltalake.exceptions.DeltaError as error:
        raise DataError(f"the Delta log of {at.table} in {at.folder} cannot be read: {error}") from error


def _turn_back(table: Any, as_of: int) -> bool:
    """Make a table that of an instant; false if it was not there yet."""
    versions = [entry["version"] for entry in table.history() if entry["timestamp"] <= as_of]
    if versions:
        table.load_as_version(max(versions))
    return bool(versions)


def _write(
    at: Location, table: Any, actions: Sequence[Any], schema: pa.Schema, partition: tuple[str, str] | None
) -> None:
    deltalake = library("deltalake", "delta")
    by = [] if partition is None else [partition[0]]
    delta_schema = deltalake.Schema.from_arrow(schema)
    try:
        if table is None:
            deltalake.transaction.create_table_with_add_actions(
                str(at.folder), delta_schema, list(actions), "error", by
            )
        else:
            filters = None if partition is None else [(partition[0], "=", partition[1])]
            table.create_write_transaction(list(actions), "overwrite", delta_schema, by, filters)
    except (deltalake.exceptions.DeltaError, OSError) as error:
        raise StorageError(f"cannot commit to the Delta table {at.table} in {at.folder}: {error}") from error


def _grown(at: Location, present: pa.Schema, new: pa.Schema, partition: tuple[str, str]) -> pa.Schema:
    """The columns that a table has and those that a partition brings; the partition column is the last."""
    import pyarrow as pa

    fields = {field.name: field for field in present}
    for field in new:
        known = fields.setdefault(field.name, field)
        if known.type != field.type:
            raise SchemaError(
                f"{at.table} has {field.name} as {known.type}, its partition {partition[1]} brings {field.type}",
                expected="the same type in all partitions: a Delta table keeps the types of its columns",
                mend="write to another table, or remove this one first",
            )
    last = fields.pop(partition[0])
    return pa.schema([*fields.values(), last])


def _refuse_other_partitions(at: Location, present: Sequence[str], column: str) -> None:
    if list(present) != [column]:
        raise StorageError(
            f"{at.table} is partitioned by {', '.join(present) or 'nothing'}, not by {column}",
            mend="write to another table",
        )


def _refuse_features(at: Location, features: Iterable[str]) -> None:
    others = sorted(set(features) - READ_AS_FILES)
    if others:
        raise DataError(
            f"the Delta table {at.table} uses {', '.join(others)}, which cannot be read here",
            expected="a table whose rows are those of its files",
            mend="rewrite it without them, for example REORG TABLE ... APPLY (PURGE) and drop the feature",
        )


def _path(at: Location, logged: str, partition: Mapping[str, str | None]) -> str:
    """The place of a file of the log; its folders must name the partition, as those of nearly all writers do."""
    from chronon.engine.tables.folders import NULL_PARTITION

    place = unquote(logged)
    pairs = (folder.partition("=") for folder in place.split("/")[:-1])
    named = {unquote(column): None if value == NULL_PARTITION else unquote(value) for column, _, value in pairs}
    if ":" in logged.partition("/")[0] or place.startswith("/") or named != dict(partition):
        raise DataError(
            f"the file {logged} of the Delta table {at.table} does not lie in the folder of its partition {partition}",
            mend="rewrite the table, so that its files lie in its own folder",
        )
    return str(at.folder / place)
