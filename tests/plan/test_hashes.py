"""What changes the meaning of a definition, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chronon import Accuracy, Aggregation, Derivation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api import structs
from chronon.plan.hashes import batch_hash, output_hash, row_hash


def group_by(**changes) -> structs.GroupBy:
    source = EventSource(
        table=changes.pop("table", "db.t"),
        topic="topic",
        query=Query(
            selects=changes.pop("selects", select("user", "amount")),
            wheres=changes.pop("wheres", None),
            time_column="ts",
            start_partition=changes.pop("start", None),
        ),
    )
    return GroupBy(
        **{
            "name": "g.spend",
            "sources": source,
            "keys": ["user"],
            "aggregations": [Aggregation("amount", Operation.SUM, windows=["1d", "7d"])],
            "accuracy": Accuracy.TEMPORAL,
            **changes,
        }
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"table": "db.other"},
        {"selects": select("user", amount="amount * 2")},
        {"wheres": ["amount > 0"]},
    ],
    ids=str,
)
def test_other_rows_change_every_hash(changes: dict) -> None:
    before, after = group_by(), group_by(**changes)
    assert row_hash(before) != row_hash(after)
    assert batch_hash(before) != batch_hash(after)
    assert output_hash(before) != output_hash(after)


@pytest.mark.parametrize(
    "aggregation",
    [
        Aggregation("amount", Operation.MAX, windows=["1d", "7d"]),
        Aggregation("amount", Operation.SUM, windows=["1d"]),
        Aggregation("amount", Operation.SUM, windows=["1d", "7h"]),
        Aggregation("amount", Operation.LAST_K(2), windows=["1d", "7d"]),
    ],
    ids=repr,
)
def test_other_aggregations_change_the_batch_but_not_the_rows(aggregation: structs.Aggregation) -> None:
    before, after = group_by(), group_by(aggregations=[aggregation])
    assert row_hash(before) == row_hash(after)
    assert batch_hash(before) != batch_hash(after)


@pytest.mark.parametrize(
    "changes",
    [{"description": "said otherwise"}, {"start": "2024-01-01"}, {"tags": {"a": "b"}}, {"online": True}],
    ids=str,
)
def test_what_is_only_said_changes_nothing(changes: dict) -> None:
    for hashed in (row_hash, batch_hash, output_hash):
        assert hashed(group_by()) == hashed(group_by(**changes))


def test_derivations_change_the_output_only() -> None:
    derived = group_by(derivations=[Derivation("x", "amount_sum_1d")])
    assert batch_hash(group_by()) == batch_hash(derived)
    assert output_hash(group_by()) != output_hash(derived)


@pytest.mark.parametrize(
    "part",
    [
        lambda: JoinPart(group_by(), prefix="p"),
        lambda: JoinPart(group_by(), key_mapping={"buyer": "user"}),
        lambda: JoinPart(group_by(wheres=["true"])),
    ],
    ids=["prefix", "keys", "rows"],
)
def test_a_join_is_another_by_prefix_key_mapping_and_its_parts(part: Callable[[], structs.JoinPart]) -> None:
    def join(one: structs.JoinPart) -> structs.Join:
        left = EventSource(table="db.q", query=Query(selects=select("user", "buyer"), time_column="ts"))
        return Join(left=left, right_parts=[one], name="t.j")

    assert output_hash(join(JoinPart(group_by()))) != output_hash(join(part()))
