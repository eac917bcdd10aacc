"""``chronon snapshot``: what is done with tables rather than with definitions."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import tell_backfill


@click.command()
@click.argument("source")
@click.option("--ds", help="The partition that is written. Without it: yesterday, the day that has just ended.")
@click.option("--again", is_flag=True, help="Read the database again though the partition is there.")
@repo_option
def snapshot(source: str, ds: str | None, folder: Path | None, *, again: bool) -> None:
    """Read a table of a production database into a partition of the warehouse.

    SOURCE is a section of chronon.toml, such as [sources.users], with `url`, `table` or `query`, and `into`. The rows
    are those of one moment; the partition is published when all have come.
    """
    from chronon.base.clock import SystemClock
    from chronon.base.time import DAY_MS
    from chronon.offline.snapshot import snapshot as take

    context = Context.of(folder)
    clock = SystemClock()
    day = ds or context.settings.partitions.of(clock.now() - DAY_MS)
    tell_backfill(take(source, context.settings.sources, context.engine, ds=day, clock=clock, again=again))
