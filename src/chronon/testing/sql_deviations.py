"""Where expressions give something else than Spark on purpose; see ``chronon.testing.deviations``."""

from __future__ import annotations

from chronon.testing.deviation import Deviation

_SPARK = "tests/sql/test_spark.py::test_spark_agrees"

EXPRESSIONS = (
    Deviation(
        "sql digits",
        "Before version 19 Java writes some doubles with other digits than the fewest that tell them apart (1e23 as "
        "9.999999999999999E22): in CAST(x AS STRING), CONCAT, FORMAT_NUMBER.",
        "The fewest digits, as newer versions of Java write them.",
        "The text of a number must not depend on the version of Java.",
        (_SPARK,),
    ),
    Deviation(
        "sql moments",
        "Dates and timestamps go on beyond the years 1 to 9999 (NEXT_DAY of 9999-12-31).",
        "They are null there.",
        "Python, Arrow and most stores have no such days.",
        (_SPARK,),
    ),
    Deviation(
        "sql documents",
        "GET_JSON_OBJECT reads a document with anything behind it, and writes numbers of JSON anew.",
        "Such a document is none and gives null; numbers are written with the fewest digits.",
        "A text that is no JSON is not half read.",
        (_SPARK, "tests/sql/test_documents.py::test_numbers_are_written_with_their_shortest_digits"),
    ),
    Deviation(
        "sql libm",
        "SIN, EXP, LN, POWER and the like are computed by a library of Java's own.",
        "They are computed by that of C: up to 1 unit in the last place beside it, LOG2, LOG10 and COT 2, LOG with a "
        "base 4. Everything else is equal to the last bit.",
        "Neither library rounds correctly. Training and serving agree, as both use the same one here.",
        (_SPARK, "tests/sql/test_random_spark.py::test_spark_agrees_at_random"),
    ),
    Deviation(
        "sql failures",
        "Some functions stop the job though ANSI mode is off: base 64 that is none, an index of zero, "
        "TIMESTAMP_MILLIS of what overflows, a sequence that leads away from its end.",
        "The value is null.",
        "One row does not take down its neighbours.",
        ("tests/sql/test_fixtures.py::test_row_function", "tests/sql/test_fixtures.py::test_duckdb"),
    ),
)
