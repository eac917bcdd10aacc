"""Sixty days of a small shop: users, purchases, returns and checkouts. The same rows on every run.

Run it in the folder of the repo, or call ``write`` with a warehouse folder.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = dt.date(2023, 10, 1)
DAYS = 60
USERS = 500
DAY_MS = 86_400_000


def tables() -> dict[str, list[pa.Table]]:
    """Every table as one Arrow table for each day."""
    random = np.random.default_rng(20231001)
    start = int(dt.datetime(2023, 10, 1, tzinfo=dt.UTC).timestamp()) * 1000
    # a few users buy a lot, most buy little
    appetite = random.pareto(1.5, USERS) + 0.2
    appetite /= appetite.sum()
    signed_up = [FIRST_DAY - dt.timedelta(days=int(d)) for d in random.integers(1, 900, USERS)]
    country = random.choice(["DE", "FR", "IN", "US"], USERS, p=[0.2, 0.2, 0.2, 0.4])
    verified = random.random(USERS) < 0.7
    found: dict[str, list[pa.Table]] = {"users": [], "purchases": [], "returns": [], "checkouts": []}
    for day in range(DAYS):
        midnight = start + day * DAY_MS
        verified |= random.random(USERS) < 0.01
        found["users"].append(
            pa.table(
                {
                    "user_id": np.arange(1, USERS + 1),
                    "country": country,
                    "signed_up": signed_up,
                    "email_verified": verified,
                }
            )
        )
        bought = 700 + int(random.integers(-80, 80)) + (150 if day % 7 > 4 else 0)
        buyers = random.choice(USERS, bought, p=appetite) + 1
        price = np.round(random.lognormal(3.2, 0.9, bought), 2)
        found["purchases"].append(
            pa.table(
                {
                    "user_id": buyers,
                    "purchase_price": price,
                    "merchant_fee_percent": random.choice([2, 5, 8], bought),
                    "ts": np.sort(midnight + random.integers(0, DAY_MS, bought)),
                }
            )
        )
        returned = random.random(bought) < 0.12
        count = int(returned.sum())
        found["returns"].append(
            pa.table(
                {
                    "user_id": buyers[returned],
                    "refund_amount": price[returned],
                    "reason": random.choice(["broken", "late", "other", "size"], count),
                    "ts": midnight + random.integers(0, DAY_MS, count),
                }
            )
        )
        seen = 300 + int(random.integers(-40, 40))
        found["checkouts"].append(
            pa.table(
                {
                    "checkout_id": [f"{day:02d}-{n:04d}" for n in range(seen)],
                    "user_id": random.choice(USERS, seen, p=appetite) + 1,
                    "cart_value": np.round(random.lognormal(3.6, 0.8, seen), 2),
                    "ts": np.sort(midnight + random.integers(0, DAY_MS, seen)),
                }
            )
        )
    return found


def write(warehouse: Path) -> dict[str, int]:
    """Write the tables as partitions of a warehouse; returns how many rows each has."""
    counts: dict[str, int] = {}
    for name, days in tables().items():
        for day, table in enumerate(days):
            ds = FIRST_DAY + dt.timedelta(days=day)
            folder = warehouse / "data" / name / f"ds={ds}"
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, folder / "rows.parquet")
        counts[f"data.{name}"] = sum(table.num_rows for table in days)
    return counts


if __name__ == "__main__":
    for table, rows in write(Path(".chronon/warehouse")).items():
        print(f"{table:16} {rows:8,} rows")
