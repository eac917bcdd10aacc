"""One listed difference from the original."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """One listed difference; ``tests`` are node ids of pytest, from the root of the project."""

    quirk: str
    original: str
    ours: str
    reason: str
    tests: tuple[str, ...]
