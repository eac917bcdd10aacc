"""From sqlglot's tree and a schema to the typed tree: names resolved, conversions made explicit, types inferred.

This is done once per expression and schema. Every way to evaluate an expression starts from its result. What each
kind of node means is in ``literals``, ``calls`` and ``syntax``.
"""

from __future__ import annotations

import difflib
from typing import Any

from chronon.base.types import Schema
from chronon.sql import functions
from chronon.sql.functions import refused
from chronon.sql.syntax import NOT_OF_ONE_ROW, handlers
from chronon.sql.tree import Column, Node, Refusal, Variable

_ = functions


class Typer:
    """Types one tree against one schema.

    Parameters
    ----------
    schema:
        The columns that may be named.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.lower = {name.lower(): name for name in reversed(list(schema))}
        self.variables: dict[str, Variable] = {}

    def node(self, tree: Any) -> Node:
        """The typed node of a sqlglot node."""
        handler = handlers().get(type(tree).__name__)
        if handler is None:
            raise Refusal(
                f"{tree.sql('spark')} ({type(tree).__name__}) is not part of the expressions of one row",
                expected=NOT_OF_ONE_ROW.get(type(tree).__name__),
            )
        return handler(self, tree)

    def column(self, name: str) -> Node:
        """A column by its name; without regard to case if it is not there as written."""
        own = name if name in self.schema else self.lower.get(name.lower())
        if own is not None:
            return Column(own, self.schema[own])
        found = refused.reason(name.lower())
        if found is not None and refused.reads_clock(name.lower()):
            raise Refusal(f"{name} is refused: {found[0]}", mend=found[1])
        near = difflib.get_close_matches(name, list(self.schema), n=1, cutoff=0.6)
        known = ", ".join(list(self.schema)[:20]) or "none"
        raise Refusal(
            f"there is no column {name!r}",
            expected=f"one of the columns {known}",
            mend=f"did you mean {near[0]!r}?" if near else None,
        )
