"""Compiling what one file or folder defines, with the group-bys that its joins need and what builds on it.

Everything is decided before the first file is written, so that a refusal leaves the folder as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from chronon.api import structs, wire
from chronon.api.naming import name_of
from chronon.base.errors import ChrononError, ConfigError, raise_all
from chronon.repo import rules
from chronon.repo.definition import AnyDefinition, Definition, broken, parents, part_group_bys
from chronon.repo.dependents import by_name, read_all
from chronon.repo.find import candidates
from chronon.repo.guard import notice, refusal
from chronon.repo.load import Loaded, files_of, load, relative
from chronon.repo.preserve import Kept, preserved
from chronon.repo.schemas import LockedTables, check, locked_tables
from chronon.repo.teams import Teams


@dataclass
class Step:
    """What becomes of one definition: its text and what is to be told of it, or why it is not written."""

    definition: Definition
    text: str | None = None
    skipped: bool = False
    problems: list[ChrononError] = field(default_factory=list[ChrononError])
    refused: ConfigError | None = None
    notice: ConfigError | None = None
    unwritable: bool = False

    @property
    def written(self) -> bool:
        """Whether its file is written."""
        return self.text is not None


@dataclass
class Selected:
    """What compiling a file or a folder does.

    Parameters
    ----------
    steps:
        Its own definitions, in the order of their names.
    extra_group_bys, extra_joins:
        The group-bys of its joins, and what builds on it and is compiled again.
    failures:
        Problems of files of the folder that stop no neighbour.
    warnings:
        What is probably not meant.
    """

    steps: list[Step] = field(default_factory=list[Step])
    extra_group_bys: list[Step] = field(default_factory=list[Step])
    extra_joins: list[Step] = field(default_factory=list[Step])
    failures: list[ChrononError] = field(default_factory=list[ChrononError])
    warnings: list[ChrononError] = field(default_factory=list[ChrononError])
    dependents: dict[str, list[AnyDefinition]] = field(default_factory=dict[str, list[AnyDefinition]])

    @property
    def files(self) -> dict[str, str]:
        """All that is written, by path."""
        every = [*self.steps, *self.extra_group_bys, *self.extra_joins]
        return {step.definition.path: step.text for step in every if step.text is not None}


def definitions_of(root: Path, path: Path) -> tuple[Loaded, list[Definition]]:
    """What a file or a folder defines, and all that was loaded with it."""
    kind = path.relative_to(root).parts[0]
    files = [path] if path.is_file() else [file for file in files_of(root, [kind]) if file.is_relative_to(path)]
    loaded = load(root, files, Teams.of(root))
    inside = {file.relative_to(root).as_posix() for file in files}
    return loaded, [d for d in loaded.definitions if d.kind == kind and d.file in inside]


def select(root: Path, path: Path, existing: Mapping[str, str], folder: Path, *, force: bool, kept: Kept) -> Selected:
    """Decide what compiling a file or a folder writes.

    Parameters
    ----------
    root, path:
        The root of the repo, and the file or folder under it.
    existing, folder:
        The compiled files that are there, and where they are.
    force:
        Write also what is served and means something else, what nobody needs, and what builds on it.
    kept:
        What is taken over from the files that are there.

    Raises
    ------
    ConfigError
        If a file cannot be loaded, an online join has group-bys that are not, or something builds on what is written
        and ``force`` is not given.
    """
    loaded, own = definitions_of(root, path)
    if path.is_file() and loaded.problems:
        raise_all(loaded.problems)
    old_group_bys, old_joins = read_all(dict(existing), folder)
    work = _Work(root, existing, own, old_joins, force=force, kept=kept, tables=locked_tables(root))
    made = Selected(failures=list(loaded.problems), warnings=list(loaded.warnings))
    made.steps = [work.step(d) for d in own if broken(d.value) is None]
    made.dependents = dict(_dependents(made.steps, old_group_bys, old_joins))
    outside = sorted(_outside(made, own))
    if outside and not force:
        raise ConfigError(
            "You must also materialize all dependent GroupBys or Joins. You can do this by passing the "
            "--force-overwrite flag to the compile.py command. Detected dependencies are as follows: "
            f"{outside}"
        )
    again = _load_again(root, made, outside) if outside else []
    made.extra_group_bys = [work.step(d, extra=True) for d in _extra_group_bys(made, loaded, again)]
    made.extra_joins = [work.step(d, extra=True) for d in again if isinstance(d.value, structs.Join)]
    return made


@dataclass
class _Work:
    root: Path
    existing: Mapping[str, str]
    own: Sequence[Definition]
    old_joins: Sequence[structs.Join]
    force: bool
    kept: Kept
    tables: LockedTables | None = None
    """What columns and types are checked against."""

    @cached_property
    def joins(self) -> list[structs.Join]:
        """All joins as they will be: those compiled now, and the files of the others."""
        new = [d.value for d in self.own if isinstance(d.value, structs.Join)]
        names = {name_of(join) for join in new}
        every = [*new, *(join for join in self.old_joins if name_of(join) not in names)]
        rules.adopt_production(every)
        return every

    @cached_property
    def producing(self) -> list[structs.Join]:
        """Those of them that are in production."""
        return [join for join in self.joins if (join.metaData or structs.MetaData()).production]

    def step(self, definition: Definition, *, extra: bool = False) -> Step:
        value = definition.value
        step = Step(definition)
        if isinstance(value, structs.GroupBy) and not rules.is_written(value) and not (extra or self.force):
            step.skipped = True
            return step
        joins = self.joins
        rules.adopt_production(self.producing, [value] if isinstance(value, structs.GroupBy) else [])
        step.problems = [p for p in rules.problems_of(definition, joins) if not isinstance(p, rules.Unsaid)]
        step.problems += self._of_parts(definition, joins)
        if self.tables is not None:
            step.problems += [relative(problem, self.root) for problem in check(definition, self.tables).problems]
        if step.problems:
            return step
        raise_all([p for p in rules.problems_of(definition, joins) if isinstance(p, rules.Unsaid)])
        old = self.existing.get(definition.path)
        try:
            text = preserved(value, old, self.kept) if old is not None else wire.to_json(value)
        except ConfigError as wrong:
            step.problems, step.unwritable = [relative(wrong, self.root)], True
            return step
        if old is not None and old != text and not self.force:
            step.refused = refusal(definition, old, text)
        step.text = text if step.refused is None else None
        step.notice = notice(definition, old, text) if old is not None and step.written else None
        return step

    def _of_parts(self, definition: Definition, joins: list[structs.Join]) -> Iterator[ChrononError]:
        """The problems of the group-bys of a join, told as its own."""
        if not isinstance(definition.value, structs.Join):
            return
        for part in part_group_bys(definition.value):
            inner = Definition("group_bys", name_of(part), part, definition.file, definition.line)
            for problem in rules.problems_of(inner, joins):
                yield ConfigError(
                    f"join {definition.name}'s underlying group_by {inner.name}: {problem.problem}",
                    place=definition.place,
                    expected=problem.expected,
                    mend=problem.mend,
                )


def _dependents(
    steps: list[Step], group_bys: list[structs.GroupBy], joins: list[structs.Join]
) -> Iterator[tuple[str, list[AnyDefinition]]]:
    """What builds on each definition that is written, by path."""
    by_group_by = by_name((name_of(part), join) for join in joins for part in part_group_bys(join))
    by_join = by_name((name_of(parent), one) for one in [*group_bys, *joins] for parent in parents(one))
    for step in steps:
        if step.written:
            name = step.definition.name
            if isinstance(step.definition.value, structs.GroupBy):
                yield step.definition.path, [*by_group_by.get(name, [])]
            elif isinstance(step.definition.value, structs.Join):
                yield step.definition.path, [*by_join.get(name, [])]


def _outside(made: Selected, own: Sequence[Definition]) -> set[str]:
    """The names of what builds on this; group-bys inside joins, which have no file of their own, are not counted."""
    known = {d.name for d in own}
    names = {name_of(one) for several in made.dependents.values() for one in several}
    return {name for name in names - known if name.count(".") > 1}


def _load_again(root: Path, made: Selected, names: Sequence[str]) -> list[Definition]:
    """The definitions that build on this, from their files."""
    kind = "joins" if any(isinstance(step.definition.value, structs.GroupBy) for step in made.steps) else "group_bys"
    files = {name: next(candidates(root, kind, name), None) for name in names}
    lost = sorted(name for name, file in files.items() if file is None)
    if lost:
        raise ConfigError(
            f"{', '.join(lost)} must be compiled again, but no file defines it",
            mend=f"remove its file under {kind}/ of the output folder, if it is gone for good",
        )
    loaded = load(root, list(dict.fromkeys(file for file in files.values() if file is not None)), Teams.of(root))
    raise_all(loaded.problems)
    return [d for d in loaded.definitions if d.kind == kind and d.name in files]


def _extra_group_bys(made: Selected, loaded: Loaded, again: Sequence[Definition]) -> list[Definition]:
    """The group-bys that need files of their own because of the joins that are written."""
    found: dict[str, Definition] = {d.name: d for d in again if isinstance(d.value, structs.GroupBy)}
    known = {d.name: d for d in loaded.definitions}
    for step in made.steps:
        if step.written and isinstance(step.definition.value, structs.Join):
            for part in part_group_bys(step.definition.value):
                name = name_of(part)
                if rules.is_written(part) and name not in found:
                    home = known.get(name, step.definition)
                    found[name] = Definition("group_bys", name, part, home.file, home.line)
    return list(found.values())


def deprecations(made: Selected) -> Iterator[str]:
    """Warnings of definitions that build on others which end before them."""
    for step in made.steps:
        if not step.written:
            continue
        value = step.definition.value
        until = (value.metaData or structs.MetaData()).deprecationDate
        if until is not None:
            for one in made.dependents.get(step.definition.path, []):
                theirs = (one.metaData or structs.MetaData()).deprecationDate
                if theirs is None or theirs > until:
                    yield f"{step.definition.name} is deprecated on {until}, but {name_of(one)} builds on it" + (
                        f" until {theirs}" if theirs else ""
                    )
            continue
        for below in [*(part_group_bys(value) if isinstance(value, structs.Join) else []), *parents(value)]:
            theirs = (below.metaData or structs.MetaData()).deprecationDate
            if theirs is not None:
                yield f"{step.definition.name} builds on {name_of(below)}, which is deprecated on {theirs}"
