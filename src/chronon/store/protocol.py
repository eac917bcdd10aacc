"""What every store can do.

Batch data come in generations: written aside, then published in one step. Stream rows are added one by one. Entries of
``meta`` hold definitions. Datasets are named by letters, digits and underscores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa


class Published(NamedTuple):
    """The generation of a dataset that readers see.

    ``edition`` tells apart two writings of the same generation.
    """

    generation: str
    info: bytes
    edition: str = ""


class Gets(NamedTuple):
    """Batch records to read: from ``published`` if that is given, else from what is published now."""

    dataset: str
    keys: Sequence[bytes]
    published: Published | None = None


class Scans(NamedTuple):
    """Stream rows to read: of some entities, with ``after_ts <= ts``, and ``ts < before_ts`` if that is given (ms)."""

    dataset: str
    prefixes: Sequence[bytes]
    after_ts: int
    before_ts: int | None = None


class StreamRow(NamedTuple):
    """A row of a stream.

    Writing a row again is the same write: rows with equal key, ``ts`` and ``identity`` are one. Where no identity is
    given (a topic's partition and offset make one) it is a hash of the value.
    """

    key: bytes
    ts: int
    value: bytes
    identity: bytes = b""


@runtime_checkable
class KVStore(Protocol):
    """A place where serving data live. Methods may be called from several threads."""

    def version(self) -> int:
        """A number that grows whenever a publish, a rollback or a new entry of ``meta`` changes what readers see."""
        ...

    def multi_get(self, dataset: str, keys: Sequence[bytes], published: Published | None = None) -> list[bytes | None]:
        """The batch records of some keys, ``None`` where there is none.

        Raises
        ------
        MissingDataError
            If nothing is published, or the generation asked for is gone.
        """
        ...

    def multi_get_many(self, gets: Sequence[Gets]) -> list[list[bytes | None]]:
        """Several ``multi_get`` in one round trip."""
        ...

    def scan(self, dataset: str, prefix: bytes, after_ts: int, before_ts: int | None = None) -> list[bytes]:
        """The stream rows of one entity with ``after_ts <= ts`` (and ``ts < before_ts``), in order of time."""
        ...

    def scan_many(self, scans: Sequence[Scans]) -> list[list[list[bytes]]]:
        """Several ``scan`` in one round trip; those of one ``Scans`` see one state of the dataset."""
        ...

    def multi_put(self, dataset: str, rows: Iterable[StreamRow | tuple[bytes, int, bytes]]) -> None:
        """Add stream rows; when this returns they are durable."""
        ...

    def bulk_put(self, dataset: str, generation: str, batches: Iterable[pa.RecordBatch]) -> int:
        """Write a generation aside, in any order of keys, and say how many records it has. Readers do not see it.

        Parameters
        ----------
        dataset, generation:
            Where it goes. A generation that exists is written anew.
        batches:
            With the binary columns ``key`` and ``value``.

        Raises
        ------
        DataError
            If a key is null or occurs twice, or a value is null.
        """
        ...

    def publish(self, dataset: str, generation: str, info: bytes) -> None:
        """Let readers see a generation and its serving info, in one step; the one before is kept for a rollback.

        Raises
        ------
        MissingDataError
            If the generation has not been written.
        """
        ...

    def rollback(self, dataset: str) -> str:
        """Let readers see the generation before again, and name it; a second rollback takes the first one back.

        Raises
        ------
        MissingDataError
            If there is none.
        """
        ...

    def published(self, dataset: str) -> Published | None:
        """What readers of a dataset see now."""
        ...

    def put_meta(self, entries: Mapping[str, bytes]) -> None:
        """Write entries of ``meta``, all or none."""
        ...

    def get_meta(self, name: str) -> bytes | None:
        """One entry of ``meta``."""
        ...

    def list_meta(self, prefix: str = "") -> list[str]:
        """The names of the entries of ``meta`` that begin with ``prefix``, sorted."""
        ...

    def delete(self, dataset: str, key: bytes) -> None:
        """Forget one entity: its batch records in all generations, its stream rows."""
        ...

    def close(self) -> None:
        """Let go of files and connections. Closing twice is the same as once."""
        ...
