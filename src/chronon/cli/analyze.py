"""``chronon analyze``: what a definition means on its tables, and whether they hold what it needs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import as_json, json_option, show


@click.command()
@click.argument("name")
@click.option("--start-date", help="The first partition that is looked at. Without it: three days before the last.")
@click.option("--end-date", help="The last one. Without it: today.")
@click.option("--enable-hitter", is_flag=True, help="Count the most frequent values of each key.")
@click.option("--count", default=128, show_default=True, help="How many values of each key.")
@click.option("--sample", default=1.0, show_default=True, help="The share of the rows that is counted.")
@click.option("--skip-timestamp-check", is_flag=True, help="Do not look at the times of rows.")
@click.option("--skip-table-check", is_flag=True, help="Do not try to read the last partition of each table.")
@json_option
@repo_option
def analyze(
    name: str,
    start_date: str | None,
    end_date: str | None,
    enable_hitter: bool,
    count: int,
    sample: float,
    skip_timestamp_check: bool,
    skip_table_check: bool,
    json: bool,
    folder: Path | None,
) -> None:
    """Show keys, columns and features of a join or a group-by, and check its tables.

    Nothing is written, and nothing is computed but counts. The exit code is 1 if a check failed.
    """
    from chronon.offline.analyze import analyze as analyzed

    context = Context.of(folder)
    end = end_date or context.today()
    found = analyzed(
        context.definition(name),
        context.engine,
        start=start_date or context.settings.partitions.shift(end, -3),
        end=end,
        hitters=count if enable_hitter else 0,
        sample=sample,
        check_timestamps=not skip_timestamp_check,
        check_tables=not skip_table_check,
    )
    if json:
        as_json(found.data())
    else:
        show(found)
    if found.failed:
        raise SystemExit(1)
