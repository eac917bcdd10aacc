"""Rows that are handed over to whatever a person works with: Arrow, Polars, pandas, DuckDB."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from chronon.base.errors import ChrononError

if TYPE_CHECKING:
    import pyarrow as pa


class Handover(ABC):
    """Rows that come as Arrow batches; every library that knows the Arrow C stream protocol takes the object itself.

    >>> import pyarrow as pa
    >>> class Numbers(Handover):
    ...     def reader(self):
    ...         return pa.table({"n": [1, 2]}).to_reader()
    >>> pa.table(Numbers()).to_pylist()
    [{'n': 1}, {'n': 2}]
    """

    @abstractmethod
    def reader(self) -> pa.RecordBatchReader:
        """All rows, batch by batch; a new reader each time."""
        ...

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self.reader().read_all()

    def polars(self) -> Any:
        """All rows as a Polars frame, over the same memory where Polars can."""
        return _library("polars").from_arrow(self.arrow())

    def pandas(self) -> Any:
        """All rows as a pandas frame.

        Whole numbers with nulls stay whole numbers (pandas' ``Int64``), instead of becoming floats.
        """
        return to_pandas(self.arrow())

    def duckdb(self, connection: Any = None) -> Any:
        """All rows as a DuckDB relation over the same memory; of DuckDB's default connection if none is given."""
        return (connection or _library("duckdb")).from_arrow(self.arrow())

    def dicts(self) -> list[dict[str, Any]]:
        """All rows as dicts: for a look at a few."""
        return self.arrow().to_pylist(maps_as_pydicts="strict")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)


def to_pandas(table: pa.Table) -> Any:
    """An Arrow table as a pandas frame; columns of whole numbers that have nulls are nullable, not floats."""
    import pyarrow as pa

    pandas = _library("pandas")
    nullable = {
        pa.int8(): pandas.Int8Dtype(),
        pa.int16(): pandas.Int16Dtype(),
        pa.int32(): pandas.Int32Dtype(),
        pa.int64(): pandas.Int64Dtype(),
        pa.bool_(): pandas.BooleanDtype(),
    }
    holed = [f.name for f in table.schema if f.type in nullable and table.column(f.name).null_count]
    if not holed:
        return table.to_pandas()
    frame = table.drop_columns(holed).to_pandas()
    for name in holed:
        column = table.column(name).to_pandas(types_mapper=nullable.get)
        frame.insert(table.column_names.index(name), name, column.set_axis(frame.index))
    return frame


def to_spark(table: pa.Table, spark: Any) -> Any:
    """An Arrow table as a frame of a Spark session; for results that a person looks at, as all rows are taken over."""
    types = _library("pyspark.sql.pandas.types")
    rows = [tuple(row.values()) for row in table.to_pylist(maps_as_pydicts="strict")]
    return spark.createDataFrame(rows, types.from_arrow_schema(table.schema))


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ChrononError(f"{name} is not installed", mend=f"pip install {name}, or take .arrow()") from error
