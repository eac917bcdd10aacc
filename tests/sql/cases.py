"""The cases in ``fixtures``: what they look like and how their values are read.

A file is a list of blocks::

    # what the block shows
    columns a int, b list<string>
    a + size(b)  -->  int
      [1, ["x", null]] => 3
      [null, []] => null

    CAST('1.9' AS INT)  -->  int => 1
    SUM(a)  -->  error aggregate

A block of rows gives the columns' values in order, as JSON, and the result. One line is enough where no column is
read. ``error`` is followed by words of the message. Dates and timestamps are texts; NaN and Infinity are words.
``(Spark: value)`` at the end of a line says where Spark differs from us, and is listed as a deviation.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronon.base import types as t

FOLDER = Path(__file__).parent / "fixtures"
_SPARK = re.compile(r"\s+\(Spark: (.*)\)$")


@dataclass
class Case:
    """One expression with its rows and results."""

    file: str
    line: int
    text: str
    schema: dict[str, t.DataType]
    kind: t.DataType | None
    error: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    in_spark: dict[int, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}"


def read_cases() -> list[Case]:
    """All cases of all files."""
    return [case for path in sorted(FOLDER.glob("*.sql")) for case in _read(path)]


def _read(path: Path) -> list[Case]:
    cases: list[Case] = []
    schema: dict[str, t.DataType] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("columns"):
            schema = schema_of(line.removeprefix("columns"))
        elif line.startswith("  "):
            _add(cases[-1], line.strip())
        else:
            text, _, rest = line.partition("  -->  ")
            assert rest, f"{path.name}:{number} has no -->"
            name, _, result = rest.partition(" => ")
            case = Case(path.stem, number, text.strip(), schema, None)
            cases.append(case)
            if name.startswith("error"):
                case.error = name.removeprefix("error").strip()
                continue
            case.kind = t.parse_type(name.strip())
            if result:
                case.schema = {}
                _add(case, f"[] => {result}")
    return cases


def schema_of(text: str) -> dict[str, t.DataType]:
    """The columns of a block."""
    pairs: list[str] = []
    for piece in text.split(","):
        if pairs and pairs[-1].count("<") > pairs[-1].count(">"):
            pairs[-1] += f",{piece}"
        else:
            pairs.append(piece)
    return {name: t.parse_type(kind) for name, kind in (pair.split(maxsplit=1) for pair in pairs)}


def _add(case: Case, line: str) -> None:
    spark = _SPARK.search(line)
    cells, _, result = (line[: spark.start()] if spark else line).rpartition(" => ")
    values = json.loads(cells)
    assert len(values) == len(case.schema), f"{case.name}: {line}"
    assert case.kind is not None
    pairs = zip(case.schema.items(), values, strict=True)
    if spark:
        case.in_spark[len(case.rows)] = value_of(json.loads(spark[1]), case.kind)
    case.rows.append({name: value_of(value, kind) for (name, kind), value in pairs})
    case.results.append(value_of(json.loads(result), case.kind))


def value_of(value: Any, kind: t.DataType) -> Any:
    """A JSON value as the Python value of a type."""
    if value is None:
        return None
    if isinstance(kind, t.ListType):
        return [value_of(each, kind.element) for each in value]
    if isinstance(kind, t.MapType):
        return {value_of(json.loads(k) if kind.key in t.NUMBERS else k, kind.key): value_of(v, kind.value)
                for k, v in value.items()}  # fmt: skip
    if isinstance(kind, t.StructType):
        return {name: value_of(value[name], part) for name, part in kind.fields}
    if kind == t.DATE:
        return dt.date.fromisoformat(value)
    if kind == t.TIMESTAMP:
        return dt.datetime.fromisoformat(value)
    if kind == t.BINARY:
        return bytes.fromhex(value)
    if kind in t.FLOATS:
        return float(value)
    return value


def shown(value: Any) -> str:
    """A value so that equal texts mean equal values: types, NaN and the sign of zero count."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(k)}: {shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return repr(value)
