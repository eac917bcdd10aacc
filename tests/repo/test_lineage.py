"""Lineage by column: what decides on a feature, and what a column of a table decides on."""

import pytest

from chronon.repo.lineage import Column, Lineage

REPO = {
    "staging_queries/grocer/clean.py": """\
        from chronon import *
        v1 = StagingQuery(
            query='''WITH paid AS (SELECT user, cents * 2 AS cents, ds FROM raw.views WHERE ds >= '{{ start_date }}')
                     SELECT user, cents, ds FROM paid''',
            start_partition="2024-01-01",
        )
    """,
    "group_bys/grocer/spend.py": """\
        from chronon import *
        views = EventSource(
            table="fallback.grocer_clean_v1",
            query=Query(select("user", "shop", price="cents / 100"), wheres=["cents > least"], time_column="at"),
        )
        v1 = GroupBy(
            views,
            ["user"],
            [Aggregation("price", Operation.SUM, ["7d"]), Aggregation("price", Operation.MAX, buckets=["shop"])],
            derivations=[Derivation("*", "*"), Derivation("weekly", "price_sum_7d * 2")],
        )
    """,
    "joins/grocer/train.py": """\
        from chronon import *
        from group_bys.grocer.spend import v1 as spend
        v1 = Join(
            EventSource(table="raw.checkouts", query=Query(select(buyer="coalesce(user, guest)"), time_column="at")),
            [JoinPart(spend, key_mapping={"buyer": "user"}, prefix="p")],
            derivations=[Derivation("twice", "p_grocer_spend_v1_weekly + length(buyer)")],
        )
    """,
}


@pytest.fixture
def lineage(folder):
    folder.write({**REPO, "teams.json": '{"default": {"namespace": "fallback", "table_properties": {}}, "grocer": {}}'})
    loaded = folder.repo.load()
    assert not loaded.problems
    found = Lineage.of(loaded.definitions)
    assert not found.unread
    return found


def inputs(lineage, owner, name, decides="value"):
    return {str(edge.source): edge.steps for edge in lineage.into(Column(owner, name)) if edge.decides == decides}


def test_a_staging_query_that_is_no_text_is_told(folder):
    text = "from chronon.api.structs import Query, StagingQuery\nv1 = StagingQuery(query=Query(selects={'a': 'a'}))\n"
    loaded = folder.write({"staging_queries/grocer/odd.py": text}).repo.load()
    (unread,) = Lineage.of(loaded.definitions).unread
    assert "the query is no text" in str(unread)


def test_a_feature_comes_from_a_select_and_an_operation(lineage):
    found = inputs(lineage, "grocer.spend.v1", "price_sum_7d") | inputs(lineage, "grocer.spend.v1", "weekly")
    assert found == {"grocer.clean.v1.cents": ("price = cents / 100", "sum", "weekly = price_sum_7d * 2")}


def test_a_bucket_decides_on_the_value(lineage):
    assert set(inputs(lineage, "grocer.spend.v1", "price_max_by_shop")) == {
        "grocer.clean.v1.cents",
        "grocer.clean.v1.shop",
    }


def test_conditions_times_and_keys_decide_on_the_rows(lineage):
    found = inputs(lineage, "grocer.spend.v1", "weekly", "rows")
    assert set(found) == {f"grocer.clean.v1.{name}" for name in ("cents", "least", "at", "user")}


def test_a_staging_query_is_read_through(lineage):
    assert set(inputs(lineage, "grocer.clean.v1", "cents")) == {"raw.views.cents"}


def test_a_column_of_a_join_comes_from_its_part_and_its_left_side(lineage):
    assert inputs(lineage, "grocer.train.v1", "twice") == {
        "grocer.spend.v1.weekly": ("twice = p_grocer_spend_v1_weekly + length(buyer)",),
        "raw.checkouts.user": (
            "buyer = coalesce(user, guest)",
            "twice = p_grocer_spend_v1_weekly + length(buyer)",
        ),
        "raw.checkouts.guest": (
            "buyer = coalesce(user, guest)",
            "twice = p_grocer_spend_v1_weekly + length(buyer)",
        ),
    }


def test_what_depends_on_a_column_of_a_table(lineage):
    assert {str(edge.target) for edge in lineage.downstream(Column("raw.views", "cents"))} == {
        "grocer.clean.v1.cents",
        "grocer.spend.v1.price_max_by_shop",
        "grocer.spend.v1.weekly",
        "grocer.train.v1.twice",
        "grocer.spend.v1.price_sum_7d",
    }


def test_upstream_goes_back_to_the_first_tables(lineage):
    found = {str(edge.source) for edge in lineage.upstream(Column("grocer.train.v1", "twice"))}
    assert {"raw.views.cents", "raw.views.user", "raw.checkouts.guest"} <= found


def test_a_query_that_cannot_be_read_is_told_and_stops_nothing(folder, lineage):
    folder.write({"staging_queries/grocer/bad.py": 'from chronon import *\nv1 = StagingQuery(query="SELEC FROM")\n'})
    found = Lineage.of(folder.repo.load().definitions)
    assert [problem.place.definition for problem in found.unread] == ["grocer.bad.v1"]
    assert len(found.edges) == len(lineage.edges)
