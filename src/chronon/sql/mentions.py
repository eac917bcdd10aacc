"""How often a form says each of its arguments once its macros are written out.

Macros are expanded by DuckDB before anything is computed, so forms inside forms grow like a power of their depth:
two casts of a text to a timestamp and back took half a minute to plan. The renderer counts beforehand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from chronon.sql.macros import DEFINITIONS

_PIECE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\{\d+\}|\w+\(?|[(),]")


@cache
def mentions(form: str) -> Counter[str]:
    """How often each name (of a function, an argument, ``{0}``) and each constant text occurs.

    >>> mentions("chronon_ln({0}) + {1}")["{0}"]
    2
    """
    return _count(_PIECE.findall(form))


def _count(pieces: list[str]) -> Counter[str]:
    total: Counter[str] = Counter()
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        at += 1
        if piece.endswith("(") and piece[:-1] in DEFINITIONS:
            end = _closing(pieces, at)
            names, body = DEFINITIONS[piece[:-1]]
            inside = mentions(body)
            total.update({word: times for word, times in inside.items() if word not in names})
            for name, argument in zip(names, _split(pieces[at:end]), strict=True):
                for word, times in _count(argument).items():
                    total[word] += times * inside[name]
            at = end
        elif piece[0].isalpha() or piece[0] in "{_'":
            total[piece] += 1
    return total


def _closing(pieces: list[str], at: int) -> int:
    depth = 1
    while depth:
        depth += pieces[at].endswith("(") - (pieces[at] == ")")
        at += 1
    return at - 1


def _split(pieces: list[str]) -> Iterator[list[str]]:
    depth, start = 0, 0
    for at, piece in enumerate(pieces):
        depth += piece.endswith("(") - (piece == ")")
        if piece == "," and not depth:
            yield pieces[start:at]
            start = at + 1
    yield pieces[start:]
