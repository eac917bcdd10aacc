"""``chronon init`` and ``chronon compile``."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option

FOLDERS = ("group_bys", "joins", "staging_queries")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--team", default="my_team", show_default=True, help="The name of your team: a folder, and a namespace.")
def init(folder: Path, team: str) -> None:
    """Make an empty repo of definitions in FOLDER (here, if none is given).

    It gets a teams.json, a chronon.toml and a folder of your team for group-bys and for joins. What is there already
    stays as it is.
    """
    from chronon.base.errors import ConfigError

    if not team.isidentifier():
        raise ConfigError(f"{team!r} is not a team", expected="letters, digits and _", mend="--team my_team")
    files = {
        "teams.json": json.dumps(_teams(team), indent=4) + "\n",
        "chronon.toml": _SETTINGS,
        ".gitignore": ".chronon/\n__pycache__/\n",
        **{f"{kind}/{team}/.gitkeep": "" for kind in FOLDERS},
    }
    for name, text in files.items():
        path = folder / name
        if path.exists():
            click.echo(f"  kept  {path}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        click.echo(f"  made  {path}")
    click.echo(
        "\nNext: bring a table in with chronon load FILE data.events --time COLUMN (or put it into "
        f"{folder / '.chronon/warehouse'}/<namespace>/<table>/ds=.../), write a GroupBy over it into "
        f"{folder / 'group_bys' / team}/, then run chronon compile.\n"
        "A whole example: chronon quickstart"
    )


@click.command(name="compile")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace served definitions even if their meaning changes.")
@repo_option
def compile_command(paths: tuple[Path, ...], force: bool, folder: Path | None) -> None:
    """Check all definitions and write them as JSON to `production/`.

    PATHS are files or folders of the repo; all of it without any. Every problem of every file is told; the definitions
    that are sound are written nevertheless.
    """
    from chronon.base.errors import raise_all
    from chronon.cli.output import unchecked_lines

    context = Context.of(folder)
    result = context.repo.compile(*paths, force=force)
    for path in result.written:
        click.echo(f"  wrote  {path}")
    for path in result.skipped:
        click.echo(f"  not written  {path}: it is neither online nor in a join, and has no backfill_start_date")
    for warning in result.warnings:
        click.echo(f"  warning: {warning}")
    for line in unchecked_lines(result, context.repo.root):
        click.echo(f"  {line}")
    click.echo(f"{len(result.written)} written, {len(result.unchanged)} unchanged, {len(result.problems)} problems")
    raise_all(result.problems)


def _teams(team: str) -> dict[str, dict[str, str]]:
    return {
        "default": {"namespace": "default"},
        team: {"description": f"Features of {team}", "namespace": team},
    }


_SETTINGS = """\
# Where tables and records live. These are the defaults.
# warehouse = ".chronon/warehouse"       # <namespace>/<table>/ds=yyyy-MM-dd/*.parquet (or csv)
# store = "lmdb://.chronon/store"        # what chronon upload writes and chronon serve reads
# memory = "4GB"                         # the engine's limit
# threads = 2
"""
