"""Compiling: from definitions to the files of the ``production/`` folder, and from those to the disk.

The first half is a pure function; the second replaces each changed file by one atomic step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from chronon.api import structs, wire
from chronon.api.naming import name_of
from chronon.api.problems import problems_of as own_problems_of
from chronon.api.provenance import place_of
from chronon.base.errors import ChrononError, ConfigError, Problems, StorageError
from chronon.repo import rules
from chronon.repo.definition import Definition, broken, part_group_bys
from chronon.repo.doubts import warnings_of
from chronon.repo.guard import notice, refusal
from chronon.repo.schemas import LockedTables, check


@dataclass
class Compiled:
    """The files that definitions become.

    Parameters
    ----------
    files:
        Relative path to JSON text: ``joins/shop/training_set.v1``.
    skipped:
        Paths of group-bys that are neither served nor have a backfill of their own.
    problems, warnings:
        What is wrong, and what is probably not meant. A definition with a problem is not among the files.
    sources:
        Relative path to the definition it comes from.
    unchecked:
        Relative path to the tables whose columns are not known, so that they were not checked.
    """

    files: dict[str, str] = field(default_factory=dict[str, str])
    skipped: list[str] = field(default_factory=list[str])
    problems: list[ChrononError] = field(default_factory=list[ChrononError])
    warnings: list[ChrononError] = field(default_factory=list[ChrononError])
    sources: dict[str, Definition] = field(default_factory=dict[str, Definition])
    unchecked: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True)
class CompileResult:
    """What compiling a repo did; paths are relative to its root."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    problems: tuple[ChrononError, ...]
    warnings: tuple[ChrononError, ...] = ()
    skipped: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    """Files that no definition makes any more; they are never removed by themselves."""
    before: Mapping[str, str] = field(default_factory=dict[str, str])
    """The compiled files of the same definitions as they were; their paths are relative to the output folder."""
    after: Mapping[str, str] = field(default_factory=dict[str, str])
    """The compiled files as they are now, or would be."""
    unchecked: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Definitions whose columns and types were not checked, with the tables that ``schemas.lock`` lacks; without such a
    file nothing is checked, and this is empty."""

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def raise_for_problems(self) -> None:
        """Raise all problems together."""
        if self.problems:
            raise Problems(self.problems)


def compile_definitions(
    definitions: Sequence[Definition],
    *,
    joins: Iterable[structs.Join] = (),
    existing: Mapping[str, str] | None = None,
    force: bool = False,
) -> Compiled:
    """Turn definitions into the text of their files.

    Parameters
    ----------
    definitions:
        What to compile, named and with team and namespace.
    joins:
        Joins that are compiled already and not among the definitions.
    existing:
        The files that are there now; a served one is not replaced by another meaning.
    force:
        Replace it nevertheless.
    """
    made = Compiled()
    all_joins = [d.value for d in definitions if isinstance(d.value, structs.Join)] + list(joins)
    everything = [*definitions, *_inline(definitions)]
    rules.adopt_production(all_joins, (d.value for d in everything if isinstance(d.value, structs.GroupBy)))
    for definition in everything:
        problems = _problems(definition, all_joins)
        made.problems += problems
        sound = not problems and broken(definition.value) is None
        made.warnings += warnings_of(definition) if sound else ()
        if isinstance(definition.value, structs.GroupBy) and not rules.is_written(definition.value):
            made.skipped.append(definition.path)
        elif sound:
            _render(definition, made, existing or {}, force=force)
    for problem in rules.collisions(everything):
        made.problems.append(problem)
        for path in [path for path, d in made.sources.items() if d.place == problem.place]:
            del made.files[path]
    return made


def check_against(made: Compiled, tables: LockedTables) -> None:
    """Check columns and types of what was compiled; a definition with a problem is no longer among the files."""
    told = {str(problem) for problem in made.problems}
    for path, definition in list(made.sources.items()):
        found = check(definition, tables)
        if found.lacking:
            made.unchecked[path] = found.lacking
        if found.problems:
            made.files.pop(path, None)
        for problem in found.problems:
            if str(problem) not in told:  # a group-by is checked for itself, and in every join
                told.add(str(problem))
                made.problems.append(problem)


def publish(folder: Path, files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write files under a folder, each by one atomic step; those that are the same already are left alone.

    Returns
    -------
    The paths that were written, and those that were unchanged.
    """
    written: list[str] = []
    unchanged: list[str] = []
    for path, text in sorted(files.items()):
        target = folder / path
        if _read(target) == text:
            unchanged.append(path)
        else:
            _replace(target, text)
            written.append(path)
    return written, unchanged


def existing_files(folder: Path) -> dict[str, str]:
    """The compiled files under a folder, by their relative path; hidden ones are not among them."""
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for kind in ("group_bys", "joins", "staging_queries")
        for file in sorted((folder / kind).rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def _problems(definition: Definition, joins: Sequence[structs.Join]) -> list[ChrononError]:
    """The problems of a definition, apart from those that loading it has reported."""
    wrong = broken(definition.value)
    if wrong is None:
        return rules.problems_of(definition, joins)
    if wrong is definition.value or place_of(wrong).file == place_of(definition.value).file:
        return []
    name = place_of(wrong).definition or type(wrong).__name__
    first = str(own_problems_of(wrong)[0].problem)
    return [ConfigError(f"is not compiled: the underlying {name} has problems ({first})", place=definition.place)]


def _inline(definitions: Sequence[Definition]) -> list[Definition]:
    """The group-bys that only (sound) joins hold, as definitions of their own."""
    known = {id(definition.value) for definition in definitions}
    found: list[Definition] = []
    for definition in definitions:
        if not isinstance(definition.value, structs.Join) or broken(definition.value) is not None:
            continue
        for group_by in part_group_bys(definition.value):
            if id(group_by) not in known and group_by.metaData is not None and group_by.metaData.name:
                known.add(id(group_by))
                line = place_of(group_by).line if not vars(group_by).get("_named") else None
                found.append(Definition("group_bys", name_of(group_by), group_by, definition.file, line))
    return found


def _render(definition: Definition, made: Compiled, existing: Mapping[str, str], *, force: bool) -> None:
    path = definition.path
    try:
        text = wire.to_json(definition.value)
    except ConfigError as error:
        error.place = definition.at(error.place.field or "")
        made.problems.append(error)
        return
    other = made.sources.get(path)
    if other is not None and made.files[path] != text:
        made.problems.append(
            ConfigError(f"{path} is defined twice, also in {other.file}:{other.line}", place=definition.place)
        )
        return
    old = existing.get(path)
    refused = refusal(definition, old, text) if old is not None and old != text and not force else None
    if refused is not None:
        made.problems.append(refused)
        return
    told = notice(definition, old, text) if old is not None else None
    made.warnings += [told] if told is not None else []
    made.files[path] = text
    made.sources[path] = definition


def _read(target: Path) -> str | None:
    try:
        return target.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _replace(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            file.write(text)
        Path(file.name).chmod(0o666 & ~_umask())
        os.replace(file.name, target)  # noqa: PTH105 - the one atomic step
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
