"""Lineage by column: from the columns of tables through selects, operations and derivations to features, and back.

An edge says that one column decides on another: on its *value*, or on the *rows* that it is computed from (conditions,
times, keys). The owner of a column is a table or a definition; a table that a definition of the repo writes is that
definition. Only what is written in definitions is read, no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from chronon.api import structs
from chronon.api.naming import name_of, output_table
from chronon.base.errors import ChrononError
from chronon.repo.definition import AnyDefinition, Definition, embedded_group_bys, parents
from chronon.repo.stages import Column, Decides, Reader


@dataclass(frozen=True, order=True)
class Edge:
    """One column decides on another.

    Parameters
    ----------
    source, target:
        The columns.
    decides:
        On the target's value, or on the rows it is computed from.
    steps:
        What happens on the way, in order: selects, operations, derivations.
    """

    source: Column
    target: Column
    decides: Decides
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """All edges between the columns of a repo."""

    edges: tuple[Edge, ...]
    unread: tuple[ChrononError, ...] = ()
    """Expressions and queries that could not be read; what they name is missing from the edges."""

    @staticmethod
    def of(definitions: Iterable[Definition]) -> Lineage:
        """The lineage of definitions, and of those that stand inside them."""
        values = list(_all(definitions))
        reader = Reader(
            {output_table(v): name_of(v) for v in values if (v.metaData or structs.MetaData()).outputNamespace}
        )
        edges = {
            Edge(source, Column(name_of(value), name), decides, steps)
            for value in values
            for name, inputs in reader.outputs(value).items()
            for source, decides, steps in inputs
        }
        return Lineage(tuple(sorted(edges)), tuple(reader.unread))

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """Every owner with its columns."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            for column in (edge.source, edge.target):
                found.setdefault(column.owner, set()).add(column.name)
        return {owner: sorted(names) for owner, names in sorted(found.items())}

    def upstream(self, column: Column) -> list[Edge]:
        """All edges that lead to a column, the nearest first."""
        return self._walk(column, self._by_target, lambda edge: edge.source)

    def downstream(self, column: Column) -> list[Edge]:
        """All edges that lead away from a column, the nearest first."""
        return self._walk(column, self._by_source, lambda edge: edge.target)

    def into(self, column: Column) -> list[Edge]:
        """The edges that end at a column."""
        return self._by_target.get(column, [])

    def out_of(self, column: Column) -> list[Edge]:
        """The edges that begin at a column."""
        return self._by_source.get(column, [])

    @cached_property
    def _by_target(self) -> dict[Column, list[Edge]]:
        return _grouped((edge.target, edge) for edge in self.edges)

    @cached_property
    def _by_source(self) -> dict[Column, list[Edge]]:
        return _grouped((edge.source, edge) for edge in self.edges)

    def _walk(self, start: Column, by: Mapping[Column, list[Edge]], other: Callable[[Edge], Column]) -> list[Edge]:
        found: dict[Edge, None] = {}
        seen = {start}
        waiting = [start]
        for column in waiting:
            for edge in by.get(column, []):
                found[edge] = None
                if other(edge) not in seen:
                    seen.add(other(edge))
                    waiting.append(other(edge))
        return list(found)


def _all(definitions: Iterable[Definition]) -> Iterator[AnyDefinition]:
    """Definitions and those that stand inside them, each once."""
    seen: set[str] = set()
    waiting: list[AnyDefinition] = [definition.value for definition in definitions]
    for value in waiting:
        if name_of(value) not in seen:
            seen.add(name_of(value))
            yield value
            waiting += parents(value)
            if isinstance(value, structs.Join):
                waiting += (g for g in embedded_group_bys(value) if (g.metaData or structs.MetaData()).name)


def _grouped(pairs: Iterable[tuple[Column, Edge]]) -> dict[Column, list[Edge]]:
    found: dict[Column, list[Edge]] = {}
    for column, edge in pairs:
        found.setdefault(column, []).append(edge)
    return found
