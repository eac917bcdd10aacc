"""The notebook runs, and the page of the documentation is what it shows."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import TEMPLATE, Example

DOCS = Path(__file__).parents[2] / "docs"

RUN = """
import execute, nbformat
made = execute.execute()
nbformat.write(made, "executed.ipynb")
"""


@pytest.mark.timeout(900)
def test_the_notebook_runs(example: Example) -> None:
    import nbformat

    done = subprocess.run([sys.executable, "-c", RUN], cwd=example.repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(example.repo / "executed.ipynb", as_version=4).cells
    told = "".join(o.get("text", "") for cell in cells if cell.cell_type == "code" for o in cell.outputs)
    assert "74,178 of 74,178 served values of 951 flights equal the training rows" in told
    plots = [o for cell in cells if cell.cell_type == "code" for o in cell.outputs if "image/png" in o.get("data", {})]
    assert len(plots) == 4


def test_the_page_is_made_from_the_notebook() -> None:
    import nbformat

    page = runpy.run_path(str(TEMPLATE / "execute.py"))["page"]
    text, plots = page(nbformat.read(TEMPLATE / "flights.ipynb", as_version=4), "flights")
    assert (DOCS / "flights.md").read_text() == text, "run python examples/flights/execute.py docs/flights.md"
    assert {p.name: p.read_bytes() for p in (DOCS / "flights").iterdir()} == plots


def test_an_engine_opens_in_a_notebook_without_widgets() -> None:
    """There DuckDB has no progress bar, and refuses to be told to show none."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    code = """
import sys, tempfile
sys.modules["ipywidgets"] = None  # as where it is not installed
from chronon.engine.duckdb import DuckDBEngine
print(DuckDBEngine(tempfile.mkdtemp()).query("SELECT 1 + 1 AS two").read_all().to_pylist())
"""
    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert notebook.cells[0].outputs[0]["text"].strip() == "[{'two': 2}]"
