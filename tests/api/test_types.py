"""What an editor and a type checker see of definitions: precise types, both spellings, mistakes before a run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chronon.api import structs, verbs
from chronon.testing.stubs import text, verbs_text

SRC = Path(structs.__file__).parents[2]

USER = """\
from chronon import *
from chronon.api import structs
views = EventSource(table="raw.views", query=Query(select("user", "price"), time_column="ts"))
users = EntitySource(snapshot_table="raw.users", query=Query(selects=select("user", city="upper(city)")))
spend = GroupBy(
    views,
    "user",
    [
        Aggregation("price", Operation.SUM, windows=["7d", Window(12, TimeUnit.HOURS)]),
        Aggregation("price", Operation.LAST_K(3), windows="30d"),
    ],
    accuracy=Accuracy.TEMPORAL,
    derivations=[Derivation("per_day", "price_sum_7d / 7")],
)
training = Join(views, [JoinPart(spend, key_mapping={"user": "user"}), GroupBy(users, "user", None)], row_ids="user")
"""

SEEN = {
    "views": "EventSource",
    "spend": "GroupBy",
    "training": "Join",
    "spend.keyColumns": "list[str] | None",
    "views.table": "str | None",
    'select("a")': "dict[str, str]",
    "training.features([])": "Features",
    'training.backfill(end="2024-01-10")': "Backfill",
    "spend.explain()": "Explanation",
    "users.preview()": "Preview",
    "Operation.SUM": "int",
    "Operation.LAST_K(3)": "tuple[int, dict[str, str]]",
}

WRONG = [
    'EntitySource(snapshot_tabel="raw.users")',
    'GroupBy(views, "user", [], online="yes")',
    'Aggregation("price", 3.5)',
    "Join(left=views)",
    "views.tabel",
    "training.featuers([])",
    'spend.trace({"user": 1}, "2024-01-10", feature=7)',
    "users.backfill()",
]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What pyright says of a user's file: the lines with errors, and the types that it reveals."""
    folder = tmp_path_factory.mktemp("types")
    lines = [*USER.splitlines(), *(f"reveal_type({name})" for name in SEEN), *WRONG]
    (folder / "features.py").write_text("\n".join(lines) + "\n")
    settings = {"extraPaths": [str(SRC)], "typeCheckingMode": "standard", "reportWildcardImportFromLibrary": False}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)["generalDiagnostics"]
    at = [(lines[one["range"]["start"]["line"]], one["severity"], one["message"]) for one in told]
    return [line for line, severity, _ in at if severity == "error"], [m for _, s, m in at if s == "information"]


def test_types_are_as_precise_as_the_struct(found):
    assert found[1] == [f'Type of "{name}" is "{kind}"' for name, kind in SEEN.items()]


def test_mistakes_are_seen_before_anything_runs_and_nothing_else(found):
    assert sorted(set(found[0])) == sorted(WRONG)


@pytest.mark.parametrize("module, made", [(structs, text), (verbs, verbs_text)])
def test_the_stubs_are_as_the_code_makes_them(module, made):
    assert Path(module.__file__).with_suffix(".pyi").read_text() == made(), "python -m chronon.testing.stubs"
