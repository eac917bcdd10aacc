"""``chronon lineage``: where the columns of a definition come from, and what depends on a column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import as_json, display, json_option, problem_data

if TYPE_CHECKING:
    from rich.tree import Tree

    from chronon.repo.lineage import Column, Edge, Lineage


@click.command()
@click.argument("name")
@click.option("--down", is_flag=True, help="What depends on it, instead of where it comes from.")
@json_option
@repo_option
def lineage(name: str, down: bool, json: bool, folder: Path | None) -> None:
    """Follow columns through selects, operations and derivations.

    NAME is a definition or a table, or one column of it: `shop.training_set.v1`, `data.purchases.purchase_price`. Of a
    definition the tree leads back to where its columns come from; of a table it leads to what depends on it.
    """
    from chronon.repo.lineage import Lineage

    loaded = Context.of(folder).repo.load()
    if loaded.problems:
        click.echo(f"{len(loaded.problems)} problems keep definitions out of this: chronon check tells them", err=True)
    found = Lineage.of(loaded.definitions)
    columns = _columns(name, found)
    forward = down or not any(found.into(column) for column in columns)
    edges = {edge: None for c in columns for edge in (found.downstream(c) if forward else found.upstream(c))}
    if json:
        as_json({"edges": [_data(edge) for edge in edges], "unread": [problem_data(p) for p in found.unread]})
        return
    for column in columns:
        display(_tree(column, found, forward=forward))
    for problem in found.unread:
        click.echo(f"not read: {problem}", err=True)


def _columns(name: str, found: Lineage) -> list[Column]:
    """All columns of a definition or a table, or the one that is named."""
    from difflib import get_close_matches

    from chronon.base.errors import ConfigError
    from chronon.repo.lineage import Column

    if name in found.columns:
        outputs = [c for n in found.columns[name] if found.into(c := Column(name, n))]
        return outputs or [Column(name, n) for n in found.columns[name]]
    owner, _, column = name.rpartition(".")
    if column in found.columns.get(owner, ()):
        return [Column(owner, column)]
    known = found.columns.get(owner, list(found.columns))
    asked = column if owner in found.columns else name
    close = get_close_matches(asked, known, n=3) or [one for one in known if asked in one][:3]
    raise ConfigError(
        f"there is no definition, table or column {name}",
        expected=f"one of {', '.join(known)}",
        mend=f"did you mean {' or '.join(close)}?" if close else None,
    )


def _data(edge: Edge) -> dict[str, Any]:
    return {
        "source": {"owner": edge.source.owner, "column": edge.source.name},
        "target": {"owner": edge.target.owner, "column": edge.target.name},
        "decides": str(edge.decides),
        "steps": list(edge.steps),
    }


def _tree(start: Column, found: Lineage, *, forward: bool) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(f"[bold]{escape(str(start))}[/]")
    waiting = [(tree, start, frozenset({start}))]
    for branch, column, above in waiting:
        for other, label in _neighbours(column, found, forward=forward):
            twig = branch.add(label)
            if other not in above:
                waiting.append((twig, other, above | {other}))
    return tree


def _neighbours(column: Column, found: Lineage, *, forward: bool) -> list[tuple[Column, str]]:
    """The columns one edge away, values first; one line for each, however many edges lead there."""
    from rich.markup import escape

    lines: dict[Column, list[Edge]] = {}
    for edge in sorted(found.out_of(column) if forward else found.into(column), key=lambda e: e.decides, reverse=True):
        lines.setdefault(edge.target if forward else edge.source, []).append(edge)
    told: list[tuple[Column, str]] = []
    for other, edges in lines.items():
        values = [", ".join(edge.steps) for edge in edges if edge.decides == "value" and edge.steps]
        rows = " [dim](decides on the rows)[/]" if all(edge.decides == "rows" for edge in edges) else ""
        steps = f" [cyan]by {escape('; '.join(dict.fromkeys(values)))}[/]" if values else ""
        told.append((other, f"{escape(str(other))}{steps}{rows}"))
    return told
