"""Writers that are killed anywhere: a reader sees the old state or the new one, and a re-run heals the rest."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from chronon.store.lmdb import LmdbStore

WRITER = Path(__file__).with_name("writer.py")


@contextmanager
def writer(what, store, first, count):
    command = [sys.executable, str(WRITER), what, str(store.path), str(first), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def kill_after(child, wait):
    """Kill -9 ``wait`` seconds after the first line, and give all lines."""
    first = child.stdout.readline()
    time.sleep(wait)
    child.kill()
    return [first, *child.stdout]


def last(lines, word):
    numbers = [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]
    return numbers[-1] if numbers else 0


def check_generation(path, rows):
    """All keys carry the number that the published serving info names; what number that is."""
    store = LmdbStore(path)
    published = store.published("D")
    if published is None:
        return 0
    found = Counter(store.multi_get("D", [b"%07d" % i for i in range(rows)]))
    assert found == {published.info: rows}
    assert published.generation == f"g{published.info.decode()}"
    return int(published.info)


@pytest.mark.parametrize("rows, longest, kills", [(300, 0.06, 12), (60_000, 0.5, 6)], ids=["publish", "bulk_put"])
def test_a_killed_upload_leaves_the_old_or_the_new_generation(lmdb_store, rows, longest, kills):
    chance = random.Random(rows)
    number, states = 1, Counter()
    for _ in range(kills):
        with writer("generations", lmdb_store, number, rows) as child:
            lines = kill_after(child, chance.uniform(0, longest))
        seen = check_generation(lmdb_store.path, rows)
        states[lines[-1].split()[0]] += 1
        done, begun = last(lines, "published"), last(lines, "writing")
        assert max(done, number - 1) <= seen <= begun
        number = seen + 1
    assert states.keys() <= {"writing", "written", "published"}
    with writer("generations", lmdb_store, number, rows) as child:  # a re-run heals
        while not next(child.stdout).startswith("published"):
            pass
    assert check_generation(lmdb_store.path, rows) >= number
    lmdb_store.bulk_put("D", "last", [])
    lmdb_store.publish("D", "last", b"")
    left = [path.suffix for path in (lmdb_store.path / "batch" / "D").iterdir()]
    assert set(left) == {".lmdb"}
    assert 2 <= len(left) <= 2 + kills  # the published two, and generations that were written and never published


def test_a_reader_never_sees_a_mixture_while_generations_change(lmdb_store):
    with writer("generations", lmdb_store, 1, 2_000) as child:
        while not next(child.stdout).startswith("published"):
            pass
        seen = set()
        while len(seen) < 5:
            seen.add(check_with(lmdb_store, 2_000))


def check_with(store, rows):
    """Hold on to what is published, as a fetch does, and read it in several steps."""
    published = store.published("D")
    found = {store.multi_get("D", [b"%07d" % i], published)[0] for i in range(0, rows, 97)}
    assert found == {published.info}
    return published.info


def test_a_killed_stream_writer_loses_nothing_it_reported_and_leaves_no_half_batch(lmdb_store):
    chance, size, number = random.Random(1), 50, 0
    for _ in range(8):
        with writer("rows", lmdb_store, number, size) as child:
            lines = kill_after(child, chance.uniform(0, 0.1))
        found = Counter(LmdbStore(lmdb_store.path).scan("S", b"key", 0))
        assert set(found.values()) == {size}
        seen = max(map(int, found))
        assert seen >= last(lines, "put")
        assert set(map(int, found)) == set(range(seen + 1))
        number = seen + 1
