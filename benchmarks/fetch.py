"""A fetch, against the reads that it cannot do without; and HTTP, against the same server answering a constant.

A join of 10 group-bys of 10 features over 3 windows; each entity has about 30 tail hops and 20 stream rows in each.

    python benchmarks/fetch.py [--entities 1000] [--fetches 2000] [--http-seconds 3]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb
import pyarrow as pa

from chronon.aggregate import Aggregator
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.structs import Aggregation, EventSource, GroupBy, Join, JoinPart, MetaData, Query, Source, Window
from chronon.api.wire import to_json
from chronon.base.clock import FrozenClock
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import DOUBLE, LONG, STRING
from chronon.online import Fetcher, Request
from chronon.store.keys import encode, encode_columns
from chronon.store.lmdb import LmdbStore
from chronon.store.names import batch_dataset, join_entry, streaming_dataset
from chronon.store.protocol import StreamRow
from chronon.store.serving_info import GroupByInfo
from chronon.store.serving_info import encode as encode_info

B = 1_704_844_800_000
AT = B + 6 * HOUR_MS
SCHEMA = {"amount": DOUBLE, "count": LONG}
WINDOWS = [Window(n, TimeUnit.DAYS) for n in (3, 7, 30)]
AGGREGATIONS = [
    Aggregation("amount", Operation.SUM, windows=WINDOWS),
    Aggregation("amount", Operation.AVERAGE, windows=WINDOWS),
    Aggregation("count", Operation.COUNT, windows=WINDOWS),
    Aggregation("count", Operation.MAX, windows=WINDOWS[1:2]),
]
GROUP_BYS = [
    GroupBy(
        MetaData(name=f"bench.part{i}.v1"),
        [Source(events=EventSource(table="t", topic="t", query=Query()))],
        ["user"],
        AGGREGATIONS,
        Accuracy.TEMPORAL,
    )
    for i in range(10)
]
JOIN = Join(
    MetaData(name="bench.join.v1"),
    Source(events=EventSource(table="t", query=Query())),
    [JoinPart(g) for g in GROUP_BYS],
)


def events(entities: int, seed: int) -> pa.RecordBatch:
    """About 30 events of each entity that fall into different tail hops, and some later ones."""
    chance = random.Random(seed)
    rows = []
    for key in range(entities):
        hours = chance.sample(range(48), 28)  # the tails of the windows of 3 and of 7 days move by hours
        times = [B - 7 * DAY_MS + h * HOUR_MS + chance.randrange(HOUR_MS) for h in hours]
        times += [B - 30 * DAY_MS + chance.randrange(2 * DAY_MS) for _ in range(2)]
        times += [B - chance.randrange(DAY_MS) for _ in range(10)]
        rows += [(key, ts, chance.random() * 100, chance.randrange(1000)) for ts in sorted(times)]
    columns = zip(*rows, strict=True)
    types = [pa.int64(), pa.int64(), pa.float64(), pa.int64()]
    return pa.record_batch(
        [pa.array(c, t) for c, t in zip(columns, types, strict=True)], ["key", "ts", "amount", "count"]
    )


def fill(store: LmdbStore, entities: int) -> None:
    names = [f"user-{i:06}" for i in range(entities)]
    for number, definition in enumerate(GROUP_BYS):
        name = definition.metaData.name
        aggregator = Aggregator(AGGREGATIONS, SCHEMA)
        batches = (
            pa.record_batch(
                [encode_columns([pa.array(names).take(batch["key"])], [STRING]), batch["value"]], ["key", "value"]
            )
            for batch in aggregator.uploads([events(entities, number)], B)
        )
        store.bulk_put(batch_dataset(name), "g", batches)
        info = GroupByInfo(
            name=name,
            definition=to_json(definition),
            batch_end=B,
            stale_after=2 * DAY_MS,
            record="temporal",
            keys={"user": "string"},
            selected={n: str(k) for n, k in SCHEMA.items()},
            outputs={n: str(k) for n, k in aggregator.outputs.items()},
            row_hash="",
            batch_hash="",
        )
        store.publish(batch_dataset(name), "g", encode_info(info))
        serving = aggregator.serving()
        chance = random.Random(number)
        rows = [
            StreamRow(
                encode([user], [STRING]),
                ts := B + chance.randrange(6 * HOUR_MS),
                serving.encode_row(ts, [chance.random(), chance.randrange(1000)]),
                b"0/%d" % i,
            )
            for user in names
            for i in range(20)
        ]
        store.multi_put(streaming_dataset(name), rows)
    store.put_meta({join_entry(JOIN.metaData.name): to_json(JOIN).encode()})


class Reference:
    """The 10 gets and 10 scans, by LMDB alone, of keys that are already bytes."""

    def __init__(self, path: Path) -> None:
        self.batches, self.streams = [], []
        for definition in GROUP_BYS:
            (file,) = (path / "batch" / batch_dataset(definition.metaData.name)).glob("*.lmdb")
            env = lmdb.open(str(file), subdir=False, readonly=True, lock=False)
            self.batches.append((env, env.begin()))
            self.streams.append(
                lmdb.open(str(path / "stream" / streaming_dataset(definition.metaData.name)), map_size=1 << 30)
            )

    def read(self, key: bytes) -> list[tuple[bytes, list[bytes]]]:
        start, end = key + (B + (1 << 63)).to_bytes(8, "big"), key + b"\xff" * 9
        found = []
        for (_, batch), stream in zip(self.batches, self.streams, strict=True):
            record = batch.get(key)
            rows = []
            with stream.begin() as transaction, transaction.cursor() as cursor:
                if cursor.set_range(start):
                    for row_key, row in cursor:
                        if row_key >= end:
                            break
                        rows.append(row)
            found.append((record, rows))
        return found


def timed(work, items) -> list[float]:
    found = []
    for item in items:
        started = time.perf_counter()
        work(item)
        found.append(time.perf_counter() - started)
    return found


def in_process(path: Path, entities: int, fetches: int) -> None:
    chance = random.Random(0)
    users = [f"user-{chance.randrange(entities):06}" for _ in range(fetches)]
    shutil.copytree(path, path.with_name("copy"))  # a process opens an environment once
    reference = Reference(path.with_name("copy"))
    sample = reference.read(encode([users[0]], [STRING]))
    size = sum(len(record) + sum(map(len, rows)) for record, rows in sample)
    fetcher = Fetcher(LmdbStore(path), FrozenClock(AT))
    answer = fetcher.fetch_join("bench/join.v1", [Request({"user": users[0]})])[0]
    rows = sum(len(rows) for _, rows in sample)
    print(f"{len(answer.values)} features from {len(sample)} records and {rows} rows, {size:,} bytes")
    keys = [encode([user], [STRING]) for user in users]
    requests = [[Request({"user": user})] for user in users]
    reads, fetched = [], []
    for _ in range(5):  # in turns, so that both see the same machine
        reads += timed(reference.read, keys)
        fetched += timed(lambda request: fetcher.fetch_join("bench/join.v1", request), requests)
    base, mine = statistics.median(reads), statistics.median(fetched)
    print(f"10 gets and 10 scans  {base * 1e6:8.1f} us")
    print(f"fetch_join            {mine * 1e6:8.1f} us   p99 {statistics.quantiles(fetched, n=100)[98] * 1e6:.1f} us")
    print(f"ratio                 {mine / base:8.2f}      (target 3, goal 2)")
    many = [Request({"user": user}) for user in users[:200]]
    bulk = statistics.median(timed(lambda _: fetcher.fetch_join("bench/join.v1", many), range(10))) / len(many)
    print(f"in bulks of 200       {bulk * 1e6:8.1f} us each, ratio {bulk / base:.2f}")


def over_http(path: Path, entities: int, seconds: float) -> None:
    """Requests per second of one server process, of features and of a constant of the same size."""
    users = [f"user-{i:06}" for i in range(entities)]
    size = len(b"".join(_post(path, "fetch", [users[0]])))
    rates: dict[str, list[tuple[float, float]]] = {"fetch": [], "constant": []}
    for what in ("constant", "fetch") * 3:
        with _server(path, what, size) as server:
            rates[what].append(_rate(*server, users, seconds))
    print(f"HTTP, one server process, {size:,} bytes an answer")
    by_cpu = {what: statistics.median(cpu for _, cpu in found) for what, found in rates.items()}
    for what, found in rates.items():
        rate = statistics.median(rate for rate, _ in found)
        print(f"{what:20}  {rate:8.0f} requests/s   {1 / by_cpu[what]:8.0f} a CPU second")
    print(f"share                 {by_cpu['constant'] / by_cpu['fetch']:8.0%}      (target 50 %)")


def _request(user: str) -> bytes:
    body = b'[{"user":"%s"}]' % user.encode()
    return b"POST /v1/features/join/bench%%2Fjoin.v1 HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


def _post(path: Path, what: str, users: list[str]) -> list[bytes]:
    with _server(path, what, 0) as (port, _), socket.create_connection(("127.0.0.1", port)) as client:
        return [_exchange(client, _request(user)) for user in users]


def _exchange(client: socket.socket, request: bytes) -> bytes:
    """The body of the answer."""
    client.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.recv(1 << 16)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0], answer
    length = int(next(line for line in head.lower().splitlines() if line.startswith(b"content-length")).split(b":")[1])
    while len(body) < length:
        body += client.recv(1 << 16)
    return body


def _rate(port: int, pid: int, users: list[str], seconds: float) -> tuple[float, float]:
    """Answers per second while eight connections always have a request under way; and CPU seconds of each answer."""
    requests = [_request(user) for user in users]
    done, connections = 0, [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for client in connections:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(requests[0])
    started, cpu = time.perf_counter(), _cpu(pid)
    while time.perf_counter() - started < seconds:
        for client in connections:  # all have a request under way while one answer is read
            _read_answer(client)
            done += 1
            client.sendall(requests[done % len(requests)])
    elapsed, cpu = time.perf_counter() - started, _cpu(pid) - cpu
    for client in connections:
        client.close()
    return done / elapsed, cpu / done


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read_answer(client: socket.socket) -> None:
    answer = client.recv(1 << 16)
    end = answer.index(b"\r\n\r\n") + 4
    length = int(answer[:end].lower().split(b"content-length:")[1].split(b"\r\n")[0])
    missing = end + length - len(answer)
    while missing > 0:
        missing -= len(client.recv(missing))


@contextmanager
def _server(path: Path, what: str, size: int) -> Iterator[tuple[int, int]]:
    command = [sys.executable, __file__, "--serve", what, "--store", str(path), "--size", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(server.stdout.readline()), server.pid
        finally:
            server.terminate()


def _serve(path: Path, what: str, size: int) -> None:
    import uvicorn

    from chronon.online.server import app, listen

    async def constant(_scope, receive, send) -> None:
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})

    application = constant if what == "constant" else app(Fetcher(LmdbStore(path), FrozenClock(AT)))
    with listen("127.0.0.1", 0) as listening:
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(
            application, loop="uvloop", http="httptools", ws="none", lifespan="off", access_log=False, log_level="error"
        )
        uvicorn.Server(config).run(sockets=[listening])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entities", type=int, default=1_000)
    parser.add_argument("--fetches", type=int, default=2_000)
    parser.add_argument("--http-seconds", type=float, default=3.0, help="for each of six runs; 0 leaves HTTP out")
    parser.add_argument("--serve", choices=["fetch", "constant"], help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.store, options.serve, options.size)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        fill(LmdbStore(path), options.entities)
        in_process(path, options.entities, options.fetches)
        if options.http_seconds:
            over_http(path, options.entities, options.http_seconds)


if __name__ == "__main__":
    main()
