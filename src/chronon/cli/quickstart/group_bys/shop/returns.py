"""What a user has sent back."""

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select

v1 = GroupBy(
    sources=EventSource(
        table="data.returns",
        topic="events/returns",
        query=Query(selects=select("user_id", "refund_amount", "reason"), time_column="ts"),
    ),
    keys=["user_id"],
    online=True,
    aggregations=[
        Aggregation(input_column="refund_amount", operation=Operation.SUM, windows=["3d", "14d", "30d"]),
        Aggregation(input_column="refund_amount", operation=Operation.COUNT, windows=["3d", "14d", "30d"]),
        Aggregation(input_column="reason", operation=Operation.LAST, windows=["30d"]),
    ],
    description="Refunds to a user, and the reason of the last one",
)
