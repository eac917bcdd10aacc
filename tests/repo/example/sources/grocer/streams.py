from ai.chronon.api.ttypes import EntitySource, EventSource, Source
from ai.chronon.query import Query, select

baskets = Source(
    events=EventSource(
        table="raw.baskets/region=eu",
        topic="baskets/host=k1/port=9092",
        query=Query(
            selects=select("shopper", total="price * qty", aisle="meta['aisle']"),
            wheres=["state = 'PAID'"],
            start_partition="2025-01-01",
            time_column="paid_ms",
        ),
    )
)
shops = EntitySource(snapshotTable="raw.shops", query=Query(selects=select("shop", "city"), partition_column="dt"))
visits = Source(
    events=EventSource(
        table="raw.visits",
        query=Query(
            selects=select("shopper", "home_shop", "visit_id"), start_partition="2025-03-01", time_column="seen_ms"
        ),
    )
)
returned = EntitySource(snapshotTable="raw.returned", query=Query(selects=select("visit_id", "was_returned")))
