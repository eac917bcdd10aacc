"""What columns a table has, and in which types its files hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.errors import DataError, SchemaError
from chronon.engine.duckdb.connection import identifier
from chronon.engine.duckdb.scan import TYPES, Source, read
from chronon.engine.tables.files import File, Files
from chronon.engine.tables.footers import Footers
from chronon.plan.scans import common_type

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Columns = dict[str, tuple[str, t.DataType]]
"""Column names, with DuckDB's type and ours."""


def describe(connection: duckdb.DuckDBPyConnection, files: Files, partition: str, footers: Footers) -> Source:
    """Columns and types of a table, and what must be cast to get them.

    Parameters
    ----------
    connection:
        On which the table is looked at.
    files:
        Its files.
    partition:
        The partition column, which is a text whatever it is stored as.
    footers:
        Of the Parquet files that were looked at before.

    Raises
    ------
    DataError
        If a file cannot be read, all are empty, or its columns have the same name but for case.
    """
    stored: dict[str, str] = {}
    if not any(file.size for file in files.files):
        raise DataError(f"the files of {files.table} are empty", mend="write them with a head that names the columns")
    if files.schema is not None:
        stored = _types(connection, files.schema)
        whole = _columns(connection, read(files, [files.files[0].path], stored))
        shapes = [(files.files[0], whole)]
    elif files.format == "parquet":
        examples = footers.examples(files)
        shapes = [(file, _columns(connection, read(files, [file.path], {}))) for file in examples]
        whole = shapes[0][1]
        if len(shapes) > 1:
            whole = _columns(connection, read(files, [file.path for file in examples], {}))
    else:
        whole = _columns(connection, read(files, [file.path for file in files.files], {}))
        shapes = [(files.files[0], whole)]
    schema: dict[str, t.DataType] = {}
    replaced: dict[str, str] = {}
    for name, (held, kind) in whole.items():
        if name == partition and held != "VARCHAR":
            schema[name] = t.STRING
            replaced[name] = f"CAST({identifier(name)} AS VARCHAR)"
            continue
        schema[name] = kind if len(shapes) == 1 else _of_all(name, shapes)
        if schema[name] in TYPES and schema[name] != t.NULL and held != TYPES[schema[name]]:
            replaced[name] = f"CAST({identifier(name)} AS {TYPES[schema[name]]})"
    if len(shapes) > 1 or (files.format != "parquet" and len(files.files) > 1):
        stored = {name: held for name, (held, _) in whole.items() if name not in files.partition_columns}
    return Source(files, schema, replaced, stored)


def _columns(connection: duckdb.DuckDBPyConnection, text: str) -> Columns:
    from chronon.base.arrow import from_arrow

    found = connection.sql(f"SELECT * FROM {text} LIMIT 0")
    columns: Columns = {}
    for name, held, field in zip(found.columns, found.types, found.to_arrow_table().schema, strict=True):
        try:
            kind = from_arrow(field.type)
        except SchemaError:
            kind = t.DataType(str(held).lower())  # unknown to every function, so that its use is refused
        columns[name] = str(held), kind
    return columns


def _types(connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> dict[str, str]:
    found = connection.from_arrow(schema.empty_table())
    return {name: str(held) for name, held in zip(found.columns, found.types, strict=True)}


def _of_all(name: str, shapes: Sequence[tuple[File, Columns]]) -> t.DataType:
    """The type of a column over all files; where there is none, one that tells so wherever it is used."""
    held: dict[t.DataType, File] = {}
    for file, columns in shapes:
        present = {column.lower(): kind for column, (_, kind) in columns.items()}
        if name.lower() in present:
            held.setdefault(present[name.lower()], file)
    found = widened(list(held))
    if found is not None:
        return found
    return t.ChangedType(" or ".join(f"{kind} (in {_place(file)})" for kind, file in held.items()))


def _place(file: File) -> str:
    return "/".join(f"{column}={value}" for column, value in file.partition.items()) or file.path


def widened(kinds: Sequence[t.DataType]) -> t.DataType | None:
    """The type of a column that had several types in turn; ``None`` where a value could change its meaning.

    >>> widened([t.INT, t.LONG]), widened([t.DATE, t.TIMESTAMP]), widened([t.LONG, t.STRING])
    (long, timestamp, None)
    >>> widened([t.StructType({"a": t.INT}), t.StructType({"a": t.LONG, "b": t.STRING})])
    struct<a:long,b:string>
    """
    given = [kind for kind in dict.fromkeys(kinds) if kind != t.NULL]
    if len(given) < 2:  # one type, or none
        return given[0] if given else t.NULL
    if set(given) == {t.DATE, t.TIMESTAMP}:
        return t.TIMESTAMP
    if all(isinstance(kind, t.ListType) for kind in given):
        element = widened([kind.element for kind in given if isinstance(kind, t.ListType)])
        return None if element is None else t.ListType(element)
    if all(isinstance(kind, t.StructType) for kind in given):
        return _widened_struct([dict(kind.fields) for kind in given if isinstance(kind, t.StructType)])
    return common_type(given)


def _widened_struct(structs: Sequence[Mapping[str, t.DataType]]) -> t.DataType | None:
    fields: dict[str, t.DataType] = {}
    for name in dict.fromkeys(name for fields in structs for name in fields):
        kind = widened([fields[name] for fields in structs if name in fields])
        if kind is None:
            return None
        fields[name] = kind
    return t.StructType(fields)
