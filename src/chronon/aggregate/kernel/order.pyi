import numpy as np

def by_key(
    keys: np.ndarray[tuple[int], np.dtype[np.int64]],
    times: np.ndarray[tuple[int], np.dtype[np.int64]],
    count: int,
    out: np.ndarray[tuple[int], np.dtype[np.int64]],
    untidy: np.ndarray[tuple[int], np.dtype[np.uint8]],
) -> int: ...
