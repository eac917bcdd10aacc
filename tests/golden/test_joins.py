"""Whole join backfills against the outputs that the original's engine wrote."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from chronon.testing.golden_joins import check

CASES = ("p01-temporal-events", "p02-snapshot-entities", "p03-multi-parts", "p04-derivations", "p05-left-entities")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("joins")
    with tarfile.open(Path(__file__).parent / "joins.tar.xz") as archive:
        archive.extractall(root, filter="data")
    return root


@pytest.mark.parametrize("case", CASES)
def test_a_backfill_is_the_originals(folder: Path, case: str) -> None:
    assert check(folder / case) == []


def test_a_wrong_output_is_noticed(folder: Path, tmp_path: Path) -> None:
    """The check itself can fail: one value of the recorded output is changed."""
    import shutil

    import pyarrow as pa
    import pyarrow.parquet as pq

    case = tmp_path / "case"
    shutil.copytree(folder / CASES[0], case)
    table = pq.read_table(case / "output.parquet")
    place = table.column_names.index("cart")
    changed = pa.array([1e9, *table.column("cart").to_pylist()[1:]], table.schema.field("cart").type)
    pq.write_table(table.set_column(place, "cart", changed), case / "output.parquet")
    assert check(case) != []
