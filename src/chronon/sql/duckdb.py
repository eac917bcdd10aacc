"""The typed tree as a DuckDB expression: the same value and the same type as the row function gives."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.sql.batches import batch_function
from chronon.sql.duckdb_types import constant, quoted
from chronon.sql.macros import MACROS
from chronon.sql.mentions import mentions
from chronon.sql.tree import BY_ROW, Call, Column, Lambda, Literal, Node, Refusal, Variable


def duckdb_setup() -> Sequence[str]:
    """The statements to run once on every database that evaluates our expressions.

    They are not temporary, so that all connections to a database share them: making them costs 70 ms.

    >>> duckdb_setup()[0][:37]
    'CREATE OR REPLACE MACRO chronon_byte('
    """
    return MACROS


def render(node: Node) -> str:
    """The DuckDB text of a node.

    >>> from chronon.base import types as t
    >>> render(Column("amount", t.DOUBLE))
    '"amount"'
    """
    return _Writer().write(node)[0]


LARGEST = 300
"""Operations in an argument, times how often it is said, from which on it is computed first and given a name."""

BATCH = 100
"""As how many operations the call of a row function counts."""


class _Writer:
    """Writes one expression; knows how large a text becomes once DuckDB has expanded its macros."""

    def __init__(self) -> None:
        self.named = 0

    def write(self, node: Node) -> tuple[str, int]:
        """The text, and the number of operations in it."""
        if isinstance(node, Literal):
            return constant(node.value, node.type), 1
        if isinstance(node, Column | Variable):
            return quoted(node.name), 1
        if isinstance(node, Lambda):
            body, size = self.write(node.body)
            return f"lambda {', '.join(quoted(each.name) for each in node.variables)}: {body}", size
        return self._call(node)

    def _call(self, node: Call) -> tuple[str, int]:
        form = node.function.duckdb
        if form == BY_ROW:
            return self._by_row(node)
        template = form if isinstance(form, str) else form(node)
        if not template:
            raise Refusal(f"{node.function.name} has no form in DuckDB")
        counts = mentions(template)
        texts: list[str] = []
        bound: list[tuple[str, str]] = []
        size = sum(times for name, times in counts.items() if not name.startswith("{"))
        for at, arg in enumerate(node.args):
            text, inside = self.write(arg)
            times = counts[f"{{{at}}}"]
            if times > 1 and inside > 1 and times * inside > LARGEST and not isinstance(arg, Lambda):
                self.named += 1
                bound.append((f"bound{self.named}", text))
                text = f"bound{self.named}"
                size += inside
                inside = 1
            texts.append(text)
            size += times * inside
        written = template.format(*texts)
        for name, text in bound:
            # a list of one element is DuckDB's way to compute a value once and say it several times
            written = f"list_transform([{text}], lambda {name}: {written})[1]"
        return written, size

    def _by_row(self, node: Call) -> tuple[str, int]:
        name, args = batch_function(node)
        written = [self.write(arg) for arg in args]
        return f"{name}({', '.join(text for text, _ in written)})", BATCH + sum(size for _, size in written)
