"""The published package in an environment of its own: made once, or found where ``CHRONON_ORIGINAL_VENV`` says."""

import json
import os
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

VERSION = "0.0.115"
NEEDS = [f"chronon-ai=={VERSION}", "thrift==0.13.0", "six", "click", "sqlglot==26.16.1"]
HERE = Path(__file__).parent


class Original:
    """Runs scripts with the published package."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin" / "python"

    def install(self):
        """Make the environment, if it is not there."""
        if self.python.exists():
            return
        venv.create(self.folder, with_pip=True, symlinks=True)
        pip = [self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        self.run(*pip, "setuptools<81", "wheel")
        self.run(*pip, "--no-deps", "--no-build-isolation", *NEEDS)

    def run(self, *command, given=None):
        """The output of a command in a process that sees nothing of this project."""
        env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(
            [str(word) for word in command], input=given, capture_output=True, text=True, check=False, env=env
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def script(self, name, given=None):
        """The JSON that a script beside this file prints."""
        return json.loads(self.run(self.python, HERE / name, given=json.dumps(given) if given is not None else None))


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    given = os.environ.get("CHRONON_ORIGINAL_VENV")
    found = Original(Path(given) if given else tmp_path_factory.mktemp("original") / "venv")
    found.install()
    return found


@pytest.fixture(scope="session")
def ours():
    """This project, run in the same way in a process of its own."""

    class Ours(Original):
        def __init__(self):
            self.python = Path(sys.executable)

        def run(self, *command, given=None):
            done = subprocess.run(
                [str(word) for word in command], input=given, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr[-3000:]
            return done.stdout

    return Ours()


@pytest.fixture(scope="session")
def sides(original, ours):
    """What a script prints with the published package, and with this project; both run at the same time."""

    def run(name, given=None):
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda side: side.script(name, given), (original, ours)))

    return run


@pytest.fixture(scope="session")
def spark():
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()
