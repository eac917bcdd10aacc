"""What is stored outlives the definition it was written for: uploads, rows and fetches by two versions of one."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon.api.enums import Accuracy
from chronon.api.structs import EventSource, Query, Source
from chronon.engine.duckdb import DuckDBEngine
from chronon.offline.upload import upload_group_by
from chronon.online import Fetcher, Request
from chronon.online.behind import behind
from chronon.store.layouts import described
from chronon.store.lmdb import LmdbStore
from chronon.store.names import batch_dataset
from chronon.store.protocol import StreamRow
from chronon.stream.ingest import Ingest
from chronon.testing.shorthand import aggregation

from . import world as w
from .world import T0, derivations, ms

NAME = "shop.orders.v1"
SUM, COUNT = aggregation("amount", "SUM", "7d"), aggregation("amount", "COUNT")
MONTH, TIPS = aggregation("amount", "SUM", "30d"), aggregation("tip", "SUM", "7d")
NOON = ms("Jan 10 12:00")
EXCEPTION = "shop_orders_v1_exception"
WITHOUT = "What is stored was written by a definition without"


def orders(*aggregations, selects=("amount",), **options):
    query = Query(selects={"user": "user", **{name: name for name in selects}}, timeColumn="ts")
    source = Source(events=EventSource(table="shop.orders", topic="orders", query=query))
    return w.group_by(NAME, ["user"], list(aggregations), source=source, accuracy=Accuracy.TEMPORAL, **options)


OLD = orders(SUM, COUNT)
WIDER = orders(MONTH, SUM, COUNT)
WITH_TIPS = orders(TIPS, SUM, selects=("amount", "tip"))


class Shop:
    """A warehouse with a table of orders, and a store."""

    def __init__(self, folder):
        self.engine = DuckDBEngine(folder / "warehouse", threads=1)
        self.store = LmdbStore(folder / "store")
        row = {"user": "u", "amount": 10, "tip": 1, "ts": ms("Jan 9 08:00")}
        day = folder / "warehouse" / "shop" / "orders" / "ds=2024-01-09"
        day.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist([row]), day / "rows.parquet")

    def upload(self, definition):
        upload_group_by(definition, self.engine, self.store, ds="2024-01-09")

    def stream(self):
        """Writes rows as what is published now says."""
        ingest = Ingest(self.store, NAME)

        def write(at, amount, tip=None):
            row = {"user": "u", "amount": amount, "tip": tip, "ts": at}
            ingest.write([row], partition="0", offset=at)

        return write

    def fetch(self, at=NOON):
        (answer,) = Fetcher(self.store).fetch_group_by(NAME, [Request({"user": "u"}, at)])
        assert answer.error is None, answer.error
        return answer.values

    def fetch_join(self, definition, at=NOON, **options):
        join = w.join("shop.checkout.v1", [w.JoinPart(definition)], **options)
        self.store.put_meta({"joins/shop/checkout.v1": w.to_json(join).encode()})
        (answer,) = Fetcher(self.store).fetch_join("shop.checkout.v1", [Request({"user": "u"}, at)])
        assert answer.error is None, answer.error
        return answer.values


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    yield made
    made.store.close()


def test_an_upload_describes_its_layout_once(shop):
    shop.upload(OLD)
    shop.upload(OLD)
    assert len(described(shop.store, NAME)) == 1
    shop.upload(WIDER)
    assert len(described(shop.store, NAME)) == 2


def test_rows_that_the_definition_before_wrote_are_read(shop):
    shop.upload(OLD)
    write = shop.stream()
    write(T0 + 1, 5)
    shop.upload(WIDER)
    write(T0 + 2, 7)
    assert shop.fetch() == {"amount_sum_30d": 22, "amount_sum_7d": 22, "amount_count": 3}


def test_a_column_that_rows_were_written_without_is_left_out_and_named(shop):
    shop.upload(OLD)
    old = shop.stream()
    shop.upload(WITH_TIPS)
    new = shop.stream()
    new(T0 + 1, 5, tip=2)
    assert shop.fetch() == {"tip_sum_7d": 3, "amount_sum_7d": 15}
    old(T0 + 2, 7)
    answer = shop.fetch()
    assert answer.pop(EXCEPTION).startswith(f"{WITHOUT} tip_sum_7d;")
    assert answer == {"amount_sum_7d": 22}  # not null: what is unknown is no value
    shop.store.delete("SHOP_ORDERS_V1_STREAMING", b"\x20u\0\x01")
    assert shop.fetch() == {"tip_sum_7d": 1, "amount_sum_7d": 10}


def test_after_a_rollback_the_rows_of_the_newer_definition_are_read(shop):
    fetcher = Fetcher(shop.store)
    shop.upload(OLD)
    fetcher.fetch_group_by(NAME, [Request({"user": "u"}, NOON)])
    shop.upload(WITH_TIPS)
    shop.stream()(T0 + 1, 5, tip=2)
    shop.store.rollback(batch_dataset(NAME))
    (answer,) = fetcher.fetch_group_by(NAME, [Request({"user": "u"}, NOON)])
    assert answer.values == {"amount_sum_7d": 15, "amount_count": 2}
    assert behind(shop.store, NAME, {"user": "u"}, NOON).streamed == [(T0 + 1, {"amount": 5})]


@pytest.mark.parametrize("newer, lost", [(WIDER, "amount_sum_30d"), (WITH_TIPS, "tip_sum_7d")], ids=["window", "input"])
def test_a_newer_definition_in_a_join_reads_the_older_upload(shop, newer, lost):
    shop.upload(OLD)
    shop.stream()(T0 + 1, 5)
    answer = shop.fetch_join(newer)
    assert answer.pop(EXCEPTION).startswith(f"{WITHOUT} {lost};")
    assert answer["shop_orders_v1_amount_sum_7d"] == 15
    assert f"shop_orders_v1_{lost}" not in answer
    assert answer["shop_orders_v1_amount_count"] == 2
    shop.upload(newer)
    assert EXCEPTION not in shop.fetch_join(newer, T0 + 1)


def test_a_column_of_other_arguments_is_another_column(shop):
    shop.upload(orders(aggregation("amount", "APPROX_UNIQUE_COUNT", k=8), SUM))
    answer = shop.fetch_join(orders(aggregation("amount", "APPROX_UNIQUE_COUNT", k=12), SUM))
    assert answer.pop(EXCEPTION).startswith(f"{WITHOUT} amount_approx_unique_count;")
    assert answer == {"shop_orders_v1_amount_sum_7d": 10}


def test_what_is_derived_from_an_unknown_column_is_left_out(shop):
    own = derivations("*", ("twice", "amount_sum_7d * 2"))
    shop.upload(orders(SUM, COUNT, derivations=own))
    shop.stream()(T0 + 1, 5)
    of_join = derivations(
        ("half", "shop_orders_v1_twice / 4"),
        ("month", "shop_orders_v1_amount_sum_30d"),
        ("rest", "coalesce(shop_orders_v1_amount_sum_30d, 0)"),
        ("tips", "coalesce(shop_orders_v1_tip_sum_7d, 0)"),
    )
    answer = shop.fetch_join(orders(MONTH, SUM, TIPS), derivations=of_join)
    assert answer.pop(EXCEPTION).startswith(f"{WITHOUT} amount_sum_30d, tip_sum_7d;")
    assert answer == {"half": 7.5}


def test_rows_of_a_layout_that_nobody_described_are_an_error_of_their_entity(shop):
    shop.upload(OLD)
    write = shop.stream()
    write(T0 + 1, 5)
    stranger = w.Aggregator([TIPS], {"tip": w.LONG}).serving().encode_row(T0 + 2, [1])
    shop.store.multi_put("SHOP_ORDERS_V1_STREAMING", [StreamRow(b"\x20v\0\x01", T0 + 2, stranger, b"0")])
    good, bad = Fetcher(shop.store).fetch_group_by(NAME, [Request({"user": user}, NOON) for user in "uv"])
    assert good.values["amount_sum_7d"] == 15
    assert "upload again" in str(bad.error)
