from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

KINDS: dict[str, int]
WORDS: dict[int, int]
WHOLE: frozenset[int]

def fold(
    kind: int, values: Longs, lo: Longs, hi: Longs, out: Longs, of_states: bool = False, results: bool = False
) -> None: ...
def lead(kind: int, seed: bytes, states: Longs, present: Bytes, n: int) -> None: ...
def finish_whole(kind: int, states: Longs, out: np.ndarray) -> None: ...
def finish_real(kind: int, states: Longs, out: np.ndarray) -> None: ...
