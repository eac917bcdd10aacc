"""``chronon trace``, ``chronon explain`` and ``chronon preview``: looking, without computing what others see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context, keys_of, repo_option
from chronon.cli.output import as_json, json_option, show, table

if TYPE_CHECKING:
    from chronon.api import structs
    from chronon.offline.traced import Trace


@click.command()
@click.argument("name")
@click.argument("keys", nargs=-1)
@click.option("--at", required=True, help="The instant: ms since 1970, or 2024-01-10T12:00:00 (UTC).")
@click.option("--feature", required=True, help="The feature, by its name as it comes out.")
@click.option("--served", is_flag=True, help="Lay the value that is served at that instant beside it.")
@click.option("--around", default=3, show_default=True, help="Rows shown on either side of the window.")
@json_option
@repo_option
def trace(
    name: str,
    keys: tuple[str, ...],
    at: str,
    feature: str,
    served: bool,
    around: int,
    json: bool,
    folder: Path | None,
) -> None:
    """Show why a feature has its value: the rows that it is made of, and where they came from.

    NAME is a join or a group-by, KEYS are `column=value`, for example `chronon trace shop.training_set.v1 user_id=5
    --at 2023-11-29T12:00 --feature shop_purchases_v1_price_sum_3d`.
    """
    from chronon.session import trace as traced

    definition = Context.of(folder).definition(name)
    given = _read(definition, keys_of(keys, f"chronon trace {name}"))
    found = traced(definition, given, at, feature, served=served, around=around)
    if json:
        as_json(_data(found))
    else:
        show(found)


@click.command()
@click.argument("name", required=False)
@click.option("--start", help="The first partition, as for chronon backfill.")
@click.option("--end", help="The last partition. Without it: today.")
@click.option(
    "--job",
    type=click.Choice(["backfill", "upload", "labels"]),
    default="backfill",
    show_default=True,
    help="Which job; upload and labels are of the day --end.",
)
@click.option("--settings", is_flag=True, help="Show the settings instead, and where each value came from.")
@json_option
@repo_option
def explain(
    name: str | None, start: str | None, end: str | None, job: str, settings: bool, json: bool, folder: Path | None
) -> None:
    """Show what a job would do: partitions to compute and to read, columns with types, rows.

    NAME is a join, a group-by or a staging query. Nothing is computed or written.
    """
    from chronon.session import explain as explained

    context = Context.of(folder)
    if settings or name is None:
        known = context.settings.values()
        if json:
            as_json({setting: {"value": value, "from": origin} for setting, (value, origin) in known.items()})
        else:
            table(["setting", "value", "from"], ([n, value, origin] for n, (value, origin) in known.items()))
        return
    found = explained(context.get(name), start, end, job=job)
    if json:
        as_json(found.data())
    else:
        show(found)


@click.command()
@click.argument("name")
@click.option("--partitions", type=int, help="How many of the last partitions are read; 2 without it, 0 for all.")
@click.option("--rows", default=10, show_default=True, help="Rows that are shown.")
@repo_option
def preview(name: str, partitions: int | None, rows: int, folder: Path | None) -> None:
    """Show what a definition reads and gives, on a few of its partitions.

    NAME is a join or a group-by.
    """
    from chronon.session import preview as previewed

    show(previewed(Context.of(folder).definition(name), partitions=partitions, rows=rows))


def _read(definition: structs.GroupBy | structs.Join, keys: dict[str, str]) -> dict[str, Any]:
    """Numbers as numbers, where they are no keys: those are cast by their types."""
    from chronon.api import structs
    from chronon.plan.names import part_keys

    parts = definition.joinParts or [] if isinstance(definition, structs.Join) else []
    named = {left for part in parts for left in part_keys(part).values()}
    return {name: value if name in named or not parts else _number(value) for name, value in keys.items()}


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _data(found: Trace) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)
