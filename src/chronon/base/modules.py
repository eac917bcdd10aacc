"""Modules of the user's repo, for what runs user Python in a job or a server."""

from __future__ import annotations

import sys
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType


def module_of(name: str, root: str | Path) -> ModuleType:
    """Import a module of the repo at ``root``, anew, and from there even if another repo has one of its name.

    The root comes first on ``sys.path``, so that what the module imports later is found there too.

    Raises
    ------
    ImportError
        If there is none.
    """
    folder = str(root)
    sys.path[:] = [folder, *(known for known in sys.path if known != folder)]
    sys.modules.pop(name, None)
    top = name.partition(".")[0]
    for known in [known for known in sys.modules if known == top or known.startswith(f"{top}.")]:
        file = getattr(sys.modules[known], "__file__", None)
        if file is not None and not Path(file).is_relative_to(folder) and (Path(folder) / top).is_dir():
            del sys.modules[known]
    invalidate_caches()
    return import_module(name)
