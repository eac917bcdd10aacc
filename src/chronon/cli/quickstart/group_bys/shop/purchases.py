"""What a user has bought: sums, counts and averages over days, and the last ten prices."""

from chronon import Accuracy, Aggregation, EventSource, GroupBy, Operation, Query, Source, TimeUnit, Window, select

source = Source(
    events=EventSource(
        table="data.purchases",
        topic="events/purchases",
        query=Query(
            selects=select(user="user_id", price="purchase_price * (1 - merchant_fee_percent/100)"),
            time_column="ts",
        ),
    )
)

window_sizes = [Window(length=day, timeUnit=TimeUnit.DAYS) for day in [3, 14, 30]]

v1 = GroupBy(
    sources=[source],
    keys=["user_id"],
    online=True,
    accuracy=Accuracy.TEMPORAL,
    aggregations=[
        Aggregation(input_column="price", operation=Operation.SUM, windows=window_sizes),
        Aggregation(input_column="price", operation=Operation.COUNT, windows=window_sizes),
        Aggregation(input_column="price", operation=Operation.AVERAGE, windows=window_sizes),
        Aggregation(input_column="price", operation=Operation.LAST_K(10)),
    ],
    description="What a user has paid the shop, after the merchant's fee",
)
