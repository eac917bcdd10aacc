"""A production database as a source of entities: a real PostgreSQL server, snapshotted into the warehouse."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow.parquet as pq
import pytest

from chronon.base import types as t
from chronon.base.clock import FrozenClock
from chronon.base.errors import ConfigError, MissingDataError, SettingsError, StorageError
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline.result import Backfill
from chronon.offline.snapshot import snapshot

from .postgres import PHRASE, URL_PHRASE, postgres

DS = "2024-01-05"
Taking = Callable[..., Backfill]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def run(server: str) -> Callable[[str], None]:
    def one(sql: str) -> None:
        with postgresql.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in sql.split(";"):
                cursor.execute(statement)

    return one


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "w", threads=2)


@pytest.fixture
def take(server: str, engine: DuckDBEngine) -> Taking:
    def one(ds: str = DS, *, again: bool = False, **source: str) -> Backfill:
        sources = {"users": {"url": server, "into": "crm.users", **source}}
        return snapshot("users", sources, engine, ds=ds, clock=FrozenClock(7), again=again)

    return one


def rows(engine: DuckDBEngine, columns: str = "*") -> list[dict[str, Any]]:
    return engine.query(f"SELECT {columns} FROM crm.users ORDER BY ALL").read_all().to_pylist()


def test_a_table_becomes_a_partition(run: Callable[[str], None], take: Taking, engine: DuckDBEngine) -> None:
    run('DROP TABLE IF EXISTS "Users"; CREATE TABLE "Users" (id bigint, city text)')
    run("INSERT INTO \"Users\" VALUES (1, 'Bonn'), (2, NULL), (NULL, 'Köln')")
    done = take(table="public.Users")
    assert (done.table, done.filled, done.rows) == ("crm.users", [DS], 3)
    found = [(row["id"], row["city"], row["ds"]) for row in rows(engine)]
    assert sorted(found, key=str) == [(1, "Bonn", DS), (2, None, DS), (None, "Köln", DS)]


TYPES = {
    "small": ("7::int2", t.SHORT, 7),
    "normal": ("7::int4", t.INT, 7),
    "big": ("7::int8", t.LONG, 7),
    "single": ("1.5::float4", t.FLOAT, 1.5),
    "double": ("0.1::float8", t.DOUBLE, 0.1),
    "price": ("12.34::numeric(10, 2)", t.DOUBLE, 12.34),
    "prices": ("ARRAY[1.5, NULL]::numeric[]", t.ListType(t.DOUBLE), [1.5, None]),
    "flag": ("true", t.BOOLEAN, True),
    "name": ("'Ä'::varchar(9)", t.STRING, "Ä"),
    "bytes": (r"'\x00ff'::bytea", t.BINARY, b"\x00\xff"),
    "day": ("'2024-01-02'::date", t.DATE, None),
    "at": ("'2024-01-02 03:04:05.678901'::timestamp", t.TIMESTAMP, None),
    "zoned": ("'2024-01-02 03:04:05+02'::timestamptz", t.TIMESTAMP, None),
    "tags": ("ARRAY['x', NULL]", t.ListType(t.STRING), ["x", None]),
    "document": ("""'{"a": 1}'::jsonb""", t.STRING, '{"a": 1}'),
    "uid": ("'420b1b40-f6ec-48e5-8ecf-28948755250f'::uuid", t.STRING, "420b1b40-f6ec-48e5-8ecf-28948755250f"),
    "uids": (
        "ARRAY['420b1b40-f6ec-48e5-8ecf-28948755250f']::uuid[]",
        t.ListType(t.STRING),
        ["420b1b40-f6ec-48e5-8ecf-28948755250f"],
    ),
    "address": ("'10.0.0.1'::inet", t.STRING, "10.0.0.1/32"),
    "span": ("'1 day'::interval", t.STRING, "1 day"),
    "clock": ("'12:30'::time", t.STRING, "12:30:00"),
}


def test_types_and_nulls(take: Taking, engine: DuckDBEngine) -> None:
    values = ", ".join(f"{sql} AS {name}" for name, (sql, _, _) in TYPES.items())
    nulls = ", ".join("NULL" for _ in TYPES)
    take(query=f"SELECT {values} UNION ALL SELECT {nulls};")
    assert engine.columns("crm.users") == {**{name: kind for name, (_, kind, _) in TYPES.items()}, "ds": t.STRING}
    shown = [row for row in rows(engine) if row["big"] is not None]
    assert {name: shown[0][name] for name, (_, _, value) in TYPES.items() if value is not None} == {
        name: value for name, (_, _, value) in TYPES.items() if value is not None
    }
    (moments,) = rows(engine, "date_format(zoned, 'HH:mm') AS z, cast(at AS string) AS a, cast(day AS string) AS d")[1:]
    assert moments == {"z": "01:04", "a": "2024-01-02 03:04:05.678901", "d": "2024-01-02"}
    empty = [row for row in rows(engine) if row["big"] is None]
    assert empty == [{**dict.fromkeys(TYPES), "ds": DS}]


def test_a_snapshot_is_taken_once_unless_asked_again(
    run: Callable[[str], None], take: Taking, engine: DuckDBEngine
) -> None:
    run("DROP TABLE IF EXISTS plain; CREATE TABLE plain AS SELECT 1 AS id")
    take(table="plain")
    run("INSERT INTO plain VALUES (2)")
    assert (take(table="plain").present, len(rows(engine))) == (1, 1)
    assert (take(table="plain", again=True).rows, len(rows(engine))) == (2, 2)
    take("2024-01-06", table="plain")
    assert engine.partitions("crm.users", "ds") == [DS, "2024-01-06"]


def test_an_empty_table_is_a_partition_without_rows(take: Taking, engine: DuckDBEngine) -> None:
    assert take(query="SELECT 1 AS id, 'x' AS name WHERE false").rows == 0
    assert engine.partitions("crm.users", "ds") == [DS]


def test_many_rows_come_in_batches(take: Taking, engine: DuckDBEngine) -> None:
    done = take(query="SELECT n AS id, repeat(md5(n::text), 4) AS text FROM generate_series(1, 400000) AS n")
    assert done.rows == 400_000
    assert rows(engine, "count(*) AS n, count(DISTINCT text) AS d, sum(id) AS s") == [
        {"n": 400_000, "d": 400_000, "s": 80_000_200_000}
    ]


def test_a_server_that_dies_while_it_is_read_leaves_no_partition(
    take: Taking, engine: DuckDBEngine, server: str
) -> None:
    def kill_the_reader() -> None:
        with postgresql.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
            for _ in range(500):
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE query LIKE '%pg_sleep(0.0001%' AND pid <> pg_backend_pid() AND now() - query_start > '0.2 s'"
                )
                if cursor.fetchall():
                    return
                time.sleep(0.02)

    killer = threading.Thread(target=kill_the_reader)
    killer.start()
    with pytest.raises(MissingDataError, match="the source users cannot be read"):
        take(query="SELECT n AS id, pg_sleep(0.0001)::text AS z FROM generate_series(1, 1000000) AS n")
    killer.join()
    assert not engine.warehouse.exists("crm.users") or engine.warehouse.files("crm.users").files == ()
    assert list((engine.warehouse.root / ".staging").iterdir()) == []


# ---- credentials


def everything_told(caught: pytest.ExceptionInfo[BaseException]) -> str:
    import traceback

    return "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:%s@127.0.0.1:1/postgres",
        "postgresql://nobody:%s@{host}/postgres",
        "postgresql://shop:%s@[bad/postgres",
        "mysql://shop:%s@127.0.0.1/x",
    ],
)
def test_no_message_holds_the_password(take: Taking, server: str, url: str) -> None:
    with pytest.raises((MissingDataError, SettingsError)) as caught:
        take(table="t", url=(url % URL_PHRASE).format(host=server.rpartition("@")[2].partition("/")[0]))
    told = everything_told(caught)
    assert PHRASE not in told
    assert URL_PHRASE not in told


def test_no_file_holds_the_password(take: Taking, engine: DuckDBEngine) -> None:
    take(query="SELECT 1 AS id")
    (file,) = engine.warehouse.files("crm.users").files
    metadata = pq.read_schema(file.path).metadata
    assert metadata[b"chronon.source"] == b"users"
    assert metadata[b"chronon.taken_at"] == b"7"
    content = b"".join(p.read_bytes() for p in engine.warehouse.root.rglob("*") if p.is_file())
    assert PHRASE.encode() not in content
    assert URL_PHRASE.encode() not in content


# ---- what is refused


def test_settings_that_lack_something(take: Taking, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="neither table nor query"):
        take()
    with pytest.raises(SettingsError, match="an unknown tabel"):
        take(table="t", tabel="t")
    with pytest.raises(SettingsError, match="there is no source 'other'"):
        snapshot("other", {}, engine, ds=DS, clock=FrozenClock(0))
    monkeypatch.delenv("CHRONON_TEST_NOT_THERE", raising=False)
    with pytest.raises(SettingsError, match="needs the variable CHRONON_TEST_NOT_THERE"):
        take(table="t", url="postgresql://shop:${CHRONON_TEST_NOT_THERE}@127.0.0.1/x")
    with pytest.raises(ConfigError, match=r"'05\.01' is not a partition"):
        take("05.01", table="t")


def test_what_the_database_refuses_is_told(take: Taking) -> None:
    with pytest.raises(MissingDataError, match='relation "nowhere" does not exist'):
        take(table="nowhere")
    with pytest.raises(ConfigError, match="has a column ds"):
        take(query="SELECT 1 AS ds")


def test_two_at_once_are_refused(take: Taking, engine: DuckDBEngine) -> None:
    with (
        engine.warehouse.writing("crm.users"),
        pytest.raises(StorageError, match=r"another process is writing crm\.users"),
    ):
        take(query="SELECT 1 AS id")


def test_from_the_command_line(server: str, tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text(
        '[sources.users]\nurl = "${SHOP_DATABASE}"\nquery = "SELECT 1 AS id, now() AS at"\ninto = "crm.users"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "chronon", "snapshot", "users", "--ds", DS],
        cwd=tmp_path,
        env={**os.environ, "SHOP_DATABASE": server},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"crm.users: 1 rows in 1 partitions, {DS}\n"
