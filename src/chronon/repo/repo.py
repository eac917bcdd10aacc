"""A folder of definitions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from chronon.api import structs, wire
from chronon.base.errors import ChrononError, ConfigError, Place, Problems, raise_all
from chronon.repo import find
from chronon.repo.compile import CompileResult, check_against, compile_definitions, existing_files, publish
from chronon.repo.definition import KINDS, AnyDefinition, Definition
from chronon.repo.load import Loaded, files_of, load, relative
from chronon.repo.schemas import locked_tables
from chronon.repo.teams import Teams

OUTPUT = "production"


class Repo:
    """A folder with ``teams.json``, ``group_bys/``, ``joins/`` and ``staging_queries/``.

    Every call reads the files anew, so that an edit is seen.

    Parameters
    ----------
    root:
        The folder.
    """

    def __init__(self, root: str | Path = ".") -> None:
        self.root = Path(root).expanduser().resolve()
        if not self.root.is_dir():
            raise ConfigError(f"there is no folder {self.root}", mend="the root of a repo holds group_bys/ and joins/")

    @cached_property
    def teams(self) -> Teams:
        """What the teams have in common."""
        return Teams.of(self.root)

    def load(self, *only: str | Path) -> Loaded:
        """Load definitions, and tell what is wrong with the others.

        Parameters
        ----------
        only:
            Files or folders, relative to the root or to the working directory; everything if absent.
        """
        return load(self.root, self._files(only), self.teams)

    def definitions(self) -> list[Definition]:
        """All definitions that can be loaded, by kind and name.

        ``load`` also tells the problems of those that cannot.
        """
        return list(self.load().definitions)

    def get(self, name: str) -> AnyDefinition:
        """One definition, with its name, team and namespace.

        Parameters
        ----------
        name:
            ``shop.training_set.v1``, ``joins/shop/training_set.v1``, or a file, with ``:variable`` if it holds
            several definitions.

        Raises
        ------
        ConfigError
            If there is none, or it has problems.
        """
        named = find.file_of(self.root, name)
        if named is not None:
            return self._get_from_file(*named)
        kind, dotted = find.parse(name)
        loaded = load(self.root, find.candidates(self.root, kind, dotted), self.teams)
        found = find.choose(loaded.definitions, kind, dotted)
        if found is not None:
            return _sound(found, loaded)
        raise_all(loaded.problems)
        everything = self.load()
        inside = find.choose(everything.definitions, kind, dotted)
        value = inside.value if inside else find.within(everything.definitions, kind, dotted)
        if value is None:
            raise find.unknown(everything.definitions, name)
        return value

    def compile(
        self,
        *only: str | Path,
        output: str = OUTPUT,
        force: bool = False,
        write: bool = True,
    ) -> CompileResult:
        """Compile definitions to the files that schedulers, engines and servers read.

        Parameters
        ----------
        only:
            Files or folders, relative to the root or to the working directory; everything if absent.
        output:
            The folder under the root that is written.
        force:
            Replace served definitions even if their meaning changes.
        write:
            Whether files are written; without, the result tells what would be.
        """
        folder = self.root / output
        existing = existing_files(folder)
        loaded = self.load(*only)
        here = {definition.path for definition in loaded.definitions}
        others, unreadable = _joins_of(existing, here, folder) if only else ([], [])
        made = compile_definitions(loaded.definitions, joins=others, existing=existing, force=force)
        tables = locked_tables(self.root)
        if tables is not None:
            check_against(made, tables)
        changed = {path for path, text in made.files.items() if existing.get(path) != text}
        if write:
            publish(folder, made.files)
        known = set(made.files) | set(made.sources)  # one whose columns are wrong is a definition still
        stale = sorted(set(existing) - known) if not only and not loaded.problems else []
        problems = [relative(p, self.root) for p in (*loaded.problems, *unreadable, *made.problems)]
        refused = {p.place.definition for p in made.problems}
        gone = [path for path in stale if find.parse(path)[1] not in refused]
        return CompileResult(
            written=tuple(f"{output}/{path}" for path in sorted(changed)),
            unchanged=tuple(f"{output}/{path}" for path in sorted(set(made.files) - changed)),
            problems=tuple(sorted(problems, key=_by_line)),
            warnings=tuple(sorted((*loaded.warnings, *made.warnings), key=_by_line)),
            skipped=tuple(made.skipped),
            stale=tuple(f"{output}/{path}" for path in gone),
            before={path: text for path, text in existing.items() if path in made.files or path in gone},
            after=made.files,
            unchecked=made.unchecked,
        )

    def prune(self, output: str = OUTPUT, *, remove: bool = False) -> tuple[str, ...]:
        """The compiled files that no definition makes any more.

        Parameters
        ----------
        output:
            The folder under the root that holds them.
        remove:
            Whether they are removed.

        Raises
        ------
        ConfigError
            If a definition cannot be loaded: its file would look as if nothing made it.
        """
        loaded = self.load()
        if loaded.problems:
            first = ConfigError("what is stale is not known until all files can be loaded", mend="mend what follows")
            raise Problems([first, *loaded.problems])
        result = self.compile(output=output, write=False)
        for path in result.stale if remove else ():
            (self.root / path).unlink()
        return result.stale

    def _files(self, only: Iterable[str | Path]) -> list[Path]:
        several = [Path(one) for one in only]
        if not several:
            return files_of(self.root)
        return list(dict.fromkeys(file for one in several for file in self._files_in(one)))

    def _files_in(self, given: Path) -> list[Path]:
        path = (self.root / given if (self.root / given).exists() else given).resolve()
        inside = path.relative_to(self.root) if path.is_relative_to(self.root) else Path()
        if not inside.parts or inside.parts[0] not in KINDS:
            raise ConfigError(
                f"{given} is not a place of definitions", expected=f"a file or folder under {', '.join(KINDS)}"
            )
        if path.is_dir():
            return [file for file in files_of(self.root, [inside.parts[0]]) if file.is_relative_to(path)]
        if path.suffix != ".py" or not path.is_file():
            raise ConfigError(f"there is no Python file {given}", place=Place(file=str(given)))
        return [path]

    def _get_from_file(self, file: Path, variable: str | None) -> AnyDefinition:
        loaded = load(self.root, [file], self.teams)
        relative = file.relative_to(self.root).as_posix()
        here = [d for d in loaded.definitions if d.file == relative]
        if variable is not None:
            here = [d for d in here if d.name.rpartition(".")[2] == variable]
        if len(here) == 1:
            return _sound(here[0], loaded)
        raise_all(loaded.problems)
        if not here:
            raise ConfigError(f"there is no definition {variable or ''}".rstrip(), place=Place(file=relative))
        raise ConfigError(
            f"{relative} holds {len(here)} definitions",
            mend="say which: " + " or ".join(f"{relative}:{d.name.rpartition('.')[2]}" for d in here),
        )


def _by_line(problem: ChrononError) -> tuple[str, int]:
    return problem.place.file or "", problem.place.line or 0


def _sound(definition: Definition, loaded: Loaded) -> AnyDefinition:
    """The value of a definition; its problems, if it has some, are raised."""
    from chronon.repo.definition import broken

    if broken(definition.value) is not None:
        raise Problems(loaded.problems)
    return definition.value


def _joins_of(existing: dict[str, str], known: set[str], folder: Path) -> tuple[list[structs.Join], list[ChrononError]]:
    """The compiled joins that are not being compiled now, and what is wrong with their files."""
    found: list[structs.Join] = []
    problems: list[ChrononError] = []
    for path, text in existing.items():
        if path.startswith("joins/") and path not in known:
            try:
                found.append(wire.from_json(structs.Join, text, place=Place(file=str(folder / path))))
            except ChrononError as error:
                problems.append(error)
    return found, problems
