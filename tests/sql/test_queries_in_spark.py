"""The cases of ``queries`` in Spark: the rows and types that they expect are Spark's."""

from __future__ import annotations

import re

import pytest

from .cases import shown
from .query_cases import read_query_cases
from .test_spark import plain, type_in_spark

CASES = read_query_cases()
FILES = sorted({case.name.partition(":")[0] for case in CASES})


@pytest.mark.parametrize("file", FILES)
def test_spark_agrees(file, spark):
    wrong = []
    there = {}  # a table that several cases share is made once
    for case in CASES:
        if case.error or not case.name.startswith(f"{file}:"):
            continue
        text = case.text
        for name, table in case.tables.items():
            schema = ", ".join(f"`{column}` {type_in_spark(kind)}" for column, kind in table.schema.items())
            view = name.replace(".", "_")
            if there.get(view) != (schema, shown(table.rows)):
                spark.createDataFrame(table.rows, schema).coalesce(1).cache().createOrReplaceTempView(view)
                there[view] = schema, shown(table.rows)
            short = name.partition(".")[2]
            text = text.replace(name, f"{view} AS {short}" if named_short(text, name, short) else view)
        frame = spark.sql(text)
        kinds = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        expected = {name: type_in_spark(kind).replace(" ", "") for name, kind in case.result.schema.items()}
        if kinds != expected:
            wrong.append(f"{case.name}: columns {kinds}")
        rows = [tuple(plain(value) for value in row) for row in frame.collect()]
        if not case.agrees(rows):
            wrong.append(f"{case.name}: {rows}")
    assert not wrong, "\n".join(wrong)


def named_short(text, name, short):
    """Whether a table is called by its last name in the query, and is given no other."""
    called = re.search(rf"\b{short}\.", text.replace(name, ""))
    return bool(called) and not re.search(rf"{re.escape(name)} (AS )?{short}\b", text)
