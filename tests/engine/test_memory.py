"""Work that does not fit into memory goes through files: the same bytes come out, and nothing is left behind."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ChrononError, SettingsError
from chronon.base.time import DAY_MS
from chronon.engine.duckdb import DuckDBEngine, engine
from chronon.engine.duckdb.memory import Memory, shares
from chronon.offline import backfill_group_by, backfill_join

MIDNIGHT = 1_704_412_800_000  # 2024-01-05
DAYS = [f"2024-01-{day:02d}" for day in range(5, 9)]
TINY = Memory("200MB", sort_bytes=20_000, answer_bytes=10_000, rows_at_once=1000)
"""So little that everything goes through files."""


def fill(root: Path, *, events: int, queries: int, hot: float, keys: int = 300) -> None:
    """Events in random order with ties in time, and queries; ``hot`` is the share of one key."""
    source = np.random.default_rng(5)

    def users(count: int) -> np.ndarray:
        return np.where(source.random(count) < hot, 7, source.integers(0, keys, count))

    for number, ds in enumerate(DAYS):
        start = MIDNIGHT + number * DAY_MS
        for name, count in (("events", events // len(DAYS)), ("queries", queries // len(DAYS))):
            times = start + source.integers(0, DAY_MS // 1000, count) * 1000
            amounts = pa.array(source.integers(0, 50, count), mask=source.random(count) < 0.1)
            labels = pa.array(source.choice(["a", "b", "c"], count))
            items = pa.array(source.integers(0, 9, 2 * count))
            pairs = pa.ListArray.from_arrays(pa.array(np.arange(0, 2 * count + 1, 2, dtype=np.int32)), items)
            table = pa.table({"user": users(count), "ts": times, "amount": amounts, "label": labels, "pair": pairs})
            folder = root / "db" / name / f"ds={ds}"
            folder.mkdir(parents=True)
            pq.write_table(table if name == "events" else table.select(["user", "ts", "label"]), folder / "r.parquet")


def spending(accuracy: Accuracy = Accuracy.TEMPORAL, *, lists: bool = True) -> GroupBy:
    operations = [Operation.SUM, Operation.COUNT, Operation.MAX, Operation.LAST, Operation.LAST_K(3)]
    selects = select("user", "amount", "label", *(["pair"] if lists else []))
    return GroupBy(
        name="g.spend",
        sources=EventSource(table="db.events", query=Query(selects=selects, time_column="ts")),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[
            *(Aggregation("amount", operation, windows=["1d", "3d"]) for operation in operations),
            Aggregation("amount", Operation.SUM),
            Aggregation("label", Operation.HISTOGRAM),
            *([Aggregation("pair", Operation.LAST, windows=["1d"])] if lists else []),
        ],
    )


def last_rows() -> GroupBy:
    query = Query(selects=select("user", "amount", "label"))
    source = EntitySource(snapshotTable="db.events", query=query)
    return GroupBy(name="g.last", sources=source, keys=["user"], aggregations=None)


def training(*group_bys: GroupBy) -> Join:
    left = EventSource(table="db.queries", query=Query(selects=select("user", "label"), time_column="ts"))
    join = Join(left=left, right_parts=[JoinPart(group_by) for group_by in group_bys])
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def outputs(root: Path) -> dict[str, bytes]:
    """The files that were written, which are then removed."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in sorted((root / "out").rglob("*.parquet"))}
    for path in (root / "out").rglob("*.parquet"):
        path.unlink()
    return found


def limited(root: Path, monkeypatch: pytest.MonkeyPatch, memory: Memory = TINY) -> DuckDBEngine:
    monkeypatch.setattr(engine, "shares", lambda _: memory)
    return DuckDBEngine(root, threads=2, memory="1MB")


@pytest.mark.parametrize("hot", [0.0, 0.9], ids=["many keys", "one hot key"])
def test_a_join_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hot: float) -> None:
    fill(tmp_path, events=8000, queries=6000, hot=hot)
    join = training(spending(), spending(Accuracy.SNAPSHOT), last_rows())
    for part, prefix in zip(join.joinParts, ("now", "midnight", "row"), strict=True):
        part.prefix = prefix
    backfill_join(join, DuckDBEngine(tmp_path, threads=2), end=DAYS[-1])
    free = outputs(tmp_path)
    backfill_join(join, limited(tmp_path, monkeypatch), end=DAYS[-1])
    assert outputs(tmp_path) == free
    assert len(free) == len(DAYS)
    assert not list((tmp_path / ".temp").glob("run-*/*.arrow"))


@pytest.mark.parametrize("derived", [False, True])
def test_a_group_by_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, derived: bool) -> None:
    from chronon import Derivation

    fill(tmp_path, events=8000, queries=40, hot=0.1)
    group_by = spending(Accuracy.SNAPSHOT)
    group_by.metaData.outputNamespace = "out"
    if derived:
        group_by.derivations = [Derivation("*", "*"), Derivation("more", "amount_sum + 1")]
    backfill_group_by(group_by, DuckDBEngine(tmp_path, threads=2), start=DAYS[0], end=DAYS[-1])
    free = outputs(tmp_path)
    backfill_group_by(group_by, limited(tmp_path, monkeypatch), start=DAYS[0], end=DAYS[-1])
    assert outputs(tmp_path) == free
    assert len(free) == len(DAYS)


def test_a_limit_is_shared_out() -> None:
    assert shares("3.8GB").sort_bytes == 2 * shares("2GB").sort_bytes  # beside what the libraries take
    assert shares("1MB") == shares("512MB")  # less than the libraries take
    with pytest.raises(SettingsError, match="'lots' is not an amount of memory"):
        shares("lots")


CHILD = """
import re, sys
from pathlib import Path
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline import backfill_join
from tests.engine.test_memory import DAYS, spending, training
limit = None if sys.argv[2] == "none" else sys.argv[2]
backfill_join(training(spending(lists=False)), DuckDBEngine(sys.argv[1], threads=2, memory=limit), end=DAYS[-1])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_the_limit_holds(tmp_path: Path) -> None:
    """Four million events and a million queries; unlimited, they take more than the limit."""
    fill(tmp_path, events=4_000_000, queries=1_000_000, hot=0.0, keys=20_000)
    written: list[dict[str, bytes]] = []
    peaks: list[int] = []
    for limit in ("none", "700MB"):
        command = [sys.executable, "-c", CHILD, str(tmp_path), limit]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout) // 1024)
        written.append(outputs(tmp_path))
    assert written[0] == written[1]
    assert peaks[1] < 700 < peaks[0]


def test_the_limit_holds_for_one_key(tmp_path: Path) -> None:
    """Two million events of one key, most of them within its widest window: held as they are, they take 650 MB."""
    fill(tmp_path, events=2_000_000, queries=200_000, hot=1.0)
    command = [sys.executable, "-c", CHILD, str(tmp_path), "512MB"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    within = outputs(tmp_path)
    backfill_join(training(spending(lists=False)), DuckDBEngine(tmp_path, threads=2), end=DAYS[-1])
    assert outputs(tmp_path) == within
    assert int(done.stdout) // 1024 < 512


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    fill(tmp_path, events=400, queries=40, hot=0.0)
    script = (
        "import sys, os; from pathlib import Path; from chronon.engine.duckdb.scratch import Scratch\n"
        "s = Scratch(Path(sys.argv[1])); s.file('rows').write_bytes(b'x' * 100); print(s.folder, flush=True)\n"
        "sys.stdin.read() if len(sys.argv) > 2 else os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / ".temp")]
    killed = Path(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
    assert list(killed.glob("rows-*"))
    with subprocess.Popen([*command, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as alive:
        assert alive.stdout is not None
        folder = Path(alive.stdout.readline().strip())
        backfill_join(training(spending()), DuckDBEngine(tmp_path, threads=1), end=DAYS[-1])
        assert not killed.exists()
        assert list(folder.glob("rows-*"))  # its process still needs it
    assert not folder.exists()


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file of this process may become larger than that many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_ends_the_work_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, events=8000, queries=6000, hot=0.0)
    engine = limited(tmp_path, monkeypatch)
    with full_disk(60_000), pytest.raises(ChrononError, match=r"cannot write .*rows-") as told:
        backfill_join(training(spending()), engine, end=DAYS[-1])
    assert "free some space" in str(told.value)
    assert backfill_join(training(spending()), engine, end=DAYS[-1]).filled == DAYS
