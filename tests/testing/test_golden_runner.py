"""The golden runner: what it reads, what passes, what it prints."""

from __future__ import annotations

import gzip
import json

import pytest
from click.testing import CliRunner

from chronon.base.errors import ConfigError
from chronon.base.types import parse_type
from chronon.testing.golden.__main__ import main
from chronon.testing.golden.cases import Case, Target, read_cases, read_type, read_value
from chronon.testing.golden.check import check
from chronon.testing.golden.paths import Answer, OraclePath
from chronon.testing.oracle import Row

DAY = 86_400_000
CASE = {
    "name": "edges_1d_0",
    "schema": [["ts", "long"], ["x", "double"]],
    "events": [[DAY, 1.5], [DAY + 5, "NaN"], [DAY + 5, 2]],
    "queries": [DAY, DAY + 1, DAY + 6],
    "aggregations": [
        {"input_column": "x", "operation": "LAST_K", "arg_map": {"k": "3"}, "windows": [{"length": 1, "unit": "DAYS"}]}
    ],
    "columns": ["x_last3_1d"],
    "column_types": [{"list": "double"}],
    "expected": {
        "temporal": [[None], [[1.5]], [[2, "NaN", 1.5]]],
        "online": {"batch_end_ts": DAY + 1, "values": [None, [[1.5]], [[2, "NaN", 1.5]]]},
        "snapshot": {"end_ts": [2 * DAY], "values": [[[2, "NaN", 1.5]]]},
    },
    "tolerance": {},
}


def changed(**fields):
    return Case({**CASE, **fields})


class Fixed:
    """A path that gives the same answer to everything, or raises it."""

    name = "fixed"
    modes = frozenset({"temporal"})

    def __init__(self, answer):
        self.fixed = answer

    def answer(self, case, mode, target):  # noqa: ARG002 - it is a Path
        if isinstance(self.fixed, Exception):
            raise self.fixed
        return self.fixed


def told(case, path):
    return [str(failure) for failure in check(case, path)]


def temporal(*rows, kind="list<double>"):
    return Fixed(Answer({"x_last3_1d": parse_type(kind)}, rows))


def test_a_case_is_read_into_definition_rows_and_targets():
    case = Case(CASE)
    assert case.schema == {"ts": parse_type("long"), "x": parse_type("double")}
    assert case.rows[0] == Row(DAY, {"ts": DAY, "x": 1.5}, sequence=0)
    assert case.rows[2].sequence == 2
    assert case.operations == {"LAST_K"}
    assert list(case.targets) == ["temporal", "snapshot", "online"]
    assert case.targets["online"].batch_end == DAY + 1
    assert case.targets["snapshot"].times == [2 * DAY]


@pytest.mark.parametrize(
    "kind, value, read",
    [
        ("float", "-Infinity", float("-inf")),
        ("double", 3, 3.0),
        ("binary", "/w==", b"\xff"),
        ({"list": "double"}, [1, None], [1.0, None]),
        ({"map": ["string", "double"]}, {"a": 1}, {"a": 1.0}),
        ({"struct": [["a", "int"], ["b", "double"]]}, [1, 2], (1, 2.0)),
        ("string", "NaN", "NaN"),
        ("long", None, None),
    ],
)
def test_values_are_read_by_their_type(kind, value, read):
    found = read_value(value, read_type(kind))
    assert (found, type(found)) == (read, type(read))


def test_the_oracle_passes():
    assert told(Case(CASE), OraclePath()) == []


def test_a_wrong_value_is_told_with_case_path_column_query_and_values():
    path = temporal([None], [[1.5]], [[2.0, 1.5]])
    assert told(Case(CASE), path) == [
        "edges_1d_0 [fixed, temporal] at 86400006: x_last3_1d[1]: expected nan, got 1.5",
        "edges_1d_0 [fixed, temporal] at 86400006: x_last3_1d[2]: expected 1.5, got nothing",
    ]


@pytest.mark.parametrize(
    "path, problem",
    [
        (temporal([None]), "rows: expected 3, got 1"),
        (temporal([None], None, [[2.0, float("nan"), 1.5]]), "at 86400001: expected values, got None"),
        (
            temporal([None], [[1.5]], [[2.0, float("nan"), 1.5]], kind="list<float>"),
            "x_last3_1d: expected type list<double>, got list<float>",
        ),
        (Fixed(Answer({"y": parse_type("long")}, [])), "columns: expected x_last3_1d, got y"),
        (Fixed(ConfigError("no such thing")), "refused: no such thing"),
        (Fixed(ZeroDivisionError("oops")), "crashed: ZeroDivisionError: oops"),
    ],
)
def test_whatever_else_goes_wrong_is_a_failure_too(path, problem):
    assert told(Case(CASE), path) == [f"edges_1d_0 [fixed, temporal] {problem}"]


def test_a_definition_that_must_be_refused():
    case = changed(expected={"error": "no"})
    assert told(case, Fixed(ConfigError("no such thing"))) == []
    assert told(case, temporal([None])) == ["edges_1d_0 [fixed, temporal] not refused"]
    assert told(case, Fixed(ZeroDivisionError("a crash is no refusal"))) != []


def test_one_mode_that_must_be_refused():
    case = changed(expected={"temporal": {"error": "no"}})
    assert told(case, Fixed(ConfigError("no such thing"))) == []
    assert told(case, temporal([None])) != []


def test_a_listed_deviation_takes_the_recommended_values():
    recommended = {"temporal": [[None], [[1.5]], [[7]]]}
    listed = changed(quirk="Q13", recommended=recommended)
    unlisted = changed(quirk="Q13,Q999", recommended=recommended)
    ours = temporal([None], [[1.5]], [[7.0]])
    assert told(listed, ours) == []
    assert told(unlisted, ours) != []


@pytest.mark.parametrize("value, good", [(100, True), (115, True), (116, False), (None, False)])
def test_distinct_counts_beyond_their_exact_regime_have_a_relative_error(value, good):
    case = changed(
        columns=["x"], column_types=["long"], queries=[5], expected={"temporal": [[103]]},
        approx={"x": {"exact": [100], "rel_error": 0.15}},
    )  # fmt: skip
    path = Fixed(Answer({"x": parse_type("long")}, [[value]]))
    assert (told(case, path) == []) is good


@pytest.mark.parametrize("values, good", [([1.0, 5.0], True), ([0.5, 6.0], True), ([0.4, 5.0], False), (None, False)])
def test_percentiles_beyond_their_exact_regime_have_bounds(values, good):
    case = changed(
        columns=["x"], column_types=[{"list": "float"}], queries=[5], expected={"temporal": [[[1.25, 5.5]]]},
        approx={"x": {"exact": [[1, 5]], "lo": [[0.5, 4]], "hi": [[2, 6]]}},
    )  # fmt: skip
    path = Fixed(Answer({"x": parse_type("list<float>")}, [[values]]))
    assert (told(case, path) == []) is good


def test_tolerances_are_those_of_the_column():
    case = changed(tolerance={"x_last3_1d": 1e-9})
    close = temporal([None], [[1.5 + 1e-10]], [[2.0, float("nan"), 1.5]])
    assert told(case, close) == []
    assert told(Case(CASE), close) != []


def test_the_batch_stays_exact_for_all_queries_of_a_case():
    assert Target([5, 9 * DAY], [], batch_end=DAY).stale_after == 8 * DAY
    assert Target([DAY], [], batch_end=DAY).stale_after == 2 * DAY


def test_of_images_with_one_time_the_runner_expects_the_later():
    case = changed(
        events=[[DAY, 1.0], [DAY + 1, 2.0]],
        mutation_schema=[*CASE["schema"], ["mutation_ts", "long"], ["is_before", "boolean"]],
        mutations=[[DAY + 1, 2.0, 2 * DAY, True], [DAY + 1, 3.0, 2 * DAY, False]],
        queries=[2 * DAY, 2 * DAY + 1],
        expected={"mutations": {"batch_end_ts": 2 * DAY, "values": [[[2, 1]], [[2, 3, 1]]]}},
    )
    assert case.targets["mutations"].rows == [[[2.0, 1.0]], [[3.0, 2.0, 1.0]]]


# ---- the command


@pytest.fixture
def file(tmp_path):
    wrong = {**CASE, "name": "edges_wrong", "expected": {"temporal": [[None], [[1]], [[2]]]}}
    path = tmp_path / "cases.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.write("\n".join([json.dumps(CASE), "", json.dumps(wrong)]))
    return path


def test_cases_are_read_from_compressed_files(file):
    assert [case.name for case in read_cases(file)] == ["edges_1d_0", "edges_wrong"]


@pytest.mark.parametrize(
    "options, printed, code",
    [
        (["--case", "edges_1d"], ["1 passed, 0 failed"], 0),
        (["--only", "sum"], ["0 passed, 0 failed"], 0),
        (
            ["--only", "LAST_K"],
            [
                "edges_wrong [oracle, temporal] at 86400001: x_last3_1d[0]: expected 1.0, got 1.5",
                "edges_wrong [oracle, temporal] at 86400006: x_last3_1d[1]: expected nothing, got nan",
                "edges_wrong [oracle, temporal] at 86400006: x_last3_1d[2]: expected nothing, got 1.5",
                "1 passed, 1 failed",
            ],
            1,
        ),
    ],
)
def test_the_command_prints_failures_and_counts(file, options, printed, code):
    result = CliRunner().invoke(main, [str(file), "--path", "oracle", *options])
    assert result.output.splitlines() == printed
    assert result.exit_code == code
