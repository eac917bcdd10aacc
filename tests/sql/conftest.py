"""A DuckDB connection set up as the engine sets up its own."""

from __future__ import annotations

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
