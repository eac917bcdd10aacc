"""``Join`` and its parts."""

import json

import pytest

from chronon import (
    Aggregation,
    BootstrapPart,
    ContextualSource,
    DataType,
    EntitySource,
    EventSource,
    ExternalPart,
    ExternalSource,
    GroupBy,
    InferenceSpec,
    Join,
    JoinPart,
    JoinSource,
    LabelPart,
    Model,
    ModelTransform,
    ModelTransforms,
    Query,
    Source,
    StagingQuery,
    StagingQueryEntitySource,
    StagingQueryEventSource,
    select,
)
from chronon.api import structs
from chronon.api.datatypes import logical
from chronon.api.join import validate_left_source
from chronon.api.staging_query import get_staging_query_dependencies
from chronon.api.tables import join_part_output_table_name, log_table_name
from chronon.api.wire import to_data
from chronon.base.errors import ConfigError


@pytest.fixture
def spend(views):
    return GroupBy(views, ["user"], [Aggregation("price", "sum", "7d")], name="shop.spend.v1")


def test_the_left_side_is_copied_and_selects_its_time_last(views, spend):
    join = Join(views, [JoinPart(spend)])
    assert list(join.left.events.query.selects) == ["user", "price", "shop", "ts"]
    assert join.left.events.query.selects["ts"] == "at"
    assert "ts" not in views.query.selects


def test_entities_and_sources_without_selects_are_left_as_they_are(users, spend):
    assert list(Join(users, [spend]).left.entities.query.selects) == ["user", "city"]
    whole = EventSource(table="a.b", query=Query(time_column="at"))
    assert Join(Source(events=whole), [spend]).left.events.query.selects is None


def test_defaults_of_the_metadata(views, spend):
    metadata = Join(views, [spend]).metaData
    assert to_data(metadata) == {
        "online": 0,
        "production": 0,
        "customJson": '{"check_consistency": false, "lag": 0, "join_tags": null, "join_part_tags": {}}',
        "dependencies": metadata.dependencies,
        "offlineSchedule": "@daily",
    }


def test_custom_json_keeps_the_order_of_the_original(views, spend):
    join = Join(
        views, [JoinPart(spend, tags={"tier": "gold"}), JoinPart(spend, prefix="p", tags={"x": "y"})], True,
        ["--a"], {"b": "c"}, tags={"m": "n"}, team_override="risk", lag=1, consistency_sample_percent=2,
    )  # fmt: skip
    assert join.metaData.customJson == (
        '{"check_consistency": true, "lag": 1, "additional_args": ["--a"], "additional_env": {"b": "c"}, '
        '"team_override": "risk", "join_tags": {"m": "n"}, '
        '"join_part_tags": {"shop.spend.v1": {"tier": "gold"}, "p_shop.spend.v1": {"x": "y"}}}'
    )
    assert join.metaData.consistencySamplePercent == 2.0


def specs(lines):
    return [json.loads(line)["spec"] for line in lines]


def test_what_a_join_waits_for(spend):
    visits = EventSource(table="raw.visits", query=Query(select("user"), time_column="at"))
    seed = BootstrapPart("db.seed", ["user"], Query(end_partition="2025-01-01"))
    join = Join(visits, [spend, JoinPart(spend, prefix="p")], lag=1, bootstrap_parts=[seed])
    assert specs(join.metaData.dependencies) == [
        "raw.visits/ds={{ macros.ds_add(ds, -1) }}",
        "raw.views/ds={{ ds }}",
        "db.seed/ds={{ ds }}",
    ]
    explicit = Join(visits, [spend], dependencies=["x/ds=1"], bootstrap_parts=[seed])
    assert specs(explicit.metaData.dependencies) == ["x/ds=1", "raw.views/ds={{ ds }}"]


def test_labels_wait_for_the_left_side_for_themselves_and_for_the_join(views, spend, users):
    label = GroupBy(users, ["user"], None, name="shop.label")
    given = LabelPart([JoinPart(label)], 30, 10, "@weekly")
    part = Join(views, [spend], label_part=given).labelPart
    assert specs(part.metaData.dependencies) == [
        "raw.views/ds={{ ds }}",
        "raw.users/ds={{ ds }}",
        "{{ join_backfill_table }}/ds={{ ds }}",
    ]
    assert (part.leftStartOffset, part.leftEndOffset, part.metaData.offlineSchedule) == (30, 10, "@weekly")
    assert given.metaData.dependencies is None


def test_logged_values_are_a_bootstrap_part_after_the_others(views, spend):
    seed = BootstrapPart("db.seed")
    join = Join(views, [spend], online=True, sample_percent=5, bootstrap_parts=[seed], bootstrap_from_log=True)
    assert [part.table for part in join.bootstrapParts] == ["db.seed", "{{ logged_table }}"]
    assert join.metaData.samplePercent == 5.0


def aggregated(windows, operation="sum"):
    views = EventSource(table="a.b", query=Query(select("user", "x"), time_column="at"))
    return JoinPart(GroupBy(views, ["user"], [Aggregation("x", operation, w) for w in windows], name="t.g"))


LEFT = EventSource(table="a.b", query=Query(select("user"), time_column="at"))
CONTEXT = ContextualSource([("x", DataType.LONG)])
REFUSED = {
    "P1": (lambda: JoinPart(GroupBy(LEFT, ["user"], [Aggregation("x")])), "Must specify a group_by name"),
    "P2": (lambda: JoinPart(aggregated(["7d"]).groupBy, {"user": "usr"}), "usr is not a valid key"),
    "no group-by": (lambda: JoinPart("t.g"), "a str is no group-by"),
    "J1": (lambda: Join(EventSource("a.b", isCumulative=True), []), "NOT supported by Chronon"),
    "J2": (
        lambda: validate_left_source(Source(joinSource=JoinSource(join=Join(LEFT, [])))),
        "NOT supported by Chronon",
    ),
    "J3": (
        lambda: Join(EventSource("a.b", None, Query({"ts": "at"}, time_column="at")), []),
        "'ts' is a reserved key word",
    ),
    "no time": (lambda: Join(EventSource("a.b", None, Query({"x": "x"})), []), "please specify query.timeColumn"),
    "J4": (
        lambda: Join(LEFT, [], online_external_parts=[ExternalPart(CONTEXT), ExternalPart(CONTEXT)]),
        "Please address all the above mentioned duplicates",
    ),
    "J5": (lambda: Join(LEFT, [], bootstrap_from_log=True, online=True), "Join must be online with sample_percent set"),
    "L1": (
        lambda: LabelPart([aggregated(["7d"]), aggregated(["7d"])], 7, 7),
        "Multiple label joinPart is not supported",
    ),
    "L2": (lambda: LabelPart([aggregated(["7d", "8d"])], 7, 7), "Single aggregation with one window allowed"),
    "L2 whole history": (lambda: LabelPart([aggregated([None])], 7, 7), "Single aggregation with one window allowed"),
    "L3": (lambda: LabelPart([aggregated(["7h"])], 7, 7), "must be DAYS"),
    "L4": (lambda: LabelPart([aggregated(["7d"])], 7, 8), "will be inferred to be same as aggregation"),
    "D1": (lambda: ExternalSource("contextual", "t", [], []), "Please use `ContextualSource`"),
    "D2": (lambda: DataType.MAP(DataType.LONG, DataType.LONG), "key_type has to STRING"),
    "unnamed offline": (
        lambda: ExternalSource("x", "t", [], [], offline_group_by=GroupBy(LEFT, ["user"], [Aggregation("x")])),
        "Must specify a group_by name",
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_is_refused_when_it_is_written(rule):
    make, token = REFUSED[rule]
    with pytest.raises(ConfigError, match=token) as error:
        make()
    assert error.value.place.file == __file__


def test_the_left_side_may_be_a_join_which_stays_the_same_one(views, spend):
    """The original's rule J2 refuses it; here the parent is made first, as for a group-by."""
    parent = Join(views, [spend], name="shop.parent", output_namespace="shop")
    join = Join(JoinSource(join=parent, query=Query(select("user"), time_column="ts")), [spend])
    assert join.left.joinSource.join is parent
    assert '"spec": "shop.shop_parent/ds={{ ds }}"' in join.metaData.dependencies[0]


def test_a_join_without_a_name_is_no_left_side(views, spend):
    with pytest.raises(ConfigError, match="NOT supported by Chronon where its join has no name"):
        Join(JoinSource(join=Join(views, [spend]), query=Query(select("user"), time_column="ts")), [spend])


def test_a_hand_made_group_by_is_checked_by_the_join(spend):
    spend.aggregations[0].inputColumn = "nothing"
    with pytest.raises(ConfigError, match="input_column: for aggregation is not part of the query: nothing"):
        Join(LEFT, [JoinPart(spend)])


def test_external_sources_declare_their_types():
    source = ExternalSource(
        "risk.api", "risk", [("user", DataType.STRING)], [("why", DataType.LIST(DataType.DOUBLE))],
        factory_name="http", factory_params={"path": "/"},
    )  # fmt: skip
    assert to_data(source) == {
        "metadata": {"name": "risk.api", "team": "risk"},
        "keySchema": {
            "kind": 13,
            "params": [{"name": "user", "dataType": {"kind": 7}}],
            "name": "ext_risk.api_keys",
        },
        "valueSchema": {
            "kind": 13,
            "params": [
                {"name": "why", "dataType": {"kind": 12, "params": [{"name": "elem", "dataType": {"kind": 6}}]}}
            ],
            "name": "ext_risk.api_values",
        },
        "factoryConfig": {"factoryName": "http", "factoryParams": {"path": "/"}},
    }
    assert str(logical(source.valueSchema)) == "struct<why:list<double>>"


def test_models_declare_what_they_take_and_give():
    model = Model("ret", InferenceSpec("sage", {"e": "1"}), [("x", DataType.DOUBLE)], [("p", DataType.DOUBLE)])
    join = Join(LEFT, [], model_transforms=ModelTransforms([ModelTransform(model, {"x": "y"}, prefix="m")], ["user"]))
    (transform,) = join.modelTransforms.transforms
    assert (transform.model.inputSchema.name, transform.model.outputSchema.name) == (
        "model_ret_inputs",
        "model_ret_outputs",
    )
    assert join.modelTransforms.passthroughFields == ["user"]


def test_sources_of_staging_queries_read_the_table_that_is_written():
    query = StagingQuery("SELECT 1", name="shop.base.daily", output_namespace="shop")
    events = StagingQueryEventSource(query, Query(time_column="at")).events
    assert (events.table, events.topic, events.isCumulative) == ("shop.shop_base_daily", None, False)
    entities = StagingQueryEntitySource(query, Query()).entities
    assert entities == EntitySource(snapshotTable="shop.shop_base_daily", query=structs.Query())
    signal = "shop.chronon_signal_partitions/ds={{ ds }}/table_name=shop.shop_base_daily"
    assert get_staging_query_dependencies(query) == get_staging_query_dependencies(query, lag=3) == [signal]


def test_tables_of_a_join(views, spend):
    part = JoinPart(spend, prefix="p")
    join = Join(views, [part])
    with pytest.raises(ConfigError, match="Couldn't find module name"):
        log_table_name(join)
    join.metaData.name = "shop.train.v1"
    assert log_table_name(join) == "shop_train_v1_logged"
    assert join_part_output_table_name(join, part, full_name=True) == "{{ db }}.shop_train_v1_p_shop_spend_v1"
