"""``chronon load``, ``snapshot``, ``retain``, ``fingerprint``: what is done with tables, not definitions."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import tell_backfill


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.argument("table")
@click.option("--time", help="The time of a row in Spark SQL, such as at. Without it: its ds if it has one, else ts.")
@repo_option
def load(file: Path, table: str, time: str | None, folder: Path | None) -> None:
    """Write a file into a table of the warehouse, each row into the partition of its day.

    FILE is CSV, JSON or Parquet, or a folder of such files; TABLE is `namespace.table`. Partitions that the rows have
    are replaced, others stay.
    """
    tell_backfill(Context.of(folder).load(table, file, time=time))


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
    from chronon.offline.snapshot import snapshot as take

    context = Context.of(folder)
    clock = SystemClock()
    day = ds or context.settings.partitions.before(clock.now())
    tell_backfill(take(source, context.settings.sources, context.engine, ds=day, clock=clock, again=again))


@click.command()
@click.argument("tables", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@repo_option
def retain(tables: tuple[str, ...], folder: Path | None, *, dry_run: bool) -> None:
    """Remove partitions that are older than the settings keep them.

    How long that is stands in chronon.toml: `keep = "90d"` in a section [tables.<namespace>] or
    [tables.<namespace>.<table>]. Only partitions that a backfill made are removed.
    """
    from chronon.base.clock import SystemClock
    from chronon.offline.retain import retain as remove

    context = Context.of(folder)
    done = remove(context.settings.tables, context.engine, clock=SystemClock(), only=tables, dry_run=dry_run)
    verb = "would remove" if dry_run else "removed"
    for one in done:
        click.echo(f"{one.table}: {verb} {len(one.removed)} partitions before {one.before}, {one.bytes:,} bytes")
        if one.foreign:
            click.echo(f"  note: {len(one.foreign)} older partitions were not made here and stay")
    if not done:
        click.echo('nothing to do: no table has a keep, such as keep = "90d", in chronon.toml')


@click.command()
@click.argument("name")
@click.option("--start", help="The first partition. Without it: the first that is there.")
@click.option("--end", help="The last partition. Without it: the last that is there.")
@repo_option
def fingerprint(name: str, start: str | None, end: str | None, folder: Path | None) -> None:
    """Tell what a training set was made from, in one short text.

    NAME is a definition or a table. Equal definitions, contents of inputs, engine and libraries give an equal
    fingerprint.
    """
    from chronon.api.naming import output_table
    from chronon.offline.fingerprint import fingerprint as read

    context = Context.of(folder)
    table = name if context.engine.warehouse.exists(name) else output_table(context.definition(name))
    found = read(table, context.engine, start=start, end=end)
    click.echo(found.value)
    days = found.partitions[0] if len(found.partitions) == 1 else f"{found.partitions[0]} to {found.partitions[-1]}"
    click.echo(f"  {found.table}: {len(found.partitions)} partitions, {days}")
    click.echo(f"  definitions: {', '.join(found.definitions)}")
    for used in sorted({table for tables in found.inputs.values() for table in tables}):
        click.echo(f"  input: {used}, last {found.inputs[found.partitions[-1]].get(used, '-')}")
    for software in found.software:
        click.echo(f"  software: {software}")
    if found.unstamped:
        click.echo(f"  note: {len(found.unstamped)} partitions were not made here and are not covered")
