from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

def greatest(ranks: Longs, lo: Longs, hi: Longs, k: int, out: Longs) -> None: ...
