"""Every case of ``fixtures``, in DuckDB and as a function of one row: same value, same type."""

from __future__ import annotations

import pytest

from chronon import sql
from chronon.base.errors import ExpressionError
from chronon.sql.duckdb_types import duckdb_type

from .cases import read_cases, shown
from .evaluation import in_duckdb, in_rows

CASES = read_cases()
ANSWERED = [pytest.param(case, id=case.name) for case in CASES if not case.error]
REFUSED = [pytest.param(case, id=case.name) for case in CASES if case.error]


@pytest.mark.parametrize("case", ANSWERED)
def test_row_function(case):
    assert sql.parse(case.text).type(case.schema) == case.kind
    assert [shown(x) for x in in_rows(case.text, case.rows, case.schema)] == [shown(x) for x in case.results]


@pytest.mark.parametrize("case", ANSWERED)
def test_duckdb(case, connection):
    values, kind = in_duckdb(connection, case.text, case.rows, case.schema)
    assert [shown(x) for x in values] == [shown(x) for x in case.results]
    if case.kind.name != "null":
        assert kind.replace('"', "") == duckdb_type(case.kind).replace('"', "")


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    with pytest.raises(ExpressionError) as caught:
        sql.compile_rows({"x": case.text}, case.schema)
    assert case.error in str(caught.value)
    assert case.text in str(caught.value)
