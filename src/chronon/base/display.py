"""What a person sees of a thing: a page of facts and grids, on a terminal, in a notebook, or as plain text.

A thing says once what is on its page; the three forms are made from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE = 10_000
"""Characters of a line that is not cut."""
DIM, STRONG, BAD = "dim", "strong", "bad"
"""How a row of a grid stands out."""
_STYLES = {DIM: "dim", STRONG: "bold", BAD: "red"}


@dataclass(frozen=True)
class Grid:
    """Rows under a head.

    Parameters
    ----------
    columns:
        The head.
    rows:
        As many values each.
    title, note:
        What stands above and below.
    marks:
        For each row ``DIM``, ``STRONG``, ``BAD`` or nothing; empty if none stands out.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    note: str = ""
    marks: Sequence[str] = ()

    def mark(self, row: int) -> str:
        """How a row stands out."""
        return self.marks[row] if self.marks else ""

    def numeric(self, column: int) -> bool:
        """Whether a column holds numbers only, which stand to the right."""
        cells = [row[column] for row in self.rows if row[column] is not None]
        return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


@dataclass(frozen=True)
class Page:
    """What there is to see of a thing.

    Parameters
    ----------
    title:
        Its name.
    kind:
        A word for what it is, before the name.
    facts:
        Names and values, one a line.
    grids, notes:
        What follows.
    """

    title: str
    kind: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    grids: Sequence[Grid] = ()
    notes: Sequence[str] = ()


class Shown(ABC):
    """A thing that has a page."""

    @abstractmethod
    def page(self) -> Page:
        """What there is to see."""
        ...

    def __repr__(self) -> str:
        return to_text(self.page())

    def __rich__(self) -> RenderableType:
        return to_rich(self.page())

    def _repr_html_(self) -> str:
        return to_html(self.page())


def shown(value: Any) -> str:
    """A value as a person reads it.

    >>> shown([1.5, None]), shown(0.1 + 0.2), shown(None)
    ('[1.5, -]', '0.3', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, datetime):
        return instant(int(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000))
    return str(value)


def instant(ms: int | None) -> str:
    """An instant in ms as UTC text.

    >>> instant(1_704_844_800_000), instant(1_704_844_800_007)
    ('2024-01-10 00:00:00', '2024-01-10 00:00:00.007')
    """
    if ms is None:
        return "-"
    try:
        text = datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
    return text.removesuffix("000").removesuffix(".000")


def to_rich(page: Page) -> RenderableType:
    """A page for a terminal."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    head = Text()
    if page.kind:
        head.append(f"{page.kind} ", style="dim")
    head.append(page.title, style="bold")
    parts: list[RenderableType] = [head]
    if page.facts:
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(overflow="fold")
        for name, value in page.facts.items():
            facts.add_row(Text(name), Text(shown(value)))
        parts.append(Padding(facts, (0, 0, 0, 2)))
    parts += [Padding(_rich_grid(grid), (1, 0, 0, 2)) for grid in page.grids]
    parts += [Padding(Text(f"note: {note}", style="yellow"), (0, 0, 0, 2)) for note in page.notes]
    return Group(*parts)


def _rich_grid(grid: Grid) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(grid.title, style="italic") if grid.title else None,
        title_justify="left",
        header_style="bold",
        pad_edge=False,
        box=None,
    )
    for number, name in enumerate(grid.columns):
        table.add_column(Text(name), justify="right" if grid.numeric(number) else "left", overflow="fold")
    for number, row in enumerate(grid.rows):
        table.add_row(*(Text(shown(value)) for value in row), style=_STYLES.get(grid.mark(number)))
    return Group(table, Text(grid.note, style="dim")) if grid.note else table


def to_text(page: Page, width: int = WIDE) -> str:
    """A page as plain text."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    # a notebook would show it besides, if it were not told
    Console(file=out, width=width, no_color=True, force_jupyter=False, force_terminal=False).print(to_rich(page))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def to_html(page: Page) -> str:
    """A page for a notebook, in whatever colours it has: all shades are made from the colour of its text."""
    kind = f'<span class="kind">{escape(page.kind)}</span> ' if page.kind else ""
    parts = [f"<header>{kind}<b>{escape(page.title)}</b></header>"]
    if page.facts:
        facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(shown(value))}</dd>" for name, value in page.facts.items())
        parts.append(f"<dl>{facts}</dl>")
    parts += [_html_grid(grid) for grid in page.grids]
    parts += [f'<p class="note">{escape(note)}</p>' for note in page.notes]
    return f'<div class="chronon"><style>{_CSS}</style>{"".join(parts)}</div>'


def _html_grid(grid: Grid) -> str:
    right = [grid.numeric(number) for number in range(len(grid.columns))]
    head = "".join(
        f"<th{_NUMBER if number else ''}>{escape(name)}</th>" for name, number in zip(grid.columns, right, strict=True)
    )
    body = "".join(
        f'<tr class="{grid.mark(at)}">'
        + "".join(_cell(value, number) for value, number in zip(row, right, strict=True))
        + "</tr>"
        for at, row in enumerate(grid.rows)
    )
    title = f"<caption>{escape(grid.title)}</caption>" if grid.title else ""
    note = f'<p class="small">{escape(grid.note)}</p>' if grid.note else ""
    return f'<div class="grid"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}'


_NUMBER = ' class="number"'


def _cell(value: Any, number: bool) -> str:
    if value is None:
        return f'<td class="null{" number" if number else ""}">-</td>'
    return f"<td{_NUMBER if number else ''}>{escape(shown(value))}</td>"


_CSS = """
.chronon { font: 13px/1.45 system-ui, sans-serif; color: inherit; max-width: 100%;
  --line: color-mix(in srgb, currentColor 16%, transparent); --soft: color-mix(in srgb, currentColor 62%, transparent) }
.chronon header { font-size: 15px; margin: 0 0 4px }
.chronon .kind { color: var(--soft); font-size: 12px; text-transform: uppercase; letter-spacing: .05em }
.chronon dl { display: grid; grid-template-columns: max-content 1fr; gap: 1px 14px; margin: 0 0 8px }
.chronon dt { color: var(--soft); font-weight: normal; margin: 0; padding: 0; float: none; width: auto }
.chronon dd { margin: 0; padding: 0 }
.chronon .grid { overflow-x: auto; margin: 8px 0 2px }
.chronon table { border-collapse: collapse; font-size: 12.5px; margin: 0; border: 0; color: inherit }
.chronon caption { caption-side: top; text-align: left; font-weight: 600; padding: 0 0 4px; color: inherit }
.chronon tr { background: none }
.chronon th, .chronon td { text-align: left; padding: 3px 14px 3px 0; border: 0; border-bottom: 1px solid var(--line);
  vertical-align: top; white-space: nowrap; max-width: 44em; overflow: hidden; text-overflow: ellipsis }
.chronon th { font-weight: 600; border-bottom-color: var(--soft) }
.chronon .number { text-align: right; font-variant-numeric: tabular-nums }
.chronon .null, .chronon tr.dim td { color: var(--soft) }
.chronon tr.strong td { font-weight: 600 }
.chronon tr.strong { background: color-mix(in srgb, currentColor 6%, transparent) }
.chronon tr.bad td { color: light-dark(#b3261e, #ff8a80) }
.chronon .small { color: var(--soft); font-size: 12px; margin: 2px 0 6px }
.chronon .note { margin: 4px 0; padding: 2px 10px; border-left: 3px solid #d9a300 }
"""
