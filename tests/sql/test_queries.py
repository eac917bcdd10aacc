"""Every case of ``queries``: in DuckDB, and in Spark itself, whose results they are."""

from __future__ import annotations

import pytest

from chronon import sql
from chronon.base.arrow import schema_from_arrow
from chronon.base.errors import ExpressionError

from .evaluation import table_of
from .query_cases import read_query_cases

CASES = read_query_cases()
ANSWERED = [pytest.param(case, id=case.name) for case in CASES if not case.error]
REFUSED = [pytest.param(case, id=case.name) for case in CASES if case.error]


def in_duckdb(case, connection):
    """The rows and columns of a query over its tables."""
    translated = sql.translate(case.text, lambda name: case.tables[name].schema, lambda name: f'"{name}"')
    for name, table in case.tables.items():
        rows = [dict(zip(table.schema, row, strict=True)) for row in table.rows]
        connection.register(name, table_of(rows, table.schema))
    found = connection.execute(translated.sql).fetchall()
    assert schema_from_arrow(connection.sql(translated.sql).to_arrow_table().schema) == translated.schema
    return found, translated.schema


@pytest.mark.parametrize("case", ANSWERED)
def test_duckdb(case, connection):
    rows, schema = in_duckdb(case, connection)
    assert schema == case.result.schema
    assert case.agrees(rows), rows


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    with pytest.raises(ExpressionError) as caught:
        sql.translate(case.text, lambda name: case.tables[name].schema)
    assert case.error in str(caught.value)


@pytest.mark.parametrize("text", ["", "SELECT FROM WHERE", "DROP TABLE t", "SELECT 1; SELECT 2", "SELECT 'a"])
def test_only_one_query(text):
    with pytest.raises(ExpressionError):
        sql.translate(text, lambda _: {})


def test_the_tables_that_are_read():
    text = "WITH x AS (SELECT a FROM db.t) SELECT a FROM x WHERE a IN (SELECT a FROM db.u)"
    assert sql.translate(text, lambda _: {"a": sql.parse("1").type({})}).tables == ("db.t", "db.u")
