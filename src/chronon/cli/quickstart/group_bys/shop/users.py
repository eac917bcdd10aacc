"""Who a user is, as of the last midnight."""

from chronon import EntitySource, GroupBy, Query, select

v1 = GroupBy(
    sources=EntitySource(
        snapshotTable="data.users",
        query=Query(
            selects=select(
                "user_id",
                "country",
                account_age_days="datediff(ds, signed_up)",
                verified="email_verified",
            )
        ),
    ),
    keys=["user_id"],
    online=True,
    aggregations=None,
    description="Country, age of the account, and whether the address was verified",
)
