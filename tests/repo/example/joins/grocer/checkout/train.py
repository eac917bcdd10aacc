from group_bys.grocer.baskets import shop_dim, spend
from sources.grocer.streams import returned, visits

from ai.chronon.group_by import GroupBy
from ai.chronon.join import (
    BootstrapPart,
    ContextualSource,
    DataType,
    Derivation,
    ExternalPart,
    ExternalSource,
    Join,
    JoinPart,
    LabelPart,
)
from ai.chronon.model import InferenceSpec, Model, ModelTransform, ModelTransforms
from ai.chronon.query import Query, select

label_gb = GroupBy(returned, ["visit_id"], None, name="grocer.label_returned")
v1 = Join(
    left=visits,
    right_parts=[
        JoinPart(spend, tags={"tier": "gold"}),
        JoinPart(shop_dim, key_mapping={"home_shop": "shop"}, prefix="home"),
    ],
    online_external_parts=[
        ExternalPart(ContextualSource([("request_id", DataType.STRING)])),
        ExternalPart(
            ExternalSource(
                "risk.api",
                "risk",
                [("shopper", DataType.STRING)],
                [("score", DataType.DOUBLE), ("why", DataType.MAP(DataType.STRING, DataType.LONG))],
                factory_name="http",
                factory_params={"path": "/score"},
            ),
            key_mapping={"shopper": "shopper"},
            prefix="rt",
        ),
    ],
    derivations=[
        Derivation("*", "*"),
        Derivation("spend_per_day", "grocer_baskets_spend_total_sum_7d_by_aisle['all'] / 7"),
    ],
    label_part=LabelPart(
        [JoinPart(label_gb)], left_start_offset=30, left_end_offset=10, label_offline_schedule="@weekly"
    ),
    bootstrap_parts=[
        BootstrapPart(
            "grocer_db.seed", ["visit_id"], Query(selects=select("visit_id", "f"), end_partition="2025-02-01")
        )
    ],
    row_ids=["visit_id"],
    skew_keys={"shopper": ["0", "'bot'"]},
    sample_percent=12.5,
    check_consistency=True,
    offline_schedule="@weekly",
    historical_backfill=False,
    deprecation_date="2027-01-01",
    lag=2,
    env={"backfill": {"EXECUTOR_MEMORY": "9G"}},
    additional_args=["--step-days 14"],
    tags={"model": "returns"},
    description="returns model training set",
    team_override="risk",
    model_transforms=ModelTransforms(
        [
            ModelTransform(
                Model(
                    "ret", InferenceSpec("sage", {"endpoint": "e1"}), [("x", DataType.DOUBLE)], [("p", DataType.DOUBLE)]
                ),
                {"x": "spend_per_day"},
                {"p": "prob"},
                "m",
            )
        ],
        ["visit_id"],
    ),
)
