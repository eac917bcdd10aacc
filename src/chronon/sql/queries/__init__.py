"""Whole queries of Spark SQL for DuckDB: what staging queries and ``chronon sql`` run.

Every name is resolved and every expression typed by the row language, so that a scalar expression means in a query
what it means in a select; aggregates, window functions and joins are added here. What has no equal is refused.

``scope`` resolves names, ``aggregates`` and ``windows`` are tables of functions, ``typer`` types expressions,
``sources`` is FROM, ``select`` one SELECT, ``translate`` the rest: WITH, UNION, and the entrance.
"""

from __future__ import annotations

from chronon.sql.queries.translate import Translated, syntax_problem, translate

__all__ = ["Translated", "syntax_problem", "translate"]
