from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

def of_value(k: int, value: float) -> bytes: ...
def merged(states: Iterable[bytes]) -> bytes: ...
def results(state: bytes, fractions: np.ndarray) -> list[float] | None: ...
def sliding(
    values: np.ndarray,
    k: int,
    fractions: np.ndarray,
    lo: Longs,
    hi: Longs,
    out: np.ndarray,
    seen: Bytes,
    seeds: Sequence[bytes] = (),
    seeded: Longs | None = None,
) -> None: ...
def sketches(values: np.ndarray, k: int, lo: Longs, hi: Longs) -> list[bytes | None]: ...
