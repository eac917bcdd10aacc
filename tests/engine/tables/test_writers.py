"""Several processes and one table: one writer at a time, readers that see old or new, locks that die."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chronon.base.errors import StorageError

from .conftest import WRITERS, Tables

WRITE = """
import sys, pyarrow as pa
from chronon.engine.warehouse import Warehouse
root, form, editions = sys.argv[1:]
warehouse = Warehouse(root, {"db": {"format": form}})
schema = pa.schema([("edition", pa.int64())])
with warehouse.writing("db.t"):
    print("writing", flush=True)
    for edition in range(int(editions)):
        batch = pa.record_batch({"edition": [edition] * 3000})
        warehouse.publish("db.t", ("ds", "2024-01-01"), [batch], schema)
    if editions == "0":
        input()
"""


def writer(root: Path, form: str, editions: int) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(root), form, str(editions)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "writing\n", started.communicate()[1]
    return started


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_dies_with_its_process(tmp_path: Path, end: signal.Signals) -> None:
    tables = Tables(tmp_path / "w", "parquet")
    with writer(tmp_path / "w", "parquet", 0) as other:
        with pytest.raises(StorageError, match=r"another process is writing db\.t"):
            tables.publish("db.t", "2024-01-01", [])
        tables.publish("db.u", "2024-01-01", [])  # another table is free
        other.send_signal(end)
        other.communicate(timeout=30)
    tables.publish("db.t", "2024-01-01", [{"user": "a", "amount": 1}])
    assert tables.rows("db.t", "user") == [("a",)]


@pytest.mark.parametrize("form", WRITERS)
def test_a_reader_sees_the_old_rows_or_the_new(tmp_path: Path, form: str) -> None:
    tables = Tables(tmp_path / "w", form)
    seen: list[int] = []
    with writer(tmp_path / "w", form, 10) as other:
        while other.poll() is None:
            if tables.warehouse.exists("db.t") and tables.warehouse.files("db.t").files:
                ((least, greatest, count),) = tables.rows("db.t", "min(edition), max(edition), count(*)")
                assert (least, count) == (greatest, 3000)
                seen.append(least)
            time.sleep(0.001)
        _, told = other.communicate(timeout=30)
        assert other.returncode == 0, told
    assert seen == sorted(seen)
    assert tables.rows("db.t", "max(edition)") == [(9,)]


@pytest.mark.parametrize("form", WRITERS)
def test_a_writer_that_is_killed_leaves_the_old_rows(tmp_path: Path, form: str) -> None:
    tables = Tables(tmp_path / "w", form)
    with writer(tmp_path / "w", form, 10_000) as other:
        while not (tables.warehouse.exists("db.t") and tables.warehouse.files("db.t").files):
            time.sleep(0.05)
        time.sleep(0.3)
        other.kill()
        other.communicate(timeout=30)
    ((least, greatest, count),) = tables.rows("db.t", "min(edition), max(edition), count(*)")
    assert (least, count) == (greatest, 3000)
    tables.publish("db.t", "2024-01-02", [{"user": "a", "amount": 1}])
    assert tables.engine.partitions("db.t", "ds") == ["2024-01-01", "2024-01-02"]
    assert list((tmp_path / "w" / ".staging").iterdir()) == []


FULL = """
import os, resource, sys, pyarrow as pa
from chronon.base.errors import StorageError
from chronon.engine.warehouse import Warehouse
root, form = sys.argv[1:]
warehouse = Warehouse(root, {"db": {"format": form}})
schema = pa.schema([("user", pa.string())])
batches = [pa.record_batch([pa.array([os.urandom(500).hex() for _ in range(1_000)])], schema=schema)] * 4
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))  # the disk takes no more of a file
with warehouse.writing("db.t"):
    try:
        warehouse.publish("db.t", ("ds", "2024-01-01"), batches, schema)
    except StorageError as error:
        print(error)
"""


@pytest.mark.parametrize("form", WRITERS)
def test_a_disk_that_takes_no_more_leaves_the_old_rows(tmp_path: Path, form: str) -> None:
    tables = Tables(tmp_path / "w", form)
    tables.publish("db.t", "2024-01-01", [{"user": "old", "amount": 1}])
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "w"), form],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot write" in done.stdout, done.stderr
    assert "mend: check permissions and free space" in done.stdout
    assert tables.rows("db.t", "user") == [("old",)]
    assert list((tmp_path / "w" / ".staging").iterdir()) == []
