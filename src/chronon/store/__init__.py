"""Where serving data live: the store protocol and its implementations, keys and records as bytes, serving info.

Nothing here knows what a feature means; values are bytes that ``aggregate`` and ``records`` give and take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.store.opening import open_store
    from chronon.store.protocol import Gets, KVStore, Published, Scans, StreamRow

__all__ = ["Gets", "KVStore", "Published", "Scans", "StreamRow", "open_store"]


def __getattr__(name: str) -> Any:
    if name == "open_store":
        from chronon.store.opening import open_store

        return open_store
    if name in __all__:
        from chronon.store import protocol

        return getattr(protocol, name)
    raise AttributeError(name)
