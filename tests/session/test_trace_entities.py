"""Traces of entities: the snapshot that is seen, and within a day the changes since midnight."""

from __future__ import annotations

from typing import Any

from chronon import Aggregation, EntitySource, GroupBy, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.offline.traced import AFTER, BEFORE, INSIDE
from chronon.session import Session

from .conftest import DAY, HOUR, MINUTE, T0, put


def balances(**options: Any) -> GroupBy:
    return GroupBy(
        name="bank.balances",
        sources=EntitySource(
            snapshotTable="data.accounts",
            mutationTable="data.changes",
            query=Query(selects=select("user_id", "balance"), time_column="ts"),
        ),
        keys=["user_id"],
        **options,
    )


def accounts(session: Session) -> None:
    put(
        session,
        "data.accounts",
        "2024-01-04",
        [
            {"user_id": 1, "balance": 10, "ts": T0 - 2 * HOUR},
            {"user_id": 1, "balance": 5, "ts": T0 - 9 * DAY},
            {"user_id": 2, "balance": 7, "ts": T0 - HOUR},
        ],
    )
    changes = [
        {"user_id": 1, "balance": 10, "ts": T0 - 2 * HOUR, "mutation_ts": T0 + HOUR, "is_before": True},
        {"user_id": 1, "balance": 30, "ts": T0 - 2 * HOUR, "mutation_ts": T0 + HOUR, "is_before": False},
        {"user_id": 1, "balance": 1, "ts": T0 + 3 * HOUR, "mutation_ts": T0 + 3 * HOUR, "is_before": False},
    ]
    put(session, "data.changes", "2024-01-05", changes)


def test_a_snapshot_is_that_of_the_day_before_with_exact_windows(session: Session) -> None:
    accounts(session)
    group_by = balances(
        aggregations=[Aggregation("balance", Operation.SUM, windows=["7d"])], accuracy=Accuracy.SNAPSHOT
    )
    found = group_by.trace({"user_id": 1}, T0 + 20 * MINUTE, "balance_sum_7d")
    (column,) = found.columns
    assert (found.value, column.since, column.until, column.hop) == (10, T0 - 7 * DAY, T0, None)
    assert [(row.values["balance"], row.where, row.partition) for row in column.rows] == [
        (5, BEFORE, "2024-01-04"),
        (10, INSIDE, "2024-01-04"),
    ]


def test_without_windows_all_rows_of_the_snapshot_count(session: Session) -> None:
    accounts(session)
    group_by = balances(aggregations=[Aggregation("balance", Operation.SUM)], accuracy=Accuracy.SNAPSHOT)
    found = group_by.trace({"user_id": 1}, T0 + 20 * MINUTE, "balance_sum")
    assert (found.value, len(found.columns[0].inside)) == (15, 2)
    assert "all rows of the key in that partition count" in repr(found)


def test_within_a_day_changes_are_followed(session: Session) -> None:
    accounts(session)
    group_by = balances(aggregations=[Aggregation("balance", Operation.SUM)], accuracy=Accuracy.TEMPORAL)
    found = group_by.trace({"user_id": 1}, T0 + 2 * HOUR, "balance_sum")
    (column,) = found.columns
    assert found.value == 35
    seen = [(row.values["balance"], row.is_before, row.table) for row in column.inside]
    assert sorted(seen) == [
        (5, False, "data.accounts"),
        (10, False, "data.accounts"),
        (10, True, "data.changes"),
        (30, False, "data.changes"),
    ]
    assert [row.values["balance"] for row in column.rows if row.where == AFTER] == [1]
    assert "taken back" in repr(found)
