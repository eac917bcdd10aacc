"""Commands, run in this process over a repo in a temporary folder."""

import json
import os
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from chronon.base.errors import ChrononError
from chronon.cli.main import cli

HEAD = """\
from chronon import *
views = EventSource(table="raw.views", query=Query(select("user", price="cents / 100"), time_column="at"))
"""
SPEND = HEAD + "v1 = GroupBy(views, ['user'], [Aggregation('price', Operation.SUM, '7d')], online=True)\n"
TRAIN = HEAD + "from group_bys.grocer.spend import v1 as spend\nv1 = Join(views, [JoinPart(spend)], online=True)\n"


class Commands:
    """A repo, and the commands that are run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def run(self, *args, code=0):
        done = CliRunner().invoke(cli, [*args, "--repo", str(self.root)])
        assert done.exit_code == code, done.output
        return done.stdout

    def refused(self, *args):
        """The error that a command ends with."""
        done = CliRunner().invoke(cli, [*args, "--repo", str(self.root)])
        assert isinstance(done.exception, ChrononError), done.output
        return done.exception

    def json(self, *args, code=0):
        return json.loads(self.run(*args, "--json", code=code))


@pytest.fixture
def commands(tmp_path):
    """A repo of one group-by and one join, compiled."""
    made = Commands(tmp_path)
    made.write("teams.json", json.dumps({"default": {"namespace": "ns", "table_properties": {}}, "grocer": {}}))
    made.write("group_bys/grocer/spend.py", SPEND)
    made.write("joins/grocer/train.py", TRAIN)
    made.run("compile")
    return made


@pytest.fixture(autouse=True)
def same_environment():
    """Scripts that are run in this process set variables, as the original's do; they end with the test."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
