from typing import TypeAlias

import numpy as np

Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

def row_ends(keys: Longs, times: Longs, query_keys: Longs, query_times: Longs, out: Longs) -> None: ...
def row_starts(
    keys: Longs, times: Longs, query_keys: Longs, query_times: Longs, window: int, hop: int, out: Longs
) -> None: ...
def key_bounds(keys: Longs, query_keys: Longs, first: Longs, last: Longs) -> None: ...
def group_ranges(
    element_rows: Longs, bounds: Longs, query_first: Longs, query_last: Longs, row_lo: Longs, row_hi: Longs
) -> bytes: ...
