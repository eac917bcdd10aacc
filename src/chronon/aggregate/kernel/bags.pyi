from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

class Window:
    def __init__(self, codes: Longs, distinct: int, weights: Longs | None = None) -> None: ...
    def distinct(self, lo: Longs, hi: Longs, out: Longs) -> None: ...
    def entries(self, lo: Longs, hi: Longs, sizes: Longs) -> bytes: ...
