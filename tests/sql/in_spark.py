"""A Spark session that evaluates as our expressions do, and its types and values in our words."""

from __future__ import annotations

import os
import time

from chronon.base import types as t

NAMES = {t.BYTE: "tinyint", t.SHORT: "smallint", t.LONG: "bigint"}


def session():
    """Spark without ANSI mode, in UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]")  # .SparkSession.builder.master("local[1]")
    settings = {
        "spark.sql.ansi.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.ui.enabled": "false",
        "spark.sql.legacy.sizeOfNull": "true",
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # compiling an expression costs more than a few rows of it
        "spark.sql.codegen.wholeStage": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    return made


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
