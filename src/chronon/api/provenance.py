"""Where a definition was written: recorded when it is made, used in messages and names, never a part of it."""

from __future__ import annotations

import inspect
import sys
from types import FrameType
from typing import TypeVar

from chronon.api.structs import Struct
from chronon.base.errors import Place

T = TypeVar("T", bound=Struct)

_OURS = ("chronon.api", "chronon.executables", "ai.chronon")


def here(field: str | None = None) -> Place:
    """The file and line of the code outside this package that is calling it."""
    frame = _caller()
    return Place(file=frame.f_code.co_filename, line=frame.f_lineno, field=field) if frame else Place(field=field)


def stamp(made: T) -> T:
    """Remember the file, line and module of the code outside this package that is making ``made``."""
    frame = _caller()
    if frame is not None:
        vars(made)["_place"] = Place(file=frame.f_code.co_filename, line=frame.f_lineno)
        vars(made)["_module"] = frame.f_globals.get("__name__")
    return made


def place_of(made: Struct, field: str | None = None) -> Place:
    """Where ``made`` was written, as far as is known."""
    known: Place = vars(made).get("_place", Place())
    metadata = vars(made).get("metaData")
    return Place(definition=getattr(metadata, "name", None), file=known.file, line=known.line, field=field)


def variable_of(made: Struct, folder: str, *, search: bool = True) -> tuple[str, str] | None:
    """The module and the variable that hold a definition, if they can be told.

    The module that made it is asked first. A definition that a helper made is looked for (with ``search``) in the
    imported modules of ``folder`` (``group_bys``, ``joins``, ...).
    """
    module = vars(made).get("_module")
    found = _holder(made, module) if module else None
    if found is not None or not search:
        return found
    within = sorted(name for name in sys.modules if below(name, folder))
    return next((held for name in within if (held := _holder(made, name))), None)


def below(module: str, folder: str) -> str | None:
    """The path of a module below a folder, wherever that is; ``None`` if it is not below it.

    >>> below("group_bys.shop.spend", "group_bys"), below("repo.joins.shop.train", "joins"), below("shop", "joins")
    ('shop.spend', 'shop.train', None)
    """
    return f".{module}".partition(f".{folder}.")[2] or None


def _holder(made: Struct, module: str) -> tuple[str, str] | None:
    held = [variable for variable, value in vars(sys.modules.get(module, object)).items() if value is made]
    return (module, held[-1]) if held else None


def _caller() -> FrameType | None:
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(_OURS):
        frame = frame.f_back
    return frame
