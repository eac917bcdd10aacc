"""A writer that tests kill: it publishes generation after generation, or puts row after row, and says what is done."""

from __future__ import annotations

import sys

import pyarrow as pa

from chronon.store.lmdb import LmdbStore


def say(what: str, number: int) -> None:
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


def generations(store: LmdbStore, first: int, rows: int) -> None:
    keys = [b"%07d" % ((i * 7919) % rows) for i in range(rows)]
    for number in range(first, first + 10_000):
        value = b"%d" % number
        batches = (
            pa.record_batch({"key": pa.array(part, pa.binary()), "value": pa.array([value] * len(part), pa.binary())})
            for part in (keys[i : i + 1000] for i in range(0, rows, 1000))
        )
        say("writing", number)
        store.bulk_put("D", f"g{number}", batches)
        say("written", number)
        store.publish("D", f"g{number}", value)
        say("published", number)


def rows(store: LmdbStore, first: int, size: int) -> None:
    for number in range(first, first + 1_000_000):
        store.multi_put("S", [(b"key", number * size + i, b"%d" % number) for i in range(size)])
        say("put", number)


if __name__ == "__main__":
    _, what, path, first_number, count = sys.argv
    {"generations": generations, "rows": rows}[what](LmdbStore(path), int(first_number), int(count))
