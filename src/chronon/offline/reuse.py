"""What a changed join need not compute again: features that stand in the partitions which are replaced.

Every partition says what it is made of: a mark of its left rows, and one of each part whose features are in it as they
were computed. A mark covers the definition and the input files. Where both are what they would be now, the features are
taken from the old partition, row by row, and only the other parts are computed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from chronon.offline.partitions import Inputs
from chronon.plan.derivations import quoted
from chronon.plan.given import Kept
from chronon.plan.hashes import digest, left_hash, part_hash
from chronon.plan.ranges import steps
from chronon.plan.scans import ENTITIES, Scan

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine, JoinOutput
    from chronon.plan.join import JoinPlan, PartPlan

MADE_OF = "made_of"
"""The key of a partition's stamp under which its marks stand."""


def left_inputs(plan: JoinPlan) -> list[tuple[Scan, int | None]]:
    """The tables of the left side, and the widest window (ms) that reads each."""
    return [(plan.left, 0), *((table.scan, 0) for table in plan.given.tables)]


def part_inputs(part: PartPlan) -> list[tuple[Scan, int | None]]:
    """The tables of a part, and the widest window (ms) that reads each; ``None`` for the whole history."""
    aggregator = part.plan.aggregator
    window = 0 if aggregator is None or part.plan.kind == ENTITIES else aggregator.widest_window
    return [(scan, window) for scan in (*part.plan.scans, *part.changes)]


@dataclass(frozen=True)
class Marks:
    """What the partitions of a join are made of.

    Parameters
    ----------
    plan:
        The join.
    inputs:
        Its tables, listed.
    engine:
        Has the warehouse.
    """

    plan: JoinPlan
    inputs: Inputs
    engine: Engine
    _known: dict[tuple[str, str, int | None], str] = field(default_factory=dict[tuple[str, str, int | None], str])

    def stamp(self, ds: str) -> dict[str, str]:
        """What is written into a partition."""
        marks = {part.prefix: self.part(part, ds) for part in self.plan.parts if part.prefix in self._as_computed}
        return {MADE_OF: json.dumps({"left": self.left(ds), "parts": marks}, sort_keys=True)}

    def left(self, ds: str) -> str:
        """The mark of the left rows of a day, with what stands beside them."""
        derivations = list(self.plan.definition.derivations or []) if self.plan.given.tables else []
        return digest([left_hash(self.plan.definition, derivations), self._read(left_inputs(self.plan), ds)])

    def part(self, part: PartPlan, ds: str) -> str:
        """The mark of a part's features for the left rows of a day."""
        return digest([self._definitions[part.prefix], self._read(part_inputs(part), ds)])

    @cached_property
    def _definitions(self) -> dict[str, str]:
        left = self.plan.left.selects
        return {
            part.prefix: part_hash(part.plan.definition, {key: left.get(c, c) for key, c in part.keys.items()})
            for part in self.plan.parts
        }

    @cached_property
    def _as_computed(self) -> frozenset[str]:
        """The parts whose features leave the join as they were computed."""
        texts = self.plan.expressions
        plain = {name for name in self.plan.outputs if texts is None or texts[name] == quoted(name)}
        plain -= self.plan.left_columns.keys()
        return frozenset(part.prefix for part in self.plan.parts if plain.issuperset(part.columns.values()))

    def _read(self, scans: Sequence[tuple[Scan, int | None]], ds: str) -> list[str]:
        spec, digests = self.engine.partitions_spec, self.engine.warehouse.digests
        found: list[str] = []
        for scan, window in scans:
            known = (scan.table, ds, window)
            if known not in self._known:
                self._known[known] = self.inputs.only(scan.table, window).fingerprints(ds, spec, digests)[scan.table]
            found.append(self._known[known])
        return found


@dataclass(frozen=True)
class Reuse:
    """Which features of which days are taken from the partitions that are replaced.

    Parameters
    ----------
    table:
        The output table.
    days:
        For each day, the prefixes of the parts that need not be computed.
    """

    table: str
    days: Mapping[str, frozenset[str]]

    @staticmethod
    def of(table: str, outdated: Mapping[str, str], stamps: Mapping[str, Mapping[str, str]], marks: Marks) -> Reuse:
        """What can be taken from partitions that another definition has made."""
        found: dict[str, frozenset[str]] = {}
        for ds in outdated:
            old = json.loads(stamps[ds].get(MADE_OF, "{}"))
            if old and old["left"] == marks.left(ds):
                same = (p.prefix for p in marks.plan.parts if old["parts"].get(p.prefix) == marks.part(p, ds))
                found[ds] = frozenset(same)
        return Reuse(table, found)

    def pieces(self, days: Sequence[str], size: int, engine: Engine) -> Iterator[tuple[list[str], frozenset[str]]]:
        """The days in steps, each with the parts that are taken."""
        for step in steps(days, size, engine.partitions_spec):
            for taken, piece in groupby(step, key=lambda ds: self.days.get(ds, frozenset[str]())):
                yield list(piece), taken

    def output(self, output: JoinOutput, days: Sequence[str], taken: Sequence[PartPlan]) -> JoinOutput:
        """What leaves the join where some parts are taken."""
        columns = [column for part in taken for column in part.columns.values()]
        if not columns:
            return output
        kinds = {**output.given.columns, **{name: output.features[name] for name in columns}}
        needs = {prefix: need for prefix, need in output.given.needs.items() if prefix not in {p.prefix for p in taken}}
        kept = Kept(self.table, tuple(days), tuple(columns))
        return replace(output, given=replace(output.given, columns=kinds, needs=needs, kept=kept))

    def notes(self) -> Iterator[str]:
        """What was taken, for the reader."""
        prefixes = dict.fromkeys(prefix for taken in self.days.values() for prefix in sorted(taken))
        for prefix in prefixes:
            number = sum(prefix in taken for taken in self.days.values())
            yield f"{prefix} is what it was: its features of {number} days are taken from the partitions replaced"
