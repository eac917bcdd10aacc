"""Why a value is what it is: the rows inside the window in order, those just outside, and where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon import Aggregation, Derivation, EventSource, GroupBy, JoinPart, Operation, Query, select
from chronon.api.enums import Accuracy
from chronon.api.naming import aggregation_columns
from chronon.base.display import to_html
from chronon.base.errors import RequestError
from chronon.base.types import LONG
from chronon.cli.main import cli
from chronon.offline.traced import AFTER, BEFORE, INSIDE
from chronon.session import Session
from chronon.stream.ingest import Ingest
from chronon.testing import Oracle, Row, assert_same

from .conftest import DAY, HOUR, MINUTE, T0, put, spending, training, users
from .test_environments import repo

SUM = "shop_spending_price_sum_1d"


def test_rows_inside_and_on_both_edges(session: Session) -> None:
    put(session, "data.purchases", "2024-01-03", [{"user_id": 1, "price": 3.0, "ts": T0 - DAY - 1}])
    found = training().trace({"user_id": 1, "cart": 50.0}, T0 + 40 * MINUTE, SUM)
    assert found.value == 25.0
    (column,) = found.columns
    assert [(row.values["price"], row.where, row.partition) for row in column.rows] == [
        (3.0, BEFORE, "2024-01-03"),
        (20.0, INSIDE, "2024-01-04"),
        (5.0, INSIDE, "2024-01-05"),
        (7.0, AFTER, "2024-01-05"),  # at that very instant
    ]
    assert (column.window, column.hop, column.since, column.until) == (DAY, HOUR, T0 - DAY, T0 + 40 * MINUTE)
    assert column.rows[0].table == "data.purchases"


def test_as_many_rows_outside_as_wanted(session: Session) -> None:
    early = [{"user_id": 1, "price": float(n), "ts": T0 - DAY - 10 + n} for n in range(1, 6)]
    put(session, "data.purchases", "2024-01-03", early)
    for around, prices in ((0, []), (2, [4.0, 5.0]), (4, [2.0, 3.0, 4.0, 5.0]), (9, [1.0, 2.0, 3.0, 4.0, 5.0])):
        (column,) = spending().trace({"user_id": 1}, T0 + 40 * MINUTE, "price_sum_1d", around=around).columns
        assert [row.values["price"] for row in column.rows if row.where == BEFORE] == prices


def test_of_too_many_rows_the_newest_are_listed_and_the_others_counted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronon.offline.trace.MOST_ROWS", 3)
    many = [{"user_id": 1, "price": float(n), "ts": T0 - DAY + HOUR + n} for n in range(1, 10)]
    put(session, "data.purchases", "2024-01-04", [*many, {"user_id": 1, "price": 9.0, "ts": T0 - 2 * DAY}])
    found = training().trace({"user_id": 1, "cart": 50.0}, T0 + 10 * MINUTE, SUM, around=1)
    (column,) = found.columns
    assert [row.where for row in column.rows] == [BEFORE, INSIDE, INSIDE, INSIDE, AFTER]
    listed = sum(row.values["price"] for row in column.inside)
    assert (found.value, listed, column.left_out) == (sum(range(10)), 7 + 8 + 9, 6)
    assert column.notes == ["only the newest 3 of 9 rows inside the window are listed"]
    assert "9 rows count" in str(found.page())


def test_the_hop_widens_the_window_at_its_back(session: Session) -> None:
    put(session, "data.purchases", "2024-01-03", [{"user_id": 1, "price": 3.0, "ts": T0 - DAY + 5 * MINUTE}])
    (column,) = spending().trace({"user_id": 1}, T0 + 40 * MINUTE, "price_sum_1d").columns
    assert column.value == 28.0, "35 minutes older than a day, but within the hour"
    assert "moving in steps of 1 hour" in repr(column)


def test_a_derived_feature_is_traced_to_all_its_columns(session: Session) -> None:
    group_by = spending(derivations=[Derivation("per_item", "price_sum_7d / size(price_last2)"), Derivation("*", "*")])
    join = training(JoinPart(group_by=group_by), JoinPart(group_by=users()))
    join.derivations = [Derivation("share", "cart / shop_spending_per_item"), Derivation("*", "*")]
    found = join.trace({"user_id": 1, "cart": 50.0}, T0 + 40 * MINUTE, "share")
    assert found.value == 4.0
    assert found.expression is not None
    assert {column.name: column.value for column in found.columns} == {"price_sum_7d": 25.0, "price_last2": [5.0, 20.0]}
    assert join.trace({"user_id": 1}, T0, "shop_users_country").columns[0].rows[0].values == {"country": "FR"}


def test_as_of_midnight(session: Session) -> None:
    found = spending(Accuracy.SNAPSHOT).trace({"user_id": 1}, T0 + HOUR, "price_sum_1d")
    (column,) = found.columns
    assert (found.value, column.until) == (20.0, T0)
    assert [row.where for row in column.rows] == [INSIDE, AFTER, AFTER]


def test_served_beside_offline(session: Session) -> None:
    join = training(JoinPart(group_by=spending()))
    join.derivations = None
    unknown = join.trace({"user_id": 1}, T0 + 40 * MINUTE, SUM, served=True)
    assert unknown.served is not None
    assert "no upload of shop.spending" in str(unknown.served.problem)
    join.upload("2024-01-04")
    found = join.trace({"user_id": 1}, T0 + 40 * MINUTE, SUM, served=True)
    assert (found.value, found.served.value) == (25.0, 20.0), "the stream has not brought the 5 yet"
    assert found.served.streamed == {"shop.spending": []}
    assert "offline and served differ" in repr(found)
    Ingest(session.store, "shop.spending").write(
        [{"user_id": 1, "price": 5.0, "ts": T0 + 30 * MINUTE}], partition="0", offset=0
    )
    again = join.trace({"user_id": 1}, T0 + 40 * MINUTE, SUM, served=True)
    assert again.served.streamed == {"shop.spending": [(T0 + 30 * MINUTE, {"price": 5.0})]}
    assert "offline and served agree" in repr(again)


def test_what_is_not_there_is_said(session: Session) -> None:
    with pytest.raises(RequestError, match="has no feature price_sum"):
        spending().trace({"user_id": 1}, T0, "price_sum")
    with pytest.raises(RequestError, match="no column user_id, which is a key"):
        spending().trace({"user": 1}, T0, "price_sum_1d")
    found = spending().trace({"user_id": None}, T0, "price_sum_1d")
    assert found.value is None
    assert "a part of the key is null" in repr(found)


def test_a_page_has_no_markup_of_its_rows(session: Session) -> None:
    put(session, "data.users", "2024-01-04", [{"user_id": 1, "country": "<b>[red]FR</b>"}])
    found = users().trace({"user_id": 1}, T0, "country")
    assert "&lt;b&gt;[red]FR" in to_html(found.page())
    assert "<b>[red]FR</b>" in repr(found)


OPERATIONS = [
    *(getattr(Operation, name) for name in ("SUM", "COUNT", "AVERAGE", "VARIANCE", "MIN", "MAX", "FIRST", "LAST")),
    *(getattr(Operation, name) for name in ("UNIQUE_COUNT", "APPROX_UNIQUE_COUNT")),
    Operation.APPROX_PERCENTILE([0.5]),
    *(operation(2) for operation in (Operation.LAST_K, Operation.FIRST_K, Operation.TOP_K, Operation.BOTTOM_K)),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([1, 2]), st.none() | st.integers(-4, 4), st.integers(T0 - 2 * DAY, T0 + DAY)),
        min_size=1,
        max_size=20,
    ),
    operation=st.sampled_from(OPERATIONS),
    window=st.sampled_from(["1h", "12h", "1d", None]),
    ago=st.integers(-DAY, DAY),
)
def test_the_traced_rows_alone_give_the_value(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], operation: Any, window: str | None, ago: int
) -> None:
    session = Session(Path(tmp_path_factory.mktemp("shop")), threads=1)
    events = [{"key": key, "x": x, "ts": ts, "number": i} for i, (key, x, ts) in enumerate(rows)]

    put(
        session,
        "db.events",
        "2024-01-05",
        pa.Table.from_pylist(events, pa.schema([(n, pa.int64()) for n in events[0]])),
    )
    query = Query(selects=select("key", "x", chronon_sequence="number"), time_column="ts")
    group_by = GroupBy(
        name="g.x",
        sources=EventSource(table="db.events", query=query),
        keys=["key"],
        accuracy=Accuracy.TEMPORAL,
        aggregations=[Aggregation("x", operation, windows=[window] if window else None)],
    )
    vars(group_by)["_session"] = session
    (name,) = aggregation_columns(group_by.aggregations[0])
    at = T0 - ago
    found = group_by.trace({"key": 1}, at, name)
    (column,) = found.columns
    assert [row.ts for row in column.inside] == sorted(row.ts or 0 for row in column.inside)
    oracle = Oracle(group_by.aggregations, {"x": LONG})
    traced = [Row(row.ts, row.values, row.sequence) for row in column.inside]
    expected = oracle.at(traced, at)[name]
    assert_same(expected, found.value)
    assert_same(expected, column.value)
    everything = [Row(e["ts"], {"x": e["x"]}, e["number"]) for e in events if e["key"] == 1]
    assert_same(oracle.at(everything, at)[name], found.value)


def test_the_command(session: Session) -> None:
    command = ["trace", "shop.training.v1", "user_id=1", "--at", "2024-01-05T00:40", "--repo", str(repo(session))]
    done = CliRunner().invoke(cli, [*command, "--feature", "shop_spending_price_sum_7d"])
    assert done.exit_code == 0, done.output
    assert "SUM of price over 7 days" in done.output
    assert "2024-01-04 23:50:00" in done.output
    wrong = CliRunner().invoke(cli, [*command, "--feature", "shop_spending_price_sum_8d"])
    assert "did you mean shop_spending_price_sum_7d" in str(wrong.exception)
