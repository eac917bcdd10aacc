"""A DuckDB connection set up as the engine sets up its own."""

from __future__ import annotations

import os
import time

import duckdb
import pytest

from chronon import sql


@pytest.fixture(scope="session")
def connection():
    made = duckdb.connect()
    made.execute("SET TimeZone='UTC'")
    for statement in sql.duckdb_setup():
        made.execute(statement)
    yield made
    made.close()


@pytest.fixture(scope="session")
def spark():
    """One session of Spark for all tests: starting it takes longer than they do."""
    pyspark = pytest.importorskip("pyspark.sql")
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = pyspark.SparkSession.builder.master("local[1]")
    settings = {
        "spark.sql.ansi.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.ui.enabled": "false",
        "spark.sql.legacy.sizeOfNull": "true",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
