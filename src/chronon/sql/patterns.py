r"""LIKE patterns and regular expressions, rewritten so that Java, DuckDB (RE2) and Python find the same.

A pattern is read part by part. What means the same in all three is kept; what differs only by default, as ``.`` or
``\s``, is spelled out; the rest (looking around, back references, word boundaries, Unicode classes) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from chronon.sql.tree import Refusal

_LINE = r"\n\r\x{85}\x{2028}\x{2029}"
_CLASSES = {"d": "0-9", "w": "a-zA-Z_0-9", "s": r" \t\n\x0b\f\r"}
_ESCAPES = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f"}
_SPECIAL = set(".^$*+?()[]{}|\\")
_REPEATED = re.compile(r"([0-9]{1,3})(,([0-9]{0,3}))?\}")
_ESCAPED = re.compile(r"\\(?:x\{([0-9a-f]+)\}|.)", re.DOTALL)
_END = rf"(?:\r\n|[{_LINE}])?\z"


def template(text: str) -> str:
    """Text that is to stand in a form: braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def like(pattern: str, escape: str = "\\") -> str:
    """The regular expression of a LIKE pattern; it is matched whole, with ``.`` for every character.

    >>> like("a_b%")
    'a.b.*'
    """
    if len(escape) != 1:
        raise Refusal(f"the escape {escape!r}", expected="one character")
    made, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == escape:
            at += 1
            following = pattern[at] if at < len(pattern) else ""
            if not following or following not in ("_", "%", escape):
                raise Refusal(
                    f"in the pattern {pattern!r} the escape stands before {following or 'nothing'!r}",
                    expected=f"one of _, % or {escape} after {escape}",
                )
            made += _quoted(following)
        else:
            made += {"%": ".*", "_": "."}.get(char) or _quoted(char)
        at += 1
    return made


def _quoted(char: str) -> str:
    return "\\" + char if char in _SPECIAL else char


def java(pattern: str, *, whole: bool = False, empty: bool = True, grouped: bool = True) -> str:
    r"""A Java pattern in the words that RE2 and Python share (code points above 127 as ``\x{..}``).

    Parameters
    ----------
    pattern:
        The pattern as Spark reads it.
    whole:
        Only whether it is found matters, not which part; allows ``$``.
    empty:
        Whether it may match the empty text.
    grouped:
        Whether it may have groups that are kept.
    """
    made = _Reader(pattern, whole=whole).read()
    try:
        seen = compiled(made)
    except re.error as error:
        raise Refusal(f"the pattern {pattern!r} cannot be read: {error}") from None
    if (not empty and seen.match("") is not None) or (not empty and _may_be_empty(seen)):
        raise Refusal(f"the pattern {pattern!r} may match nothing", expected="a pattern of at least one character")
    if not grouped and seen.groups:
        raise Refusal(f"the pattern {pattern!r} has groups", expected="groups as (?:...)")
    return made


def _may_be_empty(seen: re.Pattern[str]) -> bool:
    return any(found.end() == found.start() for found in seen.finditer("a0 _-,.\n"))


class _Reader:
    """One pass over a pattern."""

    def __init__(self, pattern: str, *, whole: bool) -> None:
        self.pattern = pattern
        self.whole = whole
        self.at = 0
        self._parts: dict[str, Callable[[], str]] = {
            "\\": lambda: self._escape(inside=False),
            ".": lambda: f"[^{_LINE}]",
            "[": self._class,
            "(": self._group,
            "^": lambda: r"\A",
            "$": self._end,
            "{": self._brace,
            "]": lambda: r"\]",
            "}": lambda: r"\}",
            **{sign: partial(self._quantifier, sign) for sign in "*+?"},
        }

    def refuse(self, what: str) -> Refusal:
        return Refusal(
            f"the pattern {self.pattern!r} has {what}, which the engines read differently",
            expected="characters, . [] () (?:) | * + ? {m,n} ^ $ \\d \\w \\s",
        )

    def peek(self, length: int = 1) -> str:
        return self.pattern[self.at : self.at + length]

    def read(self) -> str:
        made = ""
        while self.at < len(self.pattern):
            made += self._part()
        return made

    def _part(self) -> str:
        char = self.peek()
        self.at += 1
        if char in self._parts:
            return self._parts[char]()
        return _character(char)

    def _end(self) -> str:
        if not self.whole or (self.at < len(self.pattern) and self.peek() not in "|)"):
            raise self.refuse("a $ here")
        return _END

    def _quantifier(self, text: str) -> str:
        if self.peek() == "+":
            raise self.refuse("a possessive quantifier")
        return text

    def _brace(self) -> str:
        found = _REPEATED.match(self.pattern, self.at)
        if found is None:
            raise self.refuse("a brace that is no quantifier")
        self.at = found.end()
        return self._quantifier("{" + found[0])

    def _group(self) -> str:
        if self.peek() != "?":
            return "("
        if self.peek(2) != "?:":
            raise self.refuse(f"a group that begins with ({self.peek(3)}")
        self.at += 2
        return "(?:"

    def _escape(self, *, inside: bool) -> str:
        char = self.peek()
        self.at += 1
        if char and char in _CLASSES:
            return _CLASSES[char] if inside else f"[{_CLASSES[char]}]"
        if char and char.lower() in _CLASSES and not inside:
            return f"[^{_CLASSES[char.lower()]}]"
        if char in _ESCAPES:
            return _ESCAPES[char]
        if not char or char.isalnum() or ord(char) > 127:
            raise self.refuse(f"\\{char}")
        return "\\" + char

    def _class(self) -> str:
        made = "["
        if self.peek() == "^":
            made += "^"
            self.at += 1
        if self.peek() == "]":
            raise self.refuse("an empty class")
        while self.peek() != "]":
            char = self.peek()
            self.at += 1
            if not char:
                raise self.refuse("a class without an end")
            if char == "[" or (char == "&" and self.peek() == "&"):
                raise self.refuse("a class inside a class")
            if char == "\\":
                made += self._escape(inside=True)
            elif char in "^~|" or (char == "-" and self.peek() == "-"):
                made += "\\" + char
            else:
                made += char if char == "-" else _character(char)
        self.at += 1
        return made + "]"


def _character(char: str) -> str:
    return char if char.isascii() and char.isprintable() else f"\\x{{{ord(char):x}}}"


def compiled(shape: str) -> re.Pattern[str]:
    r"""The pattern in Python's words: ``\z`` is ``\Z`` and ``\x{85}`` the character itself."""
    return re.compile(_ESCAPED.sub(_in_python, shape))


def _in_python(found: re.Match[str]) -> str:
    if found[1]:
        return re.escape(chr(int(found[1], 16)))
    return r"\Z" if found[0] == r"\z" else found[0]


def compiled_search(shape: str) -> Any:
    """Finds the pattern anywhere."""
    return compiled(shape).search


def compiled_full(shape: str) -> Any:
    """Matches a LIKE pattern against the whole text."""
    return re.compile(shape, re.DOTALL).fullmatch


def groups(shape: str) -> int:
    """The number of groups that are kept."""
    return compiled(shape).groups


def plain(shape: str) -> str | None:
    """The text that the pattern matches, if it matches only one."""
    made, at = "", 0
    while at < len(shape):
        char = shape[at]
        if char == "\\":
            at += 1
            char = shape[at]
            if char.isalnum():
                return None
        elif char in _SPECIAL:
            return None
        made += char
        at += 1
    return made or None


def replacement(text: str, shape: str) -> list[str | int]:
    """A Java replacement as plain texts and numbers of groups.

    >>> replacement("$1-x", "(a)")
    [1, '-x']
    """
    made: list[str | int] = []
    at, most = 0, groups(shape)
    while at < len(text):
        char = text[at]
        at += 1
        if char == "$":
            digits = text[at : at + 1]
            if not (digits.isascii() and digits.isdigit()) or int(digits) > most:
                raise Refusal(f"the replacement {text!r} refers to a group that is not there", expected="$1 to $9")
            at += 1
            while at < len(text) and text[at].isascii() and text[at].isdigit() and int(digits + text[at]) <= most:
                digits += text[at]
                at += 1
            made.append(int(digits))
            continue
        if char == "\\":
            if at == len(text):
                raise Refusal(f"the replacement {text!r} ends in a backslash")
            char = text[at]
            at += 1
        made.append(char)
    return _together(made)


def _together(pieces: list[str | int]) -> list[str | int]:
    made: list[str | int] = []
    for piece in pieces:
        last = made[-1] if made else 0
        if isinstance(piece, str) and isinstance(last, str):
            made[-1] = last + piece
        else:
            made.append(piece)
    return made


def filled(pieces: list[str | int]) -> Callable[[re.Match[str]], str]:
    """What replaces a match; a group that took no part is empty."""
    return lambda found: "".join(piece if isinstance(piece, str) else found[piece] or "" for piece in pieces)
