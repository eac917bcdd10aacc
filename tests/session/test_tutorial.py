"""The tutorial runs from its first cell to its last, on a real kernel, and what it shows can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"


@pytest.mark.timeout(300)
def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TUTORIAL.parents[1] / "src"))  # for kernel and commands alike
    notebook = nbformat.read(TUTORIAL, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs: list[Any] = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    assert [o for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []
    assert [o for o in outputs if o.output_type == "display_data"] == [], "each page is shown once"
    pages = "".join(o.get("data", {}).get("text/html", "") for o in outputs)
    assert "not price &gt; 0" in pages, "the refund is left out, and said to be"
    assert "offline and served differ" in pages
    assert "offline and served agree" in pages
    told = "".join(o.get("text", "") for o in outputs)
    assert "price_sum_1d: 25.0" in told
    assert "1 passed, 0 failed" in told
