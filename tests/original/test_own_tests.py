"""The tests that the published package ships in its source distribution, run against this project.

Those that need the sample repo, which is not in the distribution, cannot run; what is left must pass.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET

import pytest
from tests.original.conftest import VERSION

FILES = ("test_group_by", "test_join", "test_staging_query", "test_utils", "test_run", "test_decorator", "test_teams")
SAMPLE = re.compile(r"(FileNotFoundError|ModuleNotFoundError): .*sample")
"""How tests that need the sample repo fail."""

CONFTEST = """\
import os
import pytest
HERE = os.path.dirname(os.path.abspath(__file__))
@pytest.fixture
def rootdir(): return HERE
@pytest.fixture
def repo(): return os.path.join(HERE, "sample")
@pytest.fixture
def teams_json(repo): return os.path.join(repo, "teams.json")
@pytest.fixture
def sleepless(): return lambda seconds: None
"""

TEAMS = {
    "default": {
        "common_env": {"VERSION": "latest"},
        "production": {"backfill": {"EXECUTOR_MEMORY": "8G", "DRIVER_MEMORY": "15G"}},
    },
    "sample_team": {
        "production": {"backfill": {"EXECUTOR_CORES": "4"}},
        "dev": {"backfill": {"EXECUTOR_CORES": "2", "DRIVER_MEMORY": "30G"}},
    },
}
CONFS = {
    "sample_online_join.v1": {
        "metaData": {"team": "sample_team", "customJson": json.dumps({"additional_args": ["--step-days 14"]})}
    },
    "sample_join.v1": {
        "metaData": {
            "name": "sample_team.sample_join.v1",
            "team": "sample_team",
            "outputNamespace": "sample_namespace",
            "modeToEnvMap": {"backfill": {"EXECUTOR_MEMORY": "9G"}},
        },
        "joinParts": [{"groupBy": {"metaData": {"name": "sample_team.sample_group_by.v1"}}}],
    },
}
"""A few lines that stand in for the sample repo, so that the tests of variables and names can run."""


@pytest.fixture(scope="module")
def results(original, tmp_path_factory):
    """Every test of the distribution with its failure, if it failed."""
    root = tmp_path_factory.mktemp("distribution")
    pip = [original.python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    env = {**os.environ, "CHRONON_VERSION_STR": VERSION}
    env.pop("PYTHONPATH", None)
    subprocess.run([*pip, f"chronon-ai=={VERSION}", "-d", str(root)], check=True, capture_output=True, env=env)
    with tarfile.open(next(root.glob("*.tar.gz"))) as archive:
        archive.extractall(root, filter="data")
    folder = next(root.glob("*/test"))
    (folder / "conftest.py").write_text(CONFTEST)
    sample = folder / "sample/production/joins/sample_team"
    sample.mkdir(parents=True)
    (folder / "sample/teams.json").write_text(json.dumps(TEAMS))
    for name, conf in CONFS.items():
        (sample / name).write_text(json.dumps(conf))
    report = root / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "default"]
    files = [str(folder / f"{name}.py") for name in FILES]
    subprocess.run([*command, f"--junitxml={report}", *files], cwd=root, capture_output=True, check=False)
    return {
        f"{case.get('classname')}.{case.get('name')}": "".join(
            node.text or "" for node in case if node.tag in ("failure", "error")
        )
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - what pytest has just written
    }


def test_the_packages_own_tests_pass(results):
    passed = [name for name, failure in results.items() if not failure]
    failed = {name: failure for name, failure in results.items() if failure and not SAMPLE.search(failure)}
    assert failed == {}
    assert len(passed) >= 50
