"""Progress of a long job: a bar on a terminal, a line that changes in a notebook, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol

PATIENCE = 0.5
"""Seconds after which a notebook shows progress."""


class Progress(Protocol):
    """Told of each step of a long job."""

    def step(self, what: str, done: int, total: int) -> None:
        """``what`` begins now; ``done`` of ``total`` pieces of the job are finished."""
        ...


class Silent:
    """A progress that nobody watches."""

    def step(self, what: str, done: int, total: int) -> None:
        pass


class Lines:
    """Progress in a log: one line for each step, with the time passed and the time left."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def step(self, what: str, done: int, total: int) -> None:
        times = _times(time.monotonic() - self._begun, done, total)
        print(f"[{done}/{total}] {what}{times}", file=sys.stderr)  # noqa: T201 - that is what it is for


def _times(passed: float, done: int, total: int) -> str:
    """What is left follows from what is done; nothing is said of a job that has just begun.

    >>> _times(75.0, 30, 40), _times(0.2, 0, 40)
    (' (1 m 15 s, about 25 s left)', '')
    """
    left = passed / done * (total - done) if done else 0.0
    shown = f", about {_span(left)} left" if left >= 1 else ""
    return f" ({_span(passed)}{shown})" if passed >= 1 else ""


def _span(seconds: float) -> str:
    """A length of time.

    >>> _span(9.4), _span(3725.0)
    ('9 s', '1 h 2 m')
    """
    whole = round(seconds)
    if whole < 60:  # a minute
        return f"{whole} s"
    if whole < 3600:  # an hour
        return f"{whole // 60} m {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} m"


class Bar:
    """Progress on a terminal: what is done now, how much is done, how long it will take."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self.progress.add_task("", total=None)

    def step(self, what: str, done: int, total: int) -> None:
        self.progress.update(self._task, description=what, completed=done, total=total)


class Cell:
    """Progress under the cell of a notebook: one line that changes, and goes when the job is done.

    A job that is done in less than ``PATIENCE`` seconds shows none.
    """

    def __init__(self, display: Any, html: Any) -> None:
        self._display, self._html = display, html
        self._handle: Any = None
        self._begun = time.monotonic()

    def step(self, what: str, done: int, total: int) -> None:
        from html import escape

        passed = time.monotonic() - self._begun
        if passed < PATIENCE:
            return
        if self._handle is None:
            self._handle = self._display(self._html(""), display_id=True)
        left = f", {passed / done * (total - done):.0f} s left" if done and total else ""
        bar = f'<progress value="{done}" max="{total or 1}"></progress>'
        self._handle.update(self._html(f"<small>{bar} {escape(what)} ({done} of {total}{left})</small>"))

    def close(self) -> None:
        """Leave nothing behind."""
        if self._handle is not None:
            self._handle.update(self._html(""))


@contextmanager
def watched(given: Progress | None = None) -> Generator[Progress]:
    """The progress that was given, or the one that suits where the job runs."""
    notebook = _notebook() if given is None else None
    if given is not None:
        yield given
    elif notebook is not None:
        cell = Cell(*notebook)
        try:
            yield cell
        finally:
            cell.close()
    elif sys.stderr.isatty():
        bar = Bar()
        with bar.progress:
            yield bar
    else:
        yield Silent()


def _notebook() -> tuple[Any, Any] | None:
    """How a notebook shows things, if this is one."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is None or type(running).__name__ != "ZMQInteractiveShell":
        return None
    from importlib import import_module

    display: Any = import_module("IPython.display")
    return display.display, display.HTML
