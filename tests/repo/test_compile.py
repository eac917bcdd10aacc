"""What is written to ``production/``, and what is not."""

import json

import pytest

from chronon.base.errors import ChrononError, ConfigError

HEAD = """\
from chronon import *
views = EventSource(table="raw.views", query=Query(select("user", "price"), time_column="at"))
"""
SPEND = HEAD + "v1 = GroupBy(views, ['user'], [Aggregation('price', Operation.SUM, '7d')], online=True)\n"
TRAIN = HEAD + "from group_bys.grocer.spend import v1 as spend\nv1 = Join(views, [JoinPart(spend)], online=True)\n"
REPO = {"group_bys/grocer/spend.py": SPEND, "joins/grocer/train.py": TRAIN}
PATHS = ("production/group_bys/grocer/spend.v1", "production/joins/grocer/train.v1")


@pytest.fixture
def compiled(folder):
    assert folder.write(REPO).compile().written == PATHS
    return folder


def test_compiling_twice_changes_nothing(compiled):
    before = {path: (compiled.root / path).stat().st_mtime_ns for path in PATHS}
    result = compiled.compile()
    assert (result.written, result.unchanged, result.ok) == ((), PATHS, True)
    assert {path: (compiled.root / path).stat().st_mtime_ns for path in PATHS} == before


def test_no_other_file_is_left_beside_the_compiled_ones(compiled):
    files = [
        str(file.relative_to(compiled.root)) for file in (compiled.root / "production").rglob("*") if file.is_file()
    ]
    assert sorted(files) == list(PATHS)


def test_the_text_has_no_line_end_and_is_indented_by_two(compiled):
    text = (compiled.root / PATHS[0]).read_text()
    assert text == json.dumps(json.loads(text), indent=2)


def test_namespace_and_properties_come_from_the_team_or_the_default(compiled):
    metadata = compiled.json("group_bys/grocer/spend.v1")["metaData"]
    assert (metadata["outputNamespace"], metadata["tableProperties"]) == ("grocer_db", {"owner": "feature-platform"})
    risk = compiled.write({"group_bys/risk/spend.py": SPEND}).repo.get("risk.spend.v1").metaData
    assert risk.outputNamespace == "fallback_db"


def test_a_group_by_neither_served_nor_backfilled_is_skipped(folder):
    folder.write({"group_bys/grocer/spend.py": SPEND.replace("online=True", "production=True")})
    result = folder.compile()
    assert (result.written, result.skipped, result.ok) == ((), ("group_bys/grocer/spend.v1",), True)


def test_a_part_that_only_a_join_holds_is_written_too(folder):
    last = "GroupBy(views, 'user', [Aggregation('price')], online=True, name='grocer.last')"
    inline = f"v1 = Join(views, [JoinPart({last})])\n"
    result = folder.write({"joins/grocer/train.py": HEAD + inline}).compile()
    assert result.written == ("production/group_bys/grocer/last", "production/joins/grocer/train.v1")


def test_nothing_is_written_when_only_asked_what_would_be(folder):
    assert folder.write(REPO).compile(write=False).written == PATHS
    assert not (folder.root / "production").exists()


def test_one_file_compiles_with_the_parts_of_its_joins(folder):
    folder.write(REPO | {"joins/grocer/other.py": TRAIN})
    assert folder.compile("joins/grocer/train.py").written == PATHS
    assert folder.compile("joins/grocer").written == ("production/joins/grocer/other.v1",)


@pytest.mark.parametrize("path", ["sources/x.py", "joins/grocer/nothing.py", "../elsewhere"])
def test_what_is_no_place_of_definitions_is_refused(folder, path):
    with pytest.raises(ConfigError):
        folder.write(REPO).compile(path)


def test_a_served_definition_is_not_replaced_by_another_meaning(compiled):
    before = (compiled.root / PATHS[0]).read_text()
    compiled.write({"group_bys/grocer/spend.py": SPEND.replace("7d", "9d")})
    result = compiled.compile()
    assert [str(p.problem) for p in result.problems] == [
        f"Cannot overwrite {path.removeprefix('production/')} with existing online conf" for path in PATHS
    ]
    assert (compiled.root / PATHS[0]).read_text() == before
    assert compiled.compile(force=True).written == PATHS


@pytest.mark.parametrize(
    "old, new",
    [
        ("online=True", "online=True, description='new', env={'upload': {'A': 'b'}}, tags={'a': 'b'}"),
        ("online=True", "online=False, deprecation_date='2027-01-01'"),
    ],
)
def test_metadata_of_a_served_definition_may_change(folder, old, new):
    folder.write({"group_bys/grocer/spend.py": SPEND}).compile()
    folder.write({"group_bys/grocer/spend.py": SPEND.replace(old, new)})
    result = folder.compile()
    assert not result.problems


def test_a_file_that_no_definition_makes_any_more_is_told_and_kept(compiled):
    (compiled.root / "joins/grocer/train.py").unlink()
    assert compiled.compile().stale == (PATHS[1],)
    assert (compiled.root / PATHS[1]).exists()


def test_a_group_by_of_a_production_join_is_in_production(folder):
    folder.write(REPO | {"joins/grocer/train.py": TRAIN.replace("online=True", "production=True")}).compile()
    assert folder.json("group_bys/grocer/spend.v1")["metaData"]["production"] == 1


def test_a_production_join_of_a_group_by_that_is_not_is_refused_from_the_first_time_on(folder):
    files = {
        "group_bys/grocer/spend.py": SPEND.replace("online=True", "online=True, production=False"),
        "joins/grocer/train.py": TRAIN.replace("online=True", "production=True"),
    }
    result = folder.write(files).compile()
    (problem,) = [p for p in result.problems if p.place.file == "joins/grocer/train.py"]
    assert "is production but includes the following non production group_bys: grocer.spend.v1" in str(problem)
    assert result.written == ()


def test_an_offline_group_by_in_a_compiled_online_join_is_refused_even_alone(compiled):
    compiled.write(
        {"group_bys/grocer/spend.py": SPEND.replace("online=True", "online=False, backfill_start_date='2025-01-01'")}
    )
    (problem,) = compiled.compile("group_bys/grocer/spend.py", force=True).problems
    assert "is explicitly marked offline but included in the online joins grocer.train.v1" in str(problem)


def test_a_compiled_file_that_cannot_be_read_is_told_and_stops_nothing(compiled):
    (compiled.root / PATHS[1]).write_text("{")
    result = compiled.compile("group_bys/grocer")
    assert "Error decoding file into a Join" in str(result.problems[0])
    assert result.unchanged == PATHS[:1]
    assert compiled.compile().written == PATHS[1:]


@pytest.mark.parametrize(
    "text, token",
    [
        ("{", "teams.json is not JSON"),
        ("[]", "teams.json holds no object"),
        ('{"grocer": 1}', "the team grocer is no object"),
    ],
)
def test_a_broken_teams_json_is_told(folder, text, token):
    (folder.root / "teams.json").write_text(text)
    with pytest.raises(ConfigError, match=token):
        folder.write(REPO).compile()


def test_a_team_needs_a_namespace_from_somewhere(folder):
    (folder.root / "teams.json").write_text('{"grocer": {}}')
    result = folder.write({"group_bys/grocer/spend.py": SPEND}).compile()
    assert "the team grocer has no namespace" in str(result.problems[0])
    own = SPEND.replace("online=True", "online=True, output_namespace='mine'")
    assert folder.write({"group_bys/grocer/spend.py": own}).compile().ok


def test_a_view_may_not_depend_on_the_range_of_a_run(folder):
    text = "v1 = StagingQuery(\"SELECT * FROM t WHERE ds >= '{{ Start_Date}}'\", create_view=True)\n"
    result = folder.write({"staging_queries/grocer/view.py": HEAD + text}).compile()
    assert "createView=True cannot contain" in str(result.problems[0])


def test_all_problems_can_be_raised_together(folder):
    folder.write({"group_bys/grocer/a.py": "x = 1 / 0\n", "group_bys/grocer/b.py": "y = 1 / 0\n"})
    with pytest.raises(ChrononError, match="2 problems"):
        folder.compile().raise_for_problems()
