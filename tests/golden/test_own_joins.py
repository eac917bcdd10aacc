"""Whole backfills against brute force: what the recorded joins leave out.

The cases of ``own_joins.tar.xz`` are random tables with definitions of their own. Their outputs were computed once, by
a program that has nothing in common with the product: every left row looks at every row of the right side in plain
loops, and every expression of a select, a condition or a derivation is evaluated by Spark 4.3, which types the columns
too. The same program gives the outputs of the five recorded joins.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.testing.golden_joins import check

CASES = (
    "s01-types",
    "s02-expressions",
    "s03-sources",
    "s04-entities-windowed",
    "s05-left-entities",
    "s06-mutations-expr",
    "s07-join-derivations",
    "s08-group-by-derivations",
    "s09-labels-aggregated",
    "s10-gb-events",
    "s11-gb-entities-plain",
    "s12-csv",
    "s13-mutations-timed",
    "s14-labels",
    "s15-shapes",
    "s16-entities-events-mixed-keys",
    "s17-two-mutated",
    "s18-bootstrap",
    "s19-chained",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("own")
    with tarfile.open(Path(__file__).parent / "own_joins.tar.xz") as archive:
        archive.extractall(root, filter="data")
    assert sorted(path.name for path in root.iterdir()) == list(CASES)
    return root


@pytest.mark.parametrize("case", CASES)
def test_a_backfill_is_what_brute_force_gives(folder: Path, case: str) -> None:
    assert check(folder / case) == []


def test_only_a_tie_between_images_excuses_a_value(folder: Path, tmp_path: Path) -> None:
    """The first prices of a listing: another value passes where a tie decides, and nowhere else."""
    case = tmp_path / "case"
    shutil.copytree(folder / "s13-mutations-timed", case)
    recorded = case / "output.parquet"
    table, name = pq.read_table(recorded), "a_l_v1_price_first2_3d"
    wrong = [None if value is None else [*value, 0.5] for value in table.column(name).to_pylist()]
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, pa.array(wrong)), recorded)
    found = check(case)
    assert 0 < len(found) < sum(value is not None for value in wrong)
    assert all(f" {name}[" in line for line in found)
