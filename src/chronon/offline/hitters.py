"""Heavy hitters: the values of keys that most rows have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.offline.checks import rows_of
from chronon.plan.derivations import quoted

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine
    from chronon.plan.scans import Scan

TOTAL, YEAR = "total_count", "ts_year"
_BUCKETS = 1_000_000


@dataclass(frozen=True)
class Hitter:
    """A value and about how many rows have it.

    Parameters
    ----------
    column:
        A key; ``total_count`` of all rows, ``ts_year`` of the years of their times.
    value:
        As text; ``NULL`` where there is none.
    rows:
        How many; of a sample that number divided by the sample's share.
    """

    column: str
    value: str
    rows: int


def heavy_hitters(
    scans: Sequence[Scan],
    columns: Sequence[str],
    days: tuple[str, str],
    engine: Engine,
    *,
    count: int,
    sample: float = 1.0,
) -> list[Hitter]:
    """The most frequent values of some columns.

    Parameters
    ----------
    scans:
        Whose rows are counted, together.
    columns:
        Of all scans.
    days:
        The first and last partition that is read.
    engine:
        Where the tables are.
    count:
        How many values of each column.
    sample:
        The share of the rows that is counted. Which ones depends on their columns only, so that a second run says the
        same.

    Raises
    ------
    ConfigError
        If there is no such share.
    """
    if not 0 < sample <= 1 or count < 1:
        raise ConfigError(f"a sample of {sample} and {count} values", expected="0 < sample <= 1, and 1 value or more")
    timed = all(scan.time is not None for scan in scans)
    at = "year(timestamp_millis(`__at`))" if timed else "NULL"
    listed = ", ".join([*(f"CAST({quoted(name)} AS STRING) AS {quoted(name)}" for name in columns), f"{at} AS y"])
    rows = " UNION ALL ".join(
        f"SELECT {listed} FROM ({_rows(scan, columns, days, engine, sample)}) AS r" for scan in scans
    )
    counted = {TOTAL: "'rows'", **({YEAR: "CAST(y AS STRING)"} if timed else {})}
    counted = {**{name: quoted(name) for name in columns}, **counted}
    found: list[Hitter] = []
    for column, text in counted.items():
        query = (
            f"SELECT coalesce({text}, 'NULL') AS value, count(*) AS n FROM ({rows}) AS u GROUP BY 1 "
            f"ORDER BY n DESC, value LIMIT {count}"
        )
        values = engine.query(query).read_all().to_pylist()
        found += [Hitter(column, row["value"], round(row["n"] / sample)) for row in values]
    return found


def _rows(scan: Scan, columns: Sequence[str], days: tuple[str, str], engine: Engine, sample: float) -> str:
    if sample == 1:
        return rows_of(scan, columns, days, engine)
    plain = [name for name, kind in scan.types.items() if type(kind) is t.DataType and kind != t.NULL]
    rows = rows_of(scan, list(dict.fromkeys([*columns, *plain])), days, engine)
    told = ", ".join([*map(quoted, plain), *(["`__at`"] if scan.time is not None else [])])
    return f"SELECT * FROM ({rows}) AS all_rows WHERE pmod(xxhash64({told}), {_BUCKETS}) < {round(sample * _BUCKETS)}"
