"""Random typed expressions over random rows: DuckDB and the row function give the same values."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon.base import types as t
from chronon.base.errors import ExpressionError
from chronon.sql import parse

from .cases import shown
from .evaluation import in_duckdb, in_rows

SCHEMA = {
    "b": t.BYTE, "h": t.SHORT, "i": t.INT, "j": t.INT, "l": t.LONG, "k": t.LONG, "f": t.FLOAT, "d": t.DOUBLE,
    "e": t.DOUBLE, "p": t.BOOLEAN, "q": t.BOOLEAN, "s": t.STRING, "u": t.STRING, "day": t.DATE, "m": t.TIMESTAMP,
    "xs": t.ListType(t.INT), "ss": t.ListType(t.STRING),
}  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "1", "-1.9", "1e3", "abc", "ABC", "true", "no", "NaN", "-inf", "2024-02-29", "2024-1-5 1:2:3",
         "2024-01-05T10:20:30.5+01:00", "é😀", "straße", "ΑΣ", "a,b,,c", "a.b", "0x10", "9999999999",
         ".5", "1.", "\t7\n",
         "1969-12-31 23:59:59.999999", "0001-01-01", "İ", "e\u0301", '{"a": 1.5}']
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.text("0123456789-+.eE: T", max_size=12),
)  # fmt: skip
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.5, 0.1, 2.5, 1e10, 1e-5, 1e300, -1e300, 9.3e18, 2147483647.5, 1.005, math.nan,
                     math.inf, -math.inf]),
    st.floats(),
)  # fmt: skip
INTEGERS = {
    t.BYTE: (-128, 127),
    t.SHORT: (-32768, 32767),
    t.INT: (-(2**31), 2**31 - 1),
    t.LONG: (-(2**63), 2**63 - 1),
}


def values(kind):
    if isinstance(kind, t.ListType):
        return st.none() | st.lists(values(kind.element), max_size=4)
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        known = st.sampled_from([low, low + 1, -1, 0, 1, 2, 3, 7, high - 1, high])
        return st.none() | known | st.integers(low, high)
    made = {
        t.FLOAT: FLOATS.map(narrow),
        t.DOUBLE: FLOATS,
        t.BOOLEAN: st.booleans(),
        t.STRING: TEXTS,
        t.DATE: st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
        t.TIMESTAMP: st.datetimes().map(lambda moment: moment.replace(fold=0)),
    }
    return st.none() | made[kind]


def narrow(value):
    from chronon.sql.runtime.numbers import to_float32

    return to_float32(value)


NUMBERS = ["b", "h", "i", "j", "l", "k", "f", "d", "e"]
UNITS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"]
NAMES = ["BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "STRING", "DATE", "TIMESTAMP"]


def columns(*kinds):
    return st.sampled_from([name for name, kind in SCHEMA.items() if kind in kinds])


def form(template, *parts):
    return st.tuples(*parts).map(lambda made: template.format(*made))


def expressions():
    """Texts by what they give: numbers, conditions, texts, moments, lists. Ill-typed ones are refused, not wrong."""
    number = st.sampled_from([*NUMBERS, "1", "-2", "3L", "0", "2.5D", "1e10", "0.1", "1.5F", "2147483647"])
    text = columns(t.STRING) | st.sampled_from(["'abc'", "'1.5'", "''", "'2024-02-29'"])
    moment = columns(t.DATE, t.TIMESTAMP)
    truth = columns(t.BOOLEAN) | st.just("TRUE")
    items = columns(t.ListType(t.INT))
    small = st.sampled_from(["-3", "-1", "0", "1", "2", "5", "i"])
    for _ in range(2):
        number, text, truth, moment = (
            st.one_of(
                number,
                form("({} {} {})", number, st.sampled_from("+-*/%"), number),
                form("({} DIV {})", number, number),
                form("PMOD({}, {})", number, number),
                form("({} {} {})", columns(t.INT, t.LONG), st.sampled_from("&|^"), columns(t.INT, t.SHORT)),
                form(
                    "{}({})",
                    st.sampled_from(["-", "ABS", "FLOOR", "CEIL", "SQRT", "LN", "SIGN", "EXP", "ROUND"]),
                    number,
                ),
                form("ROUND({}, {})", number, st.sampled_from(["-2", "-1", "1", "2", "5"])),
                form("CAST({} AS {})", number | text | truth | moment, st.sampled_from(NAMES[1:7])),
                form("{}({}, {})", st.sampled_from(["POW", "LOG"]), number, number),
                form("{}({}, {})", st.sampled_from(["GREATEST", "LEAST", "COALESCE", "NULLIF"]), number, number),
                form("IF({}, {}, {})", truth, number, number),
                form("LENGTH({})", text),
                form("INSTR({}, {})", text, text),
                form("LOCATE({}, {}, {})", text, text, small),
                form(
                    "{}({})",
                    st.sampled_from(
                        [
                            "YEAR",
                            "MONTH",
                            "DAY",
                            "DAYOFWEEK",
                            "WEEKOFYEAR",
                            "HOUR",
                            "QUARTER",
                            "SECOND",
                            "UNIX_TIMESTAMP",
                            "UNIX_SECONDS",
                            "UNIX_MILLIS",
                        ]
                    ),
                    moment | text,
                ),
                form("DATEDIFF({}, {})", moment, moment),
                form("{}[{}]", items, small),
                form("ELEMENT_AT({}, {})", items, st.sampled_from(["-2", "-1", "1", "2", "9"])),
                form("SIZE({})", items),
                form("ARRAY_POSITION({}, {})", items, columns(t.INT)),
                form("ARRAY_MAX(ARRAY_DISTINCT({}))", items),
                form("{}({})", st.sampled_from(["CBRT", "ATAN", "RINT", "LOG1P", "BROUND", "HASH"]), number),
                form("{}({})", st.sampled_from(["BIT_COUNT", "FACTORIAL", "NULLIFZERO"]), columns(t.INT, t.LONG)),
                form("{}({}, {})", st.sampled_from(["TRY_ADD", "TRY_MULTIPLY", "SHIFTLEFT"]), columns(t.INT), small),
                form("XXHASH64({}, {})", text, number | moment),
                form("MONTHS_BETWEEN({}, {})", moment, moment),
                form("TIMESTAMPDIFF({}, {}, {})", st.sampled_from(["MONTH", "DAY", "HOUR"]), moment, moment),
                form("AGGREGATE({}, 0L, (acc, x) -> acc + x * {})", items, columns(t.INT, t.LONG)),
                form("REGEXP_COUNT({}, '[a-z0-9]')", text),
                form("SIZE(ARRAY_UNION({}, ARRAY({})))", items, columns(t.INT)),
            ),
            st.one_of(
                text,
                form("CONCAT({}, {})", text, text | number | truth),
                form("CONCAT_WS({}, {}, ss, {})", text, text, text),
                form("{}({})", st.sampled_from(["LOWER", "UPPER", "TRIM", "REVERSE", "MD5", "LTRIM"]), text),
                form("SUBSTR({}, {}, {})", text, small, small),
                form("{}({}, {})", st.sampled_from(["LEFT", "RIGHT"]), text, small),
                form(
                    "{}({}, {}, {})", st.sampled_from(["LPAD", "RPAD"]), text, st.sampled_from(["-1", "3", "6"]), text
                ),
                form("{}({}, {}, {})", st.sampled_from(["REPLACE", "TRANSLATE"]), text, text, text),
                form("SUBSTRING_INDEX({}, {}, {})", text, text, small),
                form("CAST({} AS STRING)", number | truth | moment),
                form("CASE WHEN {} THEN {} WHEN {} THEN {} END", truth, text, truth, number | text),
                form("DATE_FORMAT({}, 'yyyy-MM-dd E hh:mm:ss.SSS a')", moment),
                form("FROM_UNIXTIME({})", number),
                form("GET_JSON_OBJECT({}, '$.a')", text),
                form("SPLIT({}, '[,.]')[{}]", text, small),
                form("ARRAY_JOIN(ss, {})", text),
                form("{}({})", st.sampled_from(["INITCAP", "SOUNDEX", "BASE64", "HEX", "URL_ENCODE", "QUOTE"]), text),
                form("FORMAT_STRING('%s|%5s', {}, {})", text, text),
                form("FORMAT_NUMBER({}, 2)", columns(t.DOUBLE, t.LONG)),
                form("CONV({}, 16, 10)", text),
                form("SPLIT_PART({}, ',', {})", text, st.sampled_from(["1", "-1", "5"])),
                form("FROM_JSON({}, 'a STRING').a", text),
                form("TO_JSON(NAMED_STRUCT('x', {}, 'y', {}))", text, number | moment),
                form("STR_TO_MAP({})['a']", text),
                form("REGEXP_EXTRACT({}, '([a-z]+).?(\\\\d*)', 2)", text),
            ),
            st.one_of(
                truth,
                form("({} {} {})", number, st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "<=>"]), number),
                form("({} {} {})", text, st.sampled_from(["=", "<", "<=>"]), text | number | moment),
                form("({} {} {})", moment, st.sampled_from(["=", "<", ">="]), moment),
                form("({} {} {})", truth, st.sampled_from(["AND", "OR", "=", "<=>"]), truth),
                form("(NOT {})", truth),
                form("({} IS NULL)", number | text | truth | moment),
                form("({} IN ({}, {}))", number, number, number),
                form("({} IN ({}, 'abc', NULL))", text, text),
                form("({} BETWEEN {} AND {})", number, number, number),
                form("({} LIKE {})", text, st.sampled_from(["'a%'", "'_b_'", "'%1'", "'%'"])),
                form("({} RLIKE {})", text, st.sampled_from(["'^[a-c]+$'", "'\\\\d+'", "'a.c|\\\\s'", "'[^a]$'"])),
                form("{}({}, {})", st.sampled_from(["STARTSWITH", "ENDSWITH", "CONTAINS"]), text, text),
                form("CAST({} AS BOOLEAN)", number | text),
                form("ISNAN({})", number),
                form("ARRAY_CONTAINS(xs, {})", columns(t.INT, t.LONG)),
                form("{}(xs, x -> x > {})", st.sampled_from(["EXISTS", "FORALL"]), number),
                form("ARRAYS_OVERLAP({}, ARRAY({}, 7))", items, columns(t.INT)),
            ),
            st.one_of(
                moment,
                form("CAST({} AS {})", number | text, st.sampled_from(["DATE", "TIMESTAMP"])),
                form("DATE_ADD({}, {})", moment, columns(t.INT, t.BYTE) | small),
                form("ADD_MONTHS({}, {})", moment, columns(t.INT, t.BYTE) | small),
                form("DATE_TRUNC('{}', {})", st.sampled_from(UNITS), moment),
                form("TRUNC({}, '{}')", moment, st.sampled_from(UNITS[:4])),
                form("LAST_DAY({})", moment),
                form("({} {} INTERVAL 5 {})", moment, st.sampled_from("+-"), st.sampled_from([*UNITS[:1], *UNITS[2:]])),
                form("TO_TIMESTAMP({}, 'yyyy-MM-dd HH:mm')", text),
                form("TIMESTAMP_MILLIS({})", columns(t.INT) | form("({} % 1000000000000000)", columns(t.LONG))),
                form("NEXT_DAY({}, 'mon')", moment),
                form("{}({}, 'Europe/Berlin')", st.sampled_from(["FROM_UTC_TIMESTAMP", "TO_UTC_TIMESTAMP"]), moment),
                form("TIMESTAMPADD({}, {}, {})", st.sampled_from(UNITS), small, moment),
            ),
        )
    lists = st.sampled_from(["SORT_ARRAY(xs)", "ARRAY_DISTINCT(xs)", "REVERSE(xs)", "SLICE(xs, 2, 2)",
                             "SLICE(xs, -2, 3)",
                             "CONCAT(xs, ARRAY(i))", "TRANSFORM(xs, x -> x * i)", "FILTER(xs, x -> x < i)",
                             "SPLIT(s, ',')", "TRANSFORM(xs, (x, n) -> x + n * i)", "ARRAY_APPEND(xs, i)",
                             "ZIP_WITH(xs, ss, (x, y) -> CONCAT(x, y, s))", "ARRAY_SORT(ss)", "SEQUENCE(1, 3)",
                             "MAP_FROM_ARRAYS(ss, ss)", "TRANSFORM_VALUES(MAP('a', i), (key, v) -> v + j)",
                             "ARRAYS_ZIP(xs, ss)", "MAP('a', i, 'b', l)", "NAMED_STRUCT('a', s, 'b', d)"])  # fmt: skip
    return st.one_of(number, text, truth, moment, lists)


ROWS = st.lists(st.fixed_dictionaries({name: values(kind) for name, kind in SCHEMA.items()}), min_size=1, max_size=5)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=expressions(), rows=ROWS)
def test_equal(connection, text, rows):
    try:
        kind = parse(text).type(SCHEMA)
        by_row = in_rows(text, rows, SCHEMA)
    except ExpressionError:
        return
    in_engine, name = in_duckdb(connection, text, rows, SCHEMA)
    assert [shown(value) for value in by_row] == [shown(value) for value in in_engine], text
    from chronon.sql.duckdb_types import duckdb_type

    assert kind == t.NULL or name == duckdb_type(kind).replace('"', ""), text


def every_character():
    return (chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF)


@pytest.mark.parametrize("name", ["UPPER", "LOWER"])
def test_case_of_every_character(connection, name):
    rows = [{"s": f"a{char}b"} for char in every_character()]
    by_row = in_rows(f"{name}(s)", rows, {"s": t.STRING})
    in_engine, _ = in_duckdb(connection, f"{name}(s)", rows, {"s": t.STRING})
    assert by_row == in_engine
