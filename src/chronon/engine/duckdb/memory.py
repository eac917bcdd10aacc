"""How much memory the engine may use, and who gets which part of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from chronon.aggregate.chunks import ROWS_AT_ONCE
from chronon.base.errors import SettingsError

UNITS = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip

SORT_BYTES = 1 << 30
"""More rows than these are not sorted at once, however much memory there is."""

LIBRARIES = 200 * 10**6
"""So much is taken before anything is read; the rest is shared out."""

BYTES_OF_ROW = 3600
"""So much of the rest stands for a row that is aggregated: with its answers and what the operations make of it, a row
takes a few hundred bytes for a while, and there are several kinds of those."""

LEAST = 512 * 10**6
"""A smaller limit is shared out as if it were this: the libraries alone take two fifths of it."""


@dataclass(frozen=True)
class Memory:
    """The parts of the memory that one process may use.

    Parameters
    ----------
    duckdb:
        DuckDB's limit, as it takes it.
    sort_bytes:
        Rows of at most that many bytes are sorted here at once; more go through files.
    answer_bytes:
        Answers of at most that many bytes wait in memory until their left row is written; more wait in files.
    rows_at_once:
        So many rows are aggregated at once.
    """

    duckdb: str | None
    sort_bytes: int
    answer_bytes: int
    rows_at_once: int


def shares(limit: str | None) -> Memory:
    """Share out a limit for the whole process, such as ``"4GB"``; all memory of the machine if ``None``.

    >>> shares("2GB")
    Memory(duckdb='684MB', sort_bytes=100000000, answer_bytes=225000000, rows_at_once=500000)
    """
    if limit is None:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return Memory(None, min(SORT_BYTES, total // 8), total // 4, ROWS_AT_ONCE)
    free = max(LEAST, size_of(limit)) - LIBRARIES
    rows = min(ROWS_AT_ONCE, free // BYTES_OF_ROW)
    return Memory(f"{free * 38 // 100 // 10**6}MB", min(SORT_BYTES, free // 18), free // 8, rows)


def size_of(text: str) -> int:
    """The bytes that a size means.

    >>> size_of("1.5 GiB")
    1610612736

    Raises
    ------
    SettingsError
        If it is not a size.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", text)
    if found is None or found[2].lower() not in UNITS:
        raise SettingsError(f"{text!r} is not an amount of memory", expected="a number and a unit, such as 4GB")
    return int(float(found[1]) * UNITS[found[2].lower()])
