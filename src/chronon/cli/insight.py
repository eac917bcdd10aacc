"""``chronon trace``: why a feature has its value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from chronon.cli.context import Context, keys_of, repo_option
from chronon.cli.output import as_json, json_option, show

if TYPE_CHECKING:
    from chronon.api import structs
    from chronon.offline.trace import Trace


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
