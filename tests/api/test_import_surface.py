"""The import names of the original: every module, under the same path, with the same functions and arguments.

That this is the published package's surface is held to it in ``tests/original``.
"""

import importlib
import json

import pytest

from ai.chronon import utils
from ai.chronon.api import ttypes
from ai.chronon.repo.join_backfill import JoinBackfill, get_regular_and_external_join_parts
from ai.chronon.repo.serializer import json2thrift, thrift_json, thrift_simple_json
from chronon.api import wire

MODULES = [
    "api.ttypes",
    "api.constants",
    "query",
    "group_by",
    "join",
    "staging_query",
    "model",
    "external_api",
    "utils",
    "logger",
    "repo",
    "repo.validator",
    "repo.serializer",
    "repo.extract_objects",
    "repo.teams",
    "repo.dependency_tracker",
    "repo.external_join_part",
    "repo.join_backfill",
    "scheduler.interfaces.flow",
    "scheduler.interfaces.node",
    "scheduler.interfaces.orchestrator",
]

QUERY = ttypes.Query(selects={"user": "user"}, startPartition="2025-01-01")
EVENTS = ttypes.Source(events=ttypes.EventSource("raw.views/region=eu", "views", QUERY))
GROUP_BY = ttypes.GroupBy(ttypes.MetaData(name="shop.views.v1", outputNamespace="db"), [EVENTS], ["user"])
PART = ttypes.JoinPart(GROUP_BY, prefix="p")


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_original_can_be_imported(module):
    importlib.import_module(f"ai.chronon.{module}")


def test_questions_about_sources():
    assert utils.get_table(EVENTS) == "raw.views"
    assert utils.get_topic(EVENTS) == "views"
    assert utils.is_streaming(EVENTS)
    assert list(utils.get_columns(EVENTS)) == ["user"]
    assert utils.get_streaming_sources(GROUP_BY) == [EVENTS]


def test_table_names():
    join = ttypes.Join(ttypes.MetaData(name="shop.a-b.v1"), EVENTS, [PART])
    assert utils.output_table_name(join, full_name=True) == "{{ db }}.shop_a_b_v1"
    assert utils.join_part_output_table_name(join, PART) == "shop_a_b_v1_p_shop_views_v1"
    assert utils.log_table_name(join) == "shop_a_b_v1_logged"


@pytest.mark.parametrize(
    "schedule, sample, check, expected",
    [
        ("@never", None, False, ["label-join"]),
        (None, None, False, ["backfill", "stats-summary", "label-join"]),
        (None, 1.0, True, ["backfill", "stats-summary", "consistency-metrics-compute", "log-flattener", "label-join"]),
    ],
)
def test_which_jobs_a_join_asks_for(schedule, sample, check, expected):
    metadata = ttypes.MetaData("shop.a.v1", offlineSchedule=schedule, samplePercent=sample)
    metadata.customJson = json.dumps({"check_consistency": check})
    join = ttypes.Join(metadata, EVENTS, [PART], labelPart=ttypes.LabelPart([PART]))
    assert utils.get_applicable_modes(join) == expected
    tables = utils.get_modes_tables(join)
    assert tables["join_parts"] == ["shop_a_v1_p_shop_views_v1"]
    assert ("bootstrap" in tables) is (schedule is None)


@pytest.mark.parametrize(
    "accuracy, topic, streams",
    [
        (ttypes.Accuracy.TEMPORAL, None, True),
        (ttypes.Accuracy.SNAPSHOT, None, False),
        (None, "views", True),
        (None, None, False),
    ],
)
def test_a_group_by_streams_where_its_accuracy_says_so(accuracy, topic, streams):
    """The original took the number of the accuracy for its truth, which is the other way round."""
    source = ttypes.Source(events=ttypes.EventSource("t", topic, QUERY))
    metadata = ttypes.MetaData(name="shop.views.v1", online=True)
    group_by = ttypes.GroupBy(metadata, [source], ["user"], accuracy=accuracy, backfillStartDate="2025-01-01")
    assert utils.get_applicable_modes(group_by) == ["backfill", "upload", *(["streaming"] if streams else [])]


def test_the_longest_window_in_days():
    windows = [ttypes.Window(25, ttypes.TimeUnit.HOURS)]
    several = [ttypes.Aggregation("a", 7, windows=windows), ttypes.Aggregation("b", 7)]
    assert utils.get_max_window_for_gb_in_days(ttypes.GroupBy(aggregations=several)) == 2
    assert utils.get_max_window_for_gb_in_days(ttypes.GroupBy()) == 1


def test_a_compiled_text_reads_back():
    assert json2thrift(thrift_simple_json(GROUP_BY), ttypes.GroupBy) == GROUP_BY
    part = ttypes.Join(skewKeys={"a": ["b"]}, joinParts=[ttypes.JoinPart(prefix="é")])
    assert thrift_json(part).decode() == (
        '{"3":{"lst":["rec",1,{"4":{"str":"é"}}]},"4":{"map":["str","lst",1,{"a":["str",1,"b"]}]}}'
    )


@pytest.fixture
def chained(tmp_path):
    """A compiled join of a group-by that reads another join, with an external part that has an offline group-by."""
    parent = ttypes.Join(ttypes.MetaData(name="shop.parent.v1", outputNamespace="db"), EVENTS, [])
    chained = ttypes.GroupBy(ttypes.MetaData(name="shop.chained.v1"), [ttypes.Source(None, None, None)])
    chained.sources[0].joinSource = ttypes.JoinSource(parent, QUERY)
    external = ttypes.ExternalSource(ttypes.MetaData(name="risk.api"), offlineGroupBy=GROUP_BY)
    join = ttypes.Join(ttypes.MetaData(name="shop.child.v1", outputNamespace="db"), EVENTS, [ttypes.JoinPart(chained)])
    join.onlineExternalParts = [ttypes.ExternalPart(external, prefix="q")]
    file = tmp_path / "shop.child.v1"
    file.write_text(wire.to_json(join))
    return file


def test_the_backfill_of_a_join_as_jobs(chained):
    more = {"final_join": {"driver_memory": "9G"}}
    flow = JoinBackfill("2025-01-01", "2025-01-31", str(chained), settings=more).build_flow()

    def short(node):
        return node.name.removeprefix("compute_join__")

    jobs = {short(node): node for node in flow.nodes}
    waits = {name: sorted(map(short, job.dependencies)) for name, job in jobs.items()}
    assert waits == {
        "shop_parent_v1__left_table": [],
        "db_shop_parent_v1": ["shop_parent_v1__left_table"],
        "shop_child_v1__left_table": ["db_shop_parent_v1"],
        "shop_child_v1__shop_chained_v1": ["shop_child_v1__left_table"],
        "shop_child_v1__ext_q_risk_api": ["shop_child_v1__left_table"],
        "db_shop_child_v1": [
            "shop_child_v1__ext_q_risk_api", "shop_child_v1__left_table", "shop_child_v1__shop_chained_v1",
        ],
    }  # fmt: skip
    assert jobs["db_shop_child_v1"].settings["driver_memory"] == "9G"
    assert jobs["shop_child_v1__ext_q_risk_api"].command == (
        "export SPARK_VERSION=3.1.1 && export EXECUTOR_MEMORY=4G && export DRIVER_MEMORY=4G && export EXECUTOR_CORES=2 "
        "&& run.py --conf=production/joins/shop/child.v1 --ds=2025-01-31 --mode=backfill "
        "--selected-join-parts=ext_q_risk_api --use-cached-left --start-ds=2025-01-01"
    )
    assert len(get_regular_and_external_join_parts(JoinBackfill(None, "x", str(chained)).join)) == 2
