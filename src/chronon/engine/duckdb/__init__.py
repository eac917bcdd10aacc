"""The embedded engine: DuckDB reads, sorts and writes, the algebra computes."""

from __future__ import annotations

from chronon.engine.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
