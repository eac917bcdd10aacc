"""A source or two to define things on."""

import pytest

from chronon import EntitySource, EventSource, Query, select


@pytest.fixture
def views():
    return EventSource(table="raw.views", query=Query(select("user", "price", "shop"), time_column="at"))


@pytest.fixture
def users():
    return EntitySource(snapshotTable="raw.users", query=Query(select("user", "city")))
