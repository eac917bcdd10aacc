"""Models in batch: what they make of a join's features, beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon import (
    Aggregation,
    EventSource,
    GroupBy,
    InferenceSpec,
    Join,
    Model,
    ModelTransform,
    ModelTransforms,
    Operation,
    Query,
    select,
)
from chronon.api.datatypes import DataType
from chronon.base.errors import ChrononError, ConfigError, DataError, MissingDataError, SchemaError
from chronon.offline import backfill_join, backfill_models

from .conftest import World, at

CODE = """
import pyarrow.compute as pc

def score(spent, n):
    return {"score": pc.add(pc.fill_null(spent, 0), n), "words": [[str(x)] for x in n.to_pylist()], "unused": n}

def rounded(spent, n):
    return score(pc.round(spent), n)

def broken(spent, n):
    raise ValueError("no")

def short(spent, n):
    return {"score": [1.0], "words": [["x"]]}

def wrong(spent, n):
    return {"score": ["x"] * len(n), "words": [None] * len(n)}
"""
DAYS = ("01-04", "01-05", "01-06")


@pytest.fixture
def shop(world: World, request: pytest.FixtureRequest) -> World:
    rows = [(f"u{k}", k, at(f"{ds} 12:00"), ds) for ds in DAYS for k in (1, 2)]
    world.table("db.queries", {"user": "string", "n": "long", "ts": "long"}, rows)
    world.table(
        "db.purchases", {"user": "string", "amount": "double", "ts": "long"}, [("u1", 5.0, at("01-04"), "01-04")]
    )
    (world.root / "scoring_of_tests.py").parent.mkdir(exist_ok=True)
    (world.root / "scoring_of_tests.py").write_text(CODE)
    return world


@pytest.fixture(autouse=True)
def fresh_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test imports the code of its own repo."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "scoring_of_tests", raising=False)


def model(function: str = "score", name: str = "price", backend: str = "python") -> Model:
    return Model(
        name,
        InferenceSpec(backend, {"function": f"scoring_of_tests:{function}"}),
        input_schema=[("spent", DataType.DOUBLE), ("n", DataType.DOUBLE)],
        output_schema=[("score", DataType.DOUBLE), ("words", DataType.LIST(DataType.STRING))],
    )


def training(*transforms: ModelTransform, kept: list[str] | None = None, row_ids: list[str] | None = None) -> Join:
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=Query(selects=select("user", "amount"), time_column="ts")),
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM)],
    )
    left = EventSource(table="db.queries", query=Query(selects=select("user", "n"), time_column="ts"))
    models = ModelTransforms(list(transforms), passthrough_fields=kept)
    return Join(left, [group_by], name="t.j", output_namespace="out", model_transforms=models, row_ids=row_ids)


INPUTS = {"spent": "g_spend_amount_sum"}


def run(world: World, join: Join, **kwargs):
    backfill_join(join, world.engine, end="2024-01-06")
    return backfill_models(join, world.engine, world.root, end="2024-01-06", **kwargs)


def test_outputs_stand_beside_what_is_kept(shop: World) -> None:
    join = training(ModelTransform(model(), INPUTS, {"score": "price"}, prefix="m"), kept=["user", "n"])
    result = run(shop, join)
    assert result.filled == [f"2024-{ds}" for ds in DAYS]
    assert shop.columns("out.t_j") == ["user", "n", "m_price", "m_words"]
    assert shop.rows("out.t_j")[2:4] == [
        ("u1", 1, 6.0, ["1.0"], "2024-01-05"),
        ("u2", 2, 2.0, ["2.0"], "2024-01-05"),
    ]
    assert shop.columns("out.t_j_pre_mt") == ["user", "n", "ts", "g_spend_amount_sum"]


def test_row_ids_are_kept_where_nothing_is_said(shop: World) -> None:
    run(shop, training(ModelTransform(model(), INPUTS), row_ids=["user", "ts"]))
    assert shop.columns("out.t_j") == ["user", "ts", "score", "words"]


def test_only_what_is_missing_runs_and_another_model_runs_again(shop: World) -> None:
    join = training(ModelTransform(model(), INPUTS), row_ids=["user"])
    run(shop, join)
    assert run(shop, join).present == 3
    changed = training(ModelTransform(model(), INPUTS, {"score": "cost"}), row_ids=["user"])
    assert len(run(shop, changed).filled) == 3
    assert shop.columns("out.t_j") == ["user", "cost", "words"]


def test_what_other_models_have_made_is_kept_if_asked_for(shop: World) -> None:
    join = training(ModelTransform(model(), INPUTS), row_ids=["user"])
    run(shop, join)
    before = shop.rows("out.t_j", "user", "score", "ds")
    retrained = training(ModelTransform(model("rounded"), INPUTS), row_ids=["user"])
    result = run(shop, retrained, keep_outdated=True)
    assert (result.filled, result.present) == ([], 3)
    assert any("3 partitions that another definition has made are kept" in note for note in result.notes)
    assert shop.rows("out.t_j", "user", "score", "ds") == before
    assert run(shop, retrained).filled == []


def test_features_that_are_rewritten_while_they_are_read_end_the_job(shop: World) -> None:
    join = training(ModelTransform(model(), INPUTS), row_ids=["user"])
    backfill_join(join, shop.engine, end="2024-01-06")

    class Writer:
        """Another job, which makes the features of the second day anew."""

        def step(self, what: str, done: int, total: int) -> None:
            if what.startswith("2024-01-05") and done < total:
                (file,) = (shop.root / "out/t_j_pre_mt/ds=2024-01-05").iterdir()
                file.touch()

    with pytest.raises(DataError, match=r"out\.t_j_pre_mt was rewritten while it was read"):
        backfill_models(join, shop.engine, shop.root, end="2024-01-06", progress=Writer())
    assert shop.partitions("out.t_j") == ["01-04"]
    assert run(shop, join).filled == ["2024-01-05", "2024-01-06"]


def test_another_function_of_the_same_file_is_another_model(shop: World) -> None:
    run(shop, training(ModelTransform(model(), INPUTS), row_ids=["user"]))
    assert len(run(shop, training(ModelTransform(model("rounded"), INPUTS), row_ids=["user"])).filled) == 3


def test_chosen_models_run_and_unknown_ones_are_told(shop: World) -> None:
    both = [ModelTransform(model(name=name), INPUTS, prefix=name) for name in ("price", "risk")]
    join = training(*both, row_ids=["user"])
    run(shop, join, only=["risk"])
    assert shop.columns("out.t_j") == ["user", "risk_score", "risk_words"]
    with pytest.raises(ConfigError, match="no model risky") as caught:
        run(shop, join, only=["risky"])
    assert "price, risk" in str(caught.value)


def test_the_first_hole_is_filled_if_asked(shop: World) -> None:
    join = training(ModelTransform(model(), INPUTS), row_ids=["user"])
    backfill_join(join, shop.engine, end="2024-01-06")
    backfill_models(join, shop.engine, shop.root, start="2024-01-05", end="2024-01-06")
    assert run(shop, join).filled == []
    assert run(shop, join, run_first_hole=True).filled == ["2024-01-04"]


@pytest.mark.parametrize(
    "transform, kind, words",
    [
        (ModelTransform(model(), {"spent": "nothing"}), SchemaError, "input_mappings"),
        (ModelTransform(model(), {"spent": "user"}), SchemaError, "user is a string"),
        (ModelTransform(model("score", backend="magic"), INPUTS), ConfigError, "no model backend 'magic'"),
        (ModelTransform(model("nothing"), INPUTS), ConfigError, "no function scoring_of_tests:nothing"),
        (ModelTransform(model("broken"), INPUTS), DataError, "failed: ValueError: no"),
        (ModelTransform(model("short"), INPUTS), DataError, "1 values of score for 2 rows"),
        (ModelTransform(model("wrong"), INPUTS), DataError, "score of the model"),
        (ModelTransform(model(), INPUTS, {"score": "user"}), ConfigError, "two columns are called user"),
    ],
)
def test_what_is_refused(shop: World, transform: ModelTransform, kind: type[ChrononError], words: str) -> None:
    with pytest.raises(kind) as caught:
        run(shop, training(transform, kept=["user"]))
    assert words in str(caught.value)
    assert not shop.engine.warehouse.exists("out.t_j") or shop.engine.warehouse.files("out.t_j").files == ()


def test_features_come_first(shop: World, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="t_j_pre_mt"):
        backfill_models(training(ModelTransform(model(), INPUTS)), shop.engine, tmp_path, end="2024-01-06")
