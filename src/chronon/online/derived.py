"""Derivations on one row: which columns leave, copied or computed from those that enter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chronon.api.structs import Derivation
from chronon.base import types as t
from chronon.base.errors import ChrononError, Place
from chronon.base.time import day_of
from chronon.online.shaping import by_name
from chronon.plan.derivations import STAR, expand, resolved
from chronon.sql import compile_rows, parse

FAILED = "derivation_fetch_exception"
"""The column that says why derived columns are missing."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|`[^`]+`")


class Derived:
    """The derivations of a group-by or a join, prepared.

    Where every expression is the name of a column, columns stay absent if they enter absent; else they become null.

    Parameters
    ----------
    derivations:
        As in the definition, in order.
    columns:
        The columns that enter, with their types.
    keys:
        The keys of a request, with their types; expressions may read them.
    definition:
        Whose derivations they are, for messages.
    unknown:
        Beginnings of the names of columns that cannot be known now. What reads such a column is left out.

    Attributes
    ----------
    problem:
        Why some expressions cannot be computed; the others are.
    outputs:
        The columns that leave, with their types.
    reads:
        For each of them, the entering columns it is made of.
    """

    def __init__(
        self,
        derivations: Sequence[Derivation],
        columns: t.Schema,
        keys: t.Schema,
        *,
        definition: str,
        unknown: Sequence[str] = (),
    ) -> None:
        schema = {**keys, "ts": t.LONG, "ds": t.STRING, **columns}
        explicit = {derivation.name for derivation in derivations if derivation.name != STAR}
        texts = resolved(expand(derivations, columns, list(keys)), schema)
        self.problem: str | None = None
        self.reads: dict[str, frozenset[str]] = {}
        self.outputs: dict[str, t.DataType] = {}
        copies: list[tuple[str, str]] = []
        computed: dict[str, str] = {}
        problems: list[str] = []
        for name, text in texts.items():
            try:
                expression = parse(text, place=Place(definition, field=f"derivations[{name!r}]"))
                if any(read not in schema and read.startswith(tuple(unknown)) for read in expression.columns):
                    continue
                self.outputs[name] = expression.type(schema)
            except ChrononError as problem:
                problems.append(str(problem))
                continue
            self.reads[name] = expression.columns
            source = text.strip().strip("`")
            if _NAME.fullmatch(text.strip()) and expression.columns == frozenset([source]):
                copies.append((name, source))
            else:
                computed[name] = text
        self.problem = "\n".join(problems) or None
        self._copies = [(name, source, not computed and name not in explicit) for name, source in copies]
        self._compute = compile_rows(computed, schema) if computed else None
        needed = sorted({read for name in computed for read in self.reads[name]})
        self._needed = [(name, by_name(schema[name])) for name in needed]
        self._wants_day = any("ds" in reads for reads in self.reads.values()) and "ds" not in {*columns, *keys}
        self._order = [*self.outputs]
        self._copied_first = self._order[: len(self._copies)] == [name for name, _, _ in self._copies]

    def apply(self, base: Mapping[str, Any], keys: Mapping[str, Any], at: int) -> dict[str, Any]:
        """The columns that leave, for one row and an instant in ms; ``FAILED`` is one if some cannot be computed."""
        row: dict[str, Any] = {**keys, "ts": at, **base}
        if self._wants_day:
            row["ds"] = day_of(at)
        found: dict[str, Any] = {}
        for name, source, stays_absent in self._copies:
            if not stays_absent or source in row:
                found[name] = row.get(source)
        failed = self.problem
        if self._compute is not None:
            try:
                found.update(self._compute({name: _shaped(row.get(name), change) for name, change in self._needed}))
            except Exception as error:  # noqa: BLE001 - whatever user expressions raise is told in the answer
                failed = f"{type(error).__name__}: {error}"
            if not self._copied_first:
                found = {name: found[name] for name in self._order if name in found}
        if failed is not None:
            found[FAILED] = failed
        return found

    def readers(self, columns: Iterable[str]) -> frozenset[str]:
        """The leaving columns that are made of any of some entering ones."""
        wanted = frozenset(columns)
        return frozenset(name for name, reads in self.reads.items() if reads & wanted)


def _shaped(value: Any, change: Any) -> Any:
    return value if change is None or value is None else change(value)
