from __future__ import annotations

import pytest

from chronon.base.clock import FrozenClock
from chronon.online import Fetcher, Request
from chronon.store.lmdb import LmdbStore

from .world import Q, World, put_all


@pytest.fixture
def world(tmp_path):
    """An empty store."""
    made = World(LmdbStore(tmp_path / "store"))
    yield made
    made.store.close()


@pytest.fixture
def shop(world):
    """The worked examples, uploaded."""
    put_all(world)
    return world


@pytest.fixture
def clock():
    return FrozenClock(Q)


@pytest.fixture
def fetcher(shop, clock):
    return Fetcher(shop.store, clock)


@pytest.fixture
def group_by(fetcher):
    """Fetches one entity of a group-by."""
    return lambda name, keys, at=None: fetcher.fetch_group_by(name, [Request(keys, at)])[0]


@pytest.fixture
def join(fetcher):
    """Fetches one entity of a join."""
    return lambda keys, at=None, name="shop/checkout.v1": fetcher.fetch_join(name, [Request(keys, at)])[0]
