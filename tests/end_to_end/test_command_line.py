"""The main job from a terminal: a repo, its training rows, an upload, a fetch, the same over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

NAME = "shop.training_set.v1"


def chronon(*args: str, cwd: Path, ok: bool = True) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "chronon", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout if ok else done.stderr


@contextmanager
def serving(repo: Path, *args: str) -> Iterator[str]:
    """A server on a free port; the address."""
    with subprocess.Popen(
        [sys.executable, "-m", "chronon", "serve", "--port", "0", *args],
        cwd=repo,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if found := re.search(r"http://[0-9.]+:[0-9]+", line):
                    yield found[0]
                    break
            else:
                pytest.fail("the server did not start")
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=30)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the quickstart and what it printed."""
    root = tmp_path_factory.mktemp("quickstart")
    told = chronon("quickstart", "shop", cwd=root)
    return root / "shop", told


def test_the_quickstart_ends_with_equal_values(quickstart: tuple[Path, str]) -> None:
    _, told = quickstart
    found = re.search(r"yes: ([0-9,]+) values of ([0-9]+) checkouts, all equal", told)
    assert found, told
    assert int(found[1].replace(",", "")) > 4_000


def test_the_quickstart_refuses_a_folder_that_is_used(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    assert "is not empty" in chronon("quickstart", "shop", cwd=repo.parent, ok=False)


def test_a_second_backfill_has_nothing_to_do(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    assert "nothing to do" in chronon("backfill", NAME, "--end", "2023-11-29", cwd=repo)
    assert "nothing to do" in chronon("backfill", NAME, "--end", "2023-11-29", "--keep-outdated", cwd=repo)


def test_the_warehouse_answers_in_sql(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    query = "select count(*) as n, count(distinct user_id) as users from shop.shop_training_set_v1"
    assert json.loads(chronon("sql", query, "--format", "json", cwd=repo)) == {"n": 17990, "users": 500}
    assert chronon("sql", query, "--format", "csv", cwd=repo).splitlines()[1] == "17990,500"
    assert "17990" in chronon("sql", query, cwd=repo)


def test_a_fetch_gives_the_trained_values(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    query = (
        "select user_id, ts, shop_purchases_v1_price_sum_30d as s from shop.shop_training_set_v1 "
        "where ds = '2023-11-29' and shop_purchases_v1_price_sum_30d is not null limit 1"
    )
    row = json.loads(chronon("sql", query, "--format", "json", cwd=repo))
    answer = json.loads(chronon("fetch", NAME, f"user_id={row['user_id']}", "--at", str(row["ts"]), "--json", cwd=repo))
    assert answer["shop_purchases_v1_price_sum_30d"] == pytest.approx(row["s"], rel=1e-12)
    shown = chronon("fetch", "shop.purchases.v1", f"user_id={row['user_id']}", "--at", "2023-11-29T12:00:00", cwd=repo)
    assert "price_sum_3d" in shown


def test_the_same_over_http(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    with serving(repo) as address, httpx.Client(base_url=address) as client:
        answer = client.post(f"/v1/features/join/{NAME}", json=[{"user_id": 5}, {"user_id": "x"}]).json()
        good, bad = answer["results"]
        assert good["status"] == "Success"
        assert "shop_users_v1_country" in good["features"]
        assert any(name.endswith("_exception") for name in bad["features"])


def test_a_port_that_is_taken(quickstart: tuple[Path, str]) -> None:
    repo, _ = quickstart
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = chronon("serve", "--port", port, cwd=repo, ok=False)
    assert told.startswith("error:")
    assert port in told


@pytest.mark.parametrize(
    "command, message",
    [
        (["backfill", "shop.training_set.v2"], "v2"),
        (["backfill", "shop.trainingset.v1"], "shop.training_set.v1"),
        (["fetch", "shop.nothing.v1", "user_id=5"], "shop.nothing.v1"),
        (["fetch", NAME], "chronon fetch"),
        (["fetch", NAME, "user=5"], "user_id"),
        (["fetch", "shop.purchases.v1", "user_id=five"], "five"),
        (["fetch", NAME, "user_id=5", "--at", "yesterday"], "yesterday"),
        (["upload", NAME, "--ds", "2024-05-05"], "2023-11-29"),
        (["sql", "select nothing from data.users"], "country"),
        (["sql", "select * from data.userz"], "data.users"),
    ],
)
def test_mistakes_are_told_without_a_traceback(quickstart: tuple[Path, str], command: list[str], message: str) -> None:
    repo, _ = quickstart
    told = chronon(*command, cwd=repo, ok=False)
    assert "error: " in told
    assert message in told
    assert "Traceback" not in told


def test_an_own_repo_from_init_to_compile(tmp_path: Path) -> None:
    told = chronon("init", "features", "--team", "growth", cwd=tmp_path)
    assert "teams.json" in told
    repo = tmp_path / "features"
    (repo / "group_bys" / "growth" / "logins.py").write_text(
        "from chronon import *\n"
        "v1 = GroupBy(sources=EventSource(table='data.logins', query=Query(selects=select('user_id', 'ok'),"
        " time_column='ts')), keys=['user_id'], accuracy=Accuracy.TEMPORAL, online=True,"
        " aggregations=[Aggregation('ok', Operation.COUNT, windows=['7d'])])\n"
    )
    assert "1 written" in chronon("compile", cwd=repo)
    assert "1 unchanged" in chronon("compile", cwd=repo)
    compiled = json.loads((repo / "production" / "group_bys" / "growth" / "logins.v1").read_text())
    assert compiled["metaData"]["name"] == "growth.logins.v1"
    assert "kept" in chronon("init", ".", "--team", "growth", cwd=repo)


def test_outside_of_a_repo(tmp_path: Path) -> None:
    assert "chronon init" in chronon("compile", cwd=tmp_path, ok=False)


@pytest.mark.parametrize(
    "command", ["", "init", "compile", "backfill", "upload", "fetch", "serve", "sql", "quickstart"]
)
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    assert "Usage" in chronon(*command.split(), "--help", cwd=tmp_path)
