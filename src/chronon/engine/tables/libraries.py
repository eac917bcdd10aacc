"""Libraries that come with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chronon.base.errors import ConfigError


def library(name: str, extra: str) -> Any:
    """A module of an optional library; ``ConfigError`` with the extra to install if it is not there."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or name.partition(".")[0] != error.name.partition(".")[0]:
            raise
        raise ConfigError(f"{error.name} is not installed", mend=f"pip install 'chronon[{extra}]'") from error
