"""The columns of a join: what enters its derivations, what tables may fill, what comes out and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import SchemaError, raise_all
from chronon.plan.bootstrap import GIVEN, Fillable, bootstrap_tables, needs_of
from chronon.plan.derivations import STAR, expand, quoted, resolved
from chronon.plan.external import Externals
from chronon.plan.given import BootstrapTable, Given
from chronon.plan.group_by import derived_types
from chronon.plan.scans import EVENTS, Tables

if TYPE_CHECKING:
    from chronon.plan.join import PartPlan


@dataclass(frozen=True)
class JoinColumns:
    """What a join puts together."""

    join: structs.Join
    left_kind: str
    left_columns: dict[str, t.DataType]
    parts: Sequence[PartPlan]
    features: dict[str, t.DataType]
    externals: Externals

    @property
    def _external(self) -> dict[str, t.DataType]:
        """External values and the bare fields of a request, as far as the left side has them not itself."""
        bare = {name: self.externals.values[shown] for name, shown in self.externals.contextual.items()}
        return {n: k for n, k in {**self.externals.values, **bare}.items() if n not in self.left_columns}

    def derived(self) -> tuple[dict[str, str] | None, dict[str, t.DataType]]:
        """The derivations with the star written out, ``None`` if there are none; and their types."""
        if not self.join.derivations:
            return None, {}
        entering = {**self.features, **self._external, **self.left_columns, "ds": t.STRING}
        found = resolved(expand(self.join.derivations, {**self.features, **self.externals.values}), entering)
        return found, derived_types(found, entering, place_of(self.join))

    # ---- what tables may fill

    def given(self, tables: Tables, derivations: dict[str, str] | None, derived: t.Schema) -> Given:
        """What stands beside the left rows."""
        fillable = self._fillable(derived)
        found, problems = bootstrap_tables(self.join, tables, fillable, self.left_columns)
        raise_all(problems)
        derived_as = {n: c.target for n, c in fillable.items() if n in self._written and c.target is not None}
        needs = {part.prefix: needs_of([*part.columns.values()], derivations, derived_as) for part in self.parts}
        return Given(
            columns={**self._filled(found, fillable), **self._external},
            tables=tuple(found),
            contextual=self.externals.contextual,
            needs=needs if found else {},
        )

    @property
    def _written(self) -> frozenset[str]:
        """The derivations that were written, not those that a star stands for."""
        return frozenset(d.name for d in self.join.derivations or [] if d.name is not None and d.name != STAR)

    def _fillable(self, derived: t.Schema) -> dict[str, Fillable]:
        """Every column that a bootstrap table may have."""
        left, keys = self.left_columns, {column for part in self.parts for column in part.keys.values()}
        star = any(d.name == STAR for d in self.join.derivations or [])
        known = {name: Fillable(name, kind) for name, kind in left.items() if star or name in keys}
        for name, kind in self.externals.keys.items():
            known.setdefault(name, Fillable(name if name in left else None, left.get(name, kind)))
        known |= {name: Fillable(name, kind) for name, kind in {**self.features, **self._external}.items()}
        for name in self._written & derived.keys():
            known[name] = Fillable(name if name in left else GIVEN + name, derived[name])
        return known

    def _filled(self, tables: Sequence[BootstrapTable], fillable: Mapping[str, Fillable]) -> dict[str, t.DataType]:
        """The columns that tables fill and that are not on the left, in the original's order."""
        kinds = {column.target: column.kind for column in fillable.values() if column.target is not None}
        targets = [table.fills[name] for table in tables for name in sorted(table.fills)]
        return {name: kinds[name] for name in targets if name not in self.left_columns and name not in self._external}

    # ---- what comes out

    def outputs(self, given: Given, derivations: dict[str, str] | None, derived: t.Schema) -> dict[str, t.DataType]:
        """All output columns in the original's order: a part's keys go to the front, its features to the end."""
        left = self.left_columns
        kinds = {**self.features, **given.columns, **left}
        hidden = {name for name in self.externals.contextual if name not in left}
        order = [*left, *(name for name in given.columns if name not in hidden and not name.startswith(GIVEN))]
        for part in self.parts:
            front = [part.keys[key] for key in part.plan.keys]
            if self.left_kind == EVENTS and part.plan.accuracy == Accuracy.TEMPORAL:
                front.append("ts")
            new = [column for column in part.columns.values() if column not in order]
            order = [*front, *(name for name in order if name not in front), *new]
        if derivations is None:
            return {name: kinds[name] for name in dict.fromkeys(order)}
        kept = [name for name in dict.fromkeys(order) if name in left]
        raise_all(
            SchemaError(
                f"the derivation {name} is a {derived[name]}, the left column of that name a {left[name]}",
                place=place_of(self.join, f"derivations[{name!r}]"),
                mend="give one of them another name",
            )
            for name in kept
            if name in derived and derived[name] != left[name]
        )
        return {**{name: left[name] for name in kept}, **{n: k for n, k in derived.items() if n not in kept}}

    def expressions(self, outputs: t.Schema, given: Given, derivations: Mapping[str, str]) -> dict[str, str]:
        """Each output column as an expression: what the left side or a table has of it, else what is derived."""
        found: dict[str, str] = {}
        for name in outputs:
            known = name if name in self.left_columns else GIVEN + name if GIVEN + name in given.columns else None
            text = derivations.get(name)
            if known is None:
                found[name] = derivations[name]
            else:
                found[name] = quoted(known) if text is None else f"coalesce({quoted(known)}, {text})"
        return found
