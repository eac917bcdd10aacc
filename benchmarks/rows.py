"""How long expressions take on one row, and where DuckDB overtakes: `python benchmarks/rows.py`.

Target: ten expressions in at most 5 microseconds per row.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import duckdb
import pyarrow as pa

from chronon import sql
from chronon.base import arrow
from chronon.base import types as t

SCHEMA = {
    "amount": t.DOUBLE, "quantity": t.INT, "discount": t.DOUBLE, "country": t.STRING, "ts": t.LONG, "ds": t.STRING,
    "item": t.STRING, "created": t.TIMESTAMP, "flags": t.MapType(t.STRING, t.INT), "user": t.STRING,
}  # fmt: skip
EXPRESSIONS = {
    "total": "amount * quantity",
    "net": "IF(discount IS NULL, amount, amount * (1 - discount))",
    "is_big": "amount > 100 AND country IN ('US', 'GB', 'DE')",
    "share": "amount / NULLIF(quantity, 0)",
    "country": "UPPER(COALESCE(country, 'unknown'))",
    "category": "CASE WHEN item LIKE 'food%' THEN 'food' WHEN item LIKE 'toy%' THEN 'toy' ELSE 'other' END",
    "user": "CONCAT(user, '_', country)",
    "seconds": "CAST(ts / 1000 AS LONG)",
    "hour": "HOUR(created)",
    "flag": "COALESCE(flags['vip'], 0) + 1",
}
ROW = {
    "amount": 129.5, "quantity": 3, "discount": 0.1, "country": "us", "ts": 1_704_448_800_123, "ds": "2024-01-05",
    "item": "toy car", "created": dt.datetime(2024, 1, 5, 10, 0), "flags": {"vip": 4}, "user": "u17",  # noqa: DTZ001
}  # fmt: skip


def best(work: Callable[[], object], times: int, rounds: int = 7) -> float:
    """The least CPU seconds of one call."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - started) / times)
    return min(found)


def main() -> None:
    evaluate = sql.compile_rows(EXPRESSIONS, SCHEMA)
    compiling = best(lambda: sql.compile_rows(EXPRESSIONS, SCHEMA), 3, 3) * 1e3
    print(f"compile, {len(EXPRESSIONS)} expressions: {compiling:.1f} ms")
    together = best(lambda: evaluate(ROW), 20_000) * 1e6
    print(f"{len(EXPRESSIONS)} expressions on one row: {together:.2f} us (target <= 5)")
    for name, text in EXPRESSIONS.items():
        one = sql.compile_rows({name: text}, SCHEMA)
        print(f"  {best(lambda one=one: one(ROW), 20_000) * 1e9:6.0f} ns  {text}")
    keep = sql.compile_filter(["amount > 1", "country IS NOT NULL"], SCHEMA)
    print(f"two conditions: {best(lambda: keep(ROW), 20_000) * 1e9:.0f} ns")

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone='UTC'")
    for statement in sql.duckdb_setup():
        connection.execute(statement)
    packed = {**ROW, "flags": list(ROW["flags"].items())}
    columns = [pa.array([packed[name]] * 1_000_000, arrow.to_arrow(kind)) for name, kind in SCHEMA.items()]
    connection.register("source", pa.table(columns, names=list(SCHEMA)))
    connection.execute("CREATE TABLE rows AS SELECT * FROM source")
    chosen = ", ".join(f'{sql.parse(text).to_duckdb(SCHEMA)} AS "{name}"' for name, text in EXPRESSIONS.items())
    query = f"SELECT {', '.join(f'hash({name})' for name in EXPRESSIONS)} FROM (SELECT {chosen} FROM rows)"
    engine = best(lambda: connection.sql(query).to_arrow_table(), 1, 3)
    print(f"DuckDB, 1,000,000 rows: {engine:.2f} s CPU, {engine * 1e9 / 1e6:.0f} ns per row")


if __name__ == "__main__":
    main()
