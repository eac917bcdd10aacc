"""What every command starts from: the repo, its settings, its engine and its store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from chronon.base.errors import ConfigError
from chronon.base.settings import FILE, Settings, load_settings

if TYPE_CHECKING:
    from chronon.api import structs
    from chronon.engine.protocol import Engine
    from chronon.repo import Repo
    from chronon.store.protocol import KVStore

F = TypeVar("F", bound=Callable[..., Any])

MARKS = ("teams.json", FILE)


def repo_option(command: F) -> F:
    """``--repo FOLDER``: where the definitions are."""
    option = click.option(
        "--repo",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The folder of the repo; without it the nearest one above that has a teams.json.",
    )
    return option(command)


@dataclass
class Context:
    """The repo of a command and what its settings name; each is opened when it is first used."""

    root: Path
    settings: Settings

    @staticmethod
    def of(folder: Path | None, **flags: Any) -> Context:
        """The repo at ``folder``, or the nearest one above the working directory."""
        root = folder.absolute() if folder is not None else nearest(Path.cwd())
        return Context(root, load_settings(root, flags=flags))

    @cached_property
    def repo(self) -> Repo:
        """The definitions."""
        from chronon.repo import Repo

        return Repo(self.root)

    @cached_property
    def engine(self) -> Engine:
        """Where offline work runs."""
        from chronon.engine.registry import open_engine

        return open_engine(self.settings)

    @cached_property
    def store(self) -> KVStore:
        """Where serving data live."""
        from chronon.store import open_store

        return open_store(self.settings.store_url)

    def definition(self, name: str) -> structs.GroupBy | structs.Join:
        """A join or a group-by by its name."""
        from chronon.api import structs

        found = self.repo.get(name)
        if not isinstance(found, structs.GroupBy | structs.Join):
            raise ConfigError(f"{name} is a {type(found).__name__}", expected="a join or a group-by")
        return found


def nearest(start: Path) -> Path:
    """The nearest folder at or above ``start`` that is a repo.

    Raises
    ------
    ConfigError
        If there is none.
    """
    for folder in (start, *start.parents):
        if any((folder / mark).is_file() for mark in MARKS):
            return folder
    raise ConfigError(
        f"{start} is not in a repo of definitions",
        expected="a teams.json here or above",
        mend="chronon init, or --repo FOLDER",
    )
