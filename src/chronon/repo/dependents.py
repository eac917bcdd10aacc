"""Which compiled definitions build on another: joins on their group-bys, group-bys on the joins they read."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from chronon.api import structs, wire
from chronon.api.naming import name_of
from chronon.base.errors import ConfigError, Place
from chronon.repo.definition import AnyDefinition, parents, part_group_bys
from chronon.repo.serializer import file2thrift
from chronon.repo.validator import extract_json_confs

T = TypeVar("T")


def by_name(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """What builds on each name, each once."""
    found: dict[str, list[T]] = {}
    for name, one in pairs:
        several = found.setdefault(name, [])
        if not several or several[-1] is not one:
            several.append(one)
    return found


class ChrononEntityDependencyTracker:
    """Finds what builds on a compiled definition.

    Parameters
    ----------
    chronon_root_path:
        The folder of compiled files; each of its two kinds is read once, when it is first asked for.
    log_level:
        How much is logged.
    """

    def __init__(self, chronon_root_path: str, log_level: int = logging.INFO) -> None:
        self.logger = logging.getLogger(__name__)
        self.logger.setLevel(log_level)
        self.chronon_root_path = chronon_root_path
        self._read: dict[str, list[AnyDefinition]] = {}

    def get_downstream(self, conf_path: str) -> list[AnyDefinition]:
        """What builds on the definition in a compiled file.

        Parameters
        ----------
        conf_path:
            The file, relative to the folder of compiled files.
        """
        kinds = set(Path(conf_path).parts)
        if "joins" in kinds:
            return self.get_join_downstream(conf_path)
        if "group_bys" in kinds:
            return self.get_group_by_downstream(conf_path)
        if "staging_queries" in kinds:
            self.logger.info("What builds on a staging query is not known: %s", conf_path)
            return []
        raise ConfigError(f"{conf_path} is not a compiled definition", expected="a file under joins/ or group_bys/")

    def get_downstream_names(self, conf_path: str) -> list[str]:
        """The names of what builds on the definition in a compiled file."""
        return [name_of(one) for one in self.get_downstream(conf_path)]

    def get_join_downstream(self, conf_path: str) -> list[AnyDefinition]:
        """The group-bys that read a join, and the joins whose left side does."""
        name = name_of(self.extract_conf(structs.Join, conf_path))
        readers = [*self._all(structs.GroupBy), *self._all(structs.Join)]
        return [one for one in readers if any(name_of(p) == name for p in parents(one))]

    def get_group_by_downstream(self, conf_path: str) -> list[AnyDefinition]:
        """The joins that a group-by is a part of."""
        name = name_of(self.extract_conf(structs.GroupBy, conf_path))
        joins = [one for one in self._all(structs.Join) if isinstance(one, structs.Join)]
        return [*by_name((name_of(part), join) for join in joins for part in part_group_bys(join)).get(name, [])]

    def extract_conf(self, obj_class: type[AnyDefinition], path: str) -> AnyDefinition:
        """The definition in a compiled file."""
        return file2thrift(Path(self.chronon_root_path, path), obj_class)

    def _all(self, cls: type[AnyDefinition]) -> list[AnyDefinition]:
        folder = "joins" if cls is structs.Join else "group_bys"
        if folder not in self._read:
            self._read[folder] = list(extract_json_confs(cls, Path(self.chronon_root_path, folder)))
        return self._read[folder]


def read_all(texts: dict[str, str], folder: Path) -> tuple[list[structs.GroupBy], list[structs.Join]]:
    """The group-bys and joins of compiled files, from their texts by path."""
    group_bys: list[structs.GroupBy] = []
    joins: list[structs.Join] = []
    for path, text in texts.items():
        place = Place(file=str(folder / path))
        if path.startswith("group_bys/"):
            group_bys.append(wire.from_json(structs.GroupBy, text, place=place))
        elif path.startswith("joins/"):
            joins.append(wire.from_json(structs.Join, text, place=place))
    return group_bys, joins
