"""The published package and this project compile the same texts: the same files, the same refusals, the same names.

What differs on purpose is named here with its number in ``chronon.testing.deviations``.
"""

import json
import os

import pytest
from tests.original.catalogue import MISTAKES
from tests.original.definitions import TEAMS, Writer
from tests.original.states import BENT, STATES

REPOS = int(os.environ.get("CHRONON_ORIGINAL_REPOS", "12"))
"""How many random repos are compared; 400 of them have been."""

LOGS = 31
"""A repo in which a group-by is chained to a join that is bootstrapped from its own log."""

ENTRY_POINT = ("outputNamespace", "tableProperties", "team", "production")
"""What the original fills in for what stands inside another definition depends on the entry point (A12)."""


@pytest.fixture(scope="module")
def repos():
    return [Writer(seed).repo() for seed in (LOGS, *range(REPOS - 1))]


@pytest.fixture(scope="module")
def compiled(sides, repos):
    return sides("compiling.py", repos)


def without_entry_point(conf, top=True):
    if isinstance(conf, list):
        return [without_entry_point(item, False) for item in conf]
    if not isinstance(conf, dict):
        return conf
    inside = {key: without_entry_point(value, False) for key, value in conf.items()}
    if not top and "metaData" in inside:
        inside["metaData"] = {k: v for k, v in inside["metaData"].items() if k not in ENTRY_POINT}
    return inside


def comparable(text, files=None):
    """A compiled text without what depends on the entry point.

    The log of a parent join is left as a template by the original inside of what is chained to it (Q7); it is filled in
    by the parent's own file among ``files``.
    """
    conf = without_entry_point(json.loads(text))
    for source in conf.get("sources") or []:
        if files is not None and "joinSource" in source and "{{ logged_table }}" in json.dumps(source):
            parent = json.loads(files[f"joins/{source['joinSource']['join']['metaData']['name'].replace('.', '/', 1)}"])
            log = f"{parent['metaData']['outputNamespace']}.{parent['metaData']['name'].replace('.', '_')}_logged"
            source["joinSource"] = json.loads(json.dumps(source["joinSource"]).replace("{{ logged_table }}", log))
    return conf


def test_random_repos_compile_to_the_same_files(compiled):
    filled = 0
    for theirs, mine in zip(*compiled, strict=True):
        assert sorted(mine["files"]) == sorted(theirs["files"])
        for path, text in theirs["files"].items():
            assert comparable(mine["files"][path]) == comparable(text, theirs["files"])
            filled += "{{ logged_table }}" in text
    assert filled >= 1


def test_group_bys_and_staging_queries_are_equal_byte_for_byte(compiled):
    """Nothing stands inside them that could depend on the entry point; their own metadata do not."""
    checked = 0
    for theirs, mine in zip(*compiled, strict=True):
        for path, text in theirs["files"].items():
            if not path.startswith("joins/") and "joinSource" not in text:
                assert mine["files"][path] == text
                checked += 1
    assert checked > REPOS


def test_random_repos_end_with_the_same_exit_codes(compiled):
    for theirs, mine in zip(*compiled, strict=True):
        assert [run["exit"] for run in mine["runs"]] == [run["exit"] for run in theirs["runs"]] != []


@pytest.fixture(scope="module")
def lineages(sides, compiled):
    """The lineage of the same compiled files, by both."""
    repos = [
        {"teams.json": json.dumps(TEAMS), **{f"production/{path}": text for path, text in repo["files"].items()}}
        for repo in compiled[0]
    ]
    return sides("table_lineage.py", repos)


def test_lineage_has_the_same_edges_tables_features_and_queries(lineages):
    edges = 0
    for theirs, mine in zip(*lineages, strict=True):
        for name, table in theirs["tables"].items():
            assert set(table["keys"]) <= set(mine["tables"][name]["keys"])  # of a part that maps some keys only
            table["keys"] = mine["tables"][name]["keys"]
        assert mine == theirs
        edges += len(theirs["edges"])
    assert edges > 20 * REPOS


@pytest.fixture(scope="module")
def refused(sides):
    files = [
        {"files": {"teams.json": json.dumps(TEAMS), path: text}, "runs": [[f"--conf={path}", "-y"]]}
        for path, text, _ in MISTAKES.values()
    ]
    return [dict(zip(MISTAKES, found, strict=True)) for found in sides("compiling.py", files)]


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_refused_with_the_same_words(refused, rule):
    path, _, token = MISTAKES[rule]
    (theirs,), (mine,) = (side[rule]["runs"] for side in refused)
    assert token in theirs["said"], theirs["said"]
    assert token in mine["said"], mine["said"]
    assert mine["exit"] == theirs["exit"]
    for kind in set(theirs["kinds"]) & {"AssertionError", "ValueError"}:
        assert kind in mine["kinds"]
    assert f"{path}:" in mine["said"] or rule == "X1"
    assert not any(name.endswith("bad.v1") for name in refused[1][rule]["files"])


@pytest.fixture(scope="module")
def found(sides):
    every = STATES | BENT
    return [
        dict(zip(every, side, strict=True)) for side in sides("compiling.py", [state.repo for state in every.values()])
    ]


@pytest.mark.parametrize("rule", STATES)
def test_a_mistake_among_several_files_is_refused_with_the_same_words(found, rule):
    state = STATES[rule]
    theirs, mine = (side[rule] for side in found)
    (they,), (we,) = theirs["runs"], mine["runs"]
    assert state.original in they["said"], they["said"]
    assert (state.ours or state.original) in we["said"], we["said"]
    assert we["exit"] == they["exit"]
    for kind in set(they["kinds"]) & {"AssertionError", "ValueError"}:
        assert kind in we["kinds"]
    assert tuple(mine["files"]) == state.written


@pytest.mark.parametrize("rule", BENT)
def test_what_is_let_through_is_written_the_same(found, rule):
    theirs, mine = (side[rule] for side in found)
    assert mine["files"]["group_bys/shop/bad.v1"] == theirs["files"]["group_bys/shop/bad.v1"]


def test_the_surface_is_that_of_the_published_package(sides):
    theirs, mine = sides("surface.py")
    assert mine["specs"] == theirs["specs"]
    wrong = [
        f"{module}.{name}: {problem}"
        for module, names in theirs["modules"].items()
        for name, expected in names.items()
        if promised(module, name, expected) and (problem := differs(expected, mine["modules"][module].get(name)))
    ]
    assert not wrong, "\n".join(wrong)


STARRED = ("api.ttypes", "group_by", "join", "query", "model", "staging_query", "utils")
"""Modules that repos import everything from, so that also what they import themselves is used by name."""

INSIDE = (
    "check_deprecation_date_setup_for_downstream", "check_deprecation_existence_in_upstream", "fix_spec",
    "CWD", "UNDERLINE", "chdir", "git_info_cache", "prettify_entry", "find_in_index_pred", "file_to_author", "gb_index",
    "join_index", "author_name_email", "events_without_topics", "handlers", "T", "annotations",
)  # fmt: skip
"""Steps and state of the original's own compiler and of explore.py, which nothing outside uses."""


def promised(module, name, expected):
    """Whether a name is one that repos may import: its own, or, of the modules that are starred, any but Thrift's."""
    home = str(expected.get("home") or expected.get("module") or "")
    if home.startswith("thrift") or name in INSIDE:
        return False
    return module in STARRED or home.startswith(("ai.", "builtins")) or "value" in expected


def differs(expected, found):
    """What is missing from a name of ours: more arguments at the end, and more names in a class, are no harm."""
    if found is None:
        return "is missing"
    if "members" in expected:
        missing = {n: v for n, v in expected["members"].items() if n not in found.get("members", {})}
        other = {
            n: v
            for n, v in expected["members"].items()
            if n in found.get("members", {}) and v is not None and v != found["members"][n]
        }
        return f"lacks {missing}, has other numbers {other}" if missing or other else None
    if expected.get("arguments") and found.get("arguments") is not None:
        asked, given = expected["arguments"], found["arguments"]
        order = [a[0] for a in given if a[1] == "POSITIONAL_OR_KEYWORD"]
        names = [a[0] for a in asked if a[1] == "POSITIONAL_OR_KEYWORD"]
        if order[: len(names)] != names:
            return f"takes {order}, not {names}"
        defaults = {a[0]: a[2] for a in given}
        other = {a[0]: (a[2], defaults[a[0]]) for a in asked if a[0] in defaults and a[2] != defaults[a[0]]}
        return f"has other defaults {other}" if other else None
    return None
