"""``chronon backfill``, ``chronon upload`` and ``chronon sql``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import progress, table, tell_backfill, tell_upload


@click.command()
@click.argument("name")
@click.option("--start", help="The first partition. Without it: the left side's own, or the group-by's start date.")
@click.option("--end", help="The last partition. Without it: today.")
@click.option("--step-days", default=30, show_default=True, help="Days that are computed at once.")
@click.option("--run-first-hole", is_flag=True, help="Fill also what lies before the first partition that is there.")
@click.option("--keep-outdated", is_flag=True, help="Keep what another definition has made, as if by this one.")
@click.option("--as-of", help="An instant, such as 2024-01-10T06:00: rows that arrived later are ignored.")
@click.option("--incremental", is_flag=True, help="Keep aggregates by day, so that later days read fewer rows.")
@repo_option
def backfill(
    name: str,
    start: str | None,
    end: str | None,
    step_days: int,
    run_first_hole: bool,
    keep_outdated: bool,
    as_of: str | None,
    incremental: bool,
    folder: Path | None,
) -> None:
    """Compute the missing partitions of the table of a join, a group-by or a staging query.

    NAME is the definition, such as `shop.training_set.v1`. Interrupt it whenever you like: each partition is published
    in one step, and the next run computes the rest.
    """
    from chronon.api import structs
    from chronon.base.clock import SystemClock
    from chronon.offline import backfill_group_by, backfill_join, backfill_models, backfill_staging_query

    context = Context.of(folder)
    definition = context.get(name)
    until = end or context.settings.partitions.of(SystemClock().now())
    how: dict[str, Any] = {"start": start, "end": until, "step_days": step_days, "run_first_hole": run_first_hole}
    if keep_outdated and as_of is not None:
        raise click.UsageError("--keep-outdated means the table as it is now: leave --as-of out")
    with progress() as bar:
        if as_of is not None and not isinstance(definition, structs.StagingQuery):
            from chronon.base.moments import instant_from
            from chronon.offline.as_of import backfill_as_of

            result = backfill_as_of(definition, context.engine, instant_from(as_of), **how, progress=bar)
        elif as_of is not None:
            raise click.UsageError(f"{name} is a staging query, which reads what is there: leave --as-of out")
        elif isinstance(definition, structs.Join):
            how |= {"incremental": incremental, "keep_outdated": keep_outdated}
            result = backfill_join(definition, context.engine, **how, progress=bar)
            if definition.modelTransforms is not None:
                tell_backfill(result)
                asked: dict[str, Any] = {"start": start, "end": until, "run_first_hole": run_first_hole}
                asked["keep_outdated"] = keep_outdated
                result = backfill_models(definition, context.engine, context.root, **asked, progress=bar)
        elif isinstance(definition, structs.StagingQuery):
            how["keep_outdated"] = keep_outdated
            result = backfill_staging_query(definition, context.engine, **how, progress=bar)
        else:
            how |= {"incremental": incremental, "keep_outdated": keep_outdated}
            result = backfill_group_by(definition, context.engine, **how, progress=bar)
    tell_backfill(result)


@click.command()
@click.argument("name")
@click.option("--ds", help="The last partition that counts. Without it: yesterday.")
@repo_option
def upload(name: str, ds: str | None, folder: Path | None) -> None:
    """Publish what serving needs of all keys, as of the end of a day.

    NAME is a join, whose group-bys are uploaded one after the other, or a group-by. Readers see the old records until
    the new ones are complete.
    """
    from chronon.api import structs
    from chronon.base.clock import SystemClock
    from chronon.offline import upload_group_by, upload_join

    context = Context.of(folder)
    definition = context.definition(name)
    day = ds or context.settings.partitions.before(SystemClock().now())
    with progress() as bar:
        if isinstance(definition, structs.Join):
            done = upload_join(definition, context.engine, context.store, ds=day, progress=bar)
        else:
            done = [upload_group_by(definition, context.engine, context.store, ds=day)]
    for one in done:
        tell_upload(one)


@click.command()
@click.argument("query")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--limit", default=50, show_default=True, help="Rows shown as a table.")
@repo_option
def sql(query: str, form: str, limit: int, folder: Path | None) -> None:
    """Ask the warehouse in Spark SQL.

    For example `chronon sql "select * from shop.shop_training_set_v1 limit 5"`.
    """
    context = Context.of(folder)
    reader = context.engine.query(query)
    if form == "csv":
        import pyarrow.csv

        with pyarrow.csv.CSVWriter(sys.stdout.buffer, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        return
    if form == "json":
        import msgspec

        for batch in reader:
            for row in batch.to_pylist(maps_as_pydicts="strict"):
                click.echo(msgspec.json.encode(row))
        return
    rows = []
    for batch in reader:
        rows += batch.slice(0, limit + 1 - len(rows)).to_pylist(maps_as_pydicts="strict")
        if len(rows) > limit:
            break
    table(reader.schema.names, ([row[name] for name in reader.schema.names] for row in rows[:limit]))
    if len(rows) > limit:
        click.echo(f"... more than {limit} rows; --limit shows more, --format csv all", err=True)
