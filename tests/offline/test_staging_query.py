"""Staging queries: tables and views that Spark SQL makes."""

from __future__ import annotations

import pytest

from chronon import StagingQuery
from chronon.api.structs import MetaData
from chronon.base.errors import ChrononError, ConfigError, ExpressionError, MissingDataError, Problems, SchemaError
from chronon.offline import backfill_staging_query

from .conftest import World, at

MACROS = """
SELECT user, '{{ start_date }}' AS s, '{{end_date}}' AS e, '{{ latest_date }}' AS l,
       '{{ max_date(table=db.other) }}' AS m, ds
FROM db.events WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'
"""


class At:
    """A clock that stands."""

    def now(self) -> int:
        return at("01-10 12:00")


@pytest.fixture
def shop(world: World) -> World:
    world.table("db.events", {"user": "string", "n": "long"}, [("a", 1, "01-02"), ("b", 2, "01-02"), ("a", 5, "01-03")])
    world.table("db.other", {"x": "long"}, [(1, "01-11"), (2, "01-12")])
    return world


def staging(query: str, *, custom: str | None = None, **kwargs) -> StagingQuery:
    metadata = MetaData(name="t.daily", outputNamespace="out", customJson=custom)
    return StagingQuery(query, **{"start_partition": "2024-01-01", "metaData": metadata, **kwargs})


def run(world: World, definition, end: str = "2024-01-03", **kwargs):
    return backfill_staging_query(definition, world.engine, end=end, **kwargs)


def test_macros_stand_for_the_days_of_a_step(shop: World) -> None:
    result = run(shop, staging(MACROS), step_days=2)
    first, second = ("2024-01-01", "2024-01-02"), ("2024-01-03", "2024-01-03")
    assert shop.rows("out.t_daily") == [
        ("a", *first, "2024-01-03", "2024-01-12", "2024-01-02"),
        ("b", *first, "2024-01-03", "2024-01-12", "2024-01-02"),
        ("a", *second, "2024-01-03", "2024-01-12", "2024-01-03"),
    ]
    assert result.filled == ["2024-01-02", "2024-01-03"]
    (note,) = result.notes
    assert note.startswith("the query gives no rows for 1 of the days (2024-01-01), and db.events has no partition of")


def test_only_missing_days_are_computed(shop: World) -> None:
    run(shop, staging(MACROS), end="2024-01-02")
    result = run(shop, staging(MACROS))
    assert (result.filled, result.present) == (["2024-01-03"], 1)
    assert {(row[1], row[-1]) for row in shop.rows("out.t_daily")} == {
        ("2024-01-01", "2024-01-02"),
        ("2024-01-03", "2024-01-03"),
    }
    assert run(shop, staging(MACROS)).filled == []


def test_a_day_without_rows_is_filled_once_its_inputs_are_there(shop: World) -> None:
    """Days of which the query gives nothing are done, and not noted again; those whose input lacks are tried again."""
    big = "SELECT user, n, ds FROM db.events WHERE n > 3 AND ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"
    result = run(shop, staging(big), end="2024-01-04")
    assert result.filled == ["2024-01-02", "2024-01-03"]
    assert shop.rows("out.t_daily") == [("a", 5, "2024-01-03")]
    (note,) = result.notes
    assert note.startswith("the query gives no rows for 2 of the days (2024-01-01, 2024-01-04), and db.events has no")
    assert note.endswith("they stay missing")
    shop.table("db.events", {"user": "string", "n": "long"}, [("c", 1, "01-04")])
    result = run(shop, staging(big), end="2024-01-04")
    assert (result.filled, result.present, result.notes) == (["2024-01-04"], 2, [])


def test_a_query_that_reads_no_partitions_fills_every_day(shop: World) -> None:
    assert run(shop, staging("SELECT 1 AS n, '2024-01-02' AS ds")).filled == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_partitions_of_another_query_are_kept_if_asked_for(shop: World) -> None:
    run(shop, staging("SELECT user, n, ds FROM db.events"), end="2024-01-03")
    result = run(shop, staging("SELECT user, n + 1 AS n, ds FROM db.events"), keep_outdated=True)
    assert (result.filled, result.present) == ([], 2)
    assert "2 partitions that another definition has made are kept: 2024-01-02, 2024-01-03" in result.notes
    assert [row[1] for row in shop.rows("out.t_daily")] == [1, 2, 5]


def test_another_query_replaces_what_the_first_has_made(shop: World) -> None:
    run(shop, staging("SELECT user, n, ds FROM db.events"))
    result = run(shop, staging("SELECT user, n * 2.0D AS n, ds FROM db.events"))
    assert [row[1] for row in shop.rows("out.t_daily")] == [2.0, 4.0, 10.0]
    assert "2 partitions were made by another query and are replaced" in result.notes
    kept = [name for name in shop.engine.warehouse.tables() if name.startswith("out.t_daily_")]
    assert [row[1] for row in shop.rows(kept[0])] == [1, 2, 5]


def test_only_the_last_day_where_history_is_not_wanted(shop: World) -> None:
    definition = staging(MACROS)
    definition.metaData.historicalBackfill = False
    assert run(shop, definition).filled == ["2024-01-03"]


def test_columns_come_and_go_but_keep_their_types(shop: World) -> None:
    query = "SELECT * FROM db.events WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"
    run(shop, staging(query), end="2024-01-02")
    shop.table("db.events", {"user": "string", "n": "long", "more": "string"}, [("a", 5, "m", "01-03")])
    run(shop, staging(query))
    assert shop.rows("out.t_daily", "user", "n", "more") == [("a", 1, None), ("b", 2, None), ("a", 5, "m")]


def test_a_type_that_changes_is_refused(shop: World) -> None:
    shop.table("db.typed", {"n": "long"}, [(1, "01-02")])
    definition = staging("SELECT n, ds FROM db.typed WHERE ds >= '{{ start_date }}'")
    run(shop, definition, end="2024-01-02")
    shop.table("db.typed", {"n": "string"}, [("x", "01-02"), ("y", "01-03")])
    with pytest.raises(SchemaError, match=r"cannot be modified: n of out\.t_daily is a long, now a string"):
        run(shop, definition)
    assert shop.rows("out.t_daily") == [(1, "2024-01-02")]


def test_additional_partition_columns_order_the_rows_of_a_day(shop: World) -> None:
    shop.table("db.sales", {"n": "long", "country": "string"}, [(1, "SE", "01-02"), (2, "DE", "01-02")])
    custom = '{"additional_partition_cols": ["country"]}'
    run(shop, staging("SELECT * FROM db.sales", custom=custom))
    assert shop.rows("out.t_daily") == [(2, "DE", "2024-01-02"), (1, "SE", "2024-01-02")]
    assert shop.engine.partitions("out.t_daily", "ds", {"country": "SE"}) == ["2024-01-02"]
    assert shop.engine.partitions("out.t_daily", "ds", {"country": "NO"}) == []
    with pytest.raises(ConfigError, match="the query gives no county"):
        run(shop, staging("SELECT n, ds FROM db.sales", custom='{"additional_partition_cols": ["county"]}'))


def test_without_a_first_day_the_query_is_run_once(shop: World) -> None:
    definition = staging("SELECT user, count(*) AS n FROM db.events GROUP BY user", start_partition=None)
    assert run(shop, definition).rows == 2
    assert sorted(shop.rows("out.t_daily")) == [("a", 2), ("b", 1)]
    shop.table("db.events", {"user": "string", "n": "long"}, [("a", 1, "01-02")])
    run(shop, definition)
    assert shop.rows("out.t_daily") == [("a", 2)]


def test_a_table_without_partitions_is_what_its_query_gives(shop: World) -> None:
    run(shop, staging("SELECT user, count(*) AS n FROM db.events GROUP BY user", start_partition=None))
    run(shop, staging("SELECT upper(user) AS name FROM db.events WHERE user = 'nobody'", start_partition=None))
    assert shop.columns("out.t_daily") == ["name"]
    assert shop.rows("out.t_daily") == []


def test_without_a_first_day_partitions_are_replaced(shop: World) -> None:
    definition = staging("SELECT max(user) AS u, ds FROM db.events GROUP BY ds", start_partition=None)
    assert run(shop, definition).filled == ["2024-01-02", "2024-01-03"]
    assert shop.rows("out.t_daily") == [("b", "2024-01-02"), ("a", "2024-01-03")]


def test_without_a_first_day_there_are_no_days(shop: World) -> None:
    with pytest.raises(ConfigError, match="start_date") as caught:
        run(shop, staging("SELECT '{{ start_date }}' AS ds", start_partition=None))
    assert "start_partition=" in str(caught.value)


def test_a_view_is_a_table_that_is_computed_when_it_is_read(shop: World) -> None:
    query = "SELECT user, sum(n) AS n, '{{ latest_date }}' AS made, ds FROM db.events GROUP BY user, ds"
    run(shop, staging(query, create_view=True), clock=At())
    read = lambda: shop.rows("out.t_daily ORDER BY ds, user")  # noqa: E731
    assert read()[0] == ("a", 1, "2024-01-03", "2024-01-02")
    assert shop.engine.partitions("out.t_daily", "ds") == ["2024-01-02", "2024-01-03"]
    shop.table("db.events", {"user": "string", "n": "long"}, [("c", 9, "01-04")])
    assert read()[-1] == ("c", 9, "2024-01-03", "2024-01-04")
    assert shop.rows("out.chronon_signal_partitions") == [("2024-01-10T12:00:00+00:00", "t_daily", "2024-01-03")]
    run(shop, staging(query, create_view=True), end="2024-01-04", clock=At())
    assert read()[0][2] == "2024-01-04"
    assert shop.engine.partitions("out.chronon_signal_partitions", "ds", {"table_name": "t_daily"}) == [
        "2024-01-03",
        "2024-01-04",
    ]


def test_a_view_has_no_days(shop: World) -> None:
    with pytest.raises(ConfigError, match="createView=True cannot contain"):
        run(shop, staging(MACROS, create_view=True))


def test_a_view_does_not_replace_a_table_nor_a_table_a_view(shop: World) -> None:
    query = "SELECT * FROM db.events"
    run(shop, staging(query))
    with pytest.raises(ChrononError, match="would become a view"):
        run(shop, staging(query, create_view=True))


@pytest.mark.parametrize(
    "query, kind, words",
    [
        ("SELECT '{{ ds }}' AS ds", ConfigError, ["{{ ds }}", "start_date", "latest_date", "max_date"]),
        ("SELECT '{{ max_date }}' AS ds", ConfigError, ["max_date is given no table"]),
        ("SELECT '{{ max_date(table=db.nothing) }}' AS ds", MissingDataError, ["db.nothing"]),
        ("SELECT '{{ max_date(db.other) }}' AS ds", ConfigError, ["name=value"]),
        ("SELECT '{{ max_date(table=db.other/kind=x) }}' AS ds", ChrononError, ["kind"]),
        ("SELECT '{{ start_date(n=1) }}' AS ds", ConfigError, ["takes no arguments"]),
        ("SELECT user FROM db.events", SchemaError, ["gives no text ds", "user"]),
        ("SELECT usr, ds FROM db.events", ExpressionError, ["usr", "did you mean 'user'", "t.daily"]),
        ("SELECT user, ds FROM db.event", MissingDataError, ["did you mean db.events"]),
        ("SELECT user, ds FROM", ExpressionError, ["cannot read the query"]),
        ("", ConfigError, ["has no query"]),
    ],
)
def test_what_is_refused(shop: World, query: str, kind: type[ChrononError], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        run(shop, staging(query))
    for word in words:
        assert word in str(caught.value)
    assert not shop.engine.warehouse.exists("out.t_daily")


def test_every_unknown_macro_is_told(shop: World) -> None:
    with pytest.raises(Problems) as caught:
        run(shop, staging("SELECT '{{ a }}' AS a, '{{ b }}' AS ds"))
    assert len(caught.value.problems) == 2


def test_a_macro_may_be_an_empty_call_and_max_date_may_name_its_column(shop: World) -> None:
    query = "SELECT '{{ latest_date() }}' AS ds, '{{ max_date(table=db.other, partition_column=ds) }}' AS m"
    run(shop, staging(query))
    assert shop.rows("out.t_daily") == [("2024-01-12", "2024-01-03")]


def test_a_step_that_fails_does_not_stop_other_days(shop: World) -> None:
    query = "SELECT (SELECT n FROM db.events WHERE ds = '{{ start_date }}') AS n, '{{ start_date }}' AS ds"
    shop.table("db.events", {"user": "string", "n": "long"}, [("c", 7, "01-04"), ("c", 8, "01-05")])
    run(shop, staging(query), start="2024-01-04", end="2024-01-04")
    with pytest.raises(ChrononError, match="More than one row"):
        run(shop, staging(query), start="2024-01-02", end="2024-01-05", step_days=1, run_first_hole=True)
    assert shop.partitions("out.t_daily") == ["01-04", "01-05"]  # 01-03 follows the day that failed


def test_rows_without_a_partition_are_left_out_and_counted(shop: World) -> None:
    result = run(shop, staging("SELECT n, IF(n = 2, NULL, ds) AS ds FROM db.events"))
    assert shop.rows("out.t_daily") == [(1, "2024-01-02"), (5, "2024-01-03")]
    assert result.left_out == {"rows without ds (left out)": 1}
