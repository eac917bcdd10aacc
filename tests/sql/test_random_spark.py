"""Random expressions over random rows: Spark gives the values and types of the row function."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chronon.base import types as t
from chronon.base.errors import ExpressionError
from chronon.sql import parse

from .evaluation import in_rows
from .in_spark import plain, type_in_spark
from .test_equality import SCHEMA, expressions, values
from .test_spark import same

pytest.importorskip("pyspark")

FIRST, LAST = dt.date(1000, 1, 1), dt.date(5000, 1, 1)
"""Far from the years in which moments end here, and go on in Spark."""


def rows():
    moments = st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(5000, 1, 1))  # noqa: DTZ001 - naive means UTC here
    kinds = {t.DATE: st.none() | st.dates(FIRST, LAST), t.TIMESTAMP: st.none() | moments}
    return st.lists(
        st.fixed_dictionaries({name: kinds[kind] if kind in kinds else values(kind) for name, kind in SCHEMA.items()}),
        min_size=4,
        max_size=4,
    )


def typed(text):
    try:
        expression = parse(text)
        expression.to_duckdb(SCHEMA)
        return expression.type(SCHEMA)
    except ExpressionError:
        return None


def shown(text, kind):
    """Moments outside of the years that Python has are null here."""
    return f"IF(YEAR({text}) BETWEEN 1 AND 9999, {text}, NULL)" if kind in (t.DATE, t.TIMESTAMP) else text


@settings(
    max_examples=3, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(texts=st.lists(expressions(), min_size=40, max_size=40, unique=True), given_rows=rows())
def test_spark_agrees_at_random(spark, texts, given_rows):
    kinds = {text: kind for text in texts if (kind := typed(text)) not in (None, t.NULL)}
    columns = ", ".join(f"`{name}` {type_in_spark(kind)}" for name, kind in SCHEMA.items())
    frame = spark.createDataFrame([tuple(row[name] for name in SCHEMA) for row in given_rows], columns).coalesce(1)
    frame = frame.selectExpr(*(f"{shown(text, kind)} AS x{at}" for at, (text, kind) in enumerate(kinds.items())))
    found = frame.collect()
    wrong = []
    for at, (text, kind) in enumerate(kinds.items()):
        if frame.schema[at].dataType.simpleString() != type_in_spark(kind):
            wrong.append(f"{text}: {frame.schema[at].dataType.simpleString()}, not {kind}")
        for row, theirs, ours in zip(given_rows, found, in_rows(text, given_rows, SCHEMA), strict=True):
            if not same(plain(theirs[at]), ours, text):
                wrong.append(f"{text}: {plain(theirs[at])!r}, not {ours!r}, of {row}")
    assert not wrong, "\n".join(wrong)
