"""Which names can be seen at a place in a query, and which column each of them is.

Every relation of a FROM gets internal column names, ``alias.column``, unique in the whole statement: what DuckDB sees
is never ambiguous, and its messages still read well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chronon.base.types import Schema
from chronon.sql.tree import Column, Node, Refusal


@dataclass(frozen=True)
class Relation:
    """Something rows are selected from.

    Parameters
    ----------
    names:
        By which it may be named, in lower case: its alias, or ``table`` and ``namespace.table``.
    columns:
        Its columns as the user names them, and as DuckDB sees them.
    """

    names: tuple[str, ...]
    columns: dict[str, Column]

    def column(self, name: str) -> Column | None:
        """A column, without regard to case."""
        return next((found for own, found in self.columns.items() if own.lower() == name.lower()), None)


@dataclass
class Scope:
    """The relations of one FROM.

    Parameters
    ----------
    relations:
        In the order of the text.
    merged:
        The columns of ``USING``, in lower case: one column of both sides.
    outer:
        What a sub-query sees of the query around it.
    """

    relations: list[Relation] = field(default_factory=list[Relation])
    merged: dict[str, Node] = field(default_factory=dict[str, Node])
    outer: Scope | None = None

    def resolve(self, parts: Sequence[str]) -> tuple[Node, Sequence[str]] | None:
        """The column that ``parts`` name, here or outside, and the fields that follow; ``None`` if there is none."""
        for length in (2, 1):
            owner = ".".join(parts[:length]).lower()
            if len(parts) > length:
                for relation in self.relations:
                    found = relation.column(parts[length]) if owner in relation.names else None
                    if found is not None:
                        return found, parts[length + 1 :]
        name = parts[0].lower()
        if name in self.merged:
            return self.merged[name], parts[1:]
        several = [found for relation in self.relations if (found := relation.column(name)) is not None]
        if len(several) > 1:
            shown = " or ".join(
                f"{relation.names[0]}.{parts[0]}" for relation in self.relations if relation.column(name)
            )
            raise Refusal(f"{parts[0]} is a column of {len(several)} tables", mend=f"write {shown}")
        if several:
            return several[0], parts[1:]
        return self.outer.resolve(parts) if self.outer is not None else None

    def is_outer(self, node: Node) -> bool:
        """Whether a column comes from the query around this one."""
        inside = {column.name for relation in self.relations for column in relation.columns.values()}
        return isinstance(node, Column) and node.name not in inside

    def star(self, owner: str | None = None) -> Iterator[tuple[str, Node]]:
        """The columns that ``*`` (or ``owner.*``) stands for."""
        if owner is None:
            for name, node in self.merged.items():
                own = next(own for relation in self.relations for own in relation.columns if own.lower() == name)
                yield own, node
        found = False
        for relation in self.relations:
            if owner is None or owner.lower() in relation.names:
                found = True
                yield from (
                    (name, node) for name, node in relation.columns.items() if owner or name.lower() not in self.merged
                )
        if not found:
            raise Refusal(f"{owner}.* names no table of FROM" if owner else "* stands without a FROM")

    def schema(self) -> Schema:
        """The columns of all relations by the names users know, for messages."""
        return {name: node.type for relation in self.relations for name, node in relation.columns.items()}
