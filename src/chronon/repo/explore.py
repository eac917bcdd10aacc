"""An index over the compiled definitions of a repo: what a group-by reads, computes and is part of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from chronon.base.errors import ConfigError, Place
from chronon.repo.definition import GROUP_BY_FOLDER_NAME
from chronon.repo.teams import DEFAULT

Entry = dict[str, Any]
Index = dict[str, Entry]
Spec = Mapping[str, list[str]]

GB_REL_PATH = "production/group_bys"
JOIN_REL_PATH = "production/joins"
FILTER_COLUMNS = ["aggregation", "keys", "name", "sources", "joins"]
"""The columns in which a word is looked for."""
PATH_FIELDS = ["file", "json_file"]
DEFAULTS_SPEC = {"output_namespace": "namespace"}
"""Columns that take the value of the team where a definition has none."""

GB_INDEX_SPEC: Spec = {
    "sources": [
        "sources[].events.table",
        "sources[].entities.snapshotTable",
        "sources[].entities.mutationTable",
        "sources[].entities.mutationTopic",
        "sources[].entities.topic",
        "sources[].events.topic",
    ],
    "_event_tables": ["sources[].events.table"],
    "_event_topics": ["sources[].events.topic"],
    "aggregation": ["aggregations[].inputColumn"],
    "keys": ["keyColumns"],
    "name": ["metaData.name"],
    "online": ["metaData.online"],
    "output_namespace": ["metaData.outputNamespace"],
}
JOIN_INDEX_SPEC: Spec = {
    "input_table": ["left.entities.snapshotTable", "left.events.table"],
    "_events_driver": ["left.events.table"],
    "group_bys": ["joinParts[].groupBy.metaData.name", "rightParts[].groupBy.name"],
    "name": ["metaData.name"],
    "output_namespace": ["metaData.outputNamespace"],
    "_group_bys": ["joinParts[].groupBy", "rightParts[].groupBy"],
}


def load_team_data(path: str | Path) -> dict[str, dict[str, Any]]:
    """The teams of a repo, each with what it has from ``default``."""
    teams: dict[str, dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return {name: {**teams.get(DEFAULT, {}), **team} for name, team in teams.items()}


def extract_json(json_path: str, conf_json: Any) -> list[Any]:
    """The values at a path of a compiled definition; ``[]`` goes into a list.

    >>> extract_json("sources[].events.table", {"sources": [{"events": {"table": "raw.views"}}, {}]})
    ['raw.views']
    """
    found = [conf_json]
    for step in json_path.split("."):
        name, several = step.removesuffix("[]"), step.endswith("[]")
        inside = (cast(dict[str, Any], one).get(name) for one in found if isinstance(one, dict))
        found = [value for value in inside if value is not None]
        if several:
            found = [item for value in found for item in cast(list[Any], value)]
    return [item for one in found for item in (cast(list[Any], one) if isinstance(one, list) else [one])]


def build_entry(
    conf: Mapping[str, Any],
    index_spec: Spec,
    conf_type: str,
    root: str | Path = ".",
    teams: Mapping[str, Mapping[str, Any]] | None = None,
) -> Entry | None:
    """What the index says of a compiled definition; nothing of one without a name of a team."""
    name = conf.get("metaData", {}).get("name")
    if not name or "." not in name:
        return None
    entry: Entry = {"file": conf_file(conf_type, name, root)}
    for column, paths in index_spec.items():
        entry[column] = [value for path in paths for value in extract_json(path, conf)]
    team = (teams or {}).get(name.partition(".")[0], {})
    for column, key in DEFAULTS_SPEC.items():
        if not entry.get(column) and key in team:
            entry[column] = [team[key]]
    return entry


def conf_file(conf_type: str, conf_name: str, root: str | Path = ".") -> str:
    """The Python file that defines a name, as far as the name tells."""
    *folders, _ = conf_name.split(".")
    if len(folders) > 1:
        return str(Path(root, conf_type, *folders).with_suffix(".py"))
    return str(Path(root, conf_type, *folders, "__init__.py"))


def walk_files(path: str | Path) -> Iterator[Path]:
    """The compiled files under a folder, sorted; hidden ones are passed over."""
    return (file for file in sorted(Path(path).rglob("*")) if file.is_file() and not file.name.startswith("."))


def build_index(
    conf_type: str, index_spec: Spec, root: str | Path = ".", teams: Mapping[str, Mapping[str, Any]] | None = None
) -> Index:
    """The index of all compiled definitions of a kind, by name."""
    index: Index = {}
    for file in walk_files(Path(root, "production", conf_type)):
        try:
            conf = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(f"a compiled file is not JSON: {error}", place=Place(file=str(file))) from None
        entry = build_entry(conf, index_spec, conf_type, root=root, teams=teams)
        if entry is not None:
            index[entry["name"][0]] = {**entry, "json_file": str(file)}
    return index


def enrich_with_joins(
    gb_index: Index,
    join_index: Mapping[str, Entry],
    root: str | Path = ".",
    teams: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Add to the group-bys the joins they are part of, and the group-bys that stand in joins only."""
    for join in join_index.values():
        for conf in join["_group_bys"]:
            entry = build_entry(conf, GB_INDEX_SPEC, GROUP_BY_FOLDER_NAME, root=root, teams=teams)
            if entry is None:
                continue
            known = gb_index.setdefault(entry["name"][0], entry)
            known["joins"] = [*dict.fromkeys([*known.get("joins", []), *join["name"]])]
            known["join_event_driver"] = [
                *dict.fromkeys([*known.get("join_event_driver", []), *join["_events_driver"]])
            ]


def find_string(text: str, word: str) -> list[int]:
    """Where a word stands in a text."""
    return [start for start in range(len(text) - len(word) + 1) if text.startswith(word, start)] if word else []


def find_in_index(index_table: Mapping[str, Entry], target: str) -> list[Entry]:
    """The group-bys with a word in one of ``FILTER_COLUMNS``."""
    return [
        entry
        for entry in index_table.values()
        if any(target in str(value) for column in FILTER_COLUMNS for value in entry.get(column, []))
    ]
