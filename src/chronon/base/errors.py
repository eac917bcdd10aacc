"""One family of exceptions. A message says what is wrong, where, what was expected and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a problem sits: a definition, its file and line, and the path of the field.

    >>> str(Place(definition="shop.purchases.v1", file="group_bys/shop/purchases.py", line=12, field="keys[0]"))
    'shop.purchases.v1 (group_bys/shop/purchases.py:12), field keys[0]'
    """

    definition: str | None = None
    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        source = f"{self.file}:{self.line}" if self.file and self.line else self.file
        where = f"{self.definition} ({source})" if self.definition and source else self.definition or source or ""
        if self.field:
            return f"{where}, field {self.field}" if where else f"field {self.field}"
        return where


class ChrononError(Exception):
    """The root of every error that the project raises on purpose.

    Parameters
    ----------
    problem:
        One sentence on what is wrong.
    place:
        Where it is wrong, if that is known.
    expected:
        What would have been right.
    mend:
        What the reader should do about it.
    """

    def __init__(
        self,
        problem: str,
        *,
        place: Place | None = None,
        expected: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.problem = problem
        self.place = place or Place()
        self.expected = expected
        self.mend = mend
        super().__init__(problem)

    def __str__(self) -> str:
        where = str(self.place)
        lines = [f"{where}: {self.problem}" if where else self.problem]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.mend:
            lines.append(f"  mend: {self.mend}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows instead of a stack of our own lines: the line of the user's, and the message."""
        import traceback
        from pathlib import Path

        ours = str(Path(__file__).parents[1])
        frames = [f for f in traceback.extract_tb(self.__traceback__) if not f.filename.startswith(ours)]
        own = [f for f in frames if "/IPython/" not in f.filename and "ipykernel/" not in f.filename]
        lines = [f"\x1b[31;1m{type(self).__name__}\x1b[0m: {self}"]
        return [f"    {own[-1].line}", *lines] if own and own[-1].line else lines

    def at(self, place: Place) -> ChrononError:
        """The same error with a place filled in where it had none; used by callers that know more."""
        known = self.place
        self.place = Place(
            definition=known.definition or place.definition,
            file=known.file or place.file,
            line=known.line or place.line,
            field=known.field or place.field,
        )
        return self


class ConfigError(ChrononError, AssertionError, ValueError):
    """A definition is wrong. Also an ``AssertionError`` and a ``ValueError``, which older repos catch."""


class ExpressionError(ConfigError):
    """A SQL expression does not parse, names an unknown column, or has no meaning that all engines share."""


class SettingsError(ChrononError):
    """``chronon.toml``, an environment variable or a flag is wrong."""


class SchemaError(ChrononError):
    """A table lacks a column or has it with another type than the definition needs."""


class MissingDataError(ChrononError):
    """A table, a partition or an upload that a job needs is not there."""


class DataError(ChrononError):
    """Data cannot be read or are not what their schema says: a corrupt file, bytes of an unknown version."""


class StorageError(ChrononError):
    """A warehouse or a store cannot be written or read: permissions, space, a lock held by another process."""


class RequestError(ChrononError):
    """A fetch request is wrong: unknown join, missing key, a key of a type that cannot be cast."""


class Problems(ConfigError):  # noqa: N818 - several errors in one
    """Several problems, reported together.

    >>> print(Problems([ConfigError("a is wrong"), ConfigError("b is wrong")]))
    2 problems:
    1. a is wrong
    2. b is wrong
    """

    def __init__(self, problems: Sequence[ChrononError]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problems")

    def __str__(self) -> str:
        numbered = (f"{i}. {problem}" for i, problem in enumerate(self.problems, 1))
        return "\n".join([f"{len(self.problems)} problems:", *numbered])


def raise_all(problems: Iterable[ChrononError]) -> None:
    """Raise nothing, the one problem, or all of them together."""
    found = list(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        raise Problems(found)
