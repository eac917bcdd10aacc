"""Digests of files are kept in the warehouse, a line for each; whatever happens to that memory, they are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon.engine.tables.digests import Digests
from chronon.engine.tables.files import File, Files


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for day in ("01", "02", "03"):
        folder = tmp_path / f"ds=2024-01-{day}"
        folder.mkdir()
        (folder / "rows.parquet").write_text(f"rows of {day}")
    return tmp_path


def table(root: Path) -> Files:
    found = (
        File(str(path), {"ds": path.parent.name[3:]}, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.glob("ds=*/*"))
    )
    return Files("db.t", "parquet", tuple(found))


def lines(root: Path) -> list[str]:
    return (root / ".digests" / "db.t.jsonl").read_text().splitlines()


def test_a_file_is_written_down_once_however_often_it_is_asked_for(written: Path) -> None:
    files = table(written)
    first = [Digests(written / ".digests").of(files, "ds", [ds]) for ds in files.partitions("ds")]
    assert len(lines(written)) == 3
    assert [Digests(written / ".digests").of(files, "ds", [ds]) for ds in files.partitions("ds")] == first
    assert len(lines(written)) == 3
    assert len(set(first)) == 3


def test_a_line_that_was_torn_by_a_kill_is_computed_again(written: Path) -> None:
    files = table(written)
    whole = Digests(written / ".digests").of(files, "ds")
    memory = written / ".digests" / "db.t.jsonl"
    memory.write_bytes(memory.read_bytes()[:-7])
    assert Digests(written / ".digests").of(files, "ds") == whole
    memory.write_text("no memory at all\n[1]\n{}\n")
    assert Digests(written / ".digests").of(files, "ds") == whole


def test_a_memory_of_files_that_were_rewritten_over_and_over_stays_small(written: Path) -> None:
    found = set[str]()
    for content in "abcdefgh":
        (written / "ds=2024-01-03" / "rows.parquet").write_text(content)
        found.add(Digests(written / ".digests").of(table(written), "ds"))
    assert len(found) == 8
    assert len(lines(written)) <= 2 * 3 + 1
