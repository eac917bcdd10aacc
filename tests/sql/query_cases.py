"""The cases in ``queries``: tables, a query, and the rows that Spark gives.

A file is a list of blocks::

    table db.t  a int, b string
      [1, "x"]

    SELECT a, count(*) AS n
    FROM db.t GROUP BY a
    -->  a int, n long
      [1, 1]

Rows are JSON and count in order where the query ends in an order, else in any. ``or`` stands between rows that are
both right. ``-->  error words`` is a query that is refused with these words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronon.base import types as t

from .cases import shown, value_of

FOLDER = Path(__file__).parent / "queries"
_COLUMN = re.compile(r"\s*(\w+) ((?:[^,<]|<(?:[^<>]|<[^<>]*>)*>)+),?")


@dataclass
class Table:
    """Columns and rows."""

    schema: dict[str, t.DataType]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, line: str) -> None:
        values = json.loads(line)
        assert len(values) == len(self.schema), line
        self.rows.append(tuple(value_of(v, kind) for v, kind in zip(values, self.schema.values(), strict=True)))


@dataclass
class QueryCase:
    """A query and what comes of it."""

    name: str
    text: str
    tables: dict[str, Table]
    error: str = ""
    result: Table | None = None
    others: list[list[tuple[Any, ...]]] = field(default_factory=list)

    def agrees(self, rows: list[tuple[Any, ...]]) -> bool:
        """Whether rows are the expected ones."""
        assert self.result is not None
        return any(self._key(rows) == self._key(expected) for expected in [self.result.rows, *self.others])

    def _key(self, rows: list[tuple[Any, ...]]) -> list[str]:
        texts = [shown([rounded(value) for value in row]) for row in rows]
        return texts if re.search(r"ORDER BY[^)]*$", self.text) else sorted(texts)


def rounded(value: Any) -> Any:
    """Floats to 14 digits: the engines add in another order."""
    return float(f"{value:.14g}") if isinstance(value, float) else value


def schema_of(text: str) -> dict[str, t.DataType]:
    """``a int, b map<string,int>``."""
    return {name: t.parse_type(kind.strip()) for name, kind in _COLUMN.findall(text)}


def read_query_cases() -> list[QueryCase]:
    """All cases of all files."""
    return [case for path in sorted(FOLDER.glob("*.sql")) for case in _read(path)]


def _read(path: Path) -> list[QueryCase]:
    cases: list[QueryCase] = []
    tables: dict[str, Table] = {}
    filled: Table | None = None
    words: list[str] = []
    first = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("table "):
            name, _, columns = line.removeprefix("table ").partition("  ")
            filled = tables[name] = Table(schema_of(columns))
        elif line.startswith("  "):
            assert filled is not None
            one, *others = line.strip().split("  or  ")
            for other in others:
                case, extra = cases[-1], Table(filled.schema)
                extra.add(other)
                case.others.append([*filled.rows, *extra.rows])
            filled.add(one)
        elif line.startswith("-->"):
            case = QueryCase(f"{path.stem}:{first}", "\n".join(words), tables)
            cases.append(case)
            words = []
            expected = line.removeprefix("-->").strip()
            if expected.startswith("error "):
                case.error = expected.removeprefix("error ")
            else:
                filled = case.result = Table(schema_of(expected))
        else:
            first = first if words else number
            words.append(line)
    assert not words, f"{path.name}:{first} has no -->"
    return cases
