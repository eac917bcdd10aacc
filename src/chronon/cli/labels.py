"""``chronon labels``: what became known later, joined to the rows it belongs to."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import progress, tell_backfill


@click.command()
@click.argument("name")
@click.option("--ds", help="The day as of whose end labels are taken. Without it: yesterday.")
@repo_option
def labels(name: str, ds: str | None, folder: Path | None) -> None:
    """Join the labels that are known at the end of a day to the rows of a join.

    NAME is a join with a label part, whose own table is there. Its rows of the days that the label's offsets name get a
    partition of `<table>_labels`; `<table>_labeled` and `<table>_labeled_latest` show features and labels together.
    """
    from chronon.api import structs
    from chronon.base.errors import ConfigError
    from chronon.offline import backfill_labels

    context = Context.of(folder)
    join = context.definition(name)
    if not isinstance(join, structs.Join):
        raise ConfigError(f"{name} is a group-by", expected="a join with labels")
    with progress() as bar:
        result = backfill_labels(join, context.engine, label_ds=ds or context.today(-1), progress=bar)
    tell_backfill(result)
    click.echo(f"  {result.table.removesuffix('s')}ed and {result.table.removesuffix('s')}ed_latest show them")
