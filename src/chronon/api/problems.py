"""What becomes of a problem: raised at once, or gathered while a repo is loaded so that all are reported together."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from chronon.api.provenance import here
from chronon.api.structs import Struct
from chronon.base.errors import ChrononError, ConfigError, raise_all

T = TypeVar("T", bound=Struct)


class DefinitionWarning(UserWarning):
    """Something in a definition is probably not what was meant."""


@dataclass
class Gathered:
    """What was found while ``gather`` was active."""

    problems: list[ChrononError] = field(default_factory=list[ChrononError])
    warnings: list[ChrononError] = field(default_factory=list[ChrononError])


_gathering: ContextVar[Gathered | None] = ContextVar("_gathering", default=None)


@contextmanager
def gather() -> Generator[Gathered]:
    """Gather the problems of definitions made inside, instead of raising the first."""
    found = Gathered()
    token = _gathering.set(found)
    try:
        yield found
    finally:
        _gathering.reset(token)


def settle(made: T, problems: Iterable[ChrononError]) -> T:
    """Raise the problems of a definition, or gather them and mark the definition as wrong."""
    found = list(problems)
    gathered = _gathering.get()
    if gathered is None:
        raise_all(found)
    elif found:
        gathered.problems += found
        vars(made)["_problems"] = [*problems_of(made), *found]
    return made


def problems_of(made: Struct) -> list[ChrononError]:
    """The problems that were found when ``made`` was constructed."""
    return list(vars(made).get("_problems", ()))


def several(given: object, cls: type[T], field: str) -> list[T]:
    """A list of structs from one or several.

    Raises
    ------
    ConfigError
        If there is something else among them; the message names its place.
    """
    listed: list[object] = [given] if isinstance(given, cls | str) or not isinstance(given, Iterable) else [*given]
    made: list[T] = []
    for number, item in enumerate(listed):
        if not isinstance(item, cls):
            raise ConfigError(
                f"{item!r} is a {type(item).__name__}",
                place=here(f"{field}[{number}]"),
                expected=f"like {cls.__name__}(...)",
            )
        made.append(item)
    return made


def notice(problem: str, *, mend: str | None = None) -> None:
    """Say that something is probably not meant: a warning, or a line in the report of a repo."""
    gathered = _gathering.get()
    if gathered is None:
        warnings.warn(f"{problem}; {mend}" if mend else problem, DefinitionWarning, stacklevel=4)
    else:
        gathered.warnings.append(ConfigError(problem, place=here(), mend=mend))
