"""``chronon export-metadata``: compiled definitions with what is to be known of their features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from chronon.cli.context import Context, repo_option

if TYPE_CHECKING:
    from chronon.session import Session


@click.command("export-metadata")
@click.option("--to", "folder_out", type=click.Path(path_type=Path), help="The folder for files.")
@click.option("--table", help="The table for rows: namespace.table.")
@click.option("--ds", help="The partition of the table. Without it: today.")
@click.option("--from", "source", default="production", show_default=True, help="The folder of compiled definitions.")
@click.option("--embedded", is_flag=True, help="Also group-bys that stand in joins only.")
@repo_option
def export_metadata(
    folder_out: Path | None, table: str | None, ds: str | None, source: str, embedded: bool, folder: Path | None
) -> None:
    """Write compiled definitions with their features: name, type, operation, window, input, group-by.

    As files, under the paths that the definitions have, or as a table with the columns path, metadata and entityType.
    What cannot be known of a definition is said in its `exception`, and does not keep its neighbours.
    """
    context = Context.of(folder)
    export(context, context.root / source, folder_out, table, ds or context.today(), embedded=embedded)


def export(session: Session, source: Path, to: Path | None, table: str | None, ds: str, *, embedded: bool) -> None:
    """Export what a folder holds to files, or, if there is no folder for them, to a table; and tell it."""
    from chronon.base.errors import ConfigError, MissingDataError
    from chronon.offline.metadata import UNKNOWN, export_metadata, publish_metadata
    from chronon.repo.compile import publish

    if to is None and table is None:
        raise ConfigError("Missing output destination", expected="a folder for files, or a table")
    if not source.is_dir():
        raise MissingDataError(f"there is no folder {source}", mend="chronon compile makes it")
    days = session.settings.partitions.shift(ds, -1), ds
    found, unreadable = export_metadata(_files(source), session.engine, days=days, embedded=embedded)
    if to is not None:
        known = {entity.path: entity.text for entity in found if entity.kind != UNKNOWN}
        publish(to, known)
        click.echo(f"{len(known)} definitions in {to}")
    elif table is not None:
        rows = publish_metadata(found, table, ds, session.engine)
        click.echo(f"{table}: {rows:,} definitions in {ds}")
    for entity in found:
        if entity.problem is not None:
            click.echo(f"  without features: {entity.path}: {entity.problem.splitlines()[0]}")
    for path in unreadable:
        click.echo(f"  not read, as it is no JSON: {path}")


def _files(folder: Path) -> dict[str, bytes]:
    """What the files under a folder hold, by their relative paths; hidden ones are not among them."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
