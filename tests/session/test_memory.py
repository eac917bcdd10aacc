"""Many rows under a memory limit are the same rows; the memory taken besides them is that of one piece."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from chronon.offline.features import features_of_rows
from chronon.session import Session

from .conftest import T0, put, spending

CHILD = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from chronon.offline.features import features_of_rows
from chronon.session import Session
from tests.session.conftest import MINUTE, T0, spending

session = Session(Path(sys.argv[1]), memory="150MB", threads=1)
features_of_rows(spending(), session.engine, pa.table({"user_id": [1], "ts": [T0]}))
rows = int(sys.argv[2])
table = pa.table({"user_id": pa.array(range(rows)), "ts": pa.array([T0 + i * MINUTE // 1000 for i in range(rows)])})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = features_of_rows(spending(), session.engine, table, rows_at_once=50_000)
print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def run(session: Session, rows: int) -> tuple[int, int]:
    command = [sys.executable, "-c", CHILD, str(session.root), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, grown = done.stdout.split()
    return int(count), int(grown) // 1024


def test_under_a_limit_the_values_are_the_same(session: Session) -> None:
    put(
        session,
        "data.purchases",
        "2024-01-02",
        pa.table({"user_id": list(range(900)), "price": [1.5] * 900, "ts": [T0] * 900}),
    )
    rows = pa.table({"user_id": [i % 1000 for i in range(60_000)], "ts": [T0 + i for i in range(60_000)]})
    limited = Session(session.root, memory="100MB", threads=1)
    whole = features_of_rows(spending(), session.engine, rows).arrow()
    assert features_of_rows(spending(), limited.engine, rows, rows_at_once=8_000).arrow().equals(whole)


@pytest.mark.timeout(120)
def test_four_times_the_rows_take_no_more_memory(session: Session) -> None:
    (few, some), (many, more) = run(session, 100_000), run(session, 400_000)
    assert (few, many) == (100_000, 400_000)
    assert more - some < 60, f"{some} MB for {few} rows, {more} MB for {many}"
