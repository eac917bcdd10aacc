"""Typical mistakes: each is one problem that names file and line, says what is wrong, and stops no neighbour."""

import pytest

HEAD = """\
from chronon import *
views = EventSource(table="raw.views", query=Query(select("user", "price"), time_column="at"))
users = EntitySource(snapshotTable="raw.users", query=Query(select("user", "city")))
"""
BACKWARDS = {"start_partition": "2025-02-01", "end_partition": "2025-01-01"}
HEADS = {
    "group_bys": HEAD + "# the mistake stands in the next line\n",
    "joins": HEAD
    + "spend = GroupBy(views, ['user'], [Aggregation('price', 'sum', '7d')], online=True, name='grocer.spend')\n",
    "staging_queries": HEAD + "from chronon.api import structs\n",
}
GROUP_BY = "group_bys/grocer/bad.py"
JOIN = "joins/grocer/bad.py"
GOOD = {"group_bys/grocer/good.py": HEADS["joins"].replace("spend = ", "v1 = ")}


def holding(file, line):
    return {file: HEADS[file.partition("/")[0]] + line + "\n"}


MISTAKES = {
    "no sources": (GROUP_BY, "v1 = GroupBy([], ['user'], None)", "Sources are not specified"),
    "a table for a source": (GROUP_BY, "v1 = GroupBy('raw.views', ['user'], None)", "str is not a source"),
    "no time": (
        GROUP_BY,
        "v1 = GroupBy(EventSource(table='a.b', query=Query(select('user'))), ['user'], [Aggregation('price')])",
        "please specify query.timeColumn",
    ),
    "time selected twice": (
        GROUP_BY,
        "v1 = GroupBy(EventSource('a.b', query=Query(select(ts='x'), time_column='y')), 'user', [Aggregation('p')])",
        "mismatched `ts`",
    ),
    "events without aggregations": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], None)",
        "You can only set aggregations=None",
    ),
    "windows without a time": (
        GROUP_BY,
        "v1 = GroupBy(users, ['user'], [Aggregation('city', windows='7d')])",
        "Please specify timeColumn for entity source",
    ),
    "a start that is no day": (
        GROUP_BY,
        "v1 = GroupBy(users, ['user'], None, backfill_start_date='2023-99-99')",
        "a day of the calendar, such as '2024-01-31'",
    ),
    "a start in another format": (
        GROUP_BY,
        "v1 = GroupBy(users, ['user'], None, backfill_start_date='20240101')",
        "did you mean '2024-01-01'?",
    ),
    "no input column": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation(operation=Operation.COUNT)])",
        "input_column is required for all operations",
    ),
    "an operation not called": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price', Operation.LAST_K)])",
        "the operation takes an argument",
    ),
    "not an operation": (GROUP_BY, "v1 = Aggregation('price', 'summ')", "'summ' is not an operation"),
    "not a window": (GROUP_BY, "v1 = Aggregation('price', 'sum', '7 weeks')", "'7 weeks' is not a window"),
    "an empty window": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price', 'sum', '0d')])",
        "a window has length 0",
    ),
    "percentiles over one": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price', Operation.APPROX_PERCENTILE([50]))])",
        "[Percentiles]",
    ),
    "hours of a snapshot": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price', 'sum', '6h')], accuracy=Accuracy.SNAPSHOT)",
        "Detected a snapshot accuracy group by with an hourly aggregation",
    ),
    "the same feature twice": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price', 'sum'), Aggregation('price', 'sum')])",
        "two aggregations give a column named price_sum",
    ),
    "a derivation of nothing": (
        GROUP_BY,
        "v1 = GroupBy(views, 'user', [Aggregation('price', 'sum')], derivations=[Derivation('x', 'price_sun')])",
        "Incorrect derivation expression price_sun",
    ),
    "a derivation over a feature": (
        GROUP_BY,
        "v1 = GroupBy(views, 'user', Aggregation('a'), derivations=[Derivation(n, '*') for n in ('*', 'a_last')])",
        "Incorrect derivation name a_last",
    ),
    "a misspelt argument": (
        GROUP_BY,
        "v1 = Query(select('user'), time_colum='at')",
        "unexpected keyword argument 'time_colum'",
    ),
    "a misspelt variable": (GROUP_BY, "v1 = GroupBy(viewz, ['user'], None)", "NameError: name 'viewz' is not defined"),
    "a missing file": (
        GROUP_BY,
        "from group_bys.grocer.nothing import v1",
        "No module named 'group_bys.grocer.nothing'",
    ),
    "not Python": (GROUP_BY, "v1 = GroupBy(views", "this is not Python: '(' was never closed"),
    "a date that is none": (
        GROUP_BY,
        "v1 = GroupBy(users, 'user', None, online=True, deprecation_date='2025-13-01')",
        "Deprecation date is not in the correct format",
    ),
    "what JSON cannot hold": (
        GROUP_BY,
        "v1 = GroupBy(users, 'user', None, online=True, env={'backfill': {'MEMORY': 4}})",
        "4 cannot be written",
    ),
    "a group-by without a name": (
        JOIN,
        "v1 = Join(views, [JoinPart(GroupBy(users, ['user'], None))])",
        "Must specify a group_by name",
    ),
    "a wrong key": (JOIN, "v1 = Join(views, [JoinPart(spend, {'user': 'usr'})])", "usr is not a valid key"),
    "a left side without a time": (
        JOIN,
        "v1 = Join(EventSource(table='a.b', query=Query(select('user'))), [JoinPart(spend)])",
        "please specify query.timeColumn for the left",
    ),
    "external parts of one name": (
        JOIN,
        "v1 = Join(views, [], online_external_parts=[ExternalPart(ContextualSource([('x', DataType.LONG)]))] * 2)",
        "Please address all the above mentioned duplicates",
    ),
    "an online join of offline group-bys": (
        JOIN,
        "spend.metaData.online = None; v1 = Join(views, [JoinPart(spend)], online=True)",
        "Fix the following: ['grocer.spend']",
    ),
    "labels and offsets that differ": (
        JOIN,
        "v1 = Join(views, [JoinPart(spend)], label_part=LabelPart([JoinPart(spend)], 3, 3))",
        "will be inferred to be same as aggregation",
    ),
    "a misspelt operation": (GROUP_BY, "v1 = Aggregation('price', Operation.SUMM)", "did you mean SUM?"),
    "a misspelt argument that is needed": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], aggregatons=[Aggregation('price')])",
        "look for a misspelt keyword",
    ),
    "a misspelt name": (GROUP_BY, "from chronon import GroupBi", "did you mean GroupBy?"),
    "a number for a window": (GROUP_BY, "v1 = Aggregation('price', windows=7)", "7 is not a window"),
    "a window without a unit": (GROUP_BY, "v1 = Window(7)", 'a window may be written as "7d"'),
    "a tuple for an aggregation": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price'), ('price', 'sum')])",
        "like Aggregation(...)",
    ),
    "a tuple for a derivation": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price')], derivations=[('x', 'price_last')])",
        "like Derivation(...)",
    ),
    "not an accuracy": (
        GROUP_BY,
        "v1 = GroupBy(views, ['user'], [Aggregation('price')], accuracy='daily')",
        "'daily' is not an accuracy",
    ),
    "a percentage as text": (
        JOIN,
        "v1 = Join(views, [JoinPart(spend)], online=True, sample_percent='5%')",
        "'5%' is not a number",
    ),
    "a name for a group-by": (JOIN, "v1 = Join(views, ['grocer.spend'])", "a str is no group-by"),
    "a window in words": (GROUP_BY, "v1 = Aggregation('price', windows=['7 days'])", 'did you mean "7d"?'),
    "columns in one text": (GROUP_BY, "v1 = Query('user, price')", 'select("user", "price")'),
    "variables in one text": (
        GROUP_BY,
        "v1 = GroupBy(users, 'user', None, env={'backfill': 'MEMORY=4G'})",
        'a dict, like {"backfill": {"EXECUTOR_MEMORY": "4G"}}',
    ),
    "a list for a name": (
        GROUP_BY,
        "v1 = GroupBy(users, 'user', None, online=True, output_namespace=['db'])",
        "['db'] cannot be written",
    ),
    "one dependency instead of a list": (
        "staging_queries/grocer/bad.py",
        "v1 = structs.StagingQuery(query='SELECT 1', metaData=MetaData(dependencies='raw.views/ds={{ ds }}'))",
        "mend: ['raw.views/ds={{ ds }}']",
    ),
    "a misspelt module": (
        GROUP_BY,
        "from ai.chronon.groupby import GroupBy",
        "did you mean ai.chronon.group_by?",
    ),
    "a name that a file does not have": (
        JOIN,
        "from group_bys.grocer.good import zzz",
        "it defines v1",
    ),
    "a text for a left side": (JOIN, "v1 = Join('raw.views', [JoinPart(spend)])", "EventSource(table='raw.views'"),
    "keys mapped the wrong way round": (
        JOIN,
        "v1 = Join(views, [JoinPart(spend, {'user': 'viewer'})])",
        'the other way round: {"viewer": "user"}',
    ),
    "a list of skewed keys": (JOIN, "v1 = Join(views, [JoinPart(spend)], skew_keys=['user'])", "['user'] is a list"),
    "a team that nobody declared": (
        "group_bys/grocr/bad.py",
        "v1 = GroupBy(users, 'user', None, online=True)",
        "team grocr does not exist in teams.json",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_problem_with_file_and_line(folder, mistake):
    file, line, token = MISTAKES[mistake]
    result = folder.write(GOOD | holding(file, line)).compile()
    assert token in "\n".join(map(str, result.problems))
    (problem,) = result.problems
    assert (problem.place.file, problem.place.line) == (file, 5)
    assert f"{file}:5" in str(problem)
    assert result.written == ("production/group_bys/grocer/good.v1",)


def test_the_nearest_right_spelling_is_offered(folder):
    def mend(line):
        return folder.write(holding(GROUP_BY, line)).compile().problems[0].mend

    assert mend("v1 = Query(time_colum='at')") == "did you mean time_column?"
    assert "price_sum" in mend(MISTAKES["a derivation of nothing"][1])


def test_all_problems_of_all_files_are_told_together(folder):
    two = "v1 = GroupBy(views, 'user', None)\nv2 = GroupBy(views, 'user', [Aggregation('price', 'sum', '0d')])\n"
    result = folder.write({GROUP_BY: HEADS["group_bys"] + two} | holding(JOIN, MISTAKES["a wrong key"][1])).compile()
    assert [(p.place.file, p.place.line) for p in result.problems] == [(GROUP_BY, 5), (GROUP_BY, 6), (JOIN, 5)]
    assert str(result.problems[0]).startswith("grocer.bad.v1 (group_bys/grocer/bad.py:5), field sources[0]: ")


def test_a_file_that_imports_a_bad_one_is_told_in_one_line(folder):
    user = HEAD + "from group_bys.grocer.bad import v1 as bad\nv1 = Join(views, [JoinPart(bad)])\n"
    result = folder.write({GROUP_BY: HEAD + "raise RuntimeError('no')\n", JOIN: user}).compile()
    assert [str(problem) for problem in result.problems] == [
        f"{GROUP_BY}:4: RuntimeError: no",
        f"{JOIN}:4: is not loaded: {GROUP_BY}, which it imports, has problems",
    ]


def test_a_join_of_a_bad_group_by_is_not_written(folder):
    bad = HEAD + "bad = GroupBy(views, 'user', [Aggregation('price', 'sum', '0d')], online=True)\n"
    user = HEAD + "from group_bys.grocer.bad import bad\nv1 = Join(views, [JoinPart(bad)])\n"
    result = folder.write({GROUP_BY: bad, JOIN: user}).compile()
    assert [p.place.file for p in result.problems] == [GROUP_BY, JOIN]
    assert "the underlying grocer.bad.bad has problems" in str(result.problems[1])
    assert not any(path.startswith("production/joins") for path in result.written)


def test_a_definition_with_problems_is_not_handed_out(folder):
    folder.write({GROUP_BY: HEAD + "v1 = GroupBy(views, 'user', [Aggregation('price', 'sum', '0d')])\n"})
    with pytest.raises(AssertionError, match="a window has length 0"):
        folder.repo.get("grocer.bad.v1")


def test_a_start_is_a_day_as_the_settings_write_it(folder):
    line = HEAD + "v1 = GroupBy(users, 'user', None, backfill_start_date='20240101')\n"
    result = folder.write({GROUP_BY: line, "chronon.toml": 'partition_format = "yyyyMMdd"\n'}).compile()
    assert not result.problems


def test_two_definitions_of_one_table_are_told(folder):
    line = "{} = GroupBy(users, 'user', None, backfill_start_date='2025-01-01')\n"
    files = {"group_bys/grocer/a_b.py": HEAD + line.format("v"), "group_bys/grocer/a.py": HEAD + line.format("b_v")}
    result = folder.write(files).compile()
    assert "both write the table grocer_db.grocer_a_b_v" in str(result.problems[0])


@pytest.mark.parametrize(
    "file, line, token",
    [
        (GROUP_BY, "several = [GroupBy(users, 'user', None)]", "several holds definitions that are not compiled"),
        (GROUP_BY, "v1 = Join(views, [])", "v1 is a join in group_bys/ and is not compiled"),
        (JOIN, "v1 = Join(views, [JoinPart(spend), JoinPart(spend)])", "two parts give columns that begin with"),
        (JOIN, "v1 = Join(views, [JoinPart(spend)], sample_percentage=1)", "did you mean sample_percent?"),
        (
            JOIN,
            "v1 = Join(EventSource('a.b', query=Query(select('x'), time_column='t')), [JoinPart(spend)])",
            "the left side does not select user",
        ),
        (JOIN, "v1 = Join(views, [JoinPart(spend, {'usr': 'user'})])", "did you mean user?"),
        (JOIN, "v1 = Join(views, [JoinPart(spend)], online=True, sample_percent=150)", "a number from 0 to 100"),
        (JOIN, "v1 = Join(views, [JoinPart(spend)], offline_schedule='@dayly')", "did you mean '@daily'?"),
        (JOIN, "v1 = Join(views, [JoinPart(spend)], offline_schedule='0 3 *')", "the five fields of cron"),
        (GROUP_BY, "v1 = GroupBy(users, 'user', None),", "remove the comma after it"),
        (
            GROUP_BY,
            f"v1 = GroupBy(EntitySource('a.b', query=Query('user', **{BACKWARDS})), 'user', None, online=True)",
            "no partition is from 2025-02-01 to 2025-01-01",
        ),
        (
            GROUP_BY,
            "v1 = GroupBy(EventSource(topic='t', query=views.query), 'user', Aggregation('price'), online=True)",
            "a source has no table",
        ),
        (
            "staging_queries/grocer/bad.py",
            "v1 = structs.StagingQuery(query='SELEC * FRM a.b', metaData=MetaData())",
            "cannot read the query",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning_and_stops_nothing(folder, file, line, token):
    result = folder.write(holding(file, line)).compile()
    assert not result.problems
    (warning,) = result.warnings
    assert token in str(warning)
    assert (warning.place.file, warning.place.line) == (file, 5)


@pytest.mark.parametrize("schedule", ["@weekly", "@never", "0 3 * * *", "*/5 0-6 1,15 * MON"])
def test_a_schedule_of_cron_is_no_mistake(folder, schedule):
    line = f"v1 = Join(views, [JoinPart(spend)], offline_schedule='{schedule}')"
    assert folder.write(holding(JOIN, line)).compile().warnings == ()


def test_a_variable_that_is_defined_twice_is_told(folder):
    one = "v1 = GroupBy(users, 'user', None, online=True, description='{}')\n"
    text = HEADS["group_bys"] + one.format("old") + one.format("new")
    result = folder.write({GROUP_BY: text}).compile()
    assert [str(warning).split("\n")[0] for warning in result.warnings] == [
        f"{GROUP_BY}:6: v1 is defined in lines 5, 6; only the last is compiled"
    ]
    again = HEADS["group_bys"] + one.format("old") + "v1 = min(v1, v1, key=str)\n"
    assert folder.write({GROUP_BY: again}).compile().warnings == ()


def test_files_that_import_each_other_are_told(folder):
    parent = HEAD + "from group_bys.grocer.bad import v1 as chained\nv1 = Join(views, [JoinPart(chained)])\n"
    chained = HEAD + "from joins.grocer.bad import v1 as parent\nv1 = GroupBy(JoinSource(parent), 'user', None)\n"
    result = folder.write({GROUP_BY: chained, JOIN: parent}).compile()
    assert [str(problem).split("\n")[0] for problem in result.problems] == [
        f"{GROUP_BY}: is not loaded: {JOIN}, which it imports, has problems",
        f"{JOIN}:4: v1 of group_bys.grocer.bad is not there yet: that file is importing this one",
    ]


def test_what_can_only_mean_one_thing_is_taken_as_it_is_meant(folder):
    text = (
        HEAD
        + """
short = GroupBy(
    EventSource(table="raw.views", query=Query(["user", "price"], time_column="at")),
    "user",
    Aggregation("price", "sum", "7d"),
    accuracy="temporal",
    derivations=Derivation("x", "price_sum_7d"),
    name="grocer.short",
)
v1 = Join(views, short)
"""
    )
    (definition,) = folder.write({JOIN: text}).repo.load().definitions
    group_by = definition.value.joinParts[0].groupBy
    assert group_by.sources[0].events.query.selects == {"user": "user", "price": "price"}
    assert (group_by.accuracy, len(group_by.aggregations), len(group_by.derivations)) == (0, 1, 1)
