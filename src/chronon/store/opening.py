"""From a URL to a store."""

from __future__ import annotations

from typing import Any

from chronon.base.errors import SettingsError
from chronon.store.protocol import KVStore

GROUP = "chronon.stores"
"""The entry points of stores: a URL's scheme, and a class with ``from_url(url)``."""


def open_store(url: str) -> KVStore:
    """The store at a URL: ``lmdb:///var/lib/chronon``, or what an installed package adds.

    Raises
    ------
    SettingsError
        If no store is known for the URL's scheme.
    """
    from importlib.metadata import entry_points

    scheme, colon, _ = url.partition("://")
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not colon or scheme not in found:
        raise SettingsError(
            f"no store is known for {url!r}",
            expected=f"a URL that begins with one of {', '.join(f'{name}://' for name in sorted(found))}",
            mend="correct the setting 'store', or install the package that brings this store",
        )
    kind: Any = found[scheme].load()
    return kind.from_url(url)
