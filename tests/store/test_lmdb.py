"""What is particular to the store in a folder."""

from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import sys
import tracemalloc

import pyarrow as pa
import pytest

from chronon.base.errors import DataError, MissingDataError, SettingsError, StorageError
from chronon.store import KVStore, open_store
from chronon.store import environment as environments
from chronon.store.generations import Generations
from chronon.store.lmdb import LmdbStore
from chronon.store.sorting import sorted_rows

from .conftest import batch, upload

D, S = "SHOP_V1_BATCH", "SHOP_V1_STREAMING"


def files(store):
    folder = store.path / "batch" / D
    return sorted(path.name.partition("~")[0] + path.suffix for path in folder.iterdir())


# ---- opening


def test_a_url_opens_the_folder(tmp_path):
    store = open_store(f"lmdb://{tmp_path}/my%20store")
    assert isinstance(store, KVStore)
    assert store.path == tmp_path / "my store"


@pytest.mark.parametrize("url", ["lmdb://relative/path", "lmdb://", "lmdb:///"])
def test_a_url_names_an_absolute_folder(url):
    with pytest.raises(SettingsError, match="names no folder"):
        open_store(url)


@pytest.mark.parametrize("url", ["nosuch:///x", "/just/a/path", ""])
def test_other_urls_are_refused_with_those_that_are_known(url):
    with pytest.raises(SettingsError, match="lmdb://"):
        open_store(url)


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be opened"):
        LmdbStore(tmp_path / "file").version()


def test_a_store_in_use_may_not_be_forked(lmdb_store):
    upload(lmdb_store, D, "g", {b"a": b"1"})
    lmdb_store.version()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            lmdb_store.version()
            os.write(writer, b"no error")
        except StorageError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as said:
        assert "forked" in said.read()


# ---- files


def test_files_nobody_reads_are_removed(lmdb_store):
    for generation in ("g1", "g2", "g3", "g4"):
        upload(lmdb_store, D, generation, {b"a": b"1"})
    assert files(lmdb_store) == ["g3.lmdb", "g4.lmdb"]
    upload(lmdb_store, D, "g4", {b"a": b"2"})
    assert files(lmdb_store) == ["g3.lmdb", "g4.lmdb"]


def test_a_generation_waiting_for_its_gate_survives_other_publications(lmdb_store):
    lmdb_store.bulk_put(D, "waiting", [batch({b"a": b"w"})])
    for generation in ("g1", "g2", "g3"):
        upload(lmdb_store, D, generation, {b"a": b"1"})
    lmdb_store.publish(D, "waiting", b"")
    assert lmdb_store.multi_get(D, [b"a"]) == [b"w"]


def test_an_unpublished_generation_is_removed_after_a_week(lmdb_store):
    lmdb_store.bulk_put(D, "forgotten", [batch({b"a": b"w"})])
    (forgotten,) = (lmdb_store.path / "batch" / D).glob("forgotten*")
    os.utime(forgotten, (0, 0))
    upload(lmdb_store, D, "g", {})
    assert files(lmdb_store) == ["g.lmdb"]


def test_a_reader_keeps_a_file_that_was_removed(lmdb_store):
    upload(lmdb_store, D, "g1", {b"a": b"1"})
    first = lmdb_store.published(D)
    assert lmdb_store.multi_get(D, [b"a"]) == [b"1"]
    for generation in ("g2", "g3"):
        LmdbStore(lmdb_store.path).bulk_put(D, generation, [batch({b"a": b"x"})])
        LmdbStore(lmdb_store.path).publish(D, generation, b"")
    assert files(lmdb_store) == ["g2.lmdb", "g3.lmdb"]
    assert lmdb_store.multi_get(D, [b"a"], first) == [b"1"]
    with pytest.raises(MissingDataError, match="is gone"):
        LmdbStore(lmdb_store.path).multi_get(D, [b"a"], first)


def test_a_file_being_written_is_not_swept_away(lmdb_store):
    def slowly():
        yield batch({b"a": b"1"})
        Generations(lmdb_store.path / "batch" / D).sweep()
        yield batch({b"b": b"2"})

    lmdb_store.bulk_put(D, "g", slowly())
    lmdb_store.publish(D, "g", b"")
    assert lmdb_store.multi_get(D, [b"a", b"b"]) == [b"1", b"2"]


def test_a_damaged_file_is_an_error_and_not_an_answer(lmdb_store):
    upload(lmdb_store, D, "g", {b"a": b"1"})
    (file,) = (lmdb_store.path / "batch" / D).glob("*.lmdb")
    file.write_bytes(b"\0" * 8192)
    with pytest.raises(StorageError, match="cannot be opened"):
        LmdbStore(lmdb_store.path).multi_get(D, [b"a"])


# ---- sorting in bounded memory


def test_runs_that_do_not_fit_are_merged(tmp_path, monkeypatch):
    monkeypatch.setattr("chronon.store.sorting.RUN_BYTES", 10_000)
    keys = list(range(5_000))
    random.Random(7).shuffle(keys)
    rows = [(b"%05d" % key, b"value %d" % key) for key in keys]
    batches = [batch(dict(rows[i : i + 100])) for i in range(0, len(rows), 100)]
    assert list(sorted_rows(batches, tmp_path / "scratch")) == sorted(rows)
    assert len(list((tmp_path / "scratch").iterdir())) > 5


def test_equal_keys_in_different_runs_are_found(lmdb_store, monkeypatch):
    monkeypatch.setattr("chronon.store.sorting.RUN_BYTES", 1)
    with pytest.raises(DataError, match="twice"):
        lmdb_store.bulk_put(D, "g", [batch({b"a": b"1"}), batch({b"b": b"1"}), batch({b"a": b"2"})])
    assert files(lmdb_store) == []


def test_an_upload_needs_little_memory(lmdb_store, monkeypatch):
    monkeypatch.setattr("chronon.store.sorting.RUN_BYTES", 2_000_000)

    def batches():
        for i in range(200):
            yield batch({b"%05d%05d" % (j, i): b"x" * 1000 for j in range(100)})

    tracemalloc.start()
    before = pa.total_allocated_bytes()
    count = lmdb_store.bulk_put(D, "g", batches())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 60_000_000  # a transaction's 32 MB and what the runs hold; the data are 20 MB of values
    assert pa.total_allocated_bytes() - before < 10_000_000


# ---- maps that grow


@pytest.fixture
def small_maps(monkeypatch):
    monkeypatch.setattr(environments, "FIRST_SIZE", 1 << 16)


@pytest.mark.usefixtures("small_maps")
def test_a_full_map_grows(lmdb_store):
    for i in range(20):
        lmdb_store.multi_put(S, [(b"a", i * 100 + j, b"x" * 1000) for j in range(100)])
    assert len(lmdb_store.scan(S, b"a", 0)) == 2_000


def put_many(path, rows):
    LmdbStore(path).multi_put(S, [(b"a", i, b"x" * 1000) for i in range(rows)])


@pytest.mark.usefixtures("small_maps")
def test_a_map_that_another_process_grew_is_taken_over(lmdb_store):
    lmdb_store.multi_put(S, [(b"a", 0, b"x")])
    assert len(lmdb_store.scan(S, b"a", 0)) == 1
    child = multiprocessing.get_context("spawn").Process(target=put_many, args=(lmdb_store.path, 2_000))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert len(lmdb_store.scan(S, b"a", 0)) == 2_001
    lmdb_store.multi_put(S, [(b"a", 3_000, b"x")])
    assert len(lmdb_store.scan(S, b"a", 0)) == 2_002


# ---- readers that died


def test_places_of_dead_readers_are_freed(lmdb_store):
    die_reading = (
        "import os, sys, lmdb\n"
        "transaction = lmdb.open(sys.argv[1]).begin()\n"
        "transaction.get(b'x')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    open_again = "import sys; from chronon.store import open_store; open_store('lmdb://' + sys.argv[1]).version()"
    lmdb_store.put_meta({"joins/a": b"1"})
    env = lmdb_store._meta_environment()._env
    for _ in range(3):
        run = [sys.executable, "-c", die_reading, str(lmdb_store.path / "meta")]
        assert subprocess.run(run, check=False).returncode == -9
    assert "no active readers" not in env.readers()
    subprocess.run([sys.executable, "-c", open_again, str(lmdb_store.path)], check=True)
    assert "no active readers" in env.readers()
