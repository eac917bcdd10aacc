"""``chronon compare``: a join's table against the query that says what it should be."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from chronon.cli.context import Context, repo_option
from chronon.cli.output import tell_comparison


@click.command()
@click.argument("join")
@click.argument("staging_query")
@click.option("--start", help="The first partition that is compared. Without it: the last one.")
@click.option("--end", help="The last partition that is compared. Without it: yesterday.")
@repo_option
def compare(join: str, staging_query: str, start: str | None, end: str | None, folder: Path | None) -> None:
    """Compare the table of JOIN with what STAGING_QUERY gives, column by column.

    For a move from other pipelines: the query says what the features should be. Rows are matched by the join's row ids,
    or by its keys, time and partition. Two tables are written: both sides beside each other, and what is measured of
    them by hour. The exit code is 1 if anything differs.
    """
    from chronon.api import structs
    from chronon.base.errors import ConfigError
    from chronon.offline.compare import compare_join

    context = Context.of(folder)
    left, right = context.get(join), context.get(staging_query)
    if not isinstance(left, structs.Join) or not isinstance(right, structs.StagingQuery):
        raise ConfigError(f"{join} and {staging_query} cannot be compared", expected="a join and a staging query")
    until = end or context.today(-1)
    found = compare_join(left, right, context.engine, start=start or until, end=until)
    tell_comparison(found)
    if not found.equal:
        raise SystemExit(1)
