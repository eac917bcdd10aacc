"""``chronon fetch`` and ``chronon serve``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rich_click as click

from chronon.cli.context import Context, keys_of, repo_option
from chronon.cli.output import instant, table


@click.command()
@click.argument("name")
@click.argument("keys", nargs=-1)
@click.option("--at", help="The instant: ms since 1970, or 2024-01-10T12:00:00 (UTC). Without it: now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@repo_option
def fetch(name: str, keys: tuple[str, ...], at: str | None, as_json: bool, folder: Path | None) -> None:
    """Fetch the features of one key.

    NAME is a join or a group-by, KEYS are `column=value`, for example
    `chronon fetch shop.training_set.v1 user_id=5`.
    """
    from chronon.base.errors import RequestError
    from chronon.base.moments import instant_from
    from chronon.online import Fetcher, Request

    context = Context.of(folder)
    request = Request(keys_of(keys, f"chronon fetch {name}"), at=instant_from(at) if at is not None else None)
    with Fetcher(context.store) as fetcher:
        answer = fetcher.fetch(name, [request])[0]
    if answer.error is not None:
        raise answer.error
    failed = [problem for column, problem in answer.values.items() if column.endswith("_exception")]
    if failed and len(failed) == len(answer.values):
        raise RequestError(f"no part of {name} could be fetched: {failed[0]}")
    if as_json:
        click.echo(json.dumps(answer.values, default=str))
        return
    _tell(name, answer.keys, answer.at, answer.values)


def _tell(name: str, keys: Mapping[str, Any], at: int, values: Mapping[str, Any]) -> None:
    said = ", ".join(f"{column} = {value}" for column, value in keys.items())
    if not values:
        click.echo(f"{name}: nothing is known of {said}, as of {instant(at)} UTC")
        return
    click.echo(f"{name} of {said}, as of {instant(at)} UTC")
    table(["feature", "value"], values.items())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, help="The port to listen on; 0 takes a free one.")
@click.option("--workers", default=1, show_default=True, help="How many processes share the port.")
@click.option("--allow-at", is_flag=True, help="Let requests name their instant: ?at=MS.")
@click.option("--token", envvar="CHRONON_TOKEN", help="Ask for this bearer token.  [env: CHRONON_TOKEN]")
@repo_option
def serve(host: str, port: int, workers: int, allow_at: bool, token: str | None, folder: Path | None) -> None:
    """Serve features over HTTP.

    `POST /v1/features/join/NAME` takes a list of keys, such as `[{"user_id": 5}]`.
    """
    from chronon.online.server import serve as run

    context = Context.of(folder)
    run(context.settings.store_url, host=host, port=port, workers=workers, token=token, allow_at=allow_at)
