"""What an expression can be asked."""

from __future__ import annotations

import datetime as dt

import pytest

from chronon import sql
from chronon.base import types as t

from .evaluation import table_of

SCHEMA = {"amount": t.DOUBLE, "city": t.STRING, "n": t.LONG, "d": t.DATE, "m": t.TIMESTAMP}


@pytest.mark.parametrize(
    "text, columns",
    [
        ("amount * 2 + n", {"amount", "n"}),
        ("a.b.c", {"a"}),
        ("a.b[0].c", {"a"}),
        ("m['k']", {"m"}),
        ("m[k]", {"m", "k"}),
        ("`odd name` > 1", {"odd name"}),
        ("TRANSFORM(l, x -> x + n)", {"l", "n"}),
        ("EXISTS(l, x -> x = y)", {"l", "y"}),
        ("FILTER(l, x -> x.id = n)", {"l", "n"}),
        ("DATE_TRUNC('day', m)", {"m"}),
        ("STRUCT(a AS b, c)", {"a", "c"}),
        ("EXTRACT(YEAR FROM d)", {"d"}),
        ("CAST(a AS STRUCT<x:INT>)", {"a"}),
        ("1", set()),
    ],
)
def test_columns(text, columns):
    assert sql.parse(text).columns == columns


@pytest.mark.parametrize(
    "text, spark",
    [
        ("if(amount>1,'x',city)", "IF(amount > 1, 'x', city)"),
        ("amount::int", "CAST(amount AS INT)"),
        ("to_date( city )", "TO_DATE(city)"),
    ],
)
def test_canonical_text(text, spark):
    assert sql.parse(text).to_spark() == spark
    assert sql.parse(spark).to_spark() == spark


def test_rows_give_all_outputs_and_a_missing_column_is_null():
    evaluate = sql.compile_rows({"double": "amount * 2", "where": "UPPER(city)", "n": "n"}, SCHEMA)
    assert evaluate({"amount": 1.5, "city": "rome", "n": 3}) == {"double": 3.0, "where": "ROME", "n": 3}
    assert evaluate({}) == {"double": None, "where": None, "n": None}


def test_a_shared_part_is_computed_once():
    evaluate = sql.compile_rows({"a": "UPPER(city) = 'X'", "b": "UPPER(city) || '!'"}, SCHEMA)
    assert evaluate.__doc__ is not None
    assert evaluate.__doc__.count(".upper()") == 1
    assert evaluate({"city": "x"}) == {"a": True, "b": "X!"}


def test_a_filter_needs_all_conditions_to_be_true():
    keep = sql.compile_filter(["amount > 1", "city IN ('a', 'b')"], SCHEMA)
    assert keep({"amount": 2.0, "city": "a"})
    assert not keep({"amount": 2.0, "city": "c"})
    assert not keep({"amount": None, "city": "a"})
    assert sql.compile_filter([], SCHEMA)({})


@pytest.mark.parametrize(
    "text, row, expected",
    [
        ("n", {"n": 5}, 5),
        ("n * 1000", {"n": 5}, 5000),
        ("d", {"d": dt.date(1970, 1, 2)}, 86_400_000),
        ("m", {"m": dt.datetime.fromisoformat("1970-01-01 00:00:01.500900")}, 1500),
        ("m", {"m": dt.datetime.fromisoformat("1969-12-31 23:59:59.999500")}, -1),
        ("TO_TIMESTAMP(city)", {"city": "1970-01-01 00:00:02"}, 2000),
        ("m", {"m": None}, None),
        ("CAST(n AS INT)", {"n": 7}, 7),
    ],
)
def test_times(connection, text, row, expected):
    full = {name: row.get(name) for name in SCHEMA}
    assert sql.compile_time(text, SCHEMA)(full) == expected
    connection.register("one_row", table_of([full], SCHEMA))
    query = f"SELECT x, typeof(x) FROM (SELECT {sql.time_to_duckdb(text, SCHEMA)} AS x FROM one_row)"
    assert connection.execute(query).fetchall() == [(expected, "BIGINT")]


def test_names_of_columns_may_be_anything(connection):
    schema = {'odd "name"': t.INT, "{braces}": t.INT, "it's": t.INT}
    text = '`odd "name"` + `{braces}` + `it\'s`'
    row = dict.fromkeys(schema, 2)
    assert sql.compile_rows({"{x}": text}, schema)(row) == {"{x}": 6}
    connection.register("odd_rows", table_of([row], schema))
    assert connection.execute(f"SELECT {sql.parse(text).to_duckdb(schema)} FROM odd_rows").fetchall() == [(6,)]


def test_texts_with_braces(connection):
    text = "REPLACE(CONCAT('{0}', city, '{'), '{', '}') || DATE_FORMAT(d, \"yyyy'{x}'\")"
    row = {"city": "{c}", "d": dt.date(2024, 1, 1)}
    assert sql.compile_rows({"x": text}, SCHEMA)(row) == {"x": "}0}}c}}2024{x}"}
    connection.register("braces", table_of([{name: row.get(name) for name in SCHEMA}], SCHEMA))
    assert connection.execute(f"SELECT {sql.parse(text).to_duckdb(SCHEMA)} FROM braces").fetchall() == [
        ("}0}}c}}2024{x}",)
    ]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "form",
    ["CAST(CAST({} AS TIMESTAMP) AS STRING)", "UPPER({})", "SUBSTR({}, -19)", "CAST(CAST({} AS DOUBLE) AS STRING)"],
)
def test_forms_inside_forms_are_planned_at_once(connection, form):
    text = "city"
    for _ in range(6):
        text = form.format(text)
    row = dict.fromkeys(SCHEMA) | {"city": "2024-01-05 10:20:30"}
    connection.register("deep", table_of([row], SCHEMA))
    found = connection.execute(f"SELECT {sql.parse(text).to_duckdb(SCHEMA)} FROM deep").fetchall()
    assert found == [(sql.compile_rows({"x": text}, SCHEMA)(row)["x"],)]
