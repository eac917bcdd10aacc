"""Finding one definition of a repo by its name, its path, or its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from chronon.api import structs
from chronon.api.naming import dotted
from chronon.base.errors import ConfigError, Place
from chronon.repo.definition import KINDS, AnyDefinition, Definition, embedded_group_bys


def parse(name: str) -> tuple[str | None, str]:
    """The kind, if it is said, and the dotted name that a reference means.

    >>> parse("shop.training_set.v1"), parse("shop/training_set.v1")
    ((None, 'shop.training_set.v1'), (None, 'shop.training_set.v1'))
    >>> parse("production/joins/shop/training_set.v1")
    ('joins', 'shop.training_set.v1')
    """
    parts = name.removeprefix("./").split("/")
    for number, part in enumerate(parts[:-1]):
        if part in KINDS:
            return part, dotted("/".join(parts[number + 1 :]))
    return None, dotted(name)


def file_of(root: Path, name: str) -> tuple[Path, str | None] | None:
    """The file that a reference names, and the variable after a colon: ``joins/shop/training_set.py:v1``."""
    text, colon, variable = name.rpartition(":")
    path = text if colon and text.endswith(".py") else name
    if not path.endswith(".py"):
        return None
    given = Path(path).expanduser()
    file = (given if given.is_absolute() or not (root / given).exists() else root / given).resolve()
    if not file.is_file():
        raise ConfigError(f"there is no file {path}", place=Place(file=str(root)))
    if not file.is_relative_to(root) or file.relative_to(root).parts[0] not in KINDS:
        raise ConfigError(
            f"{path} is not a file of definitions", expected=f"a file under {', '.join(f'{kind}/' for kind in KINDS)}"
        )
    return file, (variable if colon else None)


def candidates(root: Path, kind: str | None, name: str) -> Iterator[Path]:
    """The files in which a definition of this name may stand."""
    *folders, _ = name.split(".")
    for one in [kind] if kind else KINDS:
        file = root.joinpath(one, *folders).with_suffix(".py") if folders else root
        if file.is_file():
            yield file
        elif (package := root.joinpath(one, *folders, "__init__.py")).is_file():
            yield package


def choose(definitions: Sequence[Definition], kind: str | None, name: str) -> Definition | None:
    """The definition of a name; an error where two kinds have it."""
    found = [d for d in definitions if d.name == name and kind in (None, d.kind)]
    if len(found) > 1:
        paths = " or ".join(sorted(d.path for d in found))
        raise ConfigError(f"{name} is the name of {len(found)} definitions", mend=f"say which: {paths}")
    return found[0] if found else None


def within(definitions: Sequence[Definition], kind: str | None, name: str) -> AnyDefinition | None:
    """A group-by that stands only inside a join."""
    if kind not in (None, "group_bys"):
        return None
    inside = (g for d in definitions if isinstance(d.value, structs.Join) for g in embedded_group_bys(d.value))
    return next((g for g in inside if g.metaData is not None and g.metaData.name == name), None)


def unknown(definitions: Sequence[Definition], name: str) -> ConfigError:
    """The error for a name that nothing has."""
    names = [d.name for d in definitions]
    close = get_close_matches(dotted(name), names, n=3, cutoff=0.75)
    return ConfigError(
        f"there is no definition {name}",
        expected="a name such as shop.training_set.v1, joins/shop/training_set.v1, or joins/shop/training_set.py",
        mend=f"did you mean {' or '.join(close)}?" if close else None,
    )
