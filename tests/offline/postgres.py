"""A real PostgreSQL server of a test's own: on a free port of this machine, as a user that is not root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PHRASE = "s3cret/of the:shop"
URL_PHRASE = "s3cret%2Fof%20the%3Ashop"


def binaries() -> Path:
    """The folder of the newest server on this machine."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    assert folders, "no PostgreSQL server here: apt-get install postgresql"
    return folders[0]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server; gives the URL of its database, and stops it at the end."""
    home = Path(tempfile.mkdtemp(prefix="chronon-pg-"))
    who = {"user": "nobody"} if os.getuid() == 0 else {}
    if who:
        shutil.chown(home, "nobody")
    port = free_port()
    secret = home / "password"
    secret.write_text(PHRASE)
    secret.chmod(0o644)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries() / program, *arguments], cwd=home, capture_output=True, text=True, check=False, **who
        )
        assert done.returncode == 0, done.stdout + done.stderr

    folder = str(home / "cluster")
    try:
        run(
            "initdb", "-D", folder, "-U", "shop", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8"
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off -c shared_buffers=16MB"
        run("pg_ctl", "-D", folder, "-l", str(home / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://shop:{URL_PHRASE}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", folder, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)
