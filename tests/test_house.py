"""The house: which package may import which, how light the entrance is, what a serving process leaves out."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_arrows_between_packages_run_one_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


HEAVY = {"pyarrow", "numpy", "duckdb", "sqlglot", "lmdb", "starlette", "uvicorn", "datasketches", "pandas", "rich"}


@pytest.mark.parametrize("module", ["chronon", "ai.chronon.group_by", "ai.chronon.join"])
def test_definitions_import_nothing_heavy(module: str) -> None:
    loaded = run(f"import sys, {module}; print(' '.join(sys.modules))").split()
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_the_same_definition_by_both_import_names() -> None:
    code = """
from chronon import GroupBy, Source, EventSource, Query, select, Aggregation, Operation, Window, TimeUnit
import ai.chronon.group_by, ai.chronon.query, ai.chronon.api.ttypes
assert ai.chronon.group_by.GroupBy is GroupBy
assert ai.chronon.query.select is select
assert ai.chronon.api.ttypes.EventSource is EventSource
print("the same")
"""
    assert run(code) == "the same"


def test_a_serving_process_has_neither_duckdb_nor_arrow() -> None:
    loaded = run("import sys, chronon.online.server; print(' '.join(sys.modules))").split()
    assert not {"duckdb", "pyarrow"} & {name.partition(".")[0] for name in loaded}
