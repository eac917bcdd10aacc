"""The notebook classes with a Spark session: rows come back as its frames."""

import pytest

from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation
from ai.chronon.pyspark.databricks import DatabricksGroupBy
from ai.chronon.query import Query, select
from chronon import EventSource
from chronon.session import Session


@pytest.fixture
def session(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / ".chronon/warehouse/data/charges/ds=2024-01-10"
    folder.mkdir(parents=True)
    rows = [{"shop": "a", "charge": 1, "at": 1_704_844_800_000}, {"shop": "a", "charge": 2, "at": 1_704_844_900_000}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "part-0.parquet")
    yield Session(tmp_path).use()
    Session.forget()


def test_a_run_gives_a_frame(spark, session):
    del session
    group_by = GroupBy(
        sources=EventSource(table="data.charges", query=Query(select("shop", "charge"), time_column="at")),
        keys=["shop"],
        aggregations=[Aggregation("charge", Operation.SUM, ["1d"])],
        accuracy=Accuracy.SNAPSHOT,
        output_namespace="lab",
        name="shop.charges",
    )
    executable = DatabricksGroupBy(group_by, spark)
    assert executable.obj.metaData.name.endswith("_shop.charges")
    frame = executable.run("20240110", "20240110")
    assert [row.asDict() for row in frame.collect()] == [{"shop": "a", "charge_sum_1d": 3, "ds": "2024-01-10"}]
