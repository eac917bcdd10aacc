"""Whole queries: what DuckDB would do otherwise than Spark is mended."""

from __future__ import annotations

import datetime as dt

import pytest

from chronon import sql
from chronon.base.errors import ExpressionError


@pytest.mark.parametrize(
    "query, expected",
    [
        ("SELECT 7 / x, 7 DIV x, 7 % x FROM (SELECT 0 AS x)", (None, None, None)),
        ("SELECT 7 / x, 7 DIV x, 7 % x FROM (SELECT 2 AS x)", (3.5, 3, 1)),
        ("SELECT CAST(x AS INT) FROM (SELECT 1.9D AS x)", (1,)),
        ("SELECT CAST(x AS INT), CAST(x AS BIGINT) FROM (SELECT '1.9' AS x)", (1, 1)),
        ("SELECT CAST(x AS INT), CAST(x AS DATE), CAST(x AS TIMESTAMP) FROM (SELECT 'bad' AS x)", (None, None, None)),
        ("SELECT CAST(x AS BIGINT) FROM (SELECT TIMESTAMP '1970-01-01 00:00:05' AS x)", (5,)),
        ("SELECT CAST(x AS BIGINT) FROM (SELECT 9007199254740993L AS x)", (9007199254740993,)),
        ("SELECT DAYOFWEEK(DATE '2024-01-07')", (1,)),
        ("SELECT DATE_ADD('2024-02-28', 2), DATE_SUB('2024-03-01', 1)", (dt.date(2024, 3, 1), dt.date(2024, 2, 29))),
        ("SELECT UNIX_TIMESTAMP(x) FROM (SELECT TIMESTAMP '2024-01-05 10:00:00.5' AS x)", (1704448800,)),
        ("SELECT UNIX_TIMESTAMP('2024-01-05 10:00:00'), UNIX_TIMESTAMP('bad')", (1704448800, None)),
        ("SELECT GET_JSON_OBJECT('bad', '$.a'), GET_JSON_OBJECT('{\"a\": 1}', '$.a')", (None, "1")),
        ("SELECT SIZE(ARRAY(1, 2)), SIZE(CAST(NULL AS ARRAY<INT>))", (2, -1)),
        ("SELECT SUBSTR('hello', 0, 2), LN(0), UPPER('ß')", ("he", None, "SS")),
        ("SELECT ARRAY_CONTAINS(ARRAY(1, NULL), 2)", (None,)),
        ("WITH t AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT SUM(a), COUNT(*) FROM t WHERE a > 0", (3, 2)),
    ],
)
def test_queries(connection, query, expected):
    assert connection.execute(sql.query_to_duckdb(query)).fetchall() == [expected]


@pytest.mark.parametrize("query", ["", "SELECT FROM WHERE", "DROP TABLE t", "SELECT 1; SELECT 2"])
def test_only_one_query(query):
    with pytest.raises(ExpressionError):
        sql.query_to_duckdb(query)
