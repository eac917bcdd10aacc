"""The one way to ask what time it is. Nothing else reads the system clock, so a test can hold time still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass
class FrozenClock:
    """A clock that moves only when told to.

    >>> clock = FrozenClock(1_000)
    >>> clock.advance(500)
    >>> clock.now()
    1500
    """

    at: int

    def now(self) -> int:
        return self.at

    def advance(self, ms: int) -> None:
        """Move forward by ``ms`` milliseconds."""
        self.at += ms
