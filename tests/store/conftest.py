"""Every implementation of the store protocol runs the suite in ``test_store.py``: add it to ``STORES``."""

from __future__ import annotations

import pyarrow as pa
import pytest

from chronon.store.lmdb import LmdbStore

STORES = {"lmdb": lambda folder: LmdbStore(folder / "store")}


@pytest.fixture(params=sorted(STORES))
def open_again(request, tmp_path):
    """Opens the same store once more, as another process would."""
    opened = []

    def open_one():
        opened.append(STORES[request.param](tmp_path))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again):
    return open_again()


@pytest.fixture
def lmdb_store(tmp_path):
    store = LmdbStore(tmp_path / "store")
    yield store
    store.close()


def batch(rows):
    """A batch as ``bulk_put`` takes it, from a dict of keys to values."""
    return pa.record_batch({"key": pa.array(list(rows), pa.binary()), "value": pa.array(rows.values(), pa.binary())})


def upload(store, dataset, generation, rows, info=b"info"):
    """Write and publish one generation."""
    store.bulk_put(dataset, generation, [batch(rows)])
    store.publish(dataset, generation, info)
