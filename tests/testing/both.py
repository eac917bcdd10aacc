"""The oracle and the compiled algebra side by side: what one answers, the other must answer too."""

from __future__ import annotations

from chronon.base.types import parse_type
from chronon.testing.algebra import Algebra
from chronon.testing.oracle import STALE_AFTER, Oracle
from chronon.testing.tolerance import assert_same


def oracle(*aggregations, **types):
    """Both, for columns that are given with their types as text."""
    return Both(aggregations, {column: parse_type(kind) for column, kind in types.items()})


class Both:
    """Answers as the oracle does."""

    def __init__(self, aggregations, schema):
        self.oracle = Oracle(aggregations, schema)
        self.algebra = Algebra(aggregations, schema)
        self.outputs = self.oracle.outputs

    def at(self, rows, query):
        rows = list(rows)
        return self._same(self.oracle.at(rows, query), self.algebra.at(rows, query))

    def snapshot(self, rows, end):
        rows = list(rows)
        return self._same(self.oracle.snapshot(rows, end), self.algebra.at(rows, end))

    def entities(self, rows, end):
        rows = list(rows)
        return self._same(self.oracle.entities(rows, end), self.algebra.entities(rows, end))

    def visible(self, batch, stream, batch_end, query, *, stale_after=STALE_AFTER):
        given = list(batch), list(stream), batch_end, query
        answer = self.oracle.visible(*given, stale_after=stale_after)
        changes = any(row.mutation_ts is not None for row in given[1])
        fetch = self.algebra.mutations if changes else self.algebra.visible
        return self._same(answer, fetch(*given, stale_after=stale_after))

    def mutations(self, snapshot, changes, batch_end, query):
        given = list(snapshot), list(changes), batch_end
        answer = self.oracle.mutations(*given, query)
        self._same(answer, self.algebra.point_in_time(*given, [query])[0])
        return self._same(answer, self.algebra.mutations(*given, query))

    @staticmethod
    def _same(answer, compiled):
        assert_same(answer, compiled)
        return answer
