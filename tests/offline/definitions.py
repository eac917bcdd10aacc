"""Definitions that child processes of the tests compute too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chronon import (
    Aggregation,
    BootstrapPart,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    JoinSource,
    LabelPart,
    Operation,
    Query,
    StagingQuery,
    select,
)
from chronon.api.enums import Accuracy
from chronon.engine.protocol import Engine
from chronon.offline import backfill_group_by, backfill_join, backfill_labels, backfill_staging_query


def spend(accuracy: Accuracy = Accuracy.TEMPORAL, window: str = "7d", **more: Any) -> GroupBy:
    """Sums of a user's purchases."""
    return GroupBy(
        **{
            "name": "g.spend",
            "sources": EventSource(
                table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")
            ),
            "keys": ["user"],
            "accuracy": accuracy,
            "aggregations": [Aggregation("amount", Operation.SUM, windows=["1d", window])],
            "output_namespace": "out",
            **more,
        }
    )


def spending(**more: Any) -> Join:
    """Sums of a user's purchases for rows of ``db.queries``."""
    left = EventSource(
        table="db.queries", topic="queries", query=Query(selects=select("user", "amount"), time_column="ts")
    )
    join = Join(left=left, right_parts=[JoinPart(spend())], **more)
    join.metaData.name, join.metaData.outputNamespace = "t.training", "out"
    return join


def bootstrapped() -> Join:
    """The same, of which a table knows every second row."""
    given = Query(selects=select("user", "ts", g_spend_amount_sum_1d="amount"), wheres=["amount % 2 = 0"])
    return spending(bootstrap_parts=[BootstrapPart("db.purchases", query=given)], row_ids=["user", "ts"])


def chained() -> Join:
    """A join that reads that one."""
    spent = spend(
        name="g.spent",
        sources=JoinSource(
            join=spending(), query=Query(selects=select("user", amount="g_spend_amount_sum_1d"), time_column="ts")
        ),
    )
    left = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
    join = Join(left=left, right_parts=[JoinPart(spent)])
    join.metaData.name, join.metaData.outputNamespace = "t.chained", "out"
    return join


def labeled() -> Join:
    """That join with labels: what is spent in the two days from its rows on."""
    aggregations = [Aggregation("amount", Operation.SUM, windows=["2d"])]
    label = spend(Accuracy.SNAPSHOT, name="g.label", aggregations=aggregations)
    return spending(label_part=LabelPart([JoinPart(label)], left_start_offset=2, left_end_offset=2))


def with_labels(engine: Engine) -> None:
    """The features, then the labels of some days."""
    backfill_join(labeled(), engine, end=END, step_days=5)
    for ds in ("2024-01-10", "2024-01-11", "2024-01-12"):
        backfill_labels(labeled(), engine, label_ds=ds)


def staged() -> StagingQuery:
    """Purchases by day and user."""
    query = """
        SELECT user, sum(amount) AS amount, ds FROM db.purchases
        WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}' GROUP BY user, ds ORDER BY user
    """
    return StagingQuery(query, name="t.staged", output_namespace="out", start_partition="2024-01-04")


END = "2024-01-12"
JOBS: dict[str, Callable[[Engine], object]] = {
    "bootstrap": lambda engine: backfill_join(bootstrapped(), engine, end=END, step_days=1),
    "a chain": lambda engine: backfill_join(chained(), engine, end=END, step_days=2),
    "labels": with_labels,
    "partial aggregates": lambda engine: backfill_join(spending(), engine, end=END, step_days=1, incremental=True),
    "a group-by": lambda engine: backfill_group_by(
        spend(Accuracy.SNAPSHOT, backfill_start_date="2024-01-04"), engine, end=END, step_days=1, incremental=True
    ),
    "a staging query": lambda engine: backfill_staging_query(staged(), engine, end=END, step_days=1),
}
"""Each writes several partitions, of one table or of several."""
