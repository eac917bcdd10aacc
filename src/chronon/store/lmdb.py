"""The store in a folder of a local disk, by LMDB.

    meta/                          which generation of each dataset is published, serving info, definitions
    batch/<DATASET>/*.lmdb         batch records, one immutable file for each writing of a generation
    stream/<DATASET>/              stream rows, one environment for each dataset

To publish is one transaction in ``meta``. A process that is killed leaves the old state or the new one, and files that
the next writer removes.
"""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from chronon.base.errors import ConfigError, MissingDataError, SettingsError, StorageError
from chronon.store.environment import Environment
from chronon.store.generations import BatchFile, Generations
from chronon.store.keys import LONGEST, own_value, shorten, stored_value
from chronon.store.protocol import Gets, Published, Scans, StreamRow

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.store.environment import Transaction

_SIGN = 1 << 63
_AFTER_ALL = b"\xff" * 9
_DATASET = re.compile(r"[A-Za-z0-9_]{1,200}")
_VERSION = b"version"
_LONGEST_ENTRY = 400
_LONGEST_IDENTITY = 64


class Pointer(msgspec.Struct, array_like=True):
    """The published generation of a dataset and the one before."""

    current: Published
    previous: Published | None = None


_encode_pointer = msgspec.msgpack.Encoder().encode
_decode_pointer = msgspec.msgpack.Decoder(Pointer).decode


class LmdbStore:
    """A store in a folder.

    Parameters
    ----------
    path:
        The folder; made by the first write. It must be on a local disk.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        self._meta: Environment | None = None
        self._streams: dict[str, Environment] = {}
        self._files: dict[tuple[str, str], BatchFile] = {}
        self._opening = threading.Lock()
        self._closed = False

    @classmethod
    def from_url(cls, url: str) -> LmdbStore:
        """The store at ``lmdb:///absolute/path``."""
        parts = urlsplit(url)
        if parts.netloc or not parts.path.strip("/"):
            raise SettingsError(f"{url!r} names no folder", expected="lmdb:///absolute/path, with three slashes")
        return cls(unquote(parts.path))

    # ---- batch data

    def multi_get(self, dataset: str, keys: Sequence[bytes], published: Published | None = None) -> list[bytes | None]:
        """The batch records of some keys, of what is published, or of ``published``."""
        return self._file(dataset, published).get_many(keys)

    def multi_get_many(self, gets: Sequence[Gets]) -> list[list[bytes | None]]:
        """Several ``multi_get``."""
        return [self._file(dataset, published).get_many(keys) for dataset, keys, published in gets]

    def _file(self, dataset: str, published: Published | None) -> BatchFile:
        if published is None:
            published = self.published(dataset)
            if published is None:
                raise MissingDataError(f"nothing is published in {dataset}", mend="upload the group-by")
        found = self._files.get((dataset, published.edition))
        return found if found is not None else self._open_file(dataset, published)

    def _open_file(self, dataset: str, published: Published) -> BatchFile:
        with self._opening:
            self._check_open()
            known = self._files.get((dataset, published.edition))
            if known is not None:  # another thread was faster
                return known
            made = BatchFile(self._generations(dataset).path(published.generation, published.edition))
            pointer = self._pointer(dataset)
            in_use = {p.edition for p in (pointer.current, pointer.previous) if p} if pointer is not None else set()
            kept = {key: file for key, file in self._files.items() if key[0] != dataset or key[1] in in_use}
            self._files = {**kept, (dataset, published.edition): made}
            return made

    def bulk_put(self, dataset: str, generation: str, batches: Iterable[pa.RecordBatch]) -> int:
        """Write a generation aside; see the protocol."""
        self._check_open()
        return self._generations(dataset).write(generation, batches)[1]

    def publish(self, dataset: str, generation: str, info: bytes) -> None:
        """Let readers see a generation; see the protocol."""
        self._check_open()
        files = self._generations(dataset)
        edition = files.newest(generation)
        if edition is None:
            raise MissingDataError(
                f"generation {generation!r} of {dataset} has not been written", mend="write it with bulk_put first"
            )
        made = Published(generation, info, edition)

        def switch(transaction: Transaction) -> tuple[Pointer, Published | None]:
            old = _read_pointer(transaction, dataset)
            if old is None:
                pointer, dropped = Pointer(made), None
            elif old.current.generation == generation:
                pointer, dropped = Pointer(made, old.previous), None
            else:
                pointer, dropped = Pointer(made, old.current), old.previous
            _write_pointer(transaction, dataset, pointer)
            return pointer, dropped

        pointer, dropped = self._meta_environment().write(switch)
        kept = [(p.generation, p.edition) for p in (pointer.current, pointer.previous) if p is not None]
        files.sweep(kept, (dropped.generation, dropped.edition) if dropped is not None else None)

    def rollback(self, dataset: str) -> str:
        """Let readers see the generation before; see the protocol."""

        def swap(transaction: Transaction) -> str:
            pointer = _read_pointer(transaction, dataset)
            if pointer is None or pointer.previous is None:
                raise MissingDataError(f"{dataset} has no generation before the published one", mend="upload again")
            _write_pointer(transaction, dataset, Pointer(pointer.previous, pointer.current))
            return pointer.previous.generation

        return self._meta_environment().write(swap)

    def published(self, dataset: str) -> Published | None:
        """What readers see of a dataset."""
        pointer = self._pointer(dataset)
        return pointer.current if pointer is not None else None

    def _pointer(self, dataset: str) -> Pointer | None:
        with self._meta_environment() as transaction:
            return _read_pointer(transaction, dataset)

    # ---- stream rows

    def scan(self, dataset: str, prefix: bytes, after_ts: int, before_ts: int | None = None) -> list[bytes]:
        """The stream rows of one entity in order of time; see the protocol."""
        return self.scan_many([Scans(dataset, [prefix], after_ts, before_ts)])[0][0]

    def scan_many(self, scans: Sequence[Scans]) -> list[list[list[bytes]]]:
        """Several ``scan``."""
        found: list[list[list[bytes]]] = []
        for dataset, prefixes, after_ts, before_ts in scans:
            stream = self._streams.get(dataset) or self._stream(dataset, create=False)
            if stream is None:
                found.append([[] for _ in prefixes])
                continue
            after = _time(after_ts + _SIGN)
            before = _AFTER_ALL if before_ts is None else _time(before_ts + _SIGN)
            with stream as transaction, transaction.cursor() as cursor:
                found.append([_scan(cursor, prefix, after, before) for prefix in prefixes])
        return found

    def multi_put(self, dataset: str, rows: Iterable[StreamRow | tuple[bytes, int, bytes]]) -> None:
        """Add stream rows in one durable transaction; see the protocol."""
        stored = [_stored_row(StreamRow._make((*row, b"")[:4])) for row in rows]
        stream = self._stream(dataset, create=True)
        if stored and stream is not None:
            stored.sort()
            stream.write(lambda transaction: transaction.cursor().putmulti(stored))

    def _stream(self, dataset: str, *, create: bool) -> Environment | None:
        found = self._streams.get(dataset)
        if found is not None:
            return found
        self._check_open()
        folder = self.path / "stream" / _checked_name(dataset)
        if not create and not (folder / "data.mdb").exists():
            return None
        made = Environment.at(folder)
        self._streams = {**self._streams, dataset: made}
        return made

    # ---- entries of meta

    def version(self) -> int:
        """See the protocol."""
        with self._meta_environment() as transaction:
            return _read_version(transaction)

    def put_meta(self, entries: Mapping[str, bytes]) -> None:
        """Write entries, all or none."""
        keys = {name: _entry_key(name) for name in entries}

        def put(transaction: Transaction) -> None:
            for name, value in entries.items():
                transaction.put(keys[name], value)
            _raise_version(transaction)

        self._meta_environment().write(put)

    def get_meta(self, name: str) -> bytes | None:
        """One entry."""
        with self._meta_environment() as transaction:
            return transaction.get(_entry_key(name))

    def list_meta(self, prefix: str = "") -> list[str]:
        """The names of entries."""
        first = _entry_key(prefix)
        found: list[str] = []
        with self._meta_environment() as transaction, transaction.cursor() as cursor:
            if cursor.set_range(first):
                for key in cursor.iternext(keys=True, values=False):
                    if not key.startswith(first):
                        break
                    found.append(key.removeprefix(b"entry/").decode())
        return found

    # ---- the rest

    def delete(self, dataset: str, key: bytes) -> None:
        """Forget one entity; see the protocol.

        The files of both generations are written anew without it. Of its stream rows, bytes may stay in free pages
        until LMDB uses these again.
        """
        stored = shorten(key)
        pointer = self._pointer(dataset)
        if pointer is not None:
            files = self._generations(dataset)
            current, previous = (
                p and p._replace(edition=files.rewrite(p.generation, p.edition, stored))
                for p in (pointer.current, pointer.previous)
            )

            def switch(transaction: Transaction) -> None:
                if _read_pointer(transaction, dataset) != pointer:
                    raise StorageError(
                        f"{dataset} was published anew while a key was deleted from it", mend="delete it again"
                    )
                if current is not None:
                    _write_pointer(transaction, dataset, Pointer(current, previous))

            self._meta_environment().write(switch)
            files.sweep([(p.generation, p.edition) for p in (current, previous) if p is not None])
        stream = self._stream(dataset, create=False)
        if stream is not None:
            stream.write(lambda transaction: _delete_rows(transaction, stored))

    def close(self) -> None:
        """Let go of all files. Another store object on the same folder is not disturbed."""
        self._closed = True
        self._meta = None
        self._streams = {}
        self._files = {}

    def _meta_environment(self) -> Environment:
        if self._meta is None:
            self._check_open()
            self._meta = Environment.at(self.path / "meta")
        return self._meta

    def _generations(self, dataset: str) -> Generations:
        return Generations(self.path / "batch" / _checked_name(dataset))

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"the store in {self.path} was closed")


def _checked_name(dataset: str) -> str:
    if not _DATASET.fullmatch(dataset):
        raise ConfigError(f"{dataset!r} cannot name a dataset", expected="letters, digits and underscores, at most 200")
    return dataset


# ---- meta, within a transaction


def _entry_key(name: str) -> bytes:
    key = b"entry/" + name.encode()
    if len(key) > _LONGEST_ENTRY:
        raise ConfigError(f"{name[:60]!r}... is too long for an entry", expected=f"at most {_LONGEST_ENTRY - 6} bytes")
    return key


def _read_version(transaction: Transaction) -> int:
    return int.from_bytes(transaction.get(_VERSION) or b"", "little")


def _raise_version(transaction: Transaction) -> None:
    transaction.put(_VERSION, (_read_version(transaction) + 1).to_bytes(8, "little"))


def _read_pointer(transaction: Transaction, dataset: str) -> Pointer | None:
    data = transaction.get(b"pointer/" + dataset.encode())
    return _decode_pointer(data) if data is not None else None


def _write_pointer(transaction: Transaction, dataset: str, pointer: Pointer) -> None:
    transaction.put(b"pointer/" + dataset.encode(), _encode_pointer(pointer))
    _raise_version(transaction)


# ---- stream rows, within a transaction: the entity's key, eight bytes of time, the row's identity


_time = struct.Struct(">Q").pack


def _stored_row(row: StreamRow) -> tuple[bytes, bytes]:
    identity = row.identity or blake2b(row.value, digest_size=16).digest()
    if len(identity) > _LONGEST_IDENTITY:
        raise ConfigError(f"the identity of a stream row has {len(identity)} bytes", expected="at most 64")
    return shorten(row.key) + _time(row.ts + _SIGN) + identity, stored_value(row.key, row.value)


def _scan(cursor: Any, whole: bytes, after: bytes, before: bytes) -> list[bytes]:
    prefix = shorten(whole) if len(whole) > LONGEST else whole
    found: list[bytes] = []
    if cursor.set_range(prefix + after):
        end = prefix + before
        for key, value in cursor:
            if key >= end:
                break
            found.append(value)
    if prefix is not whole:
        return [value for value in (own_value(whole, stored) for stored in found) if value is not None]
    return found


def _delete_rows(transaction: Transaction, prefix: bytes) -> None:
    with transaction.cursor() as cursor:
        if not cursor.set_range(prefix):
            return
        while cursor.key().startswith(prefix) and cursor.delete():
            pass
