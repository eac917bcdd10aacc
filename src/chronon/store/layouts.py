"""Descriptions of the layouts in which a group-by's bytes were written, so that they outlive its definition.

Each is stored once, by its hash, before the first bytes of that layout are published.
"""

from __future__ import annotations

from chronon.store.names import layout_entries
from chronon.store.protocol import KVStore


def describe(store: KVStore, name: str, layout: int, description: bytes) -> None:
    """Store the description of a layout of a group-by, unless it is there."""
    entry = f"{layout_entries(name)}{layout:08x}"
    if store.get_meta(entry) != description:
        store.put_meta({entry: description})


def described(store: KVStore, name: str) -> tuple[bytes, ...]:
    """The descriptions of all layouts in which bytes of a group-by were ever written."""
    found = (store.get_meta(entry) for entry in store.list_meta(layout_entries(name)))
    return tuple(description for description in found if description is not None)
