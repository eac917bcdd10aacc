"""Names, teams and namespaces of what a repo defines."""

import sys

import pytest

from chronon.base.errors import ConfigError

VIEWS = """
    from chronon import EventSource, Query, select
    views = EventSource(table="raw.views", topic="views", query=Query(select("user", "price"), time_column="at"))
"""
SPEND = """
    from chronon import Aggregation, GroupBy, Operation
    from sources.grocer.views import views
    v1 = GroupBy(views, ["user"], [Aggregation("price", Operation.SUM, "7d")], online=True)
"""
TRAIN = """
    from chronon import Join, JoinPart
    from group_bys.grocer.spend import v1 as spend
    from sources.grocer.views import views
    v1 = Join(left=views, right_parts=[JoinPart(spend)], online=True)
"""
REPO = {
    "sources/grocer/views.py": VIEWS,
    "group_bys/grocer/spend.py": SPEND,
    "joins/grocer/train.py": TRAIN,
    "staging_queries/grocer/base.py": """
        from ai.chronon.api.ttypes import StagingQuery
        daily = StagingQuery(query="SELECT 1 AS one", startPartition="2025-01-01")
    """,
}


@pytest.fixture
def repo(folder):
    return folder.write(REPO).repo


def named(repo):
    return [(d.kind, d.name) for d in repo.definitions()]


def test_a_definition_is_called_team_file_variable(repo):
    assert named(repo) == [
        ("group_bys", "grocer.spend.v1"),
        ("joins", "grocer.train.v1"),
        ("staging_queries", "grocer.base.daily"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "grocer.train.v1",
        "grocer/train.v1",
        "joins/grocer/train.v1",
        "production/joins/grocer/train.v1",
        "joins/grocer/train.py",
        "joins/grocer/train.py:v1",
    ],
)
def test_one_definition_is_found_by_name_path_or_file(repo, name):
    metadata = repo.get(name).metaData
    assert (metadata.name, metadata.team, metadata.outputNamespace) == ("grocer.train.v1", "grocer", "grocer_db")


def test_group_bys_inside_a_join_have_name_team_and_namespace_too(repo):
    metadata = repo.get("grocer.train.v1").joinParts[0].groupBy.metaData
    assert (metadata.name, metadata.team, metadata.outputNamespace) == ("grocer.spend.v1", "grocer", "grocer_db")


def test_an_unknown_name_is_answered_with_the_nearest(repo):
    with pytest.raises(ConfigError, match=r"there is no definition grocer\.trian\.v1") as error:
        repo.get("grocer.trian.v1")
    assert error.value.mend == "did you mean grocer.train.v1?"


def test_a_name_of_two_kinds_must_be_told_apart(folder):
    folder.write(REPO | {"group_bys/grocer/train.py": SPEND})
    with pytest.raises(ConfigError) as error:
        folder.repo.get("grocer.train.v1")
    assert error.value.mend == "say which: group_bys/grocer/train.v1 or joins/grocer/train.v1"
    assert folder.repo.get("group_bys/grocer/train.v1").keyColumns == ["user"]


def test_a_file_with_several_definitions_needs_the_variable(folder):
    folder.write(REPO | {"joins/grocer/train.py": TRAIN + "    v2 = Join(left=views, right_parts=[])\n"})
    with pytest.raises(ConfigError, match="holds 2 definitions"):
        folder.repo.get("joins/grocer/train.py")
    assert folder.repo.get("joins/grocer/train.py:v2").metaData.name == "grocer.train.v2"


def test_folders_below_the_team_are_part_of_the_name_and_hyphens_are_allowed(folder):
    folder.write(REPO | {"group_bys/grocer/by-user/old/spend.py": SPEND, "group_bys/grocer/deep/__init__.py": SPEND})
    assert [name for kind, name in named(folder.repo) if kind == "group_bys"] == [
        "grocer.by-user.old.spend.v1",
        "grocer.deep.__init__.v1",
        "grocer.spend.v1",
    ]


def test_the_last_of_two_variables_names_a_definition(folder):
    folder.write(REPO | {"group_bys/grocer/spend.py": SPEND + "    latest = v1\n", "joins/grocer/train.py": ""})
    assert ("group_bys", "grocer.spend.latest") in named(folder.repo)
    assert ("group_bys", "grocer.spend.v1") not in named(folder.repo)


def test_an_imported_definition_keeps_the_name_of_its_own_file(folder):
    folder.write(REPO | {"group_bys/grocer/also.py": "from group_bys.grocer.spend import v1\n"})
    assert [name for kind, name in named(folder.repo) if kind == "group_bys"] == ["grocer.spend.v1"]


def test_a_definition_made_by_a_helper_is_named_by_the_variable(folder):
    folder.write(
        REPO
        | {
            "helpers.py": """
                from chronon import Aggregation, GroupBy
                def spend_of(source, window):
                    return GroupBy(source, ["user"], [Aggregation("price", "sum", window)], online=True)
            """,
            "group_bys/grocer/many.py": """
                from helpers import spend_of
                from sources.grocer.views import views
                week, month = spend_of(views, "7d"), spend_of(views, "30d")
            """,
        }
    )
    found = {d.name: d for d in folder.repo.definitions()}
    assert {"grocer.many.week", "grocer.many.month"} <= set(found)
    assert str(found["grocer.many.week"].place) == "grocer.many.week (group_bys/grocer/many.py:3)"


def test_a_group_by_written_in_a_join_has_the_name_it_was_given_and_the_team_of_the_join(folder):
    folder.write(
        REPO
        | {
            "joins/grocer/train.py": """
                from chronon import Aggregation, GroupBy, Join, JoinPart
                from sources.grocer.views import views
                inline = GroupBy(views, ["user"], [Aggregation("price")], name="inline_spend")
                v1 = Join(left=views, right_parts=[JoinPart(inline), JoinPart(inline, prefix="again")])
            """
        }
    )
    metadata = folder.repo.get("joins/grocer/train.v1").joinParts[1].groupBy.metaData
    assert (metadata.name, metadata.team, metadata.outputNamespace) == ("inline_spend", "grocer", "grocer_db")
    assert folder.repo.get("inline_spend").metaData.name == "inline_spend"


def test_shared_sources_do_not_leak_columns_from_one_group_by_to_another(folder):
    folder.write(
        REPO
        | {
            "group_bys/grocer/wide.py": """
                from chronon import Aggregation, GroupBy
                from sources.grocer.views import views
                v1 = GroupBy(views, ["user", "shop"], [Aggregation("tax")], online=True)
            """
        }
    )
    selects = {
        d.name: d.value.sources[0].events.query.selects for d in folder.repo.definitions() if d.kind == "group_bys"
    }
    assert list(selects["grocer.wide.v1"]) == ["user", "price", "shop", "tax"]
    assert list(selects["grocer.spend.v1"]) == ["user", "price"]


def test_a_chained_group_by_waits_for_the_table_of_its_parent_and_holds_it_with_its_own_team(folder):
    folder.write(
        REPO
        | {
            "group_bys/risk/chained.py": """
                from chronon import Aggregation, GroupBy, JoinSource, Query, select
                from joins.grocer.train import v1 as parent
                v1 = GroupBy(
                    JoinSource(parent, Query(select("user", spent="grocer_spend_v1_price_sum_7d"), time_column="ts")),
                    ["user"], [Aggregation("spent", "max", "1d")], online=True)
            """
        }
    )
    chained = folder.repo.get("risk.chained.v1")
    assert '"spec": "grocer_db.grocer_train_v1/ds={{ ds }}"' in chained.metaData.dependencies[0]
    parent = chained.sources[0].joinSource.join.metaData
    assert (parent.name, parent.team, parent.outputNamespace) == ("grocer.train.v1", "risk", "grocer_db")
    assert folder.repo.get("grocer.train.v1").metaData.team == "grocer"


def test_a_join_may_stand_on_the_left_of_a_join(folder):
    folder.write(
        REPO
        | {
            "joins/grocer/more.py": """
                from chronon import Join, JoinSource, Query, select
                from group_bys.grocer.spend import v1 as spend
                from joins.grocer.train import v1 as parent
                v1 = Join(JoinSource(parent, Query(select("user"), time_column="ts")), [spend])
            """
        }
    )
    more = folder.repo.get("grocer.more.v1")
    assert '"spec": "grocer_db.grocer_train_v1/ds={{ ds }}"' in more.metaData.dependencies[0]
    assert more.left.joinSource.join.metaData.outputNamespace == "grocer_db"


def test_templates_for_namespaces_and_logs_are_filled_in_everywhere(folder):
    folder.write(
        REPO
        | {
            "joins/grocer/train.py": """
                from chronon import EventSource, Join, JoinPart, LabelPart, Query, select
                from group_bys.grocer.spend import v1 as spend
                left = EventSource(table="{{ db }}.visits", query=Query(select("user"), time_column="at"))
                v1 = Join(left=left, right_parts=[spend], online=True, sample_percent=10, bootstrap_from_log=True,
                          label_part=LabelPart([JoinPart(spend)], 7, 7))
            """
        }
    )
    join = folder.repo.get("grocer.train.v1")
    assert join.left.events.table == "grocer_db.visits"
    assert join.bootstrapParts[0].table == "grocer_db.grocer_train_v1_logged"
    assert '"spec": "grocer_db.grocer_train_v1_logged/ds={{ ds }}"' in join.metaData.dependencies[-1]
    assert '"spec": "grocer_db.grocer_train_v1/ds={{ ds }}"' in join.labelPart.metaData.dependencies[-1]


def test_the_table_of_a_staging_query_is_the_one_that_it_writes(folder):
    folder.write(
        REPO
        | {
            "staging_queries/grocer/base.py": """
                from ai.chronon.api.ttypes import MetaData, StagingQuery
                daily = StagingQuery(query="SELECT 1 AS one", metaData=MetaData(name="something_else"))
            """,
            "group_bys/grocer/staged.py": """
                from chronon import Aggregation, GroupBy, Query, StagingQueryEventSource, select
                from ai.chronon.staging_query import get_staging_query_dependencies
                from staging_queries.grocer.base import daily
                v1 = GroupBy(StagingQueryEventSource(daily, Query(select("user"), time_column="at")), ["user"],
                             [Aggregation("one")], online=True, dependencies=get_staging_query_dependencies(daily))
            """,
        }
    )
    staged = folder.repo.get("grocer.staged.v1")
    assert staged.sources[0].events.table == "grocer_db.grocer_base_daily"
    signal = "grocer_db.chronon_signal_partitions/ds={{ ds }}/table_name=grocer_db.grocer_base_daily"
    assert f'"spec": "{signal}"' in staged.metaData.dependencies[0]


def test_loading_leaves_no_trace_in_the_process(repo):
    before = set(sys.modules), list(sys.path), list(sys.meta_path)
    repo.definitions()
    after = set(sys.modules), list(sys.path), list(sys.meta_path)
    assert {name for name in after[0] - before[0] if name.startswith(("sources", "group_bys", "joins"))} == set()
    assert after[1:] == before[1:]
    assert not list(repo.root.rglob("__pycache__"))


def test_two_repos_with_the_same_files_do_not_mix(folder, tmp_path_factory):
    folder.write(REPO)
    other = type(folder)(tmp_path_factory.mktemp("other")).write(
        REPO | {"sources/grocer/views.py": VIEWS.replace("raw.", "x.")}
    )
    assert folder.repo.get("grocer.spend.v1").sources[0].events.table == "raw.views"
    assert other.repo.get("grocer.spend.v1").sources[0].events.table == "x.views"


def test_an_edit_is_seen_at_once(repo, folder):
    assert repo.get("grocer.spend.v1").aggregations[0].windows[0].length == 7
    folder.write({"group_bys/grocer/spend.py": SPEND.replace("7d", "9d")})
    assert repo.get("grocer.spend.v1").aggregations[0].windows[0].length == 9


def test_without_teams_json_every_team_exists_and_is_its_own_namespace(folder):
    folder.write(REPO)
    (folder.root / "teams.json").unlink()
    assert folder.repo.get("grocer.spend.v1").metaData.outputNamespace == "grocer"


def test_inline_group_bys_are_used_in_as_many_parts_as_one_likes(folder):
    text = """
        from chronon import *
        users = EntitySource(snapshotTable="raw.users", query=Query(select("user", "city")))
        inline = GroupBy(users, ["user"], None, name="grocer.inline")
        views = EventSource(table="raw.views", query=Query(select("user"), time_column="at"))
        v1 = Join(views, [JoinPart(inline), JoinPart(inline, prefix="again")])
        v2 = Join(views, [JoinPart(inline)])
    """
    loaded = folder.write({"joins/grocer/two.py": text}).repo.load()
    assert not loaded.problems
    parts = [part for one in loaded.definitions for part in one.value.joinParts]
    assert [part.groupBy.metaData.name for part in parts] == ["grocer.inline"] * 3


def test_a_package_of_the_same_name_elsewhere_does_not_stand_in_the_way(folder, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "group_bys").mkdir()
    (elsewhere / "group_bys/__init__.py").write_text("")
    monkeypatch.syspath_prepend(elsewhere)
    assert not folder.write(REPO).repo.load().problems
