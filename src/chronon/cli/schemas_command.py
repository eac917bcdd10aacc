"""``chronon schemas``: the columns and types that compiling checks against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from chronon.cli.context import Context, repo_option

if TYPE_CHECKING:
    from chronon.base.types import DataType


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if the file would change.")
@repo_option
def schemas(check: bool, folder: Path | None) -> None:
    """Write the columns and types of all tables that the definitions read to `schemas.lock`.

    `chronon compile` and `chronon check` then find wrong columns and types without a warehouse. A table that is not
    there keeps what the file said of it, and so do topics, whose columns are written into it by hand.
    """
    from chronon.base.errors import MissingDataError, raise_all
    from chronon.repo.schemas import LOCK, Lock, moved, read_lock, tables_of, write_lock

    context = Context.of(folder)
    loaded = context.repo.load()
    lock = read_lock(context.repo.root) or Lock()
    before = lock.tables
    found: dict[str, dict[str, DataType]] = {}
    for table in sorted({table for definition in loaded.definitions for table in tables_of(definition.value)}):
        try:
            found[table] = dict(context.engine.columns(table))
        except MissingDataError:
            kept = " (kept as it was)" if table in before else ""
            click.echo(f"  not there  {table}{kept}")
            if table in before:
                found[table] = before[table]
            continue
        if table not in before:
            click.echo(f"  new  {table}: {len(found[table])} columns")
        for change in moved(before.get(table, found[table]), found[table]):
            click.echo(f"  moved  {table}: {change}")
    click.echo(f"{len(found)} tables in {LOCK}")
    if check:
        raise SystemExit(int(found != before))
    write_lock(context.repo.root, Lock(found, lock.topics))
    raise_all(loaded.problems)
