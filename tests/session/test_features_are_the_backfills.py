"""``features(df)`` is the published backfill, row by row, whatever the frame and however the rows are ordered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon import (
    Aggregation,
    Derivation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    Operation,
    Query,
    select,
)
from chronon.api.enums import Accuracy
from chronon.session import Session

from .conftest import DAY, T0, put

OPERATIONS = [Operation.SUM, Operation.AVERAGE, Operation.LAST, Operation.LAST_K(3), Operation.HISTOGRAM]
FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "arrow": lambda table: table,
    "reader": lambda table: table.to_reader(max_chunksize=2),
    "pandas": lambda table: table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
    "polars": pl.from_arrow,
    "duckdb": duckdb.from_arrow,
    "dicts": lambda table: table.to_pylist(),
}


def definition(accuracy: Accuracy) -> Join:
    query = Query(selects=select("user", "amount", text="cast(amount as string)"), time_column="ts")
    windows = ["1d", "3d"] if accuracy == Accuracy.SNAPSHOT else ["1h", "36h"]
    spend = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.events", query=query),
        keys=["user"],
        accuracy=accuracy,
        aggregations=[
            Aggregation("text" if operation == Operation.HISTOGRAM else "amount", operation, windows=windows)
            for operation in OPERATIONS
        ],
    )
    profile = GroupBy(
        name="g.profile",
        sources=EntitySource(snapshotTable="db.profile", query=Query(selects=select("user", "level"))),
        keys=["user"],
        aggregations=None,
    )
    window = windows[0]
    return Join(
        name="t.training",
        output_namespace="out",
        left=EventSource(table="db.left", query=Query(selects=select("row", "user", "worth"), time_column="ts")),
        right_parts=[JoinPart(spend), JoinPart(profile, prefix="p")],
        derivations=[Derivation("*", "*"), Derivation("ratio", f"g_spend_amount_sum_{window} / (worth + 1)")],
    )


users = st.sampled_from([None, "a", "b", "c"])
instants = st.integers(T0 - 4 * DAY, T0 + 2 * DAY - 1) | st.sampled_from([T0, T0 - 1, T0 + 3_600_000])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.tuples(users, st.none() | st.integers(-5, 5), instants), min_size=1, max_size=25),
    left=st.lists(st.tuples(users, st.integers(0, 3), st.none() | instants), min_size=1, max_size=12),
    accuracy=st.sampled_from(list(Accuracy)),
    order=st.randoms(use_true_random=False),
)
def test_features_are_the_backfills(
    tmp_path_factory: pytest.TempPathFactory, events: Any, left: Any, accuracy: Accuracy, order: Any
) -> None:
    session = Session(Path(tmp_path_factory.mktemp("shop")), threads=2)
    put(
        session,
        "db.events",
        "2024-01-05",
        pa.table(
            {
                "user": pa.array([e[0] for e in events], pa.string()),
                "amount": pa.array([e[1] for e in events], pa.int64()),
                "ts": pa.array([e[2] for e in events], pa.int64()),
            }
        ),
    )
    put(session, "db.profile", "2024-01-04", [{"user": "a", "level": 1}, {"user": "b", "level": 2}])
    rows = pa.table(
        {
            "row": list(range(len(left))),
            "user": pa.array([r[0] for r in left], pa.string()),
            "worth": [float(r[1]) for r in left],
            "ts": pa.array([r[2] for r in left], pa.int64()),
        }
    )
    put(session, "db.left", "2024-01-05", rows)
    join = definition(accuracy)
    vars(join)["_session"] = session
    published = join.backfill(end="2024-01-05").arrow()
    by_row = {row["row"]: row for row in published.to_pylist(maps_as_pydicts="strict")}
    shuffled = list(range(len(left)))
    order.shuffle(shuffled)
    given_rows = rows.take(shuffled)
    for kind, make in FRAMES.items():
        found = join.features(make(given_rows)).dicts()
        assert [row["row"] for row in found] == shuffled, kind
        for row in found:
            want = {name: value for name, value in by_row[row["row"]].items() if name != "ds"}
            assert {name: row[name] for name in want} == want, kind
