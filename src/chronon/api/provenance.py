"""Where a definition was written: recorded when it is made, used in messages, never part of the definition."""

from __future__ import annotations

import sys
from typing import TypeVar

from chronon.api.structs import Struct
from chronon.base.errors import Place

T = TypeVar("T", bound=Struct)

_OURS = ("chronon.api", "ai.chronon")


def stamp(made: T) -> T:
    """Remember the file and line of the code outside this package that is making ``made``."""
    frame = sys._getframe(1)  # noqa: SLF001 - the one look-up of the calling line
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith(_OURS):
        frame = frame.f_back
    place = Place(file=frame.f_code.co_filename, line=frame.f_lineno)
    object.__setattr__(made, "_place", place)
    return made


def place_of(made: Struct, field: str | None = None) -> Place:
    """Where ``made`` was written, as far as is known."""
    known: Place = getattr(made, "_place", Place())
    metadata = getattr(made, "metaData", None)
    return Place(definition=getattr(metadata, "name", None), file=known.file, line=known.line, field=field)
