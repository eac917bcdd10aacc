"""A join that child processes of the tests compute too."""

from chronon import Aggregation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy


def spending() -> Join:
    """Sums of a user's purchases for rows of ``db.queries``."""
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("amount", Operation.SUM, windows=["1d", "7d"])],
    )
    join = Join(
        left=EventSource(table="db.queries", query=Query(selects=select("user", "amount"), time_column="ts")),
        right_parts=[JoinPart(group_by)],
    )
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join
