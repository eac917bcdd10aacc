"""What the datasets and entries of a definition are called in a store."""

from __future__ import annotations

from chronon.api.naming import sanitize, slashed

JOINS = "joins/"
"""Before the names of joins among the entries of ``meta``."""

LAYOUTS = "layouts/"
"""Before the names of group-bys whose layouts are described there."""


def batch_dataset(name: str) -> str:
    """The dataset of a group-by's uploads.

    >>> batch_dataset("shop.purchases.v1")
    'SHOP_PURCHASES_V1_BATCH'
    """
    return f"{sanitize(name).upper()}_BATCH"


def streaming_dataset(name: str) -> str:
    """The dataset of a group-by's stream rows.

    >>> streaming_dataset("shop/purchases.v1")
    'SHOP_PURCHASES_V1_STREAMING'
    """
    return f"{sanitize(name).upper()}_STREAMING"


def join_entry(name: str) -> str:
    """The entry that holds a join's definition.

    >>> join_entry("shop.checkout.v1")
    'joins/shop/checkout.v1'
    """
    return f"{JOINS}{slashed(name)}"


def layout_entries(name: str) -> str:
    """What the entries begin with that describe the layouts of a group-by's bytes.

    >>> layout_entries("shop.purchases.v1")
    'layouts/shop/purchases.v1/'
    """
    return f"{LAYOUTS}{slashed(name)}/"
