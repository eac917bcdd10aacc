"""Rows of the user's own: whatever they come as, as an Arrow table with its keys and times made sure of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.arrow import compute, from_arrow, to_arrow
from chronon.base.errors import ChrononError, RequestError, SchemaError
from chronon.base.moments import check_unit, instant_from

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = "an Arrow table or reader, a pandas or Polars frame, a DuckDB relation, or a list of dicts"


@dataclass(frozen=True)
class Frame:
    """Rows as they were given.

    Parameters
    ----------
    original:
        The object itself.
    library:
        ``pandas`` or ``polars``, where it is a frame of those.
    table:
        Its columns in Arrow.
    """

    original: Any
    library: str
    table: pa.Table


def frame_of(rows: Any) -> Frame:
    """The rows of any kind of frame; nothing is copied that need not be.

    Raises
    ------
    RequestError
        For what is no frame, and for columns of one name.
    """
    library = type(rows).__module__.partition(".")[0]
    if library == "polars" and type(rows).__name__ == "LazyFrame":
        rows = rows.collect()
    names = [str(name) for name in rows.columns] if library in ("pandas", "polars") and hasattr(rows, "columns") else []
    _check_names(names)
    try:
        table = _to_table(rows, library)
    except (TypeError, ValueError) as error:  # Arrow's own errors are of these
        raise RequestError(f"the rows cannot be read: {str(error).splitlines()[0]}", expected=KINDS) from error
    _check_names(table.column_names)
    return Frame(rows, library if names else "", table)


def _to_table(rows: Any, library: str) -> pa.Table:
    import pyarrow as pa

    if library == "pandas":
        return pa.Table.from_pandas(_plain(rows), preserve_index=False)
    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if hasattr(rows, "to_arrow_table"):
        return rows.to_arrow_table()
    if hasattr(rows, "__arrow_c_stream__"):
        return pa.table(rows)
    if hasattr(rows, "to_table"):  # a dataset
        return rows.to_table()
    if isinstance(rows, Iterable) and not isinstance(rows, str | bytes | Mapping):
        return _of_dicts(list(rows))
    raise RequestError(f"a {type(rows).__name__} is no rows", expected=KINDS)


def _plain(frame: Any) -> Any:
    """A pandas frame whose columns of mixed times are in UTC; Arrow knows one zone for a column."""
    mixed = {
        name: _instants(frame[name].tolist(), str(name))
        for name in frame.columns
        if frame[name].dtype == object and any(isinstance(value, datetime) for value in frame[name])
    }
    return frame.assign(**mixed) if mixed else frame


def _of_dicts(rows: Sequence[Any]) -> pa.Table:
    import pyarrow as pa

    wrong = next((row for row in rows if not isinstance(row, Mapping)), None)
    if wrong is not None:
        raise RequestError(f"{wrong!r} is no row", expected="a dict of columns and values")
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, Any] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        timed = any(isinstance(value, datetime) for value in values)
        columns[name] = _instants(values, name) if timed else pa.array(values)
    return pa.table(columns)


def _instants(values: Sequence[Any], name: str) -> Any:
    """Datetimes as an Arrow column in UTC, whatever their zones; naive ones must stand alone."""
    import pyarrow as pa

    moments = [None if value is None or value != value else value for value in values]  # noqa: PLR0124 - not a time
    zoned = {value.tzinfo is not None for value in moments if isinstance(value, datetime)}
    if len(zoned) > 1:
        raise RequestError(
            f"the column {name} mixes times with and without a zone",
            expected="a zone everywhere, or nowhere: then they are in UTC",
        )
    return pa.array(moments, pa.timestamp("us", "UTC" if zoned == {True} else None))


def _check_names(names: Sequence[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise RequestError(
            f"the rows have several columns named {', '.join(doubled)}", mend="drop or rename all but one"
        )


def times_of(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """A column of times in ms (long).

    Raises
    ------
    RequestError
        If they are no times, or in another unit than ms.
    """
    import pyarrow as pa

    kind, p = column.type, pa.types
    if p.is_null(kind):
        return column.cast(pa.int64())
    if p.is_timestamp(kind):
        floored = compute().floor_temporal(column, unit="millisecond") if kind.unit in ("us", "ns") else column
        return floored.cast(pa.timestamp("ms", kind.tz)).cast(pa.int64())
    if p.is_date(kind):
        return column.cast(pa.timestamp("ms")).cast(pa.int64())
    if p.is_integer(kind) or p.is_floating(kind):
        try:
            found = column.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise RequestError(f"the column {name} is no time: {error}", expected="whole ms since 1970") from error
        bounds = compute().min_max(found).as_py()
        if bounds["min"] is not None:
            check_unit(bounds["min"], bounds["max"], f"the column {name}")
        return found
    raise RequestError(
        f"the column {name} is of {kind}, which is no time",
        expected="ms since 1970 UTC, or timestamps",
        mend="parse it: pandas.to_datetime(...), or str.to_datetime() in Polars",
    )


def days_of(column: pa.ChunkedArray, name: str, pattern: str) -> pa.ChunkedArray:
    """A column of partitions, as text, from texts, dates or timestamps."""
    import pyarrow as pa

    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return compute().strftime(column, format=pattern).cast(pa.string())
    if from_arrow(column.type) not in (t.STRING, t.NULL):
        raise RequestError(f"the column {name} is of {column.type}", expected="days, as text or dates")
    return column.cast(pa.string())


def key_of(column: pa.ChunkedArray, name: str, kind: t.DataType) -> pa.ChunkedArray:
    """A column of keys in their declared type, by the rules of a request: numbers and their texts are alike.

    Raises
    ------
    SchemaError
        For a column that is not of that kind, or values that do not fit.
    """
    import pyarrow as pa

    given = from_arrow(column.type)
    texts = t.STRING in (given, kind) and bool({given, kind} & t.INTEGERS)
    if not (given in (kind, t.NULL) or texts or {given, kind} <= t.NUMBERS):
        raise SchemaError(
            f"the key {name} is of {column.type}, and a {kind} in the definition", mend=f"cast it to {to_arrow(kind)}"
        )
    try:
        return column.cast(to_arrow(given)).cast(to_arrow(kind))
    except pa.ArrowInvalid as error:
        raise SchemaError(f"the key {name} does not fit a {kind}: {error}", mend="cast it yourself") from error


def one_row(values: Mapping[str, Any], ts: Any) -> pa.Table:
    """A frame of one row, for one key at one instant."""
    import pyarrow as pa

    given = {name: pa.array([value]) for name, value in values.items()}
    return pa.table({**given, "ts": pa.array([instant_from(ts)], pa.int64())})


def need(table: pa.Table, columns: Iterable[str], what: str) -> list[ChrononError]:
    """A problem for each of ``columns`` that the rows lack."""
    from difflib import get_close_matches

    found: list[ChrononError] = []
    for name in columns:
        if name not in table.column_names:
            close = get_close_matches(name, table.column_names, n=1)
            found.append(
                RequestError(
                    f"the rows have no column {name}, {what}",
                    expected=f"it has {', '.join(table.column_names) or 'no columns'}",
                    mend=f"rename {close[0]}" if close else None,
                )
            )
    return found
