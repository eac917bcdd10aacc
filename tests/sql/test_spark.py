"""The same cases in Spark, where it is installed: the results that the files expect are Spark's.

What differs is written in the case itself, ``(Spark: value)``, so that this test fails when it is no longer true.
"""

from __future__ import annotations

import pytest

from chronon import sql
from chronon.base import types as t

from .cases import read_cases, shown

pytest.importorskip("pyspark")

CASES = [case for case in read_cases() if not case.error and case.kind != t.NULL]
GROUPS = {key: [case for case in CASES if (case.file, tuple(case.schema.items())) == key] for key in
          {(case.file, tuple(case.schema.items())): None for case in CASES}}  # fmt: skip
NAMES = {t.BYTE: "tinyint", t.SHORT: "smallint", t.LONG: "bigint"}


def type_in_spark(kind):
    if isinstance(kind, t.ListType):
        return f"array<{type_in_spark(kind.element)}>"
    if isinstance(kind, t.MapType):
        return f"map<{type_in_spark(kind.key)},{type_in_spark(kind.value)}>"
    if isinstance(kind, t.StructType):
        return f"struct<{','.join(f'{name}:{type_in_spark(part)}' for name, part in kind.fields)}>"
    return NAMES.get(kind, kind.name)


def plain(value):
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return plain(value.asDict()) if hasattr(value, "asDict") else value


def same(left, right):
    """Equal texts; doubles of functions may differ in the last digit, which Java computes itself."""
    if isinstance(left, float) and isinstance(right, float) and abs(left - right) <= 2e-16 * abs(left):
        return True
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
                if not same(one, other):
                    wrong.append(f"{case.name} {texts[column]} of {case.rows[place]}: {shown(one)}, not {shown(other)}")
        first += len(case.rows)
    assert not wrong, "\n".join(wrong)
