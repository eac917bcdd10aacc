"""Repos in a temporary folder: files as text, a ``teams.json``, and the ``Repo`` over them."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from chronon.repo import Repo

collect_ignore = ["example"]

TEAMS = {
    "default": {"namespace": "fallback_db", "table_properties": {"owner": "feature-platform"}},
    "grocer": {"namespace": "grocer_db"},
    "risk": {},
}


class Folder:
    """A repo's folder that tests write to."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files):
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    @property
    def repo(self):
        return Repo(self.root)

    def compile(self, *args, **kwargs):
        return self.repo.compile(*args, **kwargs)

    def json(self, path):
        return json.loads((self.root / "production" / path).read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path).write({"teams.json": json.dumps(TEAMS)})
