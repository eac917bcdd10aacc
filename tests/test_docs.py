"""The code of the README and of every page of the documentation runs, page by page."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[tuple[str, str]]:
    return re.findall(r"^```(python|console)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def run_console(block: str) -> None:
    """Run each line after a ``$``; what it prints is what stands below it, where ``...`` stands for anything."""
    for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = session.partition("\n")
        words = [sys.executable, "-m", "chronon", *shlex.split(command)[1:]]
        assert command.startswith("chronon "), command
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        told = "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"
        checker = doctest.OutputChecker()
        flags = doctest.ELLIPSIS | doctest.REPORT_NDIFF
        assert checker.check_output(expected, told, flags), checker.output_difference(
            doctest.Example(command, expected), told, flags
        )


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "docs"}
    for number, (kind, block) in enumerate(blocks(page), 1):
        if kind == "console":
            run_console(block)
        else:
            exec(compile(block, f"{page.name}, block {number}", "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_commands_that_ci_runs_are_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for mark in ("quickstart", "tests"):
        assert re.search(rf"<!-- {mark} -->\n```sh\n.+\n```", text), mark


def test_generated_pages_are_as_the_code_makes_them() -> None:
    from chronon.testing.tables import pages

    for name, text in pages().items():
        assert (ROOT / "docs" / name).read_text() == text, "run python -m chronon.testing.tables docs"
