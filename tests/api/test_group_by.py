"""``GroupBy`` and what it is made of."""

import datetime as dt
import json

import pytest

from chronon import (
    Accuracy,
    Aggregation,
    Aggregations,
    DefaultAggregation,
    Derivation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinSource,
    Operation,
    Query,
    Source,
    TimeUnit,
    Window,
    select,
)
from chronon.api import structs
from chronon.api.group_by import get_output_col_names, window_to_str_pretty
from chronon.api.problems import DefinitionWarning
from chronon.base.errors import ConfigError, Problems

SUM = [Aggregation("price", Operation.SUM)]


def test_select_keeps_positional_columns_and_names_expressions():
    assert select("user", "price", total="price * 2", user="lower(user)") == {
        "user": "lower(user)",
        "price": "price",
        "total": "price * 2",
    }


def test_a_query_takes_one_or_several_strings_and_dates():
    query = Query(wheres="a = 1", setups=None, start_partition=dt.date(2025, 1, 2), partition_column="dt")
    assert (query.wheres, query.setups, query.startPartition, query.partitionColumn) == (
        ["a = 1"],
        [],
        "2025-01-02",
        "dt",
    )


@pytest.mark.parametrize(
    "operation, code, arguments",
    [
        (None, 3, {}),
        (Operation.SUM, 7, {}),
        ("sum", 7, {}),
        (Operation.LAST_K(10), 13, {"k": "10"}),
        (Operation.FIRST_K(2), 14, {"k": "2"}),
        (Operation.TOP_K(2), 15, {"k": "2"}),
        (Operation.BOTTOM_K(2), 16, {"k": "2"}),
        (Operation.HISTOGRAM_K(5), 17, {"k": "5"}),
        (Operation.APPROX_HISTOGRAM_K(5), 18, {"k": "5"}),
        (Operation.BOUNDED_UNIQUE_COUNT_K(5), 19, {"k": "5"}),
        (Operation.APPROX_UNIQUE_COUNT_LGK(9), 5, {"k": "9"}),
        (Operation.APPROX_PERCENTILE([0.5, 0.99]), 12, {"k": "128", "percentiles": "[0.5, 0.99]"}),
        (Operation.APPROX_PERCENTILE([0.5], k=200), 12, {"k": "200", "percentiles": "[0.5]"}),
    ],
)
def test_operations_and_their_arguments(operation, code, arguments):
    aggregation = Aggregation("price", operation)
    assert (aggregation.operation, aggregation.argMap) == (code, arguments)
    assert list(aggregation.argMap) == list(arguments)


@pytest.mark.parametrize(
    "windows, expected",
    [
        (None, None),
        ([], None),
        ([None], None),
        ("7d", [(7, 1)]),
        (["7d", "12h"], [(7, 1), (12, 0)]),
        ([Window(7, TimeUnit.DAYS)], [(7, 1)]),
        ([dt.timedelta(hours=36)], [(36, 0)]),
    ],
)
def test_windows_as_objects_text_and_lengths(windows, expected):
    made = Aggregation("price", windows=windows).windows
    assert (made and [(window.length, window.timeUnit) for window in made]) == expected


@pytest.mark.parametrize("windows", ["7 weeks", ["30m"], ["7d", None], dt.timedelta(minutes=5)])
def test_what_is_no_window_is_refused(windows):
    with pytest.raises(ConfigError, match="window"):
        Aggregation("price", windows=windows)


def test_output_columns_are_buckets_then_windows():
    aggregation = Aggregation("price", Operation.LAST_K(3), ["7d", "1h"], buckets=["shop", "city"])
    assert get_output_col_names(aggregation) == [
        "price_last3_7d_by_shop",
        "price_last3_1h_by_shop",
        "price_last3_7d_by_city",
        "price_last3_1h_by_city",
    ]
    assert window_to_str_pretty(Window(7, TimeUnit.DAYS)) == "7 days"


def test_aggregations_take_their_column_from_the_keyword_and_are_a_list():
    found = Aggregations(price=Aggregation(operation=Operation.SUM), other=Aggregation("x")) + SUM
    assert [aggregation.inputColumn for aggregation in found] == ["price", "x", "price"]
    with pytest.raises(ConfigError, match="price is a str"):
        Aggregations(price="sum")


def test_default_aggregations_leave_out_keys_and_times(views):
    views.query.selects |= {"at": "at", "ds": "ds", "ts": "at"}
    assert [a.inputColumn for a in DefaultAggregation(["user"], views)] == ["price", "shop"]


def test_sources_are_wrapped_and_completed_on_a_copy(views):
    group_by = GroupBy(views, ["user", "region"], [Aggregation("tax")])
    assert isinstance(group_by.sources[0], Source)
    assert list(group_by.sources[0].events.query.selects) == ["user", "price", "shop", "region", "tax"]
    assert list(views.query.selects) == ["user", "price", "shop"]


def test_a_selected_ts_becomes_the_time_column():
    source = EventSource(table="a.b", query=Query(select("user", ts="at_ms")))
    query = GroupBy(source, ["user"], [Aggregation("user")]).sources[0].events.query
    assert (query.timeColumn, query.selects) == ("at_ms", {"user": "user"})


def test_custom_json_keeps_the_order_of_the_original(views):
    group_by = GroupBy(
        views, ["user"], [Aggregation("price", "sum", "7d", tags={"pii": "no"})], lag=2, tags={"a": "b"},
        upload_schedule="@weekly", my_flag=1, accuracy=Accuracy.SNAPSHOT,
    )  # fmt: skip
    assert group_by.metaData.customJson == (
        '{"my_flag": 1, "lag": 2, "groupby_tags": {"a": "b"}, '
        '"column_tags": {"price_sum_7d": {"pii": "no"}}, "uploadSchedule": "@weekly"}'
    )


def test_a_misspelt_argument_is_kept_with_a_warning(views):
    with pytest.warns(DefinitionWarning, match="did you mean backfill_start_date"):
        group_by = GroupBy(views, ["user"], SUM, backfill_startdate="2025-01-01")
    assert json.loads(group_by.metaData.customJson)["backfill_startdate"] == "2025-01-01"


def waits(group_by):
    return [(entry["name"], entry["spec"]) for entry in map(json.loads, group_by.metaData.dependencies)]


def test_what_a_group_by_waits_for(views, users):
    assert waits(GroupBy(views, "user", SUM)) == [("wait_for_raw.views_ds", "raw.views/ds={{ ds }}")]
    assert waits(GroupBy(views, "user", SUM, lag=1)) == [
        ("wait_for_raw.views_ds_minus_1", "raw.views/ds={{ macros.ds_add(ds, -1) }}")
    ]
    users.mutationTable, users.query.partitionColumn = "raw.changes/region=eu", "dt"
    users.query.timeColumn = "at"
    assert waits(GroupBy(users, "user", [Aggregation("city")])) == [
        ("wait_for_raw.users_dt", "raw.users/dt={{ ds }}"),
        ("wait_for_raw.changes_dt", "raw.changes/dt={{ ds }}/region=eu"),
    ]
    assert (
        waits(GroupBy([views, views], "user", SUM, dependencies=["x.y/ds={{ ds }}"], lag=3))
        == [("wait_for_x_y_ds_ds", "x.y/ds={{ ds }}")] * 2
    )


def test_derivations_keep_their_description():
    assert Derivation("a", "b").metaData is None
    assert Derivation("a", "b", "why").metaData.description == "why"


def events(**query):
    return EventSource(table="a.b", query=Query(select("user", "price"), **query))


def entities(**fields):
    return EntitySource(snapshotTable="a.b", query=Query(select("user", "price")), **fields)


def chained():
    join = structs.Join(metaData=structs.MetaData(name="t.j"), left=Source(events=events(time_column="at")))
    return JoinSource(join=join, query=Query(select("user", "price"), time_column="ts"))


TIMED = events(time_column="at")
STREAM = EventSource(table="a.b", topic="t", query=Query(select("user", "price"), time_column="at"))
HOURLY = [Aggregation("price", Operation.SUM, "6h")]
DAILY = [Aggregation("price", Operation.SUM, "7d")]

REFUSED = {
    "G1": ({"sources": []}, "Sources are not specified"),
    "G2": ({"sources": TIMED, "historical_backfill": True}, "historical_backfill can only be set"),
    "G3": ({"sources": EventSource("a.b", None, Query({"ts": "x"}, time_column="y"))}, "mismatched `ts`"),
    "G5": ({"sources": events(time_column="at", mutation_time_column="m")}, "ingestionTimeColumn should not be"),
    "G6": ({"sources": events(time_column="at", reversal_column="m")}, "reversalColumn should not be specified"),
    "G7": ({"sources": events()}, "please specify query.timeColumn"),
    "G8": (
        {"sources": STREAM, "accuracy": Accuracy.SNAPSHOT},
        "SNAPSHOT accuracy should not be specified for streaming",
    ),
    "G9": ({"sources": chained()}, "parent join must have a topic"),
    "G10": ({"sources": entities(), "aggregations": DAILY}, "Please specify timeColumn for entity source"),
    "G11": ({"sources": entities(), "is_incremental": True}, "only supported for event sources"),
    "G12": (
        {"sources": TIMED, "is_incremental": True, "accuracy": Accuracy.TEMPORAL},
        "only supported for SNAPSHOT accuracy",
    ),
    "G13": ({"sources": TIMED, "upload_schedule": "@hourly"}, "Invalid upload_schedule"),
    "G13 as keyword": ({"sources": TIMED, "uploadSchedule": "@hourly"}, "Invalid upload_schedule"),
    "G14": ({"sources": STREAM, "upload_schedule": "@weekly"}, "upload_schedule '@weekly' is only supported"),
    "G15": ({"sources": [TIMED, EventSource("a.c", None, Query(select("x"), time_column="at"))]}, "Mismatched columns"),
    "G17 events": ({"sources": TIMED, "aggregations": None}, "You can only set aggregations=None"),
    "G17 mutations": (
        {"sources": entities(mutationTable="a.c"), "aggregations": None},
        "You can only set aggregations=None",
    ),
    "G18": ({"sources": TIMED, "aggregations": [Aggregation(operation=Operation.COUNT)]}, "input_column is required"),
    "G20 none": ({"sources": TIMED, "aggregations": [Aggregation("price", (12, {}))]}, r"\[Percentiles\]"),
    "G20 text": (
        {"sources": TIMED, "aggregations": [Aggregation("price", (12, {"percentiles": "x"}))]},
        r"\[Percentiles\]",
    ),
    "G21": (
        {"sources": TIMED, "aggregations": HOURLY, "accuracy": Accuracy.SNAPSHOT},
        "Detected a snapshot accuracy group by",
    ),
    "G21 backfill": (
        {"sources": TIMED, "aggregations": HOURLY, "backfill_start_date": "2025-01-01"},
        "Detected a snapshot",
    ),
    "G22": ({"sources": ["raw.views"]}, "str is not a source"),
    "no k": ({"sources": TIMED, "aggregations": [Aggregation("price", (13, {}))]}, "k needs to be specified"),
    "no keys": ({"sources": TIMED, "keys": []}, "a group-by has no keys"),
    "not JSON": ({"sources": TIMED, "flag": {1, 2}}, "flag is kept as JSON"),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_is_refused_when_it_is_written(rule):
    arguments, token = REFUSED[rule]
    with pytest.raises(ConfigError, match=token) as error:
        GroupBy(**{"keys": ["user"], "aggregations": SUM, **arguments})
    assert isinstance(error.value, AssertionError | ValueError)
    assert error.value.place.file == __file__


@pytest.mark.parametrize(
    "change, token",
    [
        (lambda g: g.sources[0].events.query.selects.update(ts="at"), "'ts' is a reserved key word"),
        (lambda g: g.sources[0].events.query.selects.pop("user"), "are unselected in source"),
        (lambda g: g.sources[0].events.query.selects.pop("price"), "input_column: for aggregation is not part of"),
    ],
)
def test_what_only_hand_made_structs_get_wrong(change, token):
    from chronon.api.group_by import validate_group_by

    group_by = GroupBy(TIMED, "user", SUM)
    change(group_by)
    with pytest.raises(ConfigError, match=token):
        validate_group_by(group_by)


@pytest.mark.parametrize(
    "arguments",
    [
        {"sources": TIMED},
        {"sources": events(), "accuracy": Accuracy.SNAPSHOT},
        {"sources": entities(), "aggregations": None},
        {"sources": TIMED, "aggregations": HOURLY},
        {"sources": TIMED, "is_incremental": True},
        {"sources": TIMED, "upload_schedule": "@monthly"},
        {"sources": TIMED, "historical_backfill": False, "backfill_start_date": "2025-01-01"},
        {"sources": [TIMED, STREAM]},
    ],
)
def test_what_is_accepted(arguments):
    assert GroupBy(**{"keys": ["user"], "aggregations": SUM, **arguments}).keyColumns == ["user"]


def test_a_sound_group_by_of_a_join_needs_a_streaming_parent():
    source = chained()
    source.join.left.events.topic = "t"
    assert GroupBy(source, "user", SUM).sources[0].joinSource.join.metaData.name == "t.j"


def test_all_problems_come_at_once_with_the_line():
    with pytest.raises(Problems) as error:
        GroupBy(events(reversal_column="r"), "user", [*HOURLY, Aggregation()], accuracy=Accuracy.TEMPORAL, name="t.x")
    assert len(error.value.problems) == 3
    assert all(problem.place.definition == "t.x" and problem.place.line for problem in error.value.problems)


def test_join_is_a_struct_too(views):
    assert isinstance(Join(views, [GroupBy(views, "user", SUM, name="t.x")]), structs.Join)


def test_arguments_by_position_of_before_upload_schedule_are_told_to_go_by_keyword():
    source = EventSource(table="a.b", query=Query(select("user", "price"), time_column="at"))
    old = [None, None, None, None, None, None, None, None, 0, "@daily", "shop.spend"]
    with pytest.raises(ConfigError, match="give name and what follows it by keyword"):
        GroupBy(source, ["user"], [Aggregation("price")], *old)
