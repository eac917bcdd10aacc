"""``chronon doctor``: is everything in order here, and what would change for an existing repo."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import as_json, json_option, problem_data

if TYPE_CHECKING:
    from chronon.repo import CompileResult
    from chronon.repo.doctor import Files

LISTED = 12
"""How many names are shown of a long list; ``--json`` has all."""


@click.command()
@json_option
@repo_option
def doctor(json: bool, folder: Path | None) -> None:
    """Tell whether everything is in order, and what would change for a repo that the original compiled.

    Looked at are the settings and the places they name, the definitions, their compiled files against those that are
    there, and the answers that differ from the original's on purpose. Nothing is written.
    """
    from chronon.repo.doctor import deviations_of, files_of
    from chronon.testing.deviations import DEVIATIONS

    context = Context.of(folder)
    checks = list(_places(context))
    result = context.repo.compile(write=False, force=True)
    files = files_of(result)
    touched = deviations_of(context.repo.definitions())
    if json:
        as_json(
            {
                "checks": [{"what": what, "state": state, "ok": ok} for what, state, ok in checks],
                "problems": [problem_data(problem) for problem in result.problems],
                "same": list(files.same),
                "text": list(files.text),
                "renamed": dict(files.renamed),
                "changes": [change.to_data() for change in files.changes],
                "deviations": [
                    {"id": quirk, "original": DEVIATIONS[quirk].original, "ours": DEVIATIONS[quirk].ours, "in": names}
                    for quirk, names in touched.items()
                ],
            }
        )
    else:
        for what, state, ok in checks:
            click.echo(f"{_mark(ok)} {what}: {state}")
        _tell_definitions(result)
        _tell_files(files)
        if touched:
            click.secho("\nanswers that differ from the original's on purpose", bold=True)
        for quirk, names in touched.items():
            known = DEVIATIONS[quirk]
            click.echo(f"  {quirk}  {_listed(names)}")
            click.echo(f"      original: {known.original}")
            click.echo(f"      here: {known.ours}")
    if result.problems or not all(ok for _, _, ok in checks):
        raise SystemExit(1)


def _places(context: Context) -> Iterator[tuple[str, str, bool]]:
    """The process, and the places that settings name: what, its state, whether it is in order."""
    from importlib.metadata import version

    from chronon.base.errors import ChrononError

    libraries = ", ".join(f"{name} {version(name)}" for name in ("chronon", "duckdb", "pyarrow", "sqlglot", "lmdb"))
    yield "python", f"{sys.version.split()[0]}, {libraries}", True
    for name, origin in context.settings.origins.items():
        yield f"setting {name}", f"{getattr(context.settings, name)} (from {origin})", True
    folder = context.settings.warehouse_folder
    try:
        tables = context.engine.warehouse.tables()
        state = f"{len(tables)} tables" if folder.is_dir() else "not there yet; the first backfill makes it"
        yield f"warehouse {folder}", state, True
    except (ChrononError, OSError) as error:
        yield f"warehouse {folder}", str(error), False
    url = context.settings.store_url
    if url.startswith("lmdb://") and not Path(url.removeprefix("lmdb://")).exists():
        yield f"store {url}", "not there yet; the first upload makes it", True
        return
    try:
        joins = context.store.list_meta("joins/")
        yield f"store {url}", f"{len(joins)} joins are served", True
    except (ChrononError, OSError) as error:
        yield f"store {url}", str(error), False


def _tell_definitions(result: CompileResult) -> None:
    click.echo(
        f"{_mark(not result.problems)} definitions: {len(result.after)} sound, {len(result.problems)} problems, "
        f"{len(result.warnings)} warnings"
    )
    for problem in result.problems:
        click.echo("    " + str(problem).replace("\n", "\n    "))
    if result.warnings:
        click.echo("    chronon check tells the warnings")


def _tell_files(files: Files) -> None:
    if not (files.same or files.text or files.changes or files.renamed):
        return
    click.secho("\ncompiled files against those in production/", bold=True)
    click.echo(f"  {len(files.same)} equal byte for byte")
    for many, what in (
        (files.text, "written otherwise, with the same content"),
        ([c.path for c in files.changes if c.kind == "added"], "new"),
        ([c.path for c in files.changes if c.kind == "removed"], "of no definition any more: chronon prune"),
        ([c.path for c in files.changes if c.kind == "changed" and not c.meaning], "with other metadata only"),
        ([c.path for c in files.changes if c.kind == "changed" and c.meaning], "with another meaning: chronon diff"),
    ):
        if many:
            click.echo(f"  {len(many)} {what}: {_listed(many)}")
    for old, new in files.renamed.items():
        click.echo(f"  renamed: {old} -> {new}")


def _listed(names: Any) -> str:
    shown = ", ".join(list(names)[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown


def _mark(ok: bool) -> str:
    return click.style("ok ", fg="green") if ok else click.style("NO ", fg="red")
