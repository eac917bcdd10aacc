"""The same cases in Spark, where it is installed: the results that the files expect are Spark's.

What differs is written in the case itself, ``(Spark: value)``, so that this test fails when it is no longer true.
"""

from __future__ import annotations

import math
import re

import pytest

from chronon import sql
from chronon.base import types as t

from .cases import read_cases, shown
from .in_spark import plain, type_in_spark

pytest.importorskip("pyspark")

CASES = [case for case in read_cases() if not case.error and case.kind != t.NULL]
GROUPS = {key: [case for case in CASES if (case.file, tuple(case.schema.items())) == key] for key in
          {(case.file, tuple(case.schema.items())): None for case in CASES}}  # fmt: skip


LIBM = {
    "acos": 1, "asin": 1, "atan": 1, "atan2": 1, "cos": 1, "sin": 1, "tan": 1, "cosh": 1, "sinh": 1, "acosh": 1,
    "asinh": 1, "csc": 1, "sec": 1, "cot": 2, "cbrt": 1, "hypot": 1, "pow": 1, "power": 1, "exp": 1, "expm1": 1,
    "ln": 1, "log2": 2, "log10": 2, "log": 4,
}  # fmt: skip
"""Functions that Java computes by its own library, Python and DuckDB by that of C, and in how many units of the last
place they were found to differ. Neither library rounds correctly; all else is equal to the last bit."""


def same(left, right, text):
    """Whether two results of an expression are equal, to the last bit but for ``LIBM``."""
    if isinstance(left, float) and isinstance(right, float) and math.isfinite(left):
        named = re.findall(r"\b[a-z0-9]+(?=\()", text.lower())
        return shown(left) == shown(right) or abs(left - right) <= sum(LIBM.get(f, 0) for f in named) * math.ulp(left)
    return shown(left) == shown(right)


@pytest.mark.parametrize("key", GROUPS, ids=lambda key: f"{key[0]}-{len(key[1])}")
def test_spark_agrees(key, spark):
    """One query for a block: every case over its own rows, as written and in canonical words."""
    cases = GROUPS[key]
    schema = ", ".join(["`case number` int", *(f"`{name}` {type_in_spark(kind)}" for name, kind in key[1])])
    rows = [(at, *row.values()) for at, case in enumerate(cases) for row in case.rows]
    texts = [text for case in cases for text in (case.text, sql.parse(case.text).to_spark())]
    frame = spark.createDataFrame(rows, schema).coalesce(1)
    frame = frame.selectExpr(
        *(f"IF(`case number` = {at // 2}, {text}, NULL) AS x{at}" for at, text in enumerate(texts))
    )
    found = frame.collect()
    wrong, first = [], 0
    for at, case in enumerate(cases):
        for column in (2 * at, 2 * at + 1):
            kind = frame.schema[column].dataType.simpleString()
            if kind != type_in_spark(case.kind).replace(" ", ""):
                wrong.append(f"{case.name} {texts[column]}: type {kind}")
            for place, result in enumerate(case.results):
                one, other = plain(found[first + place][column]), case.in_spark.get(place, result)
                if not same(one, other, texts[column]):
                    wrong.append(f"{case.name} {texts[column]} of {case.rows[place]}: {shown(one)}, not {shown(other)}")
        first += len(case.rows)
    assert not wrong, "\n".join(wrong)
