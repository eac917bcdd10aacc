"""Errors name the expression, the place and the mend."""

from __future__ import annotations

import pytest

from chronon import sql
from chronon.base import types as t
from chronon.base.errors import ExpressionError, Place, Problems

SCHEMA = {"amount": t.DOUBLE, "city": t.STRING, "n": t.INT}


def message(text, schema=SCHEMA):
    with pytest.raises(ExpressionError) as caught:
        sql.parse(text, place=Place(definition="shop.v1", field="selects.x")).to_duckdb(schema)
    return str(caught.value)


def test_unknown_column_suggests_the_nearest():
    assert message("amuont * 2") == (
        "shop.v1, field selects.x: in `amuont * 2`: there is no column 'amuont'\n"
        "  expected: one of the columns amount, city, n\n"
        "  mend: did you mean 'amount'?"
    )


def test_unparsable_text_shows_where():
    text = message("amount + (n * 2")
    assert "cannot read `amount + (n * 2`" in text
    assert "\n    amount + (n * 2\n" in text
    assert "^" in text


def test_the_line_of_a_long_text_is_shown():
    text = message("CASE\n  WHEN amount > 1 THEN 2\n  WHEN amount >> > 3 THEN 4\nEND")
    assert "line 3" in text
    assert "    WHEN amount >> > 3 THEN 4" in text


def test_an_open_quote_is_named():
    assert "close every quote" in message("city = 'abc")


@pytest.mark.parametrize("text", ["", "   ", "amount n", "amount,", "1 +", "SELECT 1", "amount; n"])
def test_what_is_no_expression(text):
    with pytest.raises(ExpressionError):
        sql.parse(text)


def test_a_refusal_names_function_reason_and_mend():
    assert message("SUM(amount)") == (
        "shop.v1, field selects.x: in `SUM(amount)`: the function sum is refused: "
        "it is an aggregate, and an expression sees one row\n"
        "  mend: use an Aggregation of a group-by"
    )


def test_all_problems_are_reported_together():
    with pytest.raises(Problems) as caught:
        sql.compile_rows({"x": "amuont", "y": "RAND()", "z": "amount"}, SCHEMA)
    assert len(caught.value.problems) == 2
    assert "field x" in str(caught.value)
    assert "field y" in str(caught.value)


def test_a_filter_is_a_boolean():
    with pytest.raises(ExpressionError, match="is a double"):
        sql.compile_filter(["amount"], SCHEMA)


def test_a_time_is_a_number_a_timestamp_or_a_date():
    with pytest.raises(ExpressionError, match="a time is a string"):
        sql.compile_time("city", SCHEMA)
    with pytest.raises(ExpressionError, match="a time is a double"):
        sql.time_to_duckdb("amount", SCHEMA)
