"""Loading a repo: each file is run once, its module-level definitions get their names, teams and namespaces.

The definition in the variable ``v1`` of ``joins/shop/training_set.py`` is ``shop.training_set.v1`` of the team
``shop``. All problems of all files are gathered; a file with problems does not stop its neighbours.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from chronon.api import structs, wire
from chronon.api.problems import Gathered, gather, problems_of, settle
from chronon.api.tables import namespaces
from chronon.base.errors import ChrononError, ConfigError, Place
from chronon.repo.definition import KINDS, WORDS, AnyDefinition, Definition, kind_of
from chronon.repo.enrich import finish, own
from chronon.repo.failures import NotLoaded, explain
from chronon.repo.imports import importing
from chronon.repo.teams import Teams


@dataclass(frozen=True)
class Loaded:
    """What the files of a repo define, and what is wrong with them."""

    definitions: tuple[Definition, ...]
    problems: tuple[ChrononError, ...] = ()
    warnings: tuple[ChrononError, ...] = ()


def files_of(root: Path, kinds: Iterable[str] = KINDS) -> list[Path]:
    """The files of a repo that may hold definitions, sorted."""
    found: list[Path] = []
    for kind in kinds:
        inside = sorted((root / kind).rglob("*.py"))
        found += [file for file in inside if not any(part.startswith(".") for part in file.relative_to(root).parts)]
    return found


def load(root: Path, files: Iterable[Path], teams: Teams) -> Loaded:
    """Run files of a repo, and what they import from it."""
    loading = _Loading(root, teams)
    wanted = list(files)
    with gather() as gathered, namespaces(teams.namespace), importing(root, loading.run):
        for file in wanted:
            loading.file(file)
        definitions = loading.definitions()
        for definition in definitions:
            _finish(definition, teams)
    return Loaded(
        tuple(definitions),
        tuple(relative(problem, root) for problem in [*gathered.problems, *loading.failures(gathered)]),
        tuple(relative(warning, root) for warning in [*gathered.warnings, *loading.warnings]),
    )


def _finish(definition: Definition, teams: Teams) -> None:
    """Fill in what comes from the team; a field of a wrong type is a problem of its definition."""
    try:
        finish(definition, teams)
    except (AttributeError, TypeError):
        try:
            wire.to_data(definition.value)
        except ConfigError as wrong:
            settle(definition.value, [wrong])
        else:
            raise


@dataclass
class _Loading:
    root: Path
    teams: Teams
    claimed: dict[int, Definition] = field(default_factory=dict[int, Definition])
    failed: dict[str, BaseException] = field(default_factory=dict[str, BaseException])
    problems: list[ChrononError] = field(default_factory=list[ChrononError])
    warnings: list[ChrononError] = field(default_factory=list[ChrononError])

    def file(self, file: Path) -> None:
        """Import a file; what goes wrong is kept."""
        parts = list(file.relative_to(self.root).with_suffix("").parts)
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            import_module(module)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a file of the user's may raise anything
            if module not in self.failed:
                self._fail(module, error, file)

    def run(self, module: ModuleType, execute: Callable[[], None]) -> None:
        """Run a module of the repo and name what it defines."""
        file = Path(module.__file__ or "")
        name = module.__name__
        if name in self.failed:
            raise self._blocked(file)
        try:
            execute()
        except (Exception, SystemExit) as error:
            self._fail(name, error, file)
            raise
        relative = file.relative_to(self.root)
        if relative.parts[0] in KINDS:
            self._claim(module, relative)

    def definitions(self) -> list[Definition]:
        """What was found, by kind and name."""
        return sorted(self.claimed.values(), key=lambda d: (list(KINDS).index(d.kind), d.name))

    def failures(self, gathered: Gathered) -> list[ChrononError]:
        """The problems of files that could not be run to their end."""
        known = {str(problem) for problem in gathered.problems}
        return [problem for problem in self.problems if str(problem) not in known]

    def _fail(self, module: str, error: BaseException, file: Path) -> None:
        cause = next((name for name, known in self.failed.items() if known is error), None)
        self.failed[module] = error
        if cause is not None:
            self.problems.append(self._blocked(file, cause))
        else:
            self.problems += explain(error, self.root, file)

    def _blocked(self, file: Path, cause: str | None = None) -> NotLoaded:
        what = f"{cause.replace('.', '/')}.py" if cause else str(file.relative_to(self.root))
        at = Place(file=str(file)) if cause else None
        return NotLoaded(f"is not loaded: {what}, which it imports, has problems", place=at)

    def _claim(self, module: ModuleType, file: Path) -> None:
        kind, *folders = file.with_suffix("").parts
        lines = _Lines(self.root / file)
        variables = list(vars(module).items())
        for variable, value in variables:
            if isinstance(value, KINDS[kind]):
                known = self.claimed.get(id(value))
                if known is None or known.file == file.as_posix():
                    self._name(kind, ".".join([*folders, variable]), value, file, lines.of(variable))
        for variable, value in variables:
            self._warn_of_invisible(kind, variable, value, file, lines)

    def _name(self, kind: str, name: str, value: AnyDefinition, file: Path, line: int | None) -> None:
        value.metaData = value.metaData or structs.MetaData()
        value.metaData.name = name
        held = vars(value)
        held["_named"] = True
        known: Place = held.get("_place", Place())
        if known.file != str(self.root / file):
            held["_place"] = Place(file=str(self.root / file), line=line)
        place = Place(definition=name, file=str(self.root / file), line=held["_place"].line)
        for problem in problems_of(value):
            problem.at(Place(definition=name))
        settle(value, own(value, name.partition(".")[0], self.teams, place))
        self.claimed[id(value)] = Definition(kind, name, value, file.as_posix(), place.line)

    def _warn_of_invisible(self, kind: str, variable: str, value: Any, file: Path, lines: _Lines) -> None:
        """Say so where something looks like a definition and is none, by its folder or by standing in a list."""
        place = Place(file=file.as_posix(), line=lines.of(variable))
        if isinstance(value, structs.Join | structs.StagingQuery) and not isinstance(value, KINDS[kind]) and place.line:
            right = kind_of(value)
            self.warnings.append(
                ConfigError(
                    f"{variable} is a {WORDS[right]} in {kind}/ and is not compiled",
                    place=place,
                    mend=f"move it to a file under {right}/",
                )
            )
        elif isinstance(value, list | tuple | dict):
            several = list(cast(Any, value.values() if isinstance(value, dict) else value))
            if any(isinstance(one, KINDS[kind]) and id(one) not in self.claimed for one in several):
                alone = isinstance(value, tuple) and len(several) == 1
                self.warnings.append(
                    ConfigError(
                        f"{variable} holds definitions that are not compiled",
                        place=place,
                        expected="each in a variable of its own at the top of the file",
                        mend="remove the comma after it, which makes it a tuple" if alone else None,
                    )
                )
        elif isinstance(value, KINDS[kind]) and len(again := lines.made(variable)) > 1:
            self.warnings.append(
                ConfigError(
                    f"{variable} is defined in lines {', '.join(map(str, again))}; only the last is compiled",
                    place=Place(file=file.as_posix(), line=again[-1]),
                    mend="give each a variable of its own: v1, v2",
                )
            )


def relative(problem: ChrononError, root: Path) -> ChrononError:
    """The same problem, with its file relative to the root."""
    place = problem.place
    if place.file and Path(place.file).is_relative_to(root):
        file = Path(place.file).relative_to(root).as_posix()
        problem.place = Place(definition=place.definition, file=file, line=place.line, field=place.field)
    return problem


class _Lines:
    """The lines on which the variables of a file get their values; the file is read when the first is asked for."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known: dict[str, int] | None = None

    def of(self, variable: str) -> int | None:
        """The last of them."""
        if self.known is None:
            self.known = {}
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    self.known[node.id] = node.lineno
        return self.known.get(variable)

    def made(self, variable: str) -> list[int]:
        """The lines at the top of the file that make something new and call it so."""
        return [
            node.lineno
            for node in self.tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and any(isinstance(target, ast.Name) and target.id == variable for target in node.targets)
            and not any(isinstance(inner, ast.Name) and inner.id == variable for inner in ast.walk(node.value))
        ]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.file.read_bytes())
