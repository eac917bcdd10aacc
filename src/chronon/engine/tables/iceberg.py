"""Iceberg tables on local disks. Metadata are read and written by ``pyiceberg``; the data are plain Parquet files.

Ours are in a catalogue in SQLite, ``<warehouse>/.iceberg/catalog.db``, or in what the settings call ``catalog`` (a URL)
and ``catalog_name``. A table that is in no catalogue is read from its newest metadata file.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronon.base.errors import DataError, SchemaError, StorageError
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.libraries import library
from chronon.engine.tables.parquet import linked, new_file, path_of, stamps_in
from chronon.engine.tables.places import folder_at

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.tables.protocol import Location


class Iceberg:
    """A partition of ours is one file, and one snapshot; its stamp is in the file's metadata."""

    name = "iceberg"
    extensions: tuple[str, ...] = ()
    writes = True
    history = True

    def holds(self, folder: str) -> bool:
        metadata = f"{folder}/metadata"
        if not os.path.isdir(metadata):  # noqa: PTH112 - for every table of every job
            return False
        with os.scandir(metadata) as entries:
            return any(entry.name.endswith(".metadata.json") for entry in entries)

    def files(self, at: Location) -> Files:
        with _opened(at) as table:
            return _files(at, table)

    def publish(
        self, at: Location, partition: tuple[str, str] | None, batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> int:
        whole = schema if partition is None else _with_partition(schema, partition)
        with _changing(at, partition, whole) as (table, change):
            numbered = _numbered(change.table_metadata.schema(), whole)
            rows = (_filled(batch, numbered, partition) for batch in batches)
            path, count = new_file(_folder(at, partition), at, rows, numbered)
            _replace(at, table, change, partition, [path])
        return count

    def stamps(self, at: Location, column: str) -> dict[str, dict[str, str]]:
        return stamps_in(self.files(at), column)

    def keep(self, at: Location, partition: tuple[str, str], into: Location) -> None:
        import pyarrow as pa

        column, value = partition
        present = self.files(at)
        files = [file for file in present.files if file.partition.get(column) == value]
        if not files or present.schema is None:
            return
        columns = [field for field in present.schema if field.name != column]
        with _changing(into, partition, _with_partition(pa.schema(columns), partition)) as (table, change):
            if {field.name: field.field_id for field in change.table_metadata.schema().fields} != dict(present.ids):
                raise StorageError(
                    f"the columns of {into.table} are not numbered as those of {at.table}, which are kept there",
                    mend=f"remove {into.table}",
                )
            kept = [linked(file.path, _folder(into, partition)) for file in files]
            _replace(into, table, change, partition, kept)

    def remove(self, at: Location, partition: tuple[str, str]) -> None:
        column, value = partition
        if any(file.partition.get(column) == value for file in self.files(at).files):
            with _changing(at, partition, None) as (table, change):
                _replace(at, table, change, partition, [])


# ---- where a table is


@contextmanager
def _catalog(at: Location) -> Generator[Any]:
    sql = library("pyiceberg.catalog.sql", "iceberg")
    folder = at.root / ".iceberg"
    url = at.options.get("catalog") or f"sqlite:///{folder_at(folder) / 'catalog.db'}"
    catalog = sql.SqlCatalog(at.options.get("catalog_name", "chronon"), uri=url, warehouse=f"file://{at.root}")
    try:
        yield catalog
    finally:
        catalog.close()


@contextmanager
def _opened(at: Location) -> Generator[Any]:
    """A table as it is now."""
    library("pyiceberg", "iceberg")
    if at.options.get("catalog") or (at.root / ".iceberg" / "catalog.db").exists():
        with _catalog(at) as catalog:
            if catalog.table_exists(at.table):
                yield catalog.load_table(at.table)
                return
    static = library("pyiceberg.table", "iceberg").StaticTable
    yield static.from_metadata(f"file://{_newest(at)}")


def _newest(at: Location) -> Path:
    """The metadata file of the highest version: ``v3.metadata.json``, ``00003-<uuid>.metadata.json``."""

    def version(path: Path) -> int:
        digits = path.name.removeprefix("v").partition("-")[0].partition(".")[0]
        return int(digits) if digits.isdigit() else -1

    return max((at.folder / "metadata").glob("*.metadata.json"), key=version)


@contextmanager
def _changing(at: Location, partition: tuple[str, str] | None, schema: pa.Schema | None) -> Generator[tuple[Any, Any]]:
    """One change of a table of the catalogue, which is made if it is not there and gets the columns of a schema."""
    errors = library("pyiceberg.exceptions", "iceberg")
    with _catalog(at) as catalog:
        table = catalog.load_table(at.table) if catalog.table_exists(at.table) else _new(at, catalog, partition, schema)
        by = [field.name for field in table.spec().fields]
        if by != ([] if partition is None else [partition[0]]):
            raise StorageError(
                f"{at.table} is partitioned by {', '.join(by) or 'nothing'}, not by "
                f"{partition[0] if partition else 'nothing'}",
                mend="write to another table",
            )
        try:
            with table.transaction() as change:
                if schema is not None:
                    _change(at, change, schema, whole=partition is None)
                yield table, change
        except (errors.CommitFailedException, errors.CommitStateUnknownException, OSError) as error:
            raise StorageError(f"cannot commit to the Iceberg table {at.table} in {at.folder}: {error}") from error


def _new(at: Location, catalog: Any, partition: tuple[str, str] | None, schema: pa.Schema | None) -> Any:
    if at.folder.is_dir() and any(at.folder.iterdir()):
        raise StorageError(
            f"the Iceberg table {at.table} in {at.folder} is not in the catalogue, so it is only read",
            mend="catalog = ... of the table in chronon.toml, or write to another table",
        )
    catalog.create_namespace_if_not_exists(at.table.partition(".")[0])
    with catalog.create_table_transaction(at.table, schema=schema, location=f"file://{at.folder}") as new:
        if partition is not None:
            with new.update_spec() as spec:
                spec.add_identity(partition[0])
    return catalog.load_table(at.table)


def _change(at: Location, change: Any, schema: pa.Schema, *, whole: bool) -> None:
    """Add columns and widen types; a table that is replaced as a whole also loses those that are not there any more."""
    errors = library("pyiceberg.exceptions", "iceberg")
    present = {field.name: field for field in change.table_metadata.schema().as_arrow()}
    if whole:
        others = [n for n, f in present.items() if n not in schema.names or schema.field(n).type != _plain(f.type)]
        if others:
            with change.update_schema(allow_incompatible_changes=True) as update:
                for name in others:
                    update.delete_column(name)
    try:
        with change.update_schema() as update:
            update.union_by_name(schema)
    except (errors.ValidationError, ValueError, TypeError) as error:
        first = str(error).split("\n", 1)[0]
        raise SchemaError(
            f"the columns of {at.table} cannot become those of this partition: {first}",
            expected="new columns, or types that widen: int to long, float to double",
            mend="write to another table, or remove this one first",
        ) from error


def _plain(kind: pa.DataType) -> pa.DataType:
    """Types as we write them: pyiceberg gives large texts."""
    import pyarrow as pa

    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) else kind


# ---- what is in it


def _files(at: Location, table: Any) -> Files:
    specs, schema, snapshot = table.specs(), table.schema(), table.current_snapshot()
    if at.as_of is not None:
        snapshot = table.snapshot_as_of_timestamp(at.as_of)
    names = {field.field_id: field.name for field in schema.fields}
    committed = {one.snapshot_id: one.timestamp_ms for one in table.snapshots()}
    found: list[File] = []
    for entry in _entries(at, table.io, snapshot):
        file = entry.data_file
        partition = _partition(file, specs[file.spec_id].fields, names)
        landed = committed.get(entry.snapshot_id, 0) * 1_000_000
        found.append(File(_path(at, file.file_path), partition, file.file_size_in_bytes, landed))
    if len({tuple(file.partition) for file in found}) > 1:  # it was partitioned otherwise before
        common = [column for column in found[0].partition if all(column in file.partition for file in found)]
        found = [File(f.path, {c: f.partition[c] for c in common}, f.size, f.modified) for f in found]
    found.sort(key=lambda file: (tuple(value or "" for value in file.partition.values()), file.path))
    ids = {field.name: field.field_id for field in schema.fields}
    return Files(at.table, "parquet", tuple(found), schema.as_arrow(), ids, hive=False)


def _entries(at: Location, io: Any, snapshot: Any) -> Iterator[Any]:
    """The data files of a snapshot; those without rows too, which a scan would leave out."""
    manifest = library("pyiceberg.manifest", "iceberg")
    for listed in snapshot.manifests(io) if snapshot is not None else ():
        for entry in listed.fetch_manifest_entry(io, discard_deleted=True):
            if entry.data_file.content != manifest.DataFileContent.DATA:
                raise DataError(
                    f"the Iceberg table {at.table} has delete files, which cannot be read here",
                    expected="a table whose rows are those of its data files",
                    mend="rewrite its data files, for example CALL rewrite_data_files(...)",
                )
            yield entry


def _partition(file: Any, fields: Sequence[Any], names: Mapping[int, str]) -> dict[str, str | None]:
    """The values of a file's partition columns; what is only computed from columns, such as a bucket, is none."""
    identity = library("pyiceberg.transforms", "iceberg").IdentityTransform
    values = {
        names[field.source_id]: file.partition[place]
        for place, field in enumerate(fields)
        if isinstance(field.transform, identity) and field.source_id in names
    }
    return {name: None if value is None else str(value) for name, value in values.items()}


def _path(at: Location, named: str) -> str:
    scheme, colon, path = named.partition(":")
    if colon and scheme == "file":
        return path if not path.startswith("//") else path[2:]
    if not named.startswith("/"):
        raise DataError(f"the file {named} of the Iceberg table {at.table} is not on a local disk")
    return named


# ---- what is written


def _folder(at: Location, partition: tuple[str, str] | None) -> Path:
    return at.folder / "data" if partition is None else at.folder / "data" / path_of(partition)


def _with_partition(schema: pa.Schema, partition: tuple[str, str]) -> pa.Schema:
    import pyarrow as pa

    return schema.append(pa.field(partition[0], pa.string()))


def _numbered(columns: Any, schema: pa.Schema) -> pa.Schema:
    """The columns in the table's types, with the field ids by which they are found whatever they are called later."""
    import pyarrow as pa

    stored = library("pyiceberg.io.pyarrow", "iceberg").schema_to_pyarrow(columns)
    kept = [stored.field(name).with_type(_plain(stored.field(name).type)) for name in schema.names]
    return pa.schema(kept, schema.metadata)


def _filled(batch: pa.RecordBatch, schema: pa.Schema, partition: tuple[str, str] | None) -> pa.RecordBatch:
    """The rows with the partition's value, in the types of the table."""
    import pyarrow as pa

    columns = list(batch.columns)
    if partition is not None:
        columns.append(pa.array([partition[1]], pa.string()).take(pa.array([0] * batch.num_rows, pa.int8())))
    cast = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(cast, schema=schema)


def _replace(at: Location, table: Any, change: Any, partition: tuple[str, str] | None, paths: Sequence[Path]) -> None:
    """Make files the whole of a partition, in one snapshot."""
    metadata = change.table_metadata
    present = [entry.data_file for entry in _entries(at, table.io, table.current_snapshot())]
    with change.update_snapshot().overwrite() as overwrite:
        for old in present:
            if partition is None or old.partition[0] == partition[1]:
                overwrite.delete_data_file(old)
        for path in paths:
            overwrite.append_data_file(_data_file(metadata, partition, path))


def _data_file(metadata: Any, partition: tuple[str, str] | None, path: Path) -> Any:
    import pyarrow.parquet as pq

    manifest = library("pyiceberg.manifest", "iceberg")
    arrow = library("pyiceberg.io.pyarrow", "iceberg")
    record = library("pyiceberg.typedef", "iceberg").Record
    footer = pq.read_metadata(path)
    ours = set(footer.schema.to_arrow_schema().names)
    statistics = arrow.data_file_statistics_from_parquet_metadata(
        footer,
        arrow.compute_statistics_plan(metadata.schema(), metadata.properties),
        {p: i for p, i in arrow.parquet_path_to_id_mapping(metadata.schema()).items() if p.partition(".")[0] in ours},
    )
    return manifest.DataFile.from_args(
        content=manifest.DataFileContent.DATA,
        file_path=f"file://{path}",
        file_format=manifest.FileFormat.PARQUET,
        partition=record(*([] if partition is None else [partition[1]])),
        file_size_in_bytes=path.stat().st_size,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
