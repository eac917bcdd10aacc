"""What every command starts from: the repo, its settings, its engine and its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from chronon.base.errors import ConfigError, RequestError
from chronon.base.settings import nearest
from chronon.session import Session

F = TypeVar("F", bound=Callable[..., Any])

ENV = "chronon.env"
"""Under which the environment of a command is kept in click's context."""


def repo_option(command: F) -> F:
    """``--repo FOLDER``: where the definitions are; ``--env NAME``: which environment of it."""
    repo = click.option(
        "--repo",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The folder of the repo; without it the nearest one above that has a teams.json.",
    )
    env = click.option(
        "--env",
        expose_value=False,
        callback=_keep_env,
        help="Read the same tables, write your own: the section env.NAME of chronon.toml.  [env: CHRONON_ENV]",
    )
    return repo(env(command))


def _keep_env(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.meta[ENV] = value


def keys_of(pairs: Sequence[str], command: str) -> dict[str, str]:
    """The keys of a command line: ``column=value``, each.

    Raises
    ------
    RequestError
        If there are none, or one is not like that.
    """
    parted = [pair.partition("=") for pair in pairs]
    if not parted or any(not equals for _, equals, _ in parted):
        raise RequestError("keys are missing or wrong", expected="column=value", mend=f"{command} user_id=5")
    return {column: value for column, _, value in parted}


class Context(Session):
    """The session of a command."""

    @staticmethod
    def of(folder: Path | None, **flags: Any) -> Context:
        """The repo at ``folder``, or the nearest one above the working directory.

        Raises
        ------
        ConfigError
            If there is none.
        """
        running = click.get_current_context(silent=True)
        env = running.meta.get(ENV) if running is not None else None
        root = folder.absolute() if folder is not None else nearest(Path.cwd())
        if root is None:
            raise ConfigError(
                f"{Path.cwd()} is not in a repo of definitions",
                expected="a teams.json here or above",
                mend="chronon init, or --repo FOLDER",
            )
        return Context(root, env=env, **flags)
