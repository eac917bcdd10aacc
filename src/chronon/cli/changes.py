"""``chronon check``, ``chronon diff`` and ``chronon prune``: what compiling would do, without doing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import as_json, json_option, problem_data, unchecked_lines

if TYPE_CHECKING:
    from chronon.repo import CompileResult
    from chronon.repo.diff import Change

paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


@click.command()
@paths_argument
@json_option
@repo_option
def check(paths: tuple[Path, ...], json: bool, folder: Path | None) -> None:
    """Find everything that is wrong with the definitions; nothing is written.

    PATHS are files or folders of the repo; all of it without any. The exit code is 1 if there is a problem, so that a
    pull request can be held back by it.
    """
    context = Context.of(folder)
    result = context.repo.compile(*paths, write=False)
    if json:
        as_json(_checked(result))
    else:
        for warning in result.warnings:
            click.echo(f"warning: {warning}")
        for number, problem in enumerate(result.problems, 1):
            click.echo(f"{number}. {problem}", err=True)
        for line in unchecked_lines(result, context.repo.root):
            click.echo(line)
        sound = len(result.after)
        click.echo(f"{sound} sound, {len(result.problems)} problems, {len(result.warnings)} warnings")
        if result.stale:
            click.echo(f"{len(result.stale)} compiled files of no definition any more: chronon prune lists them")
        if result.written:
            click.echo(f"{len(result.written)} not compiled yet: chronon compile writes them, chronon diff shows them")
    if result.problems:
        raise SystemExit(1)


@click.command()
@paths_argument
@json_option
@repo_option
def diff(paths: tuple[Path, ...], json: bool, folder: Path | None) -> None:
    """Show what the definitions mean other than their compiled files.

    PATHS are files or folders of the repo; all of it without any. Of each definition: which fields differ, whether that
    changes values or only says something about them, and what will be computed again because of it. How much of that is
    there to be replaced is looked up in the environment (`--env`): its tables and its store.
    """
    from chronon.offline.standing import standing
    from chronon.repo.diff import diff as changes_of

    context = Context.of(folder)
    result = context.repo.compile(*paths, write=False, force=True)
    changes = changes_of(result.before, result.after)
    stands = {c.path: standing(context.own(c.value), context.engine) for c in changes if c.value is not None}
    if json:
        told = [{**c.to_data(), "published": stands[c.path].data() if c.path in stands else None} for c in changes]
        as_json({"changes": told, "problems": [problem_data(p) for p in result.problems]})
    else:
        for change in changes:
            _tell(change)
            if change.path in stands and stands[change.path].outdated:
                click.secho(f"    {stands[change.path]}", fg="yellow")
        meaning = sum(change.meaning for change in changes)
        click.echo(f"{len(changes)} differ, {meaning} in what they mean" if changes else "nothing differs")
        for problem in result.problems:
            click.echo(f"not compared: {problem}", err=True)
    if result.problems:
        raise SystemExit(1)


@click.command()
@click.option("--yes", is_flag=True, help="Remove them; without, they are only listed.")
@json_option
@repo_option
def prune(yes: bool, json: bool, folder: Path | None) -> None:
    """List the compiled files that no definition makes any more, or remove them.

    Schedulers and servers go on with a definition as long as its file is there. Tables and uploads are not touched.
    """
    found = Context.of(folder).repo.prune(remove=yes)
    if json:
        as_json({"stale": list(found), "removed": yes})
        return
    for path in found:
        click.echo(f"  {'removed' if yes else 'stale'}  {path}")
    if found and not yes:
        click.echo("chronon prune --yes removes them")
    elif not found:
        click.echo("nothing is stale")


def _checked(result: CompileResult) -> dict[str, Any]:
    return {
        "problems": [problem_data(problem) for problem in result.problems],
        "warnings": [problem_data(warning) for warning in result.warnings],
        "sound": sorted(result.after),
        "would_write": list(result.written),
        "skipped": list(result.skipped),
        "stale": list(result.stale),
    }


def _tell(change: Change) -> None:
    marks = {"added": "+", "removed": "-", "changed": "~"}
    click.secho(f"{marks[change.kind]} {change.path}", bold=True)
    for field in change.fields:
        click.echo(f"    {field}")
    for path in change.through:
        click.echo(f"    through {path}")
    for effect in change.effects:
        table = f" ({change.table})" if effect.name == "TABLE" and change.table else ""
        click.secho(f"    {effect}{table}", fg="yellow" if change.meaning else None)
