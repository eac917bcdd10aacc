"""Tables from literal rows: a few lines of a test as partitions of a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.arrow import from_arrow, to_arrow
from chronon.base.errors import DataError
from chronon.base.moments import instant_from
from chronon.base.time import Partitions

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Sequence[Mapping[str, Any]]


def write_table(
    warehouse: Path,
    table: str,
    rows: Rows,
    *,
    columns: Mapping[str, t.DataType | str] | None = None,
    time: str = "ts",
    partitions: Partitions | None = None,
) -> None:
    """Write rows as partitions of ``namespace.table``.

    Parameters
    ----------
    warehouse:
        Its folder.
    table:
        The table's name.
    rows:
        Columns and values; an absent one is null. The partition is their ``ds``, else the day of their time.
    columns:
        Types of the columns; the others are inferred: whole numbers are long, others double, datetimes timestamps.
    time:
        The column of the time.
    partitions:
        How days are named.

    Raises
    ------
    DataError
        For a value that is not of its column's type, and for a row without a day.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    spec = partitions or Partitions()
    known = {n: k if isinstance(k, t.DataType) else t.parse_type(k) for n, k in (columns or {}).items()}
    names = [n for n in dict.fromkeys([*known, *(n for row in rows for n in row)]) if n != spec.column]
    made = pa.table({name: _column(table, name, [row.get(name) for row in rows], known.get(name)) for name in names})
    folder = warehouse.joinpath(*table.split(".", 1))
    by_day: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        by_day.setdefault(_day(table, row, time, spec), []).append(number)
    for ds, inside in by_day.items():
        place = folder / f"{spec.column}={ds}"
        place.mkdir(parents=True, exist_ok=True)
        pq.write_table(made.take(inside), place / "rows.parquet")


def _column(table: str, name: str, values: list[Any], kind: t.DataType | None) -> pa.Array:
    import pyarrow as pa

    if kind == t.LONG:
        values = [instant_from(value) if isinstance(value, date) else value for value in values]
    elif kind == t.STRING:
        values = [value.isoformat() if isinstance(value, date) else value for value in values]
    elif kind is None and any(isinstance(v, float) for v in values):
        kind = t.DOUBLE
    try:
        found = pa.array(values, to_arrow(kind) if kind is not None else None)
        return found if kind is not None else found.cast(to_arrow(from_arrow(found.type)))
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{table}: the column {name} does not hold values of one type ({error})",
            expected=str(kind) if kind is not None else "values of one type",
            mend="correct the rows, or name the type: columns: {" + f"{name}: ..." + "}",
        ) from error


def _day(table: str, row: Mapping[str, Any], time: str, spec: Partitions) -> str:
    if row.get(spec.column) is not None:
        given = row[spec.column]
        return spec.of(instant_from(given)) if isinstance(given, date | datetime) else str(given)
    if row.get(time) is not None:
        return spec.of(instant_from(row[time]))
    raise DataError(
        f"{table}: the row {dict(row)} has no day", expected=f"{spec.column}: yyyy-MM-dd, or a time in {time}"
    )
