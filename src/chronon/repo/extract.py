"""Named definitions of a file or a folder, under the names that repos and their tests know; see ``Repo.load``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from chronon.api import structs
from chronon.base.errors import raise_all
from chronon.repo.definition import KINDS, AnyDefinition
from chronon.repo.load import files_of, load
from chronon.repo.teams import Teams

T = TypeVar("T", bound=AnyDefinition)


def from_file(root_path: str, file_path: str, cls: type[T], log_level: int = logging.INFO) -> dict[str, T]:
    """The definitions of one class that stand in a file, by name.

    Raises
    ------
    ConfigError
        If the file cannot be run to its end, or a definition is wrong.
    """
    logging.getLogger(__name__).setLevel(log_level)
    root, file = Path(root_path).resolve(), Path(file_path).resolve()
    loaded = load(root, [file], Teams.of(root))
    raise_all(loaded.problems)
    here = file.relative_to(root).as_posix()
    return {d.name: d.value for d in loaded.definitions if d.file == here and isinstance(d.value, cls)}


def from_folder(root_path: str, full_path: str, cls: type[T], log_level: int = logging.INFO) -> dict[str, T]:
    """The definitions of one class that stand in a folder, by name; what is wrong with others is logged."""
    logger = logging.getLogger(__name__)
    logger.setLevel(log_level)
    root, folder = Path(root_path).resolve(), Path(full_path).resolve()
    files = [file for file in files_of(root) if file.is_relative_to(folder)]
    loaded = load(root, files, Teams.of(root))
    for problem in loaded.problems:
        logger.error("Failed to extract: %s", problem)
    here = {file.relative_to(root).as_posix() for file in files}
    return {d.name: d.value for d in loaded.definitions if d.file in here and isinstance(d.value, cls)}


def import_module_set_name(
    module: ModuleType, cls: type[T], inline_group_bys: Mapping[str, structs.GroupBy] | None = None
) -> ModuleType:
    """Name the definitions of a class that stand in a module's variables: by its path, and the variable.

    Parameters
    ----------
    module:
        A module of the repo, ``group_bys.shop.purchases``.
    cls:
        ``GroupBy``, ``Join`` or ``StagingQuery``.
    inline_group_bys:
        Group-bys that stand in a join only and keep their own name; they get its team.
    """
    folder = next(kind for kind, known in KINDS.items() if issubclass(cls, known))
    path = module.__name__.partition(f"{folder}.")[2] or module.__name__
    for variable, value in list(vars(module).items()):
        if isinstance(value, cls):
            value.metaData = value.metaData or structs.MetaData()
            value.metaData.name = f"{path}.{variable}"
            value.metaData.team = path.partition(".")[0]
            vars(value)["_named"] = True
    for group_by in (inline_group_bys or {}).values():
        if group_by.metaData is not None:
            group_by.metaData.team = path.partition(".")[0]
    return module
