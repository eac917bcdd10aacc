"""A join for left rows in memory: features beside them, in their order; nothing is written."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chronon import Aggregation, EntitySource, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.base.arrow import schema_to_arrow
from chronon.base.errors import SchemaError
from chronon.engine.duckdb import DuckDBEngine
from chronon.engine.protocol import JoinOutput
from chronon.plan.join import plan_join

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = 1_704_412_800_000  # 2024-01-05


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    made = DuckDBEngine(tmp_path / "w", threads=2)

    def put(name: str, day: str, table: pa.Table) -> None:
        folder = made.warehouse.root / "db" / name / f"ds={day}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "rows.parquet")

    empty_left = pa.table({"user": pa.array([], pa.string()), "ts": pa.array([], pa.int64())})
    put("queries", "2024-01-05", empty_left)
    put("users", "2024-01-05", empty_left.select(["user"]))
    put(
        "purchases",
        "2024-01-05",
        pa.table({"user": ["a", "a", "b"], "amount": [1, 2, 4], "ts": [MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + HOUR]}),
    )
    return made


def features(engine: DuckDBEngine, left: EventSource | EntitySource, rows: pa.Table) -> list[int | None]:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("amount", Operation.SUM)],
    )
    join = Join(left=left, right_parts=[JoinPart(group_by)])
    join.metaData.name = "t.training"
    plan = plan_join(join, engine)
    output = JoinOutput.of(plan)
    with engine.join_rows(rows, output) as work:
        assert work.left.count == rows.num_rows
        for part in plan.parts:
            work.answer(part)
        batches = [batch for _, day in work.rows() for batch in day]
    found = pa.Table.from_batches(batches, schema_to_arrow(plan.outputs))
    assert found.column("user").to_pylist() == rows.column("user").to_pylist()
    return found.column("g_spend_amount_sum").to_pylist()


EVENTS = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))


def test_rows_keep_their_order_whatever_their_days(engine: DuckDBEngine) -> None:
    users = ["a", "b", None, "a", "nobody", "a", "b"]
    times = [DAY, DAY + 1, DAY, HOUR, 0, 2, None]
    rows = pa.table({"user": users, "ts": pa.array([None if x is None else MIDNIGHT + x for x in times], pa.int64())})
    assert features(engine, EVENTS, rows) == [3, 4, None, 1, None, 1, None]


def test_entities_bring_their_partition(engine: DuckDBEngine) -> None:
    left = EntitySource(snapshotTable="db.users", query=Query(selects=select("user")))
    rows = pa.table({"ds": ["2024-01-05", "2024-01-04", "2024-01-06"], "user": ["a", "a", "b"]})
    assert features(engine, left, rows) == [3, None, 4]


def test_no_rows_are_no_rows(engine: DuckDBEngine) -> None:
    assert features(engine, EVENTS, pa.table({"user": pa.array([], pa.string()), "ts": pa.array([], pa.int64())})) == []


def test_a_column_that_lacks_is_named(engine: DuckDBEngine) -> None:
    with pytest.raises(SchemaError, match="have no column ts"):
        features(engine, EVENTS, pa.table({"user": ["a"]}))
