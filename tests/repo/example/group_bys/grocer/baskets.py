from sources.grocer.streams import baskets, shops

from ai.chronon.group_by import Accuracy, Aggregation, Derivation, GroupBy, Operation, TimeUnit, Window

spend = GroupBy(
    sources=baskets,
    keys=["shopper"],
    online=True,
    production=False,
    accuracy=Accuracy.TEMPORAL,
    lag=1,
    aggregations=[
        Aggregation(
            "total",
            Operation.SUM,
            [Window(7, TimeUnit.DAYS), Window(6, TimeUnit.HOURS)],
            buckets=["aisle"],
            tags={"pii": "no"},
        ),
        Aggregation("total", Operation.APPROX_PERCENTILE([0.5, 0.9])),
        Aggregation("aisle", Operation.LAST_K(3)),
    ],
    derivations=[Derivation("*", "*"), Derivation("median", "total_approx_percentile[0]", "typical basket")],
    env={"backfill": {"EXECUTOR_MEMORY": "4G"}},
    tags={"area": "retail"},
    description="rolling basket spend",
    my_flag="kept in customJson",
)
shop_dim = GroupBy(
    shops, ["shop"], None, backfill_start_date="2025-02-01", output_namespace="dims_db", table_properties={"ttl": "30"}
)
