"""The original's scripts on a repo of the quickstart: compile.py, run.py, explore.py."""

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from chronon.cli.scripts.environment import set_runtime_env
from chronon.cli.scripts.run import parser_of, set_defaults
from chronon.repo.definition import KINDS

JOIN = "production/joins/shop/training_set.v1"
PURCHASES = "production/group_bys/shop/purchases.v1"


def script(name, *args, cwd, ok=True, given=None):
    """What a script says, run in this process as if in one of its own: with the repo imported anew."""
    before, said = set(sys.modules), io.StringIO()
    main = importlib.import_module(f"chronon.cli.scripts.{name}").main
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, COLUMNS="200"))
        stack.enter_context(patch.object(sys, "path", [*sys.path]))
        stdin = io.StringIO(given) if given is not None else stack.enter_context(Path(os.devnull).open())
        stack.enter_context(patch.object(sys, "stdin", stdin))
        stack.enter_context(contextlib.chdir(cwd))
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(said))
        try:
            main(list(args))
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        finally:
            for module in set(sys.modules) - before:
                if module.partition(".")[0] in (*KINDS, "scoring"):
                    del sys.modules[module]
    assert (code == 0) == ok, said.getvalue()
    return said.getvalue()


def process(name, *args, cwd):
    """What a script says in a process of its own."""
    command = [sys.executable, "-c", f"from chronon.cli.scripts.{name} import main; main()", *args]
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The quickstart's repo, compiled by compile.py, with its raw tables only."""
    root = tmp_path_factory.mktemp("scripts")
    command = [sys.executable, "-m", "chronon", "quickstart", "shop"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    repo = next(root.glob("*/teams.json")).parent
    for folder in ("production", ".chronon/store", ".chronon/warehouse/shop"):
        subprocess.run(["rm", "-rf", folder], cwd=repo, check=True)
    script("compile", "--conf=joins/shop/", "-y", cwd=repo)
    return repo


def test_a_repo_is_compiled_backfilled_uploaded_and_fetched(made):
    said = process("compile", "--conf=joins/shop/training_set.py", "-y", "--table-display", cwd=made)
    assert "Writing Join to" in said
    assert "Successfully wrote 1 Join objects to" in said
    tables = json.loads(said.partition("json.start")[2].partition("\n")[2].partition("\033")[0])
    assert tables["backfill"] == ["shop.shop_training_set_v1"]

    days = ("--start-ds=2023-11-20", "--end-ds=2023-11-21")
    said = process("run", f"--conf={JOIN}", "--mode=backfill-final", *days, "--step-days", "1", cwd=made)
    assert "rows in 2 partitions" in said
    again = script("run", f"--conf={JOIN}", *days, "--parallelism=2", cwd=made)
    assert again.count("nothing to do") == 2

    for group_by in sorted((made / "production/group_bys/shop").iterdir()):
        conf = group_by.relative_to(made)
        assert "generation" in script("run", f"--conf={conf}", "--mode=upload", "--ds=2023-11-29", cwd=made)
    script("run", "--conf=production/joins/shop/training_set.v1", "--mode=metadata-upload", cwd=made)
    keys = '[{"user_id": "5"}, {"user_id": 7}]'
    at = str(1701302400000)
    said = process("run", "--mode=fetch", "--name=shop/training_set.v1", "-k", keys, "--at-millis", at, cwd=made)
    assert [len(json.loads(line)) > 5 for line in said.splitlines()[-2:]] == [True, True]


TEXT = "joins/shop/training_set.py"
DAY = ("--start-ds=2023-11-20", "--end-ds=2023-11-20")


def test_a_join_is_compared_with_a_query(made):
    (made / "joins/shop/compared.py").write_text((made / TEXT).read_text())
    columns = "user_id, ts, shop_purchases_v1_price_count_14d{} AS shop_purchases_v1_price_count_14d, ds"
    folder = made / "staging_queries/shop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.py").write_text(
        "from ai.chronon.api.ttypes import MetaData, StagingQuery\n"
        + "".join(
            f'{name} = StagingQuery(query="SELECT {columns.format(change)} FROM shop.shop_compared_v1", '
            "startPartition='2023-11-20', metaData=MetaData())\n"
            for name, change in [("same", ""), ("other", " + 1")]
        )
    )
    script("compile", "--conf=joins/shop/compared.py", "-y", cwd=made)
    script("compile", "--conf=staging_queries/shop/expected.py", "-y", cwd=made)
    conf = "--conf=production/joins/shop/compared.v1"
    script("run", conf, *DAY, cwd=made)
    queries = "--query-conf=production/staging_queries/shop/expected."
    said = script("run", conf, "--mode=compare", queries + "same", *DAY, cwd=made)
    assert "0 only in the join, 0 only in the query" in said
    said = script("run", conf, "--mode=compare", queries + "other", *DAY, cwd=made, ok=False)
    assert "shop_purchases_v1_price_count_14d" in said
    assert "expected: a join and a staging query" in script(
        "run", conf, "--mode=compare", f"--query-conf={JOIN}", cwd=made, ok=False
    )


def test_models_run_over_the_features_of_a_join(made):
    (made / "scoring.py").write_text("def score(user):\n    return {'score': user}\n")
    (made / "joins/shop/scored.py").write_text(
        "from ai.chronon.join import DataType, Join, JoinPart\n"
        "from ai.chronon.model import InferenceSpec, Model, ModelTransform, ModelTransforms\n"
        "from ai.chronon.query import Query, select\n"
        "from ai.chronon.api.ttypes import EventSource\n"
        "from group_bys.shop import users\n"
        "left = EventSource(table='data.checkouts', query=Query(select('user_id'), time_column='ts'))\n"
        "model = Model('m', InferenceSpec('python', {'function': 'scoring:score'}),\n"
        "    input_schema=[('user', DataType.LONG)], output_schema=[('score', DataType.LONG)])\n"
        "v1 = Join(left, [JoinPart(users.v1)], row_ids=['user_id', 'ts'],\n"
        "    model_transforms=ModelTransforms([ModelTransform(model, {'user': 'user_id'})]))\n"
    )
    script("compile", "--conf=joins/shop/scored.py", "-y", cwd=made)
    conf = "--conf=production/joins/shop/scored.v1"
    assert "shop_scored_v1_pre_mt: " in script("run", conf, *DAY, cwd=made)
    said = script("run", conf, "--mode=model-transform-batch", *DAY, cwd=made)
    assert "shop.shop_scored_v1: " in said
    assert "1 partitions" in said


@pytest.mark.parametrize(
    "args, problem",
    [
        ((f"--conf={JOIN}", "--mode=upload"), "Invalid mode:upload"),
        ((f"--conf={JOIN}", "--mode=backfill", "--stp-days=3"), "did you mean --step-days?"),
        ((f"--conf={JOIN}", "--mode=log-flattener"), "what is missing is flattening the log of fetches"),
        ((f"--conf={JOIN}", "--mode=compare"), "--query-conf=production/staging_queries/"),
        (("--conf=x/y", "--mode=backfill"), "x/y is not a compiled definition"),
        (("--conf=production/joins/shop/nothing.v1",), "there is no compiled definition"),
        (("--mode=backfill",), "needs a definition"),
        (("--mode=fetch", "--name=shop/training_set.v1", "-k", "{"), "the keys are not JSON"),
        (
            (f"--conf={JOIN}", "--parallelism=3", "--start-ds=2024-01-01", "--end-ds=2024-01-02"),
            "Parallelism should be",
        ),
        ((f"--conf={JOIN}", "--mode=info"), "--render-info names the script"),
    ],
)
def test_what_cannot_be_run_is_told_in_a_line_or_two(made, args, problem):
    said = script("run", *args, cwd=made, ok=False)
    assert problem in said
    assert "Traceback" not in said


def test_an_unknown_mode_ends_as_argparse_ends(made):
    assert "invalid choice: 'nope'" in script("run", "--mode=nope", cwd=made, ok=False)


def test_the_flags_of_the_engine_are_told(made):
    assert "--step-days" in script("run", "--sub-help", "--mode=backfill", cwd=made)


def test_explore_finds_group_bys_by_a_word(made):
    said = script("explore", "purchase", cwd=made)
    assert "shop.\033[1m\033[3m\033[38;5;160mpurchase\033[0ms.v1" in said
    assert "shop.training_set.v1" in said
    assert "users" not in said.replace("users_", "")
    assert "there is no teams.json" in script("explore", "x", "--conf-root=/", cwd=made, ok=False)
    said = script("explore", "_events_without_topics", "--handler-args", "output_file=out.tsv", cwd=made)
    assert "0 group-bys without topics in out.tsv" in said
    assert (made / "out.tsv").read_text().startswith("group_by	producers")


def test_an_analysis_of_a_compiled_definition(made):
    days = ("--start-ds=2023-11-20", "--ds=2023-11-21")
    said = script("run", f"--conf={PURCHASES}", "--mode=analyze", *days, "--enable-hitter", "--count=2", cwd=made)
    assert "analysis of" in said
    assert "total_count" in said
    assert "timestamps" in said
    said = script("run", f"--conf={PURCHASES}", "--mode=analyze", *days, "--skip-timestamp-check", cwd=made)
    assert "timestamps" not in said


def test_metadata_are_exported(made):
    mode = ("--mode=metadata-export", f"--conf={JOIN}", "--input-root-path=production")
    said = script("run", *mode, "--output-root-path=meta", "--process-embedded-group-bys", cwd=made)
    assert "definitions in meta" in said
    assert "without features" not in said
    written = json.loads((made / "meta/joins/shop/training_set.v1").read_text())
    assert len(written["features"]) > 5
    assert "Missing output destination" in script("run", *mode, cwd=made, ok=False)


# ---- the layers of variables

TEAMS = {
    "default": {
        "common_env": {"FROM": "common", "COMMON": "common", "DEFAULT": "common", "PRODUCTION": "common"},
        "production": {"backfill": {"FROM": "default", "DEFAULT": "default"}},
        "dev": {"backfill": {"NEVER": "read"}},
    },
    "shop": {
        "dev": {"backfill": {"FROM": "team", "TEAM": "team"}},
        "production": {"backfill": {"FROM": "production", "TEAM": "production", "PRODUCTION": "production"}},
    },
}


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """What a run's variables are, for some flags and variables of the process."""
    conf = {
        "metaData": {
            "team": "shop",
            "modeToEnvMap": {"backfill": {"FROM": "conf"}},
            "customJson": json.dumps({"additional_args": ["--step-days 14"]}),
        }
    }
    file = tmp_path / JOIN
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(conf))
    (tmp_path / "teams.json").write_text(json.dumps(TEAMS))

    def of(*flags, **given):
        for name in [name for name in os.environ if name not in ("PATH", "HOME")]:
            monkeypatch.delenv(name)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        parser = parser_of()
        set_defaults(parser)
        set_runtime_env(parser.parse_args(["--repo", str(tmp_path), "--conf", JOIN, *flags]))
        return {**os.environ}

    return of


def test_whoever_says_a_variable_first_wins(environment):
    found = environment()
    layers = [found[name] for name in ("FROM", "TEAM", "PRODUCTION", "DEFAULT", "COMMON")]
    assert layers == ["conf", "team", "production", "default", "common"]
    assert "NEVER" not in found
    assert found["CHRONON_CONFIG_ADDITIONAL_ARGS"] == "--step-days 14"
    assert found["APP_NAME"] == "chronon_joins_backfill_dev_shop.training_set.v1"
    assert environment(FROM="process", APP_NAME="x")["FROM"] == "process"
    assert environment("--app-name", "flag", APP_NAME="process")["APP_NAME"] == "process"
    assert environment("--env", "production")["TEAM"] == "production"
    assert environment("--mode", "label-join").get("TEAM") is None


# ---- compile.py: what is asked, what is refused

SOURCE = """\
from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Aggregation, GroupBy, Operation
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
"""
EVENTS = "EventSource(table='a.b', query=Query(select('user', 'price'), time_column='t'))"


@pytest.fixture
def repo(tmp_path):
    (tmp_path / "teams.json").write_text('{"shop": {"namespace": "db", "table_properties": {}}}')

    def write(group_by="SUM", join=""):
        for path, text in {
            "group_bys/shop/spend.py": f"{SOURCE}v1 = GroupBy({EVENTS}, ['user'],"
            f" [Aggregation('price', Operation.{group_by})], online=True)\n",
            "joins/shop/train.py": f"{SOURCE}from group_bys.shop.spend import v1 as spend\n"
            f"v1 = Join(Source(events={EVENTS}), [JoinPart(spend)], {join})\n",
        }.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


def metadata(root, path="joins/shop/train.v1"):
    return json.loads((root / "production" / path).read_text())["metaData"]


def test_what_builds_on_a_definition_must_be_compiled_with_it(repo):
    root = repo()
    script("compile", "--conf=joins/shop/train.py", "-y", cwd=root)
    before = (root / "production/group_bys/shop/spend.v1").read_text()
    repo("MAX")
    said = script("compile", "--conf=group_bys/shop/spend.py", "-y", cwd=root)
    assert "Cannot overwrite GroupBy spend.v1 with existing online conf" in said
    assert (root / "production/group_bys/shop/spend.v1").read_text() == before
    script("compile", "--conf=group_bys/shop/spend.py", "-y", "--strict", cwd=root, ok=False)
    repo()
    said = script("compile", "--conf=group_bys/shop/spend.py", "-y", cwd=root, ok=False)
    assert "Detected dependencies are as follows: ['shop.train.v1']" in said
    repo("MAX")
    said = script("compile", "--conf=group_bys/shop/spend.py", "-y", "--force-overwrite", cwd=root)
    assert "Successfully wrote 1 Join objects" in said
    assert '"operation": 1' in (root / "production/joins/shop/train.v1").read_text()


@pytest.mark.parametrize("given, kept", [("y\n", "NEW"), ("n\n", "OLD"), (None, "NEW")])
def test_variables_of_compiled_files_are_kept_where_one_says_so(repo, given, kept):
    root = repo(join="env={'backfill': {'A': 'OLD'}}")
    script("compile", "--conf=joins/shop/train.py", "-y", cwd=root)
    repo(join="env={'backfill': {'A': 'NEW'}}")
    said = script("compile", "--conf=joins/shop/train.py", cwd=root, given=given)
    assert metadata(root)["modeToEnvMap"] == {"backfill": {"A": kept}}
    assert ("nobody to ask" in said) is (given is None)


@pytest.mark.parametrize("given, percent", [("y\ny\n", None), ("y\nn\n", 5.0), (None, 5.0)])
def test_logging_ends_only_where_one_says_so(repo, given, percent):
    root = repo(join="sample_percent=5.0")
    script("compile", "--conf=joins/shop/train.py", "-y", cwd=root)
    repo()
    script("compile", "--conf=joins/shop/train.py", cwd=root, given=given)
    assert metadata(root).get("samplePercent") == percent


def test_what_cannot_be_written_stops_no_neighbour(repo):
    root = repo()
    odd = f"{SOURCE}v1 = GroupBy({EVENTS}, ['user'], [Aggregation('price')], online=True, description=5)\n"
    (root / "group_bys/shop/odd.py").write_text(odd)
    said = script("compile", "--conf=group_bys/shop", "-y", cwd=root, ok=False)
    assert "shop.odd.v1 (group_bys/shop/odd.py:5), field metaData.description: 5 cannot be written" in said
    assert [file.name for file in sorted((root / "production").rglob("*")) if file.is_file()] == ["spend.v1"]


def test_a_place_that_is_none_is_told(repo):
    for conf in ("nowhere/x.py", "joins/shop/nothing.py", "/joins"):
        assert "Traceback" not in script("compile", f"--conf={conf}", "-y", cwd=repo(), ok=False)


def test_the_scripts_are_installed_under_their_names():
    declared = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    for name in ("compile", "run", "explore"):
        assert f'"{name}.py" = "chronon.cli.scripts.{name}:main"' in declared
