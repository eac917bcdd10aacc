"""The pytest plugin: a repo with tables of its own, from literals, and a clock that stands still.

def test_spending(chronon_repo, chronon_tables):
chronon_tables("data.purchases", [{"user_id": 1, "price": 20.0, "ts": "2024-01-04T23:50"}])
features = chronon_repo.get("shop.purchases.v1").features([{"user_id": 1, "ts": 1704412800000}])
assert features.dicts()[0]["price_sum_1d"] == 20.0
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chronon.base.clock import FrozenClock
    from chronon.session import Session

NOW = 1_704_844_800_000
"""2024-01-10 00:00 UTC, where the clock stands at first."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--chronon-repo FOLDER``."""
    group = parser.getgroup("chronon")
    group.addoption("--chronon-repo", help="The repo of definitions; the nearest one above the test if not given.")


@pytest.fixture
def chronon_clock() -> FrozenClock:
    """A clock that moves only when told to; at first it is 2024-01-10 00:00 UTC."""
    from chronon.base.clock import FrozenClock

    return FrozenClock(NOW)


@pytest.fixture
def chronon_repo(request: pytest.FixtureRequest, tmp_path: Path, chronon_clock: FrozenClock) -> Generator[Session]:
    """A session over the repo of the test, with a warehouse and a store of its own; all verbs use it meanwhile."""
    from chronon import Session
    from chronon.base.settings import nearest

    given = request.config.getoption("--chronon-repo")
    root = Path(given) if given else nearest(request.path.parent) or request.config.rootpath
    places = {"warehouse": str(tmp_path / "warehouse"), "store": f"lmdb://{tmp_path / 'store'}"}
    session = Session(root, clock=chronon_clock, **places).use()
    try:
        yield session
    finally:
        Session.forget()


@pytest.fixture
def chronon_tables(chronon_repo: Session) -> Callable[..., None]:
    """Write literal rows as a table: ``chronon_tables("data.purchases", [{...}], columns={"price": "double"})``."""
    from datetime import datetime

    from chronon.testing.literals import write_table

    def write(
        table: str, rows: Sequence[Mapping[str, Any]], *, columns: Mapping[str, str] | None = None, time: str = "ts"
    ) -> None:
        read = [
            {n: datetime.fromisoformat(v) if n == time and isinstance(v, str) else v for n, v in row.items()}
            for row in rows
        ]
        settings = chronon_repo.settings
        folder = settings.warehouse_folder
        write_table(folder, table, read, columns=columns, time=time, partitions=settings.partitions)

    return write
