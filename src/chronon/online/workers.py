"""Several processes that accept from one socket; one that dies is started again."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

Work = Callable[[socket.socket], None]
"""What a worker does; it must be a function of a module, because workers are spawned."""

PAUSE = 1.0
"""Seconds before a worker that died is started again."""


def run_workers(work: Work, listening: socket.socket, count: int) -> None:
    """Run ``count`` workers until this process is interrupted or told to end; then end them too.

    Workers are spawned: nothing that this process has opened is theirs, but the socket.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    workers: list[BaseProcess] = []
    try:
        workers = [_start(work, listening) for _ in range(count)]
        while True:
            wait([worker.sentinel for worker in workers])
            for i, worker in enumerate(workers):
                if not worker.is_alive():
                    sys.stderr.write(f"worker {worker.pid} ended with {worker.exitcode}; starting another\n")
                    time.sleep(PAUSE)
                    workers[i] = _start(work, listening)
    except KeyboardInterrupt:
        pass
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        signal.signal(signal.SIGTERM, before)


def _start(work: Work, listening: socket.socket) -> BaseProcess:
    made = get_context("spawn").Process(target=work, args=(listening,), daemon=True)
    made.start()
    return made


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
