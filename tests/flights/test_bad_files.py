"""Files that are not as they should be: a clear error, and the tables that are there stay as they were."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import copy

Lines = list[str]


@pytest.fixture(scope="module")
def flights(raw: Path) -> Lines:
    """The lines of flights.csv."""
    with zipfile.ZipFile(raw / "flights.csv.zip") as archive:
        return archive.read("flights.csv").decode().splitlines(keepends=True)


@pytest.fixture
def files(raw: Path, tmp_path: Path) -> Path:
    """A copy of the files, to be spoilt."""
    return Path(shutil.copytree(raw, tmp_path / "files"))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with one table of an earlier load."""
    made = copy(tmp_path_factory.mktemp("bad") / "flights")
    there = made / ".chronon" / "warehouse" / "flights" / "arrivals" / "ds=2013-01-01"
    there.mkdir(parents=True)
    (there / "part-0.parquet").write_bytes(b"an earlier load")
    return made


def refused(repo: Path, files: Path) -> str:
    """What is told when these files are loaded."""
    done = subprocess.run(
        [sys.executable, "load.py", str(files)], cwd=repo, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    kept = [str(p.relative_to(repo)) for p in (repo / ".chronon").rglob("*") if p.is_file()]
    assert kept == [".chronon/warehouse/flights/arrivals/ds=2013-01-01/part-0.parquet"]
    return done.stderr


def with_flights(files: Path, lines: Lines) -> Path:
    (files / "flights.csv.zip").unlink()
    (files / "flights.csv").write_text("".join(lines))
    return files


def test_a_csv_that_ends_in_the_middle_of_a_line(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, [*flights[:200_000], flights[200_000][:20]]))
    assert "flights.csv ends in the middle of a line" in told


def test_a_csv_that_ends_too_early(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, flights[:-1]))
    assert "has 336,775 rows" in told
    assert "expected: 336,776" in told


def test_a_line_that_lost_its_end(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, [*flights[:100], "2013,1,1,517\n", *flights[101:]]))
    assert "Expected 19 columns, got 4" in told


def test_a_damaged_archive(repo: Path, files: Path) -> None:
    archive = files / "flights.csv.zip"
    archive.write_bytes(archive.read_bytes()[:4_000_000])
    assert "flights.csv.zip is damaged" in refused(repo, files)


def test_a_missing_file(repo: Path, files: Path) -> None:
    (files / "weather.csv").unlink()
    assert "weather.csv is missing" in refused(repo, files)


def test_a_renamed_column(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, [flights[0].replace("tailnum", "tail_number"), *flights[1:]]))
    assert "no column tailnum and an unknown column tail_number" in told


def test_a_month_is_missing_in_the_middle(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, [line for line in flights if not line.startswith("2013,6,")]))
    assert "has no rows for 2013-06-01 to 2013-06-30" in told


def test_a_month_of_weather_is_missing(repo: Path, files: Path) -> None:
    lines = (files / "weather.csv").read_text().splitlines(keepends=True)
    (files / "weather.csv").write_text("".join(line for line in lines if ",2013,2," not in line))
    assert "weather.csv" in (told := refused(repo, files))
    assert "has no rows for 2013-02-01 to 2013-02-28" in told


def _local_hours(line: str) -> str:
    """``time_hour`` on New York's clock, as a careless export has it."""
    cells = line.rstrip("\n").split(",")
    if cells[0] == "year":
        return line
    cells[-1] = f"{cells[0]}-{int(cells[1]):02}-{int(cells[2]):02}T{int(cells[16]):02}:00:00Z"
    return ",".join(cells) + "\n"


def _an_hour_later(line: str) -> str:
    """Arrivals on the clock of the next zone."""
    cells = line.rstrip("\n").split(",")
    if cells[0] == "year" or cells[6] == "NA":
        return line
    cells[6] = str((int(cells[6]) + 100) % 2400)
    return ",".join(cells) + "\n"


@pytest.mark.parametrize(
    "spoil, expected",
    [
        (_local_hours, "in 336,776 of 336,776 rows time_hour is off the local clock"),
        (_an_hour_later, "arr_time is not arr_delay after sched_arr_time"),
    ],
    ids=["hours of departure", "clocks of arrival"],
)
def test_times_of_another_zone(
    repo: Path, files: Path, flights: Lines, spoil: Callable[[str], str], expected: str
) -> None:
    told = refused(repo, with_flights(files, [spoil(line) for line in flights]))
    assert expected in told


def test_a_word_among_numbers(repo: Path, files: Path, flights: Lines) -> None:
    told = refused(repo, with_flights(files, [*flights[:9], flights[9].replace(",", ",x", 4), *flights[10:]]))
    assert "invalid value" in told
