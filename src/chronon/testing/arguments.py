"""The arguments of operations: what an aggregation's ``argMap`` may say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chronon.base.errors import ConfigError


@dataclass(frozen=True)
class Arguments:
    """The parsed ``argMap`` of an aggregation."""

    k: int = 0
    percentiles: tuple[float, ...] = (0.5,)


@dataclass(frozen=True)
class K:
    """What argument ``k`` of an operation may be; without a default it must be given."""

    default: int | None = None
    least: int = 1
    most: int = 2**31 - 1

    def parse(self, text: str | None) -> int:
        """``k`` from its text; ``ConfigError`` where it is missing, unreadable or out of bounds."""
        expected = f'"k": "<a whole number from {self.least} to {self.most}>"'
        if text is None:
            if self.default is None:
                raise ConfigError("argument k is missing", expected=expected)
            return self.default
        if not re.fullmatch(r"[+-]?[0-9]+", text) or not self.least <= int(text) <= self.most:
            raise ConfigError(f"argument k is {text!r}", expected=expected)
        return int(text)


def parse_arguments(given: Mapping[str, str], k: K | None, *, percentiles: bool) -> Arguments:
    """Read an ``argMap``; ``ConfigError`` where it is wrong. Arguments that the operation does not take are ignored."""
    return Arguments(
        k=k.parse(given.get("k")) if k else 0,
        percentiles=_percentiles(given["percentiles"]) if percentiles and "percentiles" in given else (0.5,),
    )


def _percentiles(text: str) -> tuple[float, ...]:
    expected = 'a JSON list of numbers between 0 and 1, like "[0.5, 0.99]"'
    try:
        numbers = json.loads(text)
    except (ValueError, TypeError):
        raise ConfigError(f"percentiles is {text!r}", expected=expected) from None
    if not isinstance(numbers, list) or not all(
        isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p <= 1 for p in numbers
    ):
        raise ConfigError(f"percentiles is {text!r}", expected=expected)
    return tuple(float(p) for p in numbers)
