"""What a reader is told when a file of the repo cannot be run: one problem, with the line in the repo."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import chronon.api
from chronon.base.errors import ChrononError, ConfigError, Place, Problems
from chronon.repo.definition import KINDS


class NotLoaded(ConfigError):  # noqa: N818 - a consequence of another error
    """A file is not loaded because one that it imports has problems."""


def explain(error: BaseException, root: Path, file: Path) -> list[ChrononError]:
    """The problems that an exception stands for, each with a place in the repo."""
    if isinstance(error, Problems):
        return [problem for one in error.problems for problem in explain(one, root, file)]
    if isinstance(error, ChrononError):
        return [error if error.place.file else error.at(_place(error, root, file))]
    if isinstance(error, SyntaxError):
        place = Place(file=error.filename or str(file), line=error.lineno)
        return [ConfigError(f"this is not Python: {error.msg}", place=place)]
    place = _place(error, root, file)
    if isinstance(error, SystemExit):
        return [ConfigError("the file ends the process", place=place, mend="a definition only defines")]
    if isinstance(error, ModuleNotFoundError):
        return [ConfigError(f"{error}", place=place, mend=_module_mend(error.name or ""))]
    if isinstance(error, ImportError):
        return [_not_imported(error, place)]
    return [ConfigError(f"{type(error).__name__}: {error}", place=place, mend=_mend(error))]


def _place(error: BaseException, root: Path, file: Path) -> Place:
    """The innermost line of the repo that led to an exception."""
    frames = traceback.extract_tb(error.__traceback__)
    within = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    return Place(file=within[-1].filename, line=within[-1].lineno) if within else Place(file=str(file))


def _mend(error: BaseException) -> str | None:
    """What was probably meant, as far as an error of Python's tells."""
    if isinstance(error, AttributeError) and error.name:
        return _nearest(error.name, dir(error.obj))
    return _argument_mend(str(error))


def _module_mend(name: str) -> str:
    """What was probably meant by a module that is not there."""
    parent, _, last = name.rpartition(".")
    names: list[str] = []
    for folder in getattr(sys.modules.get(parent), "__path__", ()):
        names += [entry.stem for entry in Path(folder).iterdir() if entry.suffix == ".py" or entry.is_dir()]
    close = get_close_matches(last, names, n=1)
    if close:
        return f"did you mean {parent}.{close[0]}?"
    mend = "files of the repo are imported by their path from its root: from group_bys.shop.purchases import v1"
    return mend if parent else f"install {last}, if it is a package; {mend}"


def _not_imported(error: ImportError, place: Place) -> ConfigError:
    """A name that a module does not have, or not yet."""
    found = re.search(r"cannot import name '(\w+)' from (partially initialized module )?'([\w.]+)'", str(error))
    if found is None:
        return ConfigError(f"{error}", place=place)
    name, circular, module = found[1], bool(found[2]), found[3]
    if circular:
        return ConfigError(
            f"{name} of {module} is not there yet: that file is importing this one",
            place=place,
            mend="let one of the two not need the other; what both need goes into a third file",
        )
    held = sys.modules.get(module, object)
    defines = [variable for variable, value in vars(held).items() if isinstance(value, tuple(KINDS.values()))]
    mend = _nearest(name, dir(held)) or (f"it defines {', '.join(defines)}" if defines else None)
    return ConfigError(f"ImportError: cannot import name '{name}' from '{module}'", place=place, mend=mend)


def _nearest(name: str, names: Sequence[str]) -> str | None:
    close = get_close_matches(name, [one for one in names if not one.startswith("_")], n=1)
    return f"did you mean {close[0]}?" if close else None


def _argument_mend(message: str) -> str | None:
    """Which argument may have been meant, where a call has one that does not exist."""
    missing = re.search(r"(\w+)\(\) missing \d+ required positional arguments?: (.*)", message)
    if missing is not None and missing[1] in chronon.api.__all__:
        hint = '; a window may be written as "7d"' if missing[1] == "Window" else "; look for a misspelt keyword"
        return f"give {missing[2]}{hint}"
    found = re.search(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'", message)
    if found is None or found[1] not in chronon.api.__all__:
        return None
    known = inspect.signature(getattr(chronon.api, found[1])).parameters
    close = get_close_matches(found[2], known, n=1)
    return f"did you mean {close[0]}?" if close else f"the arguments are {', '.join(known)}"
