"""A DuckDB connection set up as the engine sets up its own."""

from __future__ import annotations

import duckdb
import pytest

from chronon import sql

from .in_spark import session


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
    pytest.importorskip("pyspark.sql")
    made = session()
    yield made
    made.stop()
