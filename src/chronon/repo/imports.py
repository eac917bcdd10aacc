"""Importing the files of a repo as the modules that they call each other, without leaving a trace in the process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from threading import RLock
from types import CodeType, ModuleType

Run = Callable[[ModuleType, Callable[[], None]], None]
"""Called for each module of the repo with the module and with what executes it."""

_LOCK = RLock()


@contextmanager
def importing(root: Path, run: Run) -> Generator[None]:
    """Let ``import`` find the files under ``root``; afterwards the process is as before.

    Files are compiled from their text each time: a byte-code file is neither read nor written.
    """
    with _LOCK:
        tops = {entry.stem for entry in root.iterdir() if entry.is_dir() or entry.suffix == ".py"}
        hidden = {name: module for name, module in sys.modules.items() if _stands_in_the_way(name, module, tops)}
        for name in hidden:
            del sys.modules[name]
        finder = _Finder(root, tops, run)
        sys.path.insert(0, str(root))
        sys.meta_path.insert(0, finder)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            sys.path.remove(str(root))
            for name in [name for name, module in sys.modules.items() if _is_under(module, root)]:
                del sys.modules[name]
            sys.modules.update(hidden)


class _Finder(MetaPathFinder):
    def __init__(self, root: Path, tops: set[str], run: Run) -> None:
        self.root = root
        self.tops = tops
        self.run = run

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None and fullname in self.tops and fullname not in sys.stdlib_module_names:
            # only here: a folder without __init__.py would give way to any package of its name further down sys.path
            folder = self.root / fullname
            spec = PathFinder.find_spec(fullname, [str(self.root)], target)
            if spec is not None and spec.origin is None and folder.is_dir():
                spec = ModuleSpec(fullname, None, is_package=True)
                spec.submodule_search_locations = [str(folder)]
                return spec
        else:
            spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        if not Path(spec.origin).is_relative_to(self.root):
            return None
        spec.loader = _Loader(fullname, spec.origin, self.run)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, run: Run) -> None:
        super().__init__(fullname, path)
        self.run = run

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module: ModuleType) -> None:
        self.run(module, lambda: super(_Loader, self).exec_module(module))


def _stands_in_the_way(name: str, module: ModuleType, tops: set[str]) -> bool:
    """Whether a module that is already imported has the name of one of the repo and comes from a folder like it."""
    top = name.partition(".")[0]
    if top not in tops or top in sys.stdlib_module_names:
        return False
    head = sys.modules.get(top, module)
    return getattr(head, "__file__", None) is None or top in ("group_bys", "joins", "staging_queries")


def _is_under(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    folders = [file] if file else list(getattr(module, "__path__", ()))
    return any(Path(folder).is_relative_to(root) for folder in folders)
