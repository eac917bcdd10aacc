"""Which rows a query sees."""

from __future__ import annotations

from enum import Enum


class WindowRule(Enum):
    """Which rows a query at ``q`` sees through a window of length ``W``; of the whole history all before ``q``."""

    SAWTOOTH = "[floor(q - W, hop), q)"
    EXACT = "[q - W, q): entity snapshots"
    ALL = "all rows of the key: entity snapshots of a group-by without windows"
