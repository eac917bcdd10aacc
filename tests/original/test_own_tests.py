"""The tests that the published package ships in its source distribution, run against this project.

They need a repo of samples, which is not in the distribution: ``tests.original.sample`` stands in for it.
"""

import os
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.original import sample
from tests.original.conftest import VERSION

from chronon.repo import Repo

LEFT_OUT = ("test_pyspark",)
"""Needs the jars of the JVM; ``test_spark_frames`` has its cases."""

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
    folder = root / "api/py/test"
    folder.parent.mkdir(parents=True)
    next(root.glob("chronon*/test")).rename(folder)
    (folder / "conftest.py").write_text(CONFTEST)
    sample.write(folder / "sample")
    Repo(folder / "sample").compile()
    report = root / "report.xml"
    files = [str(file) for file in sorted(folder.glob("test_*.py")) if file.stem not in LEFT_OUT]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "default"]
    source = str(Path(__file__).parents[2] / "src")
    paths = {"PYTHONPATH": os.pathsep.join([source, str(folder / "sample"), str(folder)])}
    subprocess.run(
        [*command, f"--junitxml={report}", *files], cwd=root, env=os.environ | paths, capture_output=True, check=False
    )
    return {
        f"{case.get('classname')}.{case.get('name')}": "".join(
            node.text or "" for node in case if node.tag in ("failure", "error", "skipped")
        )
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - what pytest has just written
    }


def test_the_packages_own_tests_pass(results):
    assert {name: failure for name, failure in results.items() if failure} == {}
    assert len(results) == 129
