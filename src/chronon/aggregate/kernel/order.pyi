from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Places: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int32]]

def by_key(keys: Longs, times: Longs, count: int) -> tuple[Places, Longs, Longs, int]: ...
