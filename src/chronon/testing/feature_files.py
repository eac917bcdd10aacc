"""Feature tests: files that say which rows go in, and which features come out at which instants.

definition: shop.training_set.v1
tables:
data.purchases:
- {user_id: 1, price: 20.0, ts: 2024-01-04T23:50:00}
cases:
- keys: {user_id: 1}
at: 2024-01-05T00:40:00
features: {shop_purchases_price_sum_1d: 20.0}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronon.base.errors import ConfigError, Place

FOLDER = "feature_tests"
"""Where ``chronon test`` looks for them, in a repo."""
_FILE = {"definition", "tables", "cases", "description"}
_CASE = {"name", "keys", "at", "features"}


@dataclass(frozen=True)
class LiteralTable:
    """Rows of a table, and the types that are said of its columns."""

    rows: list[dict[str, Any]]
    columns: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Case:
    """Features of one key at one instant.

    Parameters
    ----------
    name:
        What it is called in messages.
    line:
        Where it stands in its file.
    keys:
        Key columns and their values, and other columns that derivations read.
    at:
        The instant.
    features:
        Names and expected values; empty where they are still to be recorded.
    """

    name: str
    line: int
    keys: dict[str, Any]
    at: Any
    features: dict[str, Any]


@dataclass(frozen=True)
class FeatureFile:
    """A file of cases over the same rows."""

    path: Path
    text: str
    definition: str
    tables: dict[str, LiteralTable]
    cases: list[Case]


def find_files(paths: list[Path], root: Path) -> list[Path]:
    """The files to run: those given, those in folders given, or all of the repo's folder of feature tests."""
    wanted = paths or [root / FOLDER]
    found: list[Path] = []
    for path in wanted:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError(f"there is no {path}", mend=f"feature tests are YAML files in {root / FOLDER}")
    return found


def read_file(path: Path) -> FeatureFile:
    """Read a file of feature tests.

    Raises
    ------
    ConfigError
        If it is no YAML, or not of that form, with the line.
    """
    import yaml

    text = path.read_text()
    try:
        content: Any = yaml.safe_load(text)
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"is no YAML: {error}", place=Place(file=str(path))) from error
    place = Place(file=str(path))
    fields = _mapping(content, _FILE, "the file", place)
    lines = _lines(node)
    cases = [
        _case(case, number, line, Place(file=str(path), line=line))
        for number, (case, line) in enumerate(zip(_list(fields.get("cases"), "cases", place), lines, strict=False))
    ]
    if not isinstance(fields.get("definition"), str) or not cases:
        raise ConfigError("lacks a definition or cases", place=place, expected="definition: NAME, and cases: [...]")
    given = _mapping(fields.get("tables"), None, "tables", place)
    tables = {name: _table(rows, name, place) for name, rows in given.items()}
    return FeatureFile(path, text, fields["definition"], tables, cases)


def _table(given: Any, name: str, place: Place) -> LiteralTable:
    if isinstance(given, list):
        return LiteralTable([_mapping(row, None, f"a row of {name}", place) for row in given])
    fields = _mapping(given, {"rows", "columns"}, name, place)
    rows = _list(fields.get("rows"), f"rows of {name}", place)
    types = _mapping(fields.get("columns") or {}, None, f"columns of {name}", place)
    made = [_mapping(row, None, f"a row of {name}", place) for row in rows]
    return LiteralTable(made, {column: str(kind) for column, kind in types.items()})


def _case(given: Any, number: int, line: int, place: Place) -> Case:
    fields = _mapping(given, _CASE, f"case {number + 1}", place)
    lacking = [name for name in ("keys", "at") if name not in fields]
    if lacking:
        raise ConfigError(f"case {number + 1} lacks {' and '.join(lacking)}", place=place, expected="keys and at")
    return Case(
        name=str(fields.get("name") or f"case {number + 1}"),
        line=line,
        keys=_mapping(fields["keys"], None, "keys", place),
        at=fields["at"],
        features=_mapping(fields.get("features") or {}, None, "features", place),
    )


def _mapping(given: Any, known: set[str] | None, what: str, place: Place) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{what} is a {type(given).__name__}", place=place, expected="names and values")
    unknown = [str(name) for name in given if known is not None and name not in known]
    if unknown:
        expected = ", ".join(sorted(known or ()))
        raise ConfigError(f"{what} has {', '.join(unknown)}", place=place, expected=f"only {expected}")
    return {str(name): value for name, value in given.items()}


def _list(given: Any, what: str, place: Place) -> list[Any]:
    if not isinstance(given, list):
        raise ConfigError(f"{what} is a {type(given).__name__}", place=place, expected="a list")
    return list(given)


def _lines(node: Any) -> Iterator[int]:
    """The lines on which the cases begin."""
    for case in cases_of(node):
        yield case.start_mark.line + 1


def cases_of(node: Any) -> list[Any]:
    """The cases in the tree of a file."""
    return next((value.value for key, value in node.value if key.value == "cases"), [])
