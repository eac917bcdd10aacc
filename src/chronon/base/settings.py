"""Settings: where tables and records live, and how much of the machine may be used.

One file, ``chronon.toml`` at the root of a repo (or ``[tool.chronon]`` in its ``pyproject.toml``); variables
``CHRONON_<NAME>`` override it, flags override both. Without any of them everything lives under ``.chronon/``.

An environment, a section ``[env.dev]`` that ``--env dev`` or ``CHRONON_ENV`` picks, overrides the rest of the file.
What is computed in it goes to tables and a store of its own, whatever the definitions say; what is read is the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from chronon.base.errors import SettingsError
from chronon.base.time import Partitions

FILE = "chronon.toml"
MARKS = ("teams.json", FILE)
"""The files by which the root of a repo is known."""
PRODUCTION = "prod"
"""The environment of a file without sections: everything as the definitions say."""


@dataclass(frozen=True)
class Settings:
    """The settings of a repo.

    Parameters
    ----------
    root:
        The folder of the repo; relative places are meant from here.
    warehouse:
        The folder of tables.
    store:
        The URL of the store that serves features.
    engine:
        The name of the engine.
    memory:
        The limit of the engine, such as ``"4GB"``; ``None`` leaves it the choice.
    threads:
        How many threads it uses; ``None``: as many as there are cores.
    partition_column, partition_format:
        How days are named in tables; with ``HH`` in the format, hours.
    namespace:
        Where output tables go instead of the namespaces of their definitions; of an environment its name, if it does
        not say.
    tables:
        What is said about single tables and about all tables of a namespace: the sections ``[tables.<namespace>]`` and
        ``[tables.<namespace>.<table>]``, with ``format``, ``location`` and entries of that format.
    sources:
        Databases that ``chronon snapshot`` reads: the sections ``[sources.<name>]``. Never shown, as they may hold
        passwords.
    origins:
        Where each value came from.
    env:
        The name of the environment; ``None`` outside of any.
    """

    root: Path
    warehouse: str = ".chronon/warehouse"
    store: str = ""
    engine: str = "duckdb"
    memory: str | None = None
    threads: int | None = None
    partition_column: str = "ds"
    partition_format: str = "yyyy-MM-dd"
    namespace: str | None = None
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]], repr=False)
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    env: str | None = None

    @property
    def warehouse_folder(self) -> Path:
        """The warehouse as an absolute path."""
        return (self.root / Path(self.warehouse).expanduser()).absolute()

    @property
    def store_url(self) -> str:
        """The store's URL with an absolute path."""
        if not self.store:
            folder = f"store-{self.env}" if self.env else "store"
            return f"lmdb://{(self.root / '.chronon' / folder).absolute()}"
        scheme, separator, rest = self.store.partition("://")
        if scheme == "lmdb" and separator:
            return f"lmdb://{(self.root / Path(rest).expanduser()).absolute()}"
        return self.store

    @property
    def partitions(self) -> Partitions:
        """How days, or hours, are named in tables."""
        return Partitions(self.partition_column, self.partition_format)

    def values(self) -> dict[str, tuple[Any, str]]:
        """Each setting with its value as it is used, and where that came from."""
        used = {"warehouse": str(self.warehouse_folder), "store": self.store_url, "sources": ", ".join(self.sources)}
        return {n: (used.get(n, getattr(self, n)), self.origins.get(n, "default")) for n in _NAMES}


def nearest(start: Path) -> Path | None:
    """The nearest folder at or above ``start`` that is a repo."""
    for folder in (start, *start.parents):
        if any((folder / mark).is_file() for mark in MARKS):
            return folder
    return None


def load_settings(
    root: str | os.PathLike[str],
    *,
    env: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of the repo at ``root``.

    Parameters
    ----------
    root:
        The folder of the repo.
    env:
        The environment; what ``CHRONON_ENV`` says if ``None``.
    environ:
        The variables; the process's own if ``None``.
    flags:
        What was given on the command line; entries that are ``None`` were not.

    Raises
    ------
    SettingsError
        For a name that is not a setting, a value of the wrong type, or an environment that is not there.
    """
    folder = Path(root).absolute()
    variables = os.environ if environ is None else environ
    file, content = _from_file(folder)
    sections: dict[str, Any] = content.pop("env", {})
    chosen = _environment(env or variables.get("CHRONON_ENV") or PRODUCTION, sections, file)
    own = sections.get(chosen or PRODUCTION, {})
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, found in (
        (file, content),
        (f"environment {chosen}", {"namespace": chosen, "store": ""} if chosen else {}),
        (f"{file} [env.{chosen or PRODUCTION}]", own),
        ("environment", _from_environment(variables)),
        ("command line", {name: value for name, value in (flags or {}).items() if value is not None}),
    ):
        for name, value in found.items():
            values[name] = _checked(name, value, origin) if name not in _SECTIONS else _SECTIONS[name](value, folder)
            origins[name] = origin
    made = Settings(root=folder, **values, origins=origins, env=chosen)
    _own_store(made, content.get("store", ""), file)
    return made


def _environment(name: str, sections: Mapping[str, Any], file: str) -> str | None:
    """The environment of that name; ``None`` for production, which needs no section."""
    if name == PRODUCTION:
        return None
    if name not in sections or not isinstance(sections[name], dict):
        raise SettingsError(
            f"there is no environment {name!r}",
            expected=" or ".join(sorted([PRODUCTION, *sections])),
            mend=f"a section [env.{name}] in {FILE if file == 'default' else file}; it may be empty",
        )
    return name


def _own_store(made: Settings, production: str, file: str) -> None:
    """An environment never writes into the store of production."""
    if made.env and made.store and made.store == production:
        raise SettingsError(
            f"the environment {made.env} has the store of production, {made.store}",
            mend=f"another store in [env.{made.env}] of {file}",
        )


_NAMES = {f.name: f.type for f in fields(Settings) if f.name not in ("root", "origins", "env")}


def _tables(section: Any, root: Path) -> dict[str, dict[str, str]]:
    """The sections about tables by ``namespace`` and ``namespace.table``; places become absolute."""
    found: dict[str, dict[str, str]] = {}
    for namespace, entries in _section("tables", section).items():
        for name, value in _section(f"tables.{namespace}", entries).items():
            if isinstance(value, dict):
                table = f"{namespace}.{name}"
                for key, text in _section(f"tables.{table}", value).items():
                    _note(found, table, key, text, root)
            else:
                _note(found, namespace, name, value, root)
    return found


def _section(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{name} is a {type(value).__name__}", expected=f"a section [{name}]")
    return cast("dict[str, Any]", value)


def _note(found: dict[str, dict[str, str]], name: str, key: str, value: Any, root: Path) -> None:
    if not isinstance(value, str):
        raise SettingsError(f"tables.{name}.{key} is {value!r}", expected="a text")
    place = str((root / Path(value).expanduser()).absolute()) if key == "location" else value
    found.setdefault(name, {})[key] = place


def _sources(section: Any, root: Path) -> dict[str, dict[str, str]]:
    del root
    found: dict[str, dict[str, str]] = {}
    for name, entries in _section("sources", section).items():
        for key, value in _section(f"sources.{name}", entries).items():
            if not isinstance(value, str):
                raise SettingsError(f"sources.{name}.{key} is not a text")
            found.setdefault(name, {})[key] = value
    return found


_SECTIONS = {"tables": _tables, "sources": _sources}


def _from_file(folder: Path) -> tuple[str, dict[str, Any]]:
    import tomllib

    own, project = folder / FILE, folder / "pyproject.toml"
    for path in (own, project):
        if not path.is_file():
            continue
        try:
            content: dict[str, Any] = tomllib.loads(path.read_text())
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path} is not valid TOML: {error}") from error
        if path == own:
            return str(path), content
        section = content.get("tool", {}).get("chronon")
        if section is not None:
            return f"{path} [tool.chronon]", section
    return "default", {}


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    variables = {name: f"CHRONON_{name.upper()}" for name in _NAMES if name not in _SECTIONS}
    return {name: environ[variable] for name, variable in variables.items() if variable in environ}


def _checked(name: str, value: Any, origin: str) -> Any:
    from difflib import get_close_matches

    if name not in _NAMES:
        close = get_close_matches(name, list(_NAMES), n=1)
        raise SettingsError(
            f"{origin}: {name!r} is not a setting",
            expected=", ".join(_NAMES),
            mend=f"did you mean {close[0]}?" if close else None,
        )
    if name == "threads":
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = 0
        if number < 1 or isinstance(value, bool | float):
            raise SettingsError(f"{origin}: threads is {value!r}", expected="a whole number from 1 on")
        return number
    if not isinstance(value, str):
        raise SettingsError(f"{origin}: {name} is {value!r}", expected="a text")
    return value
