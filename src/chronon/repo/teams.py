"""``teams.json``: what the definitions of a team have in common, and the team ``default`` that fills its gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from chronon.base.errors import ConfigError, Place

FILE = "teams.json"
DEFAULT = "default"


@dataclass(frozen=True)
class Teams:
    """The teams of a repo.

    Without a ``teams.json`` every team exists, and its namespace is its name.

    >>> teams = Teams({"default": {"namespace": "fallback"}, "shop": {"user": "svc"}})
    >>> teams.namespace("shop"), teams.table_properties("shop")
    ('fallback', None)
    """

    teams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    file: Path | None = None
    declared: bool = True

    @classmethod
    def of(cls, root: Path) -> Teams:
        """The teams of the repo in a folder."""
        file = root / FILE
        if not file.exists():
            return cls(file=file, declared=False)
        try:
            loaded = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            line = getattr(error, "lineno", None)
            raise ConfigError(f"{FILE} is not JSON: {error}", place=Place(file=str(file), line=line)) from None
        if not isinstance(loaded, dict):
            raise ConfigError(f"{FILE} holds no object", place=Place(file=str(file)), expected='{"default": {...}}')
        teams = cast(dict[str, Any], loaded)
        wrong = sorted(name for name, team in teams.items() if not isinstance(team, dict))
        if wrong:
            raise ConfigError(
                f"the team {wrong[0]} is no object", place=Place(file=str(file)), expected='{"namespace": "..."}'
            )
        return cls(teams, file)

    def exists(self, team: str) -> bool:
        """Whether there is such a team."""
        return not self.declared or team in self.teams

    def get(self, team: str, key: str) -> Any:
        """The value of a team, else the one of ``default``, else ``None``; values are never merged."""
        return self.teams.get(team, {}).get(key, self.teams.get(DEFAULT, {}).get(key))

    def namespace(self, team: str) -> str | None:
        """Where the tables of a team are written."""
        return self.get(team, "namespace") if self.declared else team

    def table_properties(self, team: str) -> dict[str, str] | None:
        """The properties of the tables of a team."""
        return self.get(team, "table_properties")

    def problem_of(self, team: str, place: Place) -> ConfigError | None:
        """What is wrong with a definition of this team, if anything is."""
        if not self.exists(team):
            close = get_close_matches(team, self.teams, n=1)
            return ConfigError(
                f"team {team} does not exist in {FILE}",
                place=place,
                expected=f"one of {', '.join(sorted(self.teams))}",
                mend=f"did you mean {close[0]}?" if close else f"add it to {FILE}, or move the file",
            )
        return None


loaded_jsons: dict[str, dict[str, Any]] = {}
"""What was read, by path."""


def read_conf_json(json_path: str | Path) -> dict[str, Any]:
    """What a ``teams.json`` holds; a file is read once."""
    key = str(json_path)
    if key not in loaded_jsons:
        loaded_jsons[key] = json.loads(Path(json_path).read_text(encoding="utf-8"))
    return loaded_jsons[key]


def team_exists(json_path: str | Path, team: str) -> bool:
    """Whether a ``teams.json`` has a team."""
    return team in read_conf_json(json_path)


def get_team_conf(json_path: str | Path, team: str, key: str) -> Any:
    """The value of a team, else the one of ``default``.

    Raises
    ------
    ConfigError
        If there is no such team.
    KeyError
        If neither has the key.
    """
    teams = read_conf_json(json_path)
    if team not in teams:
        raise ConfigError(f"team {team} does not exist in {json_path}", place=Place(file=str(json_path)))
    found: dict[str, Any] = teams[team]
    return found[key] if key in found else teams[DEFAULT][key]
