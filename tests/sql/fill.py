"""Fills in what Spark answers: ``python -m tests.sql.fill tests/sql/fixtures/x.sql``.

Where a case says ``-->  ?`` or a row ``=> ?``, the question mark becomes Spark's type or value. Expected values thus
come from Spark and not from thinking; read them before you keep them.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from pathlib import Path

from pyspark.errors import PySparkException

from .cases import schema_of, value_of
from .in_spark import plain, session, type_in_spark


def json_of(value):
    """A value as a fixture writes it."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else json.dumps(value)
    if isinstance(value, bytes):
        return json.dumps(value.hex())
    if isinstance(value, dt.datetime | dt.date):
        return json.dumps(str(value))
    if isinstance(value, list):
        return f"[{', '.join(map(json_of, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(k), ensure_ascii=False)}: {json_of(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    return json.dumps(value, ensure_ascii=False)


def name_of(text):
    """Spark's name of a type in our words."""
    for ours, theirs in (("list<", "array<"), ("long", "bigint"), ("short", "smallint"), ("byte", "tinyint")):
        text = text.replace(theirs, ours)
    return text


class Filler:
    """Asks Spark, case by case."""

    def __init__(self, spark):
        self.spark = spark

    def filled(self, lines):
        """The lines with Spark's answers in place of their question marks."""
        schema, made = {}, []
        for line in lines:
            if line.startswith("columns"):
                schema = schema_of(line.removeprefix("columns"))
            if "  -->  " in line and not line.startswith("#"):
                made.append(([line], schema))
            elif made and line.startswith("  "):
                made[-1][0].append(line)
            else:
                made.append(([line], None))
        return [line for case, schema in made for line in (case if schema is None else self.case(case, schema))]

    def case(self, lines, schema):
        """One case: an expression and its rows; kept as it is, with the reason said, where Spark refuses."""
        head, *rows = lines
        text = head.partition("  -->  ")[0]
        try:
            if "  -->  ?" in head:
                kind = name_of(self.frame([], schema).selectExpr(text).dtypes[0][1])
                head = head.replace("  -->  ?", f"  -->  {kind}")
            if head.endswith(" => ?"):
                head = head[:-1] + self.values(text, [[]], {})[0]
            asked = [row.removesuffix(" => ?") for row in rows if row.endswith(" => ?")]
            answers = iter(self.values(text, [json.loads(row) for row in asked], schema) if asked else [])
        except PySparkException as error:
            sys.stderr.write(f"{text}\n    {str(error).splitlines()[0][:200]}\n")
            return lines
        return [head, *(row[:-1] + next(answers) if row.endswith(" => ?") else row for row in rows)]

    def values(self, text, rows, schema):
        typed = [[value_of(value, kind) for value, kind in zip(row, schema.values(), strict=True)] for row in rows]
        return [json_of(plain(found[0])) for found in self.frame(typed, schema).selectExpr(text).collect()]

    def frame(self, rows, schema):
        if not schema:
            return self.spark.range(1)
        kinds = ", ".join(f"`{name}` {type_in_spark(kind)}" for name, kind in schema.items())
        return self.spark.createDataFrame(rows, kinds).coalesce(1)


def main():
    spark = session()
    for name in sys.argv[1:]:
        path = Path(name)
        filler = Filler(spark)
        path.write_text("\n".join(filler.filled(path.read_text().splitlines())) + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
