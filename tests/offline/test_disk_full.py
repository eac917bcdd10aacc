"""A disk that is full: the job says so, what was published stays whole, and the next run goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, os, resource, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parent.parent)]
from tests.offline.conftest import World, at
from definitions import spending
from chronon.base.errors import StorageError
from chronon.offline import backfill_join

root, mode = Path(sys.argv[2]), sys.argv[3]
world = World(root / "warehouse")
days = [f"01-{number:02d}" for number in range(4, 12)]
rows = [(f"u{n}", n, at(f"{ds} 12:00") + n, ds) for i, ds in enumerate(days) for n in range(500 * (i + 1))]
columns = {"user": "string", "amount": "long", "ts": "long"}
world.table("db.queries", columns, rows)
world.table("db.purchases", columns, rows)
size = max(file.stat().st_size for file in (root / "warehouse/db/queries").rglob("*.parquet"))
if mode == "a full disk":
    ballast = root / "ballast"
    free = os.statvfs(root)
    ballast.write_bytes(b"x" * (free.f_bavail * free.f_frsize - 3 * size))
else:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, most))
told = ""
try:
    backfill_join(spending(), world.engine, end="2024-01-11", step_days=1)
except StorageError as error:
    told = str(error)
there = world.engine.warehouse.stamps("out.t_training", "ds")
kept = [row[0] for row in world.rows("out.t_training", "count(*)")]
if mode == "a full disk":
    ballast.unlink()
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
left_over = [path.name for path in (root / "warehouse/.staging").iterdir()]
again = backfill_join(spending(), world.engine, end="2024-01-11", step_days=1)
(rows_now,) = world.rows("out.t_training", "count(*)")
print(json.dumps([told, sorted(there), kept, left_over, again.present, again.filled, rows_now]))
"""
MOUNT = 'mkdir -p "$1" && mount -t tmpfs -o size=4m none "$1" && shift && exec "$@"'


def small_disk(folder: Path) -> list[str]:
    """What runs a command with a file system of 4 MB of its own at a folder; nothing where that is not permitted."""
    unshare = shutil.which("unshare")
    command = [unshare or "unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", str(folder)]
    if unshare is None or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return []
    return command


@pytest.mark.parametrize("mode", ["a full disk", "files that may not grow"])
def test_a_job_that_cannot_write_says_so_and_the_next_run_goes_on(tmp_path: Path, mode: str) -> None:
    """Where nobody may mount a small disk, both are files that may not grow."""
    root = tmp_path / "disk"
    root.mkdir()
    own = small_disk(root) if mode == "a full disk" else []
    how = mode if own else "files that may not grow"
    script = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(root), how]
    done = subprocess.run([*own, *script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told, there, kept, left_over, present, filled, rows = json.loads(done.stdout)
    assert "cannot write" in told
    assert ("No space left" if own else "File too large") in told
    assert "free space" in told
    days = [f"2024-01-{number:02d}" for number in range(4, 12)]
    assert 0 < len(there) < len(days)
    assert there == days[: len(there)]
    assert kept == [sum(500 * (n + 1) for n in range(len(there)))]
    assert left_over == []
    assert (present, filled) == (len(there), days[len(there) :])
    assert rows == [sum(500 * (n + 1) for n in range(len(days)))]
