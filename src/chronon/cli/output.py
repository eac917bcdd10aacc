"""How commands show tables, times and progress: for a person on a terminal, in plain lines for a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from chronon.base.display import WIDE, Shown, instant, shown
from chronon.base.progress import Bar, Lines

if TYPE_CHECKING:
    from pathlib import Path

    from chronon.base.errors import ChrononError
    from chronon.offline import Backfill, Upload
    from chronon.offline.compare import Comparison
    from chronon.repo import CompileResult

__all__ = [
    "Bar", "Lines", "as_json", "display", "instant", "json_option", "problem_data", "progress", "show", "shown",
    "table", "tell_backfill", "tell_comparison", "tell_upload", "unchecked_lines",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """``--json``: the answer for programs."""
    return click.option("--json", is_flag=True, help="Print JSON.")(command)


def as_json(data: Any) -> None:
    """Print plain data as JSON."""
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def show(thing: Shown) -> None:
    """Print the page of a thing."""
    display(thing)


def display(thing: Any) -> None:
    """On a terminal as wide as it is; else in whole lines without the blanks that fill them up."""
    from rich.console import Console

    if sys.stdout.isatty():
        Console().print(thing)
        return
    console = Console(width=WIDE, file=StringIO())
    with console.capture() as captured:
        console.print(thing)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def unchecked_lines(result: CompileResult, root: Path) -> Iterator[str]:
    """Which definitions were not checked, for which tables, and whether those are only misspelt."""
    from difflib import get_close_matches

    from chronon.repo.schemas import LOCK, read_lock

    lock = read_lock(root)
    if lock is None and result.after:
        yield f"columns and types are not checked: there is no {LOCK}; chronon schemas writes it from the tables"
    known = list(lock.tables) if lock is not None else []
    for path, tables in result.unchecked.items():
        lacking = [table for table in tables if table]
        if not lacking:
            continue  # a source without a table is a warning of its own
        close = [near for table in lacking for near in get_close_matches(table, known, n=1)]
        mend = f"; did you mean {' and '.join(close)}?" if close else ""
        yield f"columns not checked: {path}: {', '.join(lacking)} is not in {LOCK}{mend}"


def problem_data(problem: ChrononError) -> dict[str, Any]:
    """A problem as plain data: what, where, and how to mend it."""
    place = problem.place
    return {
        "problem": problem.problem,
        "definition": place.definition,
        "file": place.file,
        "line": place.line,
        "field": place.field,
        "expected": problem.expected,
        "mend": problem.mend,
    }


def table(names: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under a head; long texts are cut on a terminal only."""
    from rich.table import Table

    grid = Table(title=title, title_justify="left", header_style="bold", pad_edge=False, box=None)
    for name in names:
        grid.add_column(name, overflow="ellipsis" if sys.stdout.isatty() else "fold", no_wrap=sys.stdout.isatty())
    for row in rows:
        grid.add_row(*(shown(value) for value in row))
    display(grid)


@contextmanager
def progress() -> Generator[Lines | Bar]:
    """A bar on a terminal, else lines."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bar = Bar()
    with bar.progress:
        yield bar


def tell_backfill(result: Backfill) -> None:
    """The outcome of a backfill in a few lines."""
    if result.filled:
        days = result.filled[0] if len(result.filled) == 1 else f"{result.filled[0]} to {result.filled[-1]}"
        click.echo(f"{result.table}: {result.rows:,} rows in {len(result.filled)} partitions, {days}")
    else:
        click.echo(f"{result.table}: nothing to do, all {result.present} partitions are there")
    for reason, rows in result.left_out.items():
        click.echo(f"  {rows:,} {reason}")
    for note in result.notes:
        click.echo(f"  note: {note}")


def tell_upload(done: Upload) -> None:
    """The outcome of an upload in a line or two."""
    click.echo(f"{done.dataset}: {done.keys:,} keys as of {instant(done.batch_end)} UTC, generation {done.generation}")
    for note in done.notes:
        click.echo(f"  note: {note}")


def tell_comparison(found: Comparison) -> None:
    """How a join's table and a query differ, column by column."""
    click.echo(
        f"{found.both:,} rows on both sides, matched by {', '.join(found.keys)}; "
        f"{found.only_left:,} only in the join, {found.only_right:,} only in the query"
    )
    if found.doubled:
        click.echo(f"{found.doubled:,} matches of rows that share their keys with others: row_ids tell rows apart")
    heads = ("column", "agree", "differ", "null in the join", "null in the query")
    table(heads, ((c.name, c.agree, c.differ, c.left_null, c.right_null) for c in found.columns))
    if found.not_compared:
        click.echo(f"not compared, as only the join has them: {', '.join(found.not_compared)}")
    for ds, number in found.discrepancies.items():
        click.echo(f"{ds}: {number:,} discrepancies")
    click.echo(f"{found.table} has both sides, {found.metrics_table} what is measured of them by hour")
