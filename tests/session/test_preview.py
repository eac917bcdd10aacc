"""A look before anything runs: what a source gives and leaves out, what a backfill would do."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from chronon import EventSource, JoinPart, Query, StagingQuery, select
from chronon.base.errors import ConfigError
from chronon.cli.main import cli
from chronon.session import Session

from .conftest import DAY, HOUR, T0, put, spending, training, users
from .test_environments import repo


def test_a_source_says_what_it_leaves_out_and_why(session: Session) -> None:
    put(session, "data.purchases", "2024-01-03", [{"user_id": 5, "price": 1.0, "ts": T0 - 2 * DAY}])
    source = EventSource(
        table="data.purchases",
        query=Query(selects=select("user_id", cents="price * 100"), wheres=["price > 0"], time_column="ts"),
    )
    found = source.preview().sources[0]
    assert found.partitions == ["2024-01-04", "2024-01-05"]
    assert (found.read, found.left_out, found.kept) == (5, {"not price > 0": 1, "without a time": 1}, 3)
    assert found.rows.column("cents").to_pylist()[:1] == [2000.0]
    assert "a sample: 2024-01-04, 2024-01-05 of 3 partitions were read" in repr(found)
    assert "cents: double" in repr(found)
    everything = source.preview(partitions=0).sources[0]
    assert (everything.read, "a sample" in repr(everything)) == (6, False)


def test_a_group_by_shows_features_of_the_sample(session: Session) -> None:
    put(session, "data.purchases", "2024-01-03", [{"user_id": 1, "price": 100.0, "ts": T0 - 2 * DAY}])
    found = spending().preview()
    assert found.outputs == {"price_sum_1d": "double", "price_sum_7d": "double", "price_last2": "list<double>"}
    assert found.features is not None
    sums = {row["user_id"]: row["price_sum_7d"] for row in found.features.dicts()}
    assert sums == {1: 32.0, 3: None}, "the 100 of the partition that was not read is not in it"
    assert "the features are made of that sample alone" in repr(found)
    assert [row["user_id"] for row in spending().preview(keys={"user_id": 1}).features.dicts()] == [1]
    whole = spending().preview(partitions=0)
    assert whole.features.dicts()[0]["price_sum_7d"] == 132.0


def test_a_join_shows_its_left_side_with_features(session: Session) -> None:
    found = training().preview()
    assert found.features is not None
    assert found.features.dicts()[0]["share"] == 2.0
    assert [source.table for source in found.sources] == ["data.checkouts", "data.purchases", "data.users"]
    assert "not price > 0" in repr(found)


def test_explain_says_what_a_backfill_would_read_and_write(session: Session) -> None:
    join = training(JoinPart(group_by=spending()), JoinPart(group_by=users()))
    found = join.explain(end="2024-01-06")
    assert found.days == ["2024-01-05"]
    assert found.without_input == ["2024-01-06"]
    by_table = {reading.reads.scan.table: reading for reading in found.readings}
    assert by_table["data.purchases"].rows == 5
    assert by_table["data.purchases"].reads.columns == ["user_id", "price", "ts"]
    assert by_table["data.purchases"].reads.first is None, "the last two have no window"
    assert by_table["data.users"].partitions == ["2024-01-04"]
    assert found.outputs["shop_spending_price_last2"].name == "list<double>"
    before = session.engine.warehouse.tables()
    join.backfill(end="2024-01-05")
    assert before == ["data.checkouts", "data.purchases", "data.users"], "explaining writes nothing"
    assert join.explain(end="2024-01-05").days == []
    assert "nothing, all partitions are there" in repr(join.explain(end="2024-01-05"))


def test_explain_of_a_group_by(session: Session) -> None:
    group_by = spending()
    found = group_by.explain("2024-01-05", "2024-01-05")
    assert (found.table, found.days) == ("shop.shop_spending", ["2024-01-05"])
    assert found.readings[0].rows == 5


def test_explain_of_a_staging_query_an_upload_and_labels(session: Session) -> None:
    query = StagingQuery(
        name="shop.daily",
        output_namespace="shop",
        query="SELECT user_id, ds FROM data.purchases WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'",
        start_partition="2024-01-04",
    )
    found = query.explain(end="2024-01-05")
    assert (found.table, found.days, list(found.outputs)) == (
        "shop.shop_daily",
        ["2024-01-04", "2024-01-05"],
        ["user_id"],
    )
    assert [reading.reads.scan.table for reading in found.readings] == ["data.purchases"]
    assert query.backfill(end="2024-01-05").filled == found.days
    assert query.explain(end="2024-01-05").days == []
    assert "staging query" in query._repr_html_()

    upload = training().explain(end="2024-01-05", job="upload")
    assert "SHOP_SPENDING_BATCH" in upload.table
    assert upload.days == ["2024-01-05"]
    with pytest.raises(ConfigError, match="no labels"):
        training().explain(end="2024-01-05", job="labels")
    with pytest.raises(ConfigError, match=r"GroupBy has no job 'labels'"):
        spending().explain(end="2024-01-05", job="labels")


def test_the_commands(session: Session) -> None:
    root = str(repo(session))
    explained = CliRunner().invoke(
        cli, ["explain", "shop.training.v1", "--end", "2024-01-05", "--json", "--repo", root]
    )
    assert explained.exit_code == 0, explained.output
    assert json.loads(explained.output)["partitions"] == ["2024-01-05"]
    settings = CliRunner().invoke(cli, ["explain", "--settings", "--env", "dev", "--repo", root])
    assert "environment dev" in settings.output
    shown = CliRunner().invoke(cli, ["preview", "shop.training.v1", "--repo", root])
    assert "preview of shop.training.v1" in shown.output
    assert session.clock.now() == T0 + DAY + HOUR
