"""Python functions in expressions: from a repo to a backfill, an upload, a fetch and a stream, the same values."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest

from chronon.api import structs
from chronon.api.wire import from_json
from chronon.base.errors import ChrononError
from chronon.plan.hashes import row_hash

FUNCTIONS = '''
from chronon import udf
import pyarrow.compute as pc

@udf
def basket(price: float, quantity: int) -> float:
    """Raises for a quantity of zero, as user code does."""
    return price * quantity + 0 / quantity

@basket.vector
def _(price, quantity):
    return pc.add(pc.multiply(price, quantity), pc.cast(pc.divide(pc.multiply(quantity, 0), quantity), "double"))

@udf("string", args=["string"], nulls=True)
def tier(country):
    return "none" if country is None else country.strip().upper()[:2]
'''
GROUP_BY = """
from ai.chronon.group_by import Accuracy, Aggregation, Derivation, GroupBy, Operation
from ai.chronon.api.ttypes import EventSource, Source
from chronon import Query
from features.udfs import basket, tier

v1 = GroupBy(
    sources=[Source(events=EventSource(
        table="db.orders",
        topic="orders",
        query=Query(
            selects={"user": "user", "value": "basket(price, quantity)", "tier": "TIER(country)"},
            wheres=["tier(country) <> 'XX'"],
            time_column="ts",
            functions=[basket, tier],
        ),
    ))],
    keys=["user"],
    aggregations=[
        Aggregation(input_column="value", operation=Operation.SUM, windows=["7d"]),
        Aggregation(input_column="value", operation=Operation.COUNT, windows=["7d"]),
        Aggregation(input_column="tier", operation=Operation.LAST, windows=["7d"]),
    ],
    derivations=[
        Derivation(name="*", expression="*"),
        Derivation(name="scored", expression="basket(value_sum_7d, CAST(value_count_7d AS INT))"),
    ],
    accuracy=Accuracy.TEMPORAL,
    online=True,
    output_namespace="db",
    backfill_start_date="2024-01-01",
)
"""


def at(day, hour=0):
    return int(datetime(2024, 1, day, hour, tzinfo=UTC).timestamp() * 1000)


ROWS = [
    {"user": 1, "price": 2.0, "quantity": 3, "country": " us", "ts": at(2, 1)},
    {"user": 1, "price": 5.0, "quantity": 0, "country": None, "ts": at(2, 2)},
    {"user": 1, "price": None, "quantity": 4, "country": "de", "ts": at(2, 3)},
    {"user": 2, "price": 1.5, "quantity": 2, "country": "xx", "ts": at(2, 4)},
    {"user": 3, "price": 1.5, "quantity": 2, "country": "fr", "ts": at(2, 5)},
]


@pytest.fixture
def repo(tmp_path, monkeypatch):
    from chronon.testing.literals import write_table

    (tmp_path / "teams.json").write_text('{"default": {"namespace": "db"}, "shop": {}}')
    for folder, name, text in (("features", "udfs", FUNCTIONS), ("group_bys/shop", "orders", GROUP_BY)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").write_text("")
        (tmp_path / folder / f"{name}.py").write_text(text)
    (tmp_path / "group_bys" / "__init__.py").write_text("")
    write_table(
        tmp_path / ".chronon" / "warehouse",
        "db.orders",
        [{**row, "ds": "2024-01-02"} for row in ROWS],
        columns={"user": "long", "price": "double", "quantity": "int", "country": "string", "ts": "long"},
    )
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name == "features" or name.startswith("features.")]:
        del sys.modules[name]


def compiled(repo, *flags):
    command = [sys.executable, "-m", "chronon", "compile", *flags]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return from_json(structs.GroupBy, (repo / "production/group_bys/shop/orders.v1").read_text())


def test_from_repo_to_fetch_and_stream(repo):
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.offline.group_by import backfill_group_by
    from chronon.offline.upload import upload_group_by
    from chronon.online.fetcher import Fetcher
    from chronon.online.messages import Request
    from chronon.store.lmdb import LmdbStore
    from chronon.stream.ingest import Ingest

    definition = compiled(repo)
    engine = DuckDBEngine(repo / ".chronon" / "warehouse", threads=1)
    result = backfill_group_by(definition, engine, end="2024-01-02")
    found = engine.query("SELECT * FROM db.shop_orders_v1 ORDER BY user").read_all().to_pylist()
    assert [(row["user"], row["value_sum_7d"], row["tier_last_7d"], row["scored"]) for row in found] == [
        (1, 6.0, "DE", 6.0),
        (3, 3.0, "FR", 3.0),
    ]
    assert any("basket failed" in note and "ZeroDivisionError" in note for note in result.notes)

    store = LmdbStore(repo / "store")
    done = upload_group_by(definition, engine, store, ds="2024-01-02")
    assert any("basket failed" in note for note in done.notes)
    fetcher = Fetcher(store)
    (answer,) = fetcher.fetch_group_by("shop.orders.v1", [Request({"user": 1}, at(3, 5))])
    assert (answer.values["value_sum_7d"], answer.values["scored"]) == (6.0, 6.0)
    late = [{"user": 1, "price": 10.0, "quantity": 2, "country": "it", "ts": at(3, 1)}, {**ROWS[1], "ts": at(3, 2)}]
    assert Ingest(store, "shop.orders.v1").write(late, partition="0", offset=0) == 2
    (answer,) = fetcher.fetch_group_by("shop.orders.v1", [Request({"user": 1}, at(3, 5))])
    assert (answer.values["value_sum_7d"], answer.values["tier_last_7d"]) == (26.0, "none")
    counted = asyncio.run(metrics(fetcher))  # those of the process, so of other tests too
    assert re.search(r'^chronon_function_failures_total{function="basket"} [1-9]\d*$', counted, re.MULTILINE)


async def metrics(fetcher):
    """What a server counts."""
    from chronon.online.pages import pages

    transport = httpx.ASGITransport(app=pages(fetcher, {}))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        return (await client.get("/metrics")).text


def test_code_that_changed_is_a_new_version(repo):
    file = repo / "features" / "udfs.py"
    code = FUNCTIONS.replace("+ 0 / quantity", "- 0 / quantity")
    file.write_text(code)
    before = compiled(repo, "--force")
    file.write_text(code + "# a comment is no other code\n")
    assert row_hash(compiled(repo)) == row_hash(before)
    file.write_text(code.replace("price * quantity", "2 * price * quantity"))
    with pytest.raises(AssertionError, match="existing online conf"):
        compiled(repo)
    after = compiled(repo, "--force")
    assert row_hash(after) != row_hash(before)
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.offline.group_by import backfill_group_by

    with pytest.raises(ChrononError, match="has changed since the definition was compiled"):
        backfill_group_by(before, DuckDBEngine(repo / ".chronon" / "warehouse", threads=1), end="2024-01-02")
