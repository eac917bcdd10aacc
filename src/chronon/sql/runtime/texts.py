"""Texts: Unicode code points counted from one, as Spark counts them."""

from __future__ import annotations

from typing import Any


def substr(text: str, start: int, length: int = 2**31 - 1) -> str:
    """A part of the text; a negative start counts from the end, and what lies before the text is cut off."""
    first = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    return text[max(first, 0) : max(first + length, 0)]


def right(text: str, length: int) -> str:
    """The last characters."""
    return text[-length:] if length > 0 else ""


def lpad(text: str, length: int, pad: str) -> str:
    """Exactly that many characters, filled on the left or cut on the right."""
    missing = length - len(text)
    if missing <= 0 or not pad:
        return text[: max(length, 0)]
    return (pad * (missing // len(pad) + 1))[:missing] + text


def rpad(text: str, length: int, pad: str) -> str:
    """Exactly that many characters, filled or cut on the right."""
    missing = length - len(text)
    if missing <= 0 or not pad:
        return text[: max(length, 0)]
    return text + (pad * (missing // len(pad) + 1))[:missing]


def replace(text: str, old: str, new: str) -> str:
    """Every occurrence replaced; an empty search text is found nowhere."""
    return text.replace(old, new) if old else text


def locate(part: str | None, text: str | None, start: int | None) -> int | None:
    """The position of a part at or after a position, from one; 0 if it is not there. Without a position it is 0."""
    if start is None:
        return 0
    if part is None or text is None:
        return None
    if start <= 0 or not part:
        return 1 if start > 0 else 0
    return text.find(part, start - 1) + 1


def concat_ws(separator: str, *parts: Any) -> str:
    """The parts that are not null, lists opened up, with the separator between them. Parts may be null."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, list):
            found.extend(each for each in part if each is not None)  # pyright: ignore[reportUnknownVariableType]
        elif part is not None:
            found.append(part)
    return separator.join(found)


def substring_index(text: str, delimiter: str, count: int) -> str:
    """What stands before the ``count``-th delimiter, or after it from the end if the count is negative."""
    if not delimiter or count == 0:
        return ""
    parts = text.split(delimiter)
    return delimiter.join(parts[:count] if count > 0 else parts[count:])


def translate(text: str, old: str, new: str) -> str:
    """Each character of ``old`` becomes the one at its place in ``new``, or goes."""
    table: dict[str, str] = {}
    for place, char in enumerate(old):
        table.setdefault(char, new[place] if place < len(new) else "")
    return "".join(table.get(char, char) for char in text)


def text_to_boolean(text: str) -> bool | None:
    """The words for true and false; null for anything else."""
    word = text.strip("".join(map(chr, range(1, 33)))).lower()
    if word in ("t", "true", "y", "yes", "1"):
        return True
    return False if word in ("f", "false", "n", "no", "0") else None


def regexp_extract(text: str, search: Any, group: int) -> str:
    """The part of the first match that a group holds; empty if there is none."""
    found = search(text)
    return (found[group] or "") if found else ""


def regexp_instr(text: str, search: Any) -> int:
    """The position of the first match, from one; 0 if there is none."""
    found = search(text)
    return found.start() + 1 if found else 0


def regexp_substr(text: str, search: Any) -> str | None:
    """The first match."""
    found = search(text)
    return found[0] if found else None


def regexp_extract_all(text: str, matches: Any, group: int) -> list[str]:
    """What a group holds in every match; empty where it took no part."""
    return [found[group] or "" for found in matches(text)]


def levenshtein(left: str, right: str) -> int:
    """How many characters must be put in, taken out or changed to make one text the other."""
    row = list(range(len(right) + 1))
    for place, char in enumerate(left, 1):
        before, row[0] = row[0], place
        for at, other in enumerate(right, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (char != other))
    return row[-1]
