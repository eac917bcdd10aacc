"""Training rows: every checkout with what was known about its user at that instant."""

from group_bys.shop import purchases, returns, users

from chronon import Derivation, EventSource, Join, JoinPart, Query, select

v1 = Join(
    left=EventSource(
        table="data.checkouts",
        query=Query(selects=select("checkout_id", "user_id", "cart_value"), time_column="ts"),
    ),
    right_parts=[
        JoinPart(group_by=purchases.v1),
        JoinPart(group_by=returns.v1),
        JoinPart(group_by=users.v1),
    ],
    derivations=[
        Derivation("*", "*"),
        Derivation(
            "refunded_share_30d",
            "coalesce(shop_returns_v1_refund_amount_sum_30d, 0) / shop_purchases_v1_price_sum_30d",
        ),
    ],
    online=True,
    description="Features at checkout, for the model that predicts a return",
)
