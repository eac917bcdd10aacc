"""Run the notebook and keep what it shows: ``python execute.py``; with a file, also write the page made from it."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
NOTEBOOK = HERE / "flights.ipynb"


def execute(folder: Path = HERE) -> Any:
    """The notebook of a folder, run there; raises if a cell does."""
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran: different each time, and of no use to a reader
        cell.pop("execution_count", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    return notebook


def page(notebook: Any, pictures: str) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its plots by file name. ``pictures`` is their folder, seen from the page."""
    lines: list[str] = []
    plots: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            lines += [cell.source, ""]
            continue
        lines += ["```py", cell.source, "```", ""]
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{len(plots) + 1}.png"
                plots[name] = base64.b64decode(data["image/png"])
                lines += [f"![]({pictures}/{name})", ""]
            else:
                text = output.get("text") or data.get("text/plain", "")
                lines += ["```text", "\n".join(line.rstrip() for line in text.rstrip().splitlines()), "```", ""]
    return "\n".join(lines).rstrip() + "\n", plots


if __name__ == "__main__":
    made = execute()
    nbformat.write(made, NOTEBOOK)
    if len(sys.argv) > 1:
        target = Path(sys.argv[1])
        text, plots = page(made, target.stem)
        target.write_text(text)
        (target.parent / target.stem).mkdir(exist_ok=True)
        for name, picture in plots.items():
            (target.parent / target.stem / name).write_bytes(picture)
