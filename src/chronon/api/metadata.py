"""What definitions share: the metadata with its custom JSON, derivations, and names taken from the repo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from chronon.api import structs
from chronon.api.coerce import mapping
from chronon.api.problems import notice
from chronon.api.provenance import below, here, stamp, variable_of
from chronon.api.validate import UPLOAD_SCHEDULE_KEY
from chronon.base.errors import ConfigError

Environment = Mapping[str, Mapping[str, str]]
"""Variables by the mode of a run: ``{"backfill": {"EXECUTOR_MEMORY": "4G"}}``."""


_SHORT = 4
"""Names up to this length are too easily alike."""


def Derivation(name: str, expression: str, description: str | None = None) -> structs.Derivation:
    """A column computed from the others of its group-by or join; ``Derivation("*", "*")`` keeps all of them.

    >>> Derivation("per_day", "price_sum_7d / 7").expression
    'price_sum_7d / 7'
    """
    metadata = structs.MetaData(description=description) if description else None
    return stamp(structs.Derivation(name=name, expression=expression, metaData=metadata))


def environment(env: Environment | None) -> dict[str, dict[str, str]] | None:
    """A copy of the variables of a definition."""
    example = '{"backfill": {"EXECUTOR_MEMORY": "4G"}}'
    by_mode = mapping(env, "env", example)
    if by_mode is None:
        return None
    return {mode: mapping(values, f"env[{mode!r}]", example) or {} for mode, values in by_mode.items()}


def custom_json(values: Mapping[str, Any]) -> str:
    """The text of custom values.

    Raises
    ------
    ConfigError
        If a value has no JSON form; the message names its key.
    """
    for name, value in values.items():
        try:
            json.dumps(value)
        except TypeError as error:
            raise ConfigError(f"{name} is kept as JSON, but {error}", place=here(name)) from None
    return json.dumps(dict(values))


def check_names(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Say so where a keyword that is kept as custom JSON looks like a misspelt argument."""
    for name in given:
        close = get_close_matches(name, known, n=1, cutoff=0.8)
        if close and len(name) > _SHORT and name != UPLOAD_SCHEDULE_KEY:
            notice(f"{name} is no argument and is kept in customJson", mend=f"did you mean {close[0]}?")


def ensure_name(definition: structs.GroupBy | structs.Join | structs.StagingQuery, folder: str) -> str | None:
    """The name of a definition: by the variable that holds it, else the one it was given, else ``None``.

    A variable of ``group_bys/shop/purchases.py`` is ``shop.purchases.<variable>``; one of a notebook or a script that
    was given no name has that of its variable.
    """
    if definition.metaData is None:
        definition.metaData = structs.MetaData()
    given = definition.metaData.name
    if given is not None and vars(definition).get("_named"):
        return given
    found = variable_of(definition, folder, search=given is None)
    if found is not None:
        module, variable = found
        path = below(module, folder)
        if path is not None:
            definition.metaData.name = f"{path}.{variable}"
        elif module == "__main__" and given is None:
            definition.metaData.name = variable
    return definition.metaData.name


def set_name(obj: structs.GroupBy | structs.Join | structs.StagingQuery, cls: type, mod_prefix: str) -> None:  # noqa: ARG001
    """Name a definition by the variable of a module of ``mod_prefix`` that holds it.

    Raises
    ------
    ConfigError
        If none holds it and it has no name.
    """
    if not ensure_name(obj, mod_prefix):
        raise ConfigError(f"Couldn't find module name of a {type(obj).__name__}", place=here())


def module_of(obj: structs.GroupBy | structs.Join | structs.StagingQuery, mod_prefix: str) -> str | None:
    """The module of ``mod_prefix`` with the variable that holds a definition."""
    found = variable_of(obj, mod_prefix)
    return found[0] if found is not None else None
