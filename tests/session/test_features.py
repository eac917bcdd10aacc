"""Features for rows of one's own: what comes in, what comes out, what is said when something is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from chronon import BootstrapPart, EntitySource, JoinPart, Query, TimeUnit, Window, select
from chronon.api.enums import Accuracy
from chronon.base.errors import ConfigError, Problems, RequestError, SchemaError
from chronon.session import Session

from .conftest import DAY, MINUTE, T0, put, spending, training, users

SUM, SHARE = "shop_spending_price_sum_7d", "share"
ROWS = [
    {"note": "x", "user_id": 1, "cart": 50.0, "ts": T0 + 40 * MINUTE},
    {"note": "y", "user_id": 9, "cart": 1.0, "ts": T0},
    {"note": None, "user_id": 1, "cart": None, "ts": T0 - MINUTE},
]


def test_rows_come_back_as_they_were_with_features_beside_them(session: Session) -> None:
    found = training().features(ROWS)
    assert [{name: row[name] for name in ROWS[0]} for row in found.dicts()] == ROWS
    assert found.arrow().column(SUM).to_pylist() == [25.0, None, 20.0]
    assert found.arrow().column(SHARE).to_pylist() == [2.0, None, None]
    assert found.arrow().column("shop_users_country").to_pylist() == ["FR", None, None]
    assert session.engine.warehouse.exists("shop.shop_training") is False, "nothing is published"


def test_a_few_features_cost_only_their_parts(session: Session) -> None:
    (session.settings.warehouse_folder / "data/users/ds=2024-01-04/rows.parquet").write_bytes(b"not parquet")
    join = training(JoinPart(group_by=spending()))
    assert join.features(ROWS, only=["share"]).features.column_names == ["share"]
    found = join.features(ROWS, only=["shop_spending_price_last2", SUM])
    assert found.features.to_pylist()[0] == {"shop_spending_price_last2": [5.0, 20.0], SUM: 25.0}


def test_a_group_by_alone_has_no_prefix(session: Session) -> None:
    found = spending().features(ROWS, only=["price_sum_1d"])
    assert found.features.to_pydict() == {"price_sum_1d": [25.0, None, 20.0]}
    assert spending(Accuracy.SNAPSHOT).features(ROWS, only=["price_sum_1d"]).features.to_pydict() == {
        "price_sum_1d": [20.0, None, None]  # as of the midnight before
    }


def test_midnights_cannot_answer_hours(session: Session) -> None:
    group_by = spending(Accuracy.SNAPSHOT)
    group_by.aggregations[0].windows = [Window(3, TimeUnit.HOURS)]
    with pytest.raises(ConfigError, match="seen as of midnight here, which cannot answer hours: price over 3h"):
        group_by.features(ROWS)


def test_bootstrap_tables_are_read_if_asked_for(session: Session) -> None:
    """By row id and day, as the backfill reads them; without it all is computed, and said so."""
    given = Query(selects=select("checkout", **{SUM: "price"}))
    join = training(bootstrap_parts=[BootstrapPart("data.known", query=given)], row_ids=["checkout"])
    put(session, "data.known", "2024-01-05", [{"checkout": "a", "price": 99.0}, {"checkout": "b", "price": 77.0}] * 2)
    put(session, "data.known", "2024-01-04", [{"checkout": "c", "price": 55.0}])
    rows = [{"checkout": id_, "user_id": 1, "cart": 50.0, "ts": T0 + 40 * MINUTE} for id_ in "abc"]
    computed = join.features(rows)
    assert computed.features.column(SUM).to_pylist() == [25.0] * 3
    assert any("bootstrap=True takes them by row id" in note for note in computed.notes)
    taken = join.features(rows, bootstrap=True)
    assert taken.features.column(SUM).to_pylist() == [99.0, 77.0, 25.0]
    assert taken.features.column(SHARE).to_pylist() == [50 / 99, 50 / 77, 2.0]
    assert taken.left_out["rows of data.known with the row id of another (the latest is taken)"] == 2
    assert join.features(rows, bootstrap=True, only=[SHARE]).features.to_pydict() == {
        SHARE: taken.features.column(SHARE).to_pylist()
    }
    with pytest.raises(RequestError, match="no column checkout, by which bootstrap tables know rows"):
        join.features(ROWS, bootstrap=True)


EAST = timezone(timedelta(hours=9))
TIMES = {
    "naive, so UTC": [datetime(2024, 1, 5, 0, 40), datetime(2024, 1, 5), datetime(2024, 1, 4, 23, 59)],  # noqa: DTZ001
    "another zone": [datetime(2024, 1, 5, 9, 40, tzinfo=EAST), datetime(2024, 1, 5, 9, tzinfo=EAST), None],
    "zones mixed": [datetime(2024, 1, 5, 9, 40, tzinfo=EAST), datetime(2024, 1, 5, tzinfo=UTC), None],
}


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("kind", ["dicts", "pandas", "polars"])
def test_times_are_instants_whatever_their_zone(session: Session, name: str, kind: str) -> None:
    times = TIMES[name]
    rows: Any = [{"user_id": 1, "when": when} for when in times]
    if kind == "pandas":
        rows = pd.DataFrame({"user_id": [1, 1, 1], "when": pd.Series(times, dtype=object)})
    if kind == "polars" and name != "zones mixed":  # which Polars knows no column for
        rows = pl.DataFrame({"user_id": [1, 1, 1], "when": times})
    found = spending().features(rows, only="price_sum_1d", time="when")
    assert found.features.column(0).to_pylist() == [25.0, 20.0, 20.0 if times[2] else None]
    assert ("rows without a time (kept, without features)" in found.left_out) == (times[2] is None)


def test_every_kind_of_frame_goes_in_and_comes_out(session: Session) -> None:
    table = pa.Table.from_pylist(ROWS)
    want = training().features(table).arrow()
    for rows in (
        table.to_reader(),
        table.to_batches()[0],
        pl.from_arrow(table),
        pl.from_arrow(table).lazy(),
        duckdb.from_arrow(table),
        ROWS,
    ):
        found = training().features(rows)
        assert found.arrow().to_pylist() == want.to_pylist()
    frame = pd.DataFrame(ROWS, index=["r", "s", "t"])
    found = training().features(frame).pandas()
    pd.testing.assert_frame_equal(found[list(frame.columns)], frame)
    assert found[SUM].dropna().to_dict() == {"r": 25.0, "t": 20.0}
    result = training().features(pl.from_arrow(table))
    assert result.polars().columns == want.column_names
    assert result.duckdb().fetchall() == result.polars().rows()


def test_keys_are_cast_as_those_of_requests(session: Session) -> None:
    for keys in (["1", "9"], [1.0, 9.0], pa.array([1, 9], pa.uint8()), pa.array(["1", "9"]).dictionary_encode()):
        rows = pa.table({"user_id": keys, "ts": [T0, T0]})
        assert spending().features(rows, only="price_sum_1d").features.column(0).to_pylist() == [20.0, None]


def test_all_keys_at_one_instant(session: Session) -> None:
    found = spending().features(entities="all", ts="2024-01-05T00:35").dicts()
    assert [(row["user_id"], row["price_sum_1d"]) for row in found] == [(1, 25.0)]
    join = training()
    found = join.features(entities="all", ts=T0 + 35 * MINUTE, only=[SUM, "shop_users_country"]).dicts()
    assert [(row["user_id"], row[SUM], row["shop_users_country"]) for row in found] == [
        (1, 25.0, "FR"),
        (4, None, "SE"),
    ]
    with pytest.raises(RequestError, match="what is wanted is not clear"):
        spending().features(ROWS, entities="all", ts=T0)


def test_a_left_side_of_entities_asks_for_days(session: Session) -> None:
    join = training(JoinPart(group_by=spending()))
    join.left = EntitySource(snapshotTable="data.users", query=Query(selects=select("user_id")))
    from chronon.api.structs import Source

    join.left, join.derivations = Source(entities=join.left), None
    found = join.features([{"user_id": 1, "ds": "2024-01-04"}, {"user_id": 1, "ds": "2024-01-05"}], only=SUM)
    assert found.features.column(0).to_pylist() == [20.0, 32.0]
    with pytest.raises(RequestError, match="no column ds, the day of each row"):
        join.features([{"user_id": 1, "ts": T0}])


def test_more_rows_than_are_answered_at_once_are_the_same_rows(session: Session) -> None:
    from chronon.offline.features import features_of_rows

    rows = pa.table({"user_id": [i % 3 for i in range(100)], "ts": [T0 + i * MINUTE for i in range(100)]})
    whole = features_of_rows(spending(), session.engine, rows)
    pieces = features_of_rows(spending(), session.engine, rows, rows_at_once=7)
    assert pieces.arrow().equals(whole.arrow())


def test_no_rows_are_no_rows(session: Session) -> None:
    for rows in (pd.DataFrame({"user_id": [], "cart": [], "ts": []}), pa.Table.from_pylist(ROWS).slice(0, 0)):
        found = training().features(rows)
        assert len(found) == 0
        assert SUM in found.arrow().column_names


def test_what_is_left_out_is_counted(session: Session) -> None:
    put(session, "data.purchases", "2024-01-02", [{"user_id": 1, "price": 1.0, "ts": T0 - 3 * DAY}])
    found = spending().features([*ROWS, {"user_id": None, "ts": T0}])
    assert found.left_out == {
        "rows without a key of shop.spending (kept, without its features)": 1,
        "rows of data.purchases without a time (left out)": 1,
    }
    assert any("no partition for 1 of the days read (2024-01-03)" in note for note in found.notes)


@pytest.mark.parametrize(
    "rows, options, message",
    [
        (ROWS, {"only": ["shop_spending_price_sum_8d"]}, "has no feature shop_spending_price_sum_8d"),
        ([{"user": 1, "ts": T0}], {}, "no column user_id, which is a key"),
        ([{"user_id": 1, "time": T0}], {}, "no column ts, the time of each row"),
        ([{"user_id": 1, "ts": T0 // 1000}], {}, "is in seconds, it seems"),
        ([{"user_id": 1, "ts": T0 * 1000}], {}, "is in micro- or nanoseconds"),
        ([{"user_id": 1, "ts": T0}, {"user_id": 1, "ts": T0 // 1000}], {}, "mixes seconds and ms"),
        ([{"user_id": 1, "ts": "2024-01-05"}], {}, "which is no time"),
        ([{"user_id": 1, "ts": 1.5}], {}, "is no time"),
        (
            [{"user_id": 1, "ts": datetime(2024, 1, 5)}, {"user_id": 1, "ts": datetime(2024, 1, 5, tzinfo=UTC)}],  # noqa: DTZ001
            {},
            "with and without a zone",
        ),
        ([{"user_id": 1, "ts": T0, SUM: 1.0}], {}, f"have a column {SUM} already"),
        (pa.table([[1], [2], [T0]], names=["user_id", "user_id", "ts"]), {}, "several columns named user_id"),
        (pd.DataFrame([[1, 2, T0]], columns=["user_id", "user_id", "ts"]), {}, "several columns named user_id"),
        (5, {}, "a int is no rows"),
        ([5], {}, "5 is no row"),
    ],
)
def test_what_is_wrong_is_said(session: Session, rows: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        training(JoinPart(group_by=spending())).features(rows, **{"only": [SUM], **options})


def test_all_that_is_wrong_is_said_together(session: Session) -> None:
    with pytest.raises(Problems) as caught:
        spending().features([{"user": 1}])
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("keys", [["one"], [1.5], [True]])
def test_keys_that_cannot_be_cast(session: Session, keys: list[Any]) -> None:
    with pytest.raises(SchemaError, match="the key user_id"):
        users().features(pa.table({"user_id": keys, "ts": [T0]}))
