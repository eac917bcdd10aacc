"""The one row language: Spark SQL expressions, with ANSI mode off, that mean the same in every engine.

An expression is parsed and typed once, then rendered for DuckDB or compiled to a Python function of one row. What
cannot have the same value and type in both is refused, with the reason.

To add a function, add one ``define`` in the module of ``functions`` that it belongs to, and cases in ``tests/sql``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronon.sql.duckdb import duckdb_setup
    from chronon.sql.expression import (
        Expression,
        compile_filter,
        compile_rows,
        compile_time,
        parse,
        time_to_duckdb,
    )
    from chronon.sql.queries import Translated, translate

__all__ = [
    "Expression",
    "Translated",
    "compile_filter",
    "compile_rows",
    "compile_time",
    "duckdb_setup",
    "parse",
    "time_to_duckdb",
    "translate",
]

_HOMES = {"duckdb_setup": "duckdb", "Translated": "queries", "translate": "queries"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"chronon.sql.{_HOMES.get(name, 'expression')}"), name)
