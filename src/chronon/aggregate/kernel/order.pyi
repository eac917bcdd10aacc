import numpy as np

def by_key(
    keys: np.ndarray[tuple[int], np.dtype[np.int64]],
    times: np.ndarray[tuple[int], np.dtype[np.int64]],
    count: int,
    places: np.ndarray[tuple[int], np.dtype[np.int32]],
    sorted_keys: np.ndarray[tuple[int], np.dtype[np.int64]],
    sorted_times: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> int: ...
