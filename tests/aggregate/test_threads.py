"""Threads share the work: the compiled loops let other Python threads run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from chronon.aggregate.kernel import bags, coupons, fold, order, quantiles, ranges, tops

COUNT = 1_000_000


def numbers(most: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, most, COUNT)


def windows(width: int) -> tuple[np.ndarray, np.ndarray]:
    """The last ``width`` elements before each."""
    ends = np.arange(1, COUNT + 1)
    return np.maximum(ends - width, 0), ends


def folding() -> None:
    out = np.zeros(COUNT * fold.WORDS[fold.KINDS["kurtosis"]], dtype=np.int64)
    fold.fold(fold.KINDS["kurtosis"], numbers(100).astype(np.float64).view(np.int64), *windows(1000), out)


def picking() -> None:
    lo, hi = windows(1000)
    tops.greatest(numbers(10**9), lo, hi, 3, np.zeros(3 * COUNT, dtype=np.int64))


def counting() -> None:
    bags.Window(numbers(50), 50).top(*windows(1000), 3, np.zeros(COUNT, dtype=np.int64))


def sketching() -> None:
    lo, hi = (side[::20] for side in windows(5000))
    lo, hi = np.ascontiguousarray(lo), np.ascontiguousarray(hi)
    out, seen = np.zeros((len(lo), 1), np.float32), np.zeros(len(lo), np.uint8)
    quantiles.sliding(numbers(10**6).astype(np.float32), 128, np.array([0.5]), lo, hi, out, seen)


def hashing() -> None:
    found = np.empty(20 * COUNT, dtype=np.int64)
    coupons.of_words(np.arange(20 * COUNT), 8, found)


def sorting() -> None:
    key = np.random.default_rng(1).integers(0, 10**6, 10 * COUNT)
    order.by_key(key, np.arange(len(key)), 10**6)


def finding() -> None:
    keys, times = np.zeros(40 * COUNT, np.int64), np.arange(40 * COUNT)
    ranges.row_starts(keys, times, keys, times, 1000, 10, np.empty(len(keys), np.int64))


def longest_pause(work: Callable[[], None]) -> tuple[float, float]:
    """How long another thread had to wait for its turn while a call ran, and how long the call took, in seconds."""
    longest, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    thread = threading.Thread(target=watch)
    thread.start()
    begun = time.perf_counter()
    work()
    took = time.perf_counter() - begun
    done.set()
    thread.join()
    return longest, took


@pytest.mark.parametrize("work", [folding, picking, counting, sketching, hashing, sorting, finding])
def test_another_thread_runs_while_a_loop_does(work: Callable[[], None]) -> None:
    """A loop that kept the interpreter would make the other thread wait for as long as it takes, each time."""
    assert any(pause < took / 2 for pause, took in (longest_pause(work) for _ in range(5)))
